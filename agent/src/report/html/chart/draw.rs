//! Points to paths. Units are those of the view box; what they are on a screen follows from the width of the column.

use std::fmt::Write as _;

use super::{
    super::{
        markup::Markup,
        series::{Band, Point, states::Bar},
    },
    Key, Plot, Row, Scale,
};

/// Of the view box.
pub(super) const WIDTH: f64 = 480.0;
/// For what stands beside the scale.
const LEFT: f64 = 84.0;
/// For the half of the last time.
const RIGHT: f64 = 24.0;
/// Of what is between them.
const INNER: f64 = WIDTH - LEFT - RIGHT;
/// A row's name, and what is below it.
const NAME: f64 = 20.0;
const GAP: f64 = 8.0;
/// Lines, and a stack with the overruns above it.
const LINES: f64 = 150.0;
const STRIP: f64 = 10.0;
const STACK: f64 = 120.0;
/// Above the first, and below the last for the times.
const TOP: f64 = 6.0;
const TIMES: f64 = 22.0;
/// Characters of a row's name and value that there is room for on a narrow screen.
const MOST_CHARACTERS: usize = 56;

/// Of a plot.
pub(super) fn height(plot: &Plot) -> f64 {
    TOP + TIMES
        + match plot {
            Plot::Rows { rows, .. } => rows.iter().map(|_| NAME + row_height(rows.len()) + GAP).sum(),
            Plot::Lines { .. } => LINES,
            Plot::Stack { .. } => STRIP + STACK,
        }
}

/// Few rows have room to be high.
fn row_height(rows: usize) -> f64 {
    match rows {
        0 | 1 => 102.0,
        2 => 56.0,
        _ => 36.0,
    }
}

/// A place to draw in.
#[derive(Clone, Copy)]
struct Frame {
    top: f64,
    height: f64,
    span: f64,
    max: f64,
}

impl Frame {
    fn x(&self, at: f64) -> f64 {
        LEFT + if self.span > 0.0 { (at / self.span).clamp(0.0, 1.0) * INNER } else { 0.0 }
    }

    fn y(&self, value: f64) -> f64 {
        self.base() - if self.max > 0.0 { (value / self.max).clamp(0.0, 1.0) * self.height } else { 0.0 }
    }

    fn base(&self) -> f64 {
        self.top + self.height
    }
}

/// Draws it.
pub(super) fn plot(markup: &mut Markup, plot: &Plot, span: f64) {
    let whole = Frame { top: TOP, height: height(plot) - TOP - TIMES, span, max: 1.0 };
    match plot {
        Plot::Rows { rows, scale } => rows.iter().fold(TOP, |top, row| {
            let frame = Frame { top: top + NAME, height: row_height(rows.len()), max: scale.max, ..whole };
            self::row(markup, row, scale, &frame);
            frame.base() + GAP
        }),
        Plot::Lines { lines, scale, bands } => {
            let frame = Frame { max: scale.max, ..whole };
            grid(markup, &frame, &scale.ticks);
            self::bands(markup, &frame, bands);
            for (key, points) in lines {
                key.path(markup, &outline(points, &frame, None));
            }
            frame.base()
        }
        Plot::Stack { bars, bands } => {
            self::bands(markup, &Frame { height: STRIP - 2.0, ..whole }, bands);
            let frame = Frame { top: TOP + STRIP, height: STACK, ..whole };
            grid(markup, &frame, &Scale::share().ticks);
            stack(markup, bars, &frame);
            frame.base()
        }
    };
    for (at, word) in Scale::times(span).ticks {
        let (x, y) = (number(whole.x(at)), number(height(plot) - 6.0));
        markup.element("text", &[("x", &x), ("y", &y), ("text-anchor", "middle")], &word);
    }
}

fn row(markup: &mut Markup, row: &Row, scale: &Scale, frame: &Frame) {
    let (end, y) = (number(LEFT + INNER), number(frame.top - 6.0));
    let name = clip(&row.name, MOST_CHARACTERS.saturating_sub(row.value.chars().count()));
    markup.element("text", &[("class", "name"), ("x", "0"), ("y", &y)], &name);
    markup.element("text", &[("x", &end), ("y", &y), ("text-anchor", "end")], &row.value);
    let ends: Vec<(f64, String)> =
        scale.ticks.first().into_iter().chain(scale.ticks.last()).cloned().collect();
    grid(markup, frame, &ends);
    Key::Area.path(markup, &outline(&row.points, frame, Some(frame.base())));
    bands(markup, frame, &row.bands);
}

