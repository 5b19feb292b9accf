//! Seeds, remedies, mistakes; and that every scenario of ours can be typed.

use serde_json::json;

use super::*;

const TEXT: &str = "
name: slow
shows: a test
expect: DC101
also: [DC201]
split: tuning
vary: {work: [10, 20], work-more: [100, 100]}
setup:
  seconds: 5
  tool: {flags: {work-ns: $work, ring-bytes: 1MiB, block-output: true}, limits: {cpu-percent: 20}}
  loads: [{flags: {burst: '0:1s,$work-more:2s'}}]
remedy: {is: less work, change: {tool: {flags: {work-ns: null}, limits: null}}}
runner-up: {code: DC105, is: more ring, change: {tool: {flags: {ring-bytes: 8MiB}}}}
";

#[test]
fn seeds_fill_in_the_parameters() {
    let scenario = Scenario::parse(TEXT).unwrap();
    let setup = scenario.as_is(1, &Known::new()).unwrap();
    assert_eq!(setup, scenario.as_is(1, &Known::new()).unwrap(), "the same seed, the same values");
    let arguments = setup.tool.flags.arguments().unwrap();
    let work: u64 = arguments[4].parse().unwrap();
    assert!((10..=20).contains(&work), "{arguments:?}");
    assert_eq!(arguments[..4], ["--block-output", "--ring-bytes", "1MiB", "--work-ns"]);
    assert_eq!(setup.loads[0].flags.arguments().unwrap(), ["--burst", "0:1s,100:2s"]);
    let works: std::collections::BTreeSet<_> = (0..20)
        .map(|seed| scenario.as_is(seed, &Known::new()).unwrap().tool.flags.arguments().unwrap())
        .collect();
    assert!(works.len() > 3, "{works:?}");
}

#[test]
fn remedies_change_all_but_the_load() {
    let scenario = Scenario::parse(TEXT).unwrap();
    let as_is = scenario.as_is(1, &Known::new()).unwrap();
    let remedied = scenario.with(scenario.remedy.as_ref().unwrap(), 1, &Known::new()).unwrap();
    assert_eq!(remedied.tool.flags.arguments().unwrap(), ["--block-output", "--ring-bytes", "1MiB"]);
    assert_eq!((remedied.tool.limits, remedied.loads), (Limits::default(), as_is.loads));
    let text = TEXT.replace("change: {tool: {flags: {ring-bytes: 8MiB}}}", "change: {loads: []}");
    assert!(format!("{:#}", Scenario::parse(&text).unwrap_err()).contains("loads"));
}

#[test]
fn mistakes_are_named() {
    for (wrong, word) in [
        (TEXT.replace("cpu-percent", "cpu-procent"), "cpu-procent"),
        (TEXT.replace("split: tuning\n", ""), "split"),
        (TEXT.replace("[10, 20]", "[20, 10]"), "work"),
        (TEXT.replace("runner-up", "runnerup"), "runnerup"),
        (
            TEXT.lines().filter(|line| !line.starts_with("runner-up")).collect::<Vec<_>>().join("\n"),
            "runner-up",
        ),
    ] {
        let error = format!("{:#}", Scenario::parse(&wrong).unwrap_err());
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn the_patch_is_that_of_the_rfc() {
    let mut target = json!({"a": {"b": 1, "c": 2}, "d": [1]});
    setup::merge(&mut target, &json!({"a": {"b": null, "e": {"f": 1}}, "d": [2]}));
    assert_eq!(target, json!({"a": {"c": 2, "e": {"f": 1}}, "d": [2]}));
}

#[test]
fn ours_can_be_read_and_have_names_of_their_own() {
    let ours = all().unwrap();
    let names: std::collections::BTreeSet<_> = ours.iter().map(|scenario| &scenario.name).collect();
    assert_eq!(names.len(), ours.len());
    for split in [Split::Tuning, Split::Scoring] {
        assert!(ours.iter().filter(|scenario| scenario.split == split).count() > ours.len() / 3);
    }
}

#[test]
fn flags_of_ours_can_be_typed() {
    use clap::Parser as _;
    let known = Known::from([
        ("scratch".to_owned(), json!("/tmp/scratch")),
        ("config".to_owned(), json!("/tmp/falco.yaml")),
        ("port".to_owned(), json!(8765)),
    ]);
    for scenario in all().unwrap() {
        for seed in 1..4 {
            let mut setups = vec![scenario.as_is(seed, &known).unwrap()];
            for remedy in [&scenario.remedy, &scenario.runner_up].into_iter().flatten() {
                setups.push(scenario.with(remedy, seed, &known).unwrap());
            }
            for setup in setups {
                let tools = setup.other_tools.iter().chain([&setup.tool]).map(|process| ("standin", process));
                let loads = setup.loads.iter().map(|process| ("load", process));
                let hogs = setup.hogs.iter().map(|process| ("hog", process));
                for (verb, process) in tools.chain(loads).chain(hogs) {
                    let mut line = vec!["dropctl-lab".to_owned(), verb.to_owned()];
                    line.extend(process.flags.arguments().unwrap());
                    if let Err(error) = crate::cli::Cli::try_parse_from(&line) {
                        panic!("{}: {line:?}: {error}", scenario.name);
                    }
                }
            }
        }
    }
}
