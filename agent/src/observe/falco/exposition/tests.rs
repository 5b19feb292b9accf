//! Samples as Falco writes them, and lines that it should not.

use super::*;

#[test]
fn samples_in_every_form() {
    let text = "# HELP a b\n# TYPE a counter\na 1\n# HELP a b\n# TYPE a counter\na{} 2\n\n\
                b{c=\"d\", e = \"f g\", } 1795412991152341277 1700000000\r\nnan NaN\n";
    let Exposition { series, malformed_lines } = parse(text.as_bytes()).unwrap();
    let short: Vec<_> = series.iter().map(|one| (one.name, one.labels.len(), one.value)).collect();
    assert_eq!(short, [("a", 0, "1"), ("a", 0, "2"), ("b", 2, "1795412991152341277"), ("nan", 0, "NaN")]);
    assert_eq!(malformed_lines, 0);
    assert_eq!((series[2].label("e"), series[2].label("x")), (Some("f g"), None));
    assert_eq!(series[2].count(), Some(1_795_412_991_152_341_277), "to the nanosecond");
    assert_eq!((series[3].count(), series[3].number()), (None, None));
}

#[test]
fn label_values_that_nobody_escaped() {
    for value in ["say \"hi\"", r"C:\tmp\", "a\", b", "a\", !", "{a=b}", "\"", "", "a=\"b\" c", "a\"} b"] {
        let line = format!("a{{rule=\"{value}\",source=\"syscall\"}} 1\n");
        let exposition = parse(line.as_bytes()).unwrap();
        let label = exposition.series.first().and_then(|series| series.label("rule"));
        // What looks like an end is one.
        let expected = if value == "a\"} b" { None } else { Some(value) };
        assert_eq!(label, expected, "{line}");
        assert_eq!(exposition.malformed_lines, usize::from(expected.is_none()));
    }
}

#[test]
fn counts_and_numbers() {
    let of = |value| Series { name: "a", labels: Vec::new(), value };
    assert_eq!(of("42323968.000000").count(), Some(42_323_968));
    assert_eq!(of("0.214000").count(), None);
    assert_eq!(of("0.25").number(), Some(0.25));
    assert_eq!(of("-1").count(), None);
    assert_eq!(of("+Inf").number(), None);
}

#[test]
fn malformed_lines_cost_only_themselves() {
    for line in [
        "a",
        "a b",
        "{a=\"b\"} 1",
        "1a 1",
        "a{b} 1",
        "a{b=c} 1",
        "a{b=\"c} 1",
        "a{b=\"c\\",
        "a{=\"c\"} 1",
        "a{b=\"c\"}",
        "a{",
        "<html>",
        "a-b 1",
        "a{b=\"c\"}x 1",
    ] {
        let text = format!("before 1\n{line}\nafter 1\n");
        let exposition = parse(text.as_bytes()).unwrap();
        assert_eq!((exposition.series.len(), exposition.malformed_lines), (2, 1), "{line}");
    }
    assert_eq!(parse(b"a 1\n\xff"), Err(ExpositionError::NotText));
}

#[test]
fn caps() {
    let text = "a 1\n".repeat(MOST_SERIES);
    assert_eq!(parse(text.as_bytes()).unwrap().series.len(), MOST_SERIES);
    assert_eq!(parse(format!("{text}a 1").as_bytes()), Err(ExpositionError::TooMany));
    let labels = |count: usize| format!("a{{{}}} 1", "b=\"c\",".repeat(count));
    assert_eq!(parse(labels(MOST_LABELS).as_bytes()).unwrap().malformed_lines, 0);
    assert_eq!(parse(labels(MOST_LABELS + 1).as_bytes()).unwrap().malformed_lines, 1);
}

#[test]
fn one_long_hostile_line_takes_no_time_to_speak_of() {
    for part in ["\",", "\",a", "\" ", "\"\"", "\", a ", "a=\""] {
        let line = format!("a{{b=\"{}", part.repeat((1 << 20) / part.len()));
        assert_eq!(parse(line.as_bytes()).unwrap().series, [], "{part}");
    }
}