fn grid(markup: &mut Markup, frame: &Frame, ticks: &[(f64, String)]) {
    let (x, width) = (number(LEFT), number(INNER));
    let (y, height) = (number(frame.top), number(frame.height));
    markup.empty("rect", &[("class", "frame"), ("x", &x), ("y", &y), ("width", &width), ("height", &height)]);
    for (value, word) in ticks {
        let y = frame.y(*value);
        if y > frame.top && y < frame.base() {
            markup.empty("path", &[("class", "grid"), ("d", &format!("M{x} {}h{width}", number(y)))]);
        }
        // The first stands on the line, the last hangs below it.
        let y = (y + 4.0).clamp(frame.top + 11.0, frame.base());
        let (x, y) = (number(LEFT - 6.0), number(y));
        markup.element("text", &[("x", &x), ("y", &y), ("text-anchor", "end")], word);
    }
}

/// Steps, each as long as it is true; where nothing is known there is nothing. With a base, an area.
fn outline(points: &[Point], frame: &Frame, base: Option<f64>) -> String {
    /// A gap that cannot be seen is none.
    const SEEN: f64 = 0.2;
    let mut path = String::new();
    let mut end: Option<f64> = None;
    let base = base.map(number);
    let close = |path: &mut String| {
        // Writing to a `String` cannot fail.
        let _ = base.as_ref().map(|base| write!(path, "V{base}Z"));
    };
    for point in points {
        let Some(value) = point.value else {
            if end.take().is_some() {
                close(&mut path);
            }
            continue;
        };
        let (from, to, y) = (frame.x(point.from), frame.x(point.to), number(frame.y(value)));
        if end.is_none_or(|end| from - end > SEEN) {
            if end.is_some() {
                close(&mut path);
            }
            let _ = write!(path, "M{} {}", number(from), base.as_ref().unwrap_or(&y));
        }
        let _ = write!(path, "V{y}H{}", number(to));
        end = Some(to);
    }
    if end.is_some() {
        close(&mut path);
    }
    path
}

fn bands(markup: &mut Markup, frame: &Frame, bands: &[Band]) {
    /// However short, it is seen.
    const LEAST: f64 = 1.0;
    let mut path = String::new();
    for band in bands {
        let (from, to) = (frame.x(band.from), frame.x(band.to));
        let from = from.min(LEFT + INNER - LEAST);
        let width = (to - from).max(LEAST);
        let _ = write!(path, "{}", rect(from, frame.top, width, frame.height));
    }
    if !path.is_empty() {
        Key::Overrun.path(markup, &path);
    }
}

/// Each state is one path, the first at the bottom.
fn stack(markup: &mut Markup, bars: &[Bar], frame: &Frame) {
    let mut paths: [String; 5] = Default::default();
    for bar in bars {
        let (from, to) = (frame.x(bar.from), frame.x(bar.to));
        let mut below = 0.0;
        for (path, share) in paths.iter_mut().zip(bar.shares()) {
            let (top, height) = (frame.y(below + share), share * frame.height);
            if height >= 0.05 {
                path.push_str(&rect(from, top, to - from, height));
            }
            below += share;
        }
    }
    for (place, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        Key::State(place).path(markup, path);
    }
}

fn rect(x: f64, y: f64, width: f64, height: f64) -> String {
    let [x, y, width, height] = [x, y, width, height].map(number);
    format!("M{x} {y}h{width}v{height}h-{width}Z")
}

/// A tenth of a unit is less than a pixel.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), ToOwned::to_owned)
}

fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame { top: 10.0, height: 100.0, span: 4.0, max: 1.0 }
    }

    fn point(from: f64, to: f64, value: Option<f64>) -> Point {
        Point { from, to, value }
    }

    #[test]
    fn steps_end_where_nothing_is_known() {
        let points = [
            point(0.0, 1.0, Some(0.5)),
            point(1.0, 2.0, Some(1.0)),
            point(2.0, 3.0, None),
            point(3.0, 4.0, Some(0.0)),
        ];
        let area = outline(&points, &frame(), Some(110.0));
        assert_eq!(area, "M84 110V60H177V10H270V110ZM363 110V110H456V110Z");
        assert_eq!(outline(&points, &frame(), None), "M84 60V60H177V10H270M363 110V110H456");
        assert_eq!(outline(&[], &frame(), Some(110.0)), "");
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let far = [point(-1.0, 9.0, Some(7.0))];
        assert_eq!(outline(&far, &frame(), Some(110.0)), "M84 110V10H456V110Z");
        let mut markup = Markup::default();
        bands(&mut markup, &frame(), &[Band { from: 4.0, to: 4.0 }]);
        let drawn = markup.finish();
        assert!(drawn.contains("d=\"M455 10h1v100h-1Z\""), "{drawn}");
        let empty = Frame { span: 0.0, max: 0.0, ..frame() };
        assert_eq!(outline(&far, &empty, Some(110.0)), "M84 110V110H84V110Z");
    }

    #[test]
    fn a_long_name_is_clipped_between_characters() {
        assert_eq!((clip("short", 5), clip("shorter", 5)), ("short".to_owned(), "short...".to_owned()));
        assert_eq!(clip(&"ä".repeat(100), 58).chars().count(), 61);
    }
}
