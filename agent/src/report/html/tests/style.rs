//! Colours: text on its ground has a contrast of 4.5 at least, what is drawn 3 (WCAG 2.2, 1.4.3 and 1.4.11), light and dark.

use super::STYLE;

/// The named colours of a block that begins so.
fn colours(start: &str) -> Vec<(&'static str, [f64; 3])> {
    let block = &STYLE[STYLE.find(start).unwrap()..];
    let block = &block[..block.find('}').unwrap()];
    let colour = |line: &'static str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
        let channel =
            |at| u8::from_str_radix(&value[at..at + 2], 16).ok().map(|byte| f64::from(byte) / 255.0);
        Some((name, [channel(0)?, channel(2)?, channel(4)?]))
    };
    block.lines().filter_map(colour).collect()
}

/// Relative luminance.
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = |channel: f64| {
        if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn contrast_is_enough_by_day_and_by_night() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    for start in [":root {", "@media (prefers-color-scheme: dark) {"] {
        let all = colours(start);
        let of = |name: &str| all.iter().find(|(other, _)| *other == name).unwrap().1;
        for ground in ["ground", "raised"] {
            for (names, least) in [
                (&["text", "quiet"][..], 4.5),
                (&["first", "second", "overrun", "waiting", "throttled", "blocked"], 3.0),
            ] {
                for name in names {
                    let contrast = contrast(of(name), of(ground));
                    assert!(contrast >= least, "{start} {name} on {ground}: {contrast:.2}");
                }
            }
        }
    }
}

#[test]
fn the_style_is_the_same_to_xml_and_asks_for_nothing() {
    assert!(!STYLE.contains(['<', '&']) && !STYLE.contains("url(") && !STYLE.contains("@import"));
    assert!(STYLE.contains("prefers-color-scheme: dark"));
}
