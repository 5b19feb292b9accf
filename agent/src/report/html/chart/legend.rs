//! What areas, lines and patterns mean.

use super::{super::series::states::STATES, Markup};

/// A way to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report::html) enum Key {
    /// The area of a row.
    Area,
    /// What was due: a dashed line.
    Due,
    /// What was drained: a line.
    Drained,
    /// A state of a thread, by its place in [`STATES`].
    State(usize),
    /// An overrun.
    Overrun,
}

impl Key {
    /// Its class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Due => "line due",
            Self::Drained => "line drained",
            Self::State(place) => STATES.get(place).copied().unwrap_or("idle"),
            Self::Overrun => "edge",
        }
    }

    /// What fills it, where that is a pattern.
    pub(super) fn fill(self) -> Option<&'static str> {
        match self {
            Self::Overrun => Some("url(#fill-overrun)"),
            Self::State(place) => match STATES.get(place) {
                Some(&"waiting") => Some("url(#fill-waiting)"),
                Some(&"throttled") => Some("url(#fill-throttled)"),
                Some(&"blocked") => Some("url(#fill-blocked)"),
                Some(&"idle") => Some("url(#fill-idle)"),
                _ => None,
            },
            Self::Area | Self::Due | Self::Drained => None,
        }
    }

    /// A path that is drawn so.
    pub(super) fn path(self, markup: &mut Markup, path: &str) {
        match self.fill() {
            Some(fill) if self == Self::Overrun => {
                markup.empty("path", &[("class", self.class()), ("fill", fill), ("d", path)]);
            }
            Some(fill) => markup.empty("path", &[("fill", fill), ("d", path)]),
            None => markup.empty("path", &[("class", self.class()), ("d", path)]),
        }
    }
}

/// The patterns, once for all charts.
pub(super) fn define(markup: &mut Markup) {
    markup.literal(
        "<svg class=\"defined\" aria-hidden=\"true\" focusable=\"false\"><defs>\n\
         <pattern id=\"fill-overrun\" patternUnits=\"userSpaceOnUse\" width=\"8\" height=\"8\">\
         <path class=\"overrun\" d=\"M-1 1L1-1M0 8L8 0M7 9L9 7\"/></pattern>\n\
         <pattern id=\"fill-waiting\" patternUnits=\"userSpaceOnUse\" width=\"6\" height=\"6\">\
         <rect class=\"back\" width=\"6\" height=\"6\"/><path class=\"waiting\" d=\"M0 3H6\"/></pattern>\n\
         <pattern id=\"fill-throttled\" patternUnits=\"userSpaceOnUse\" width=\"5\" height=\"5\">\
         <rect class=\"back\" width=\"5\" height=\"5\"/>\
         <path class=\"throttled\" d=\"M-1-1L6 6M-1 4L1 6M4-1L6 1\"/></pattern>\n\
         <pattern id=\"fill-blocked\" patternUnits=\"userSpaceOnUse\" width=\"6\" height=\"6\">\
         <rect class=\"back\" width=\"6\" height=\"6\"/><circle class=\"blocked\" cx=\"3\" cy=\"3\" r=\"1.9\"/></pattern>\n\
         <pattern id=\"fill-idle\" patternUnits=\"userSpaceOnUse\" width=\"12\" height=\"12\">\
         <rect class=\"back\" width=\"12\" height=\"12\"/><path class=\"idle\" d=\"M0 12L12 0\"/></pattern>\n\
         </defs></svg>\n",
    );
}

/// Samples with their words.
pub(super) fn list(markup: &mut Markup, legend: &[(Key, &'static str)]) {
    markup.literal("<ul class=\"legend\">\n");
    for (key, word) in legend {
        markup.literal("<li><svg viewBox=\"0 0 32 14\" aria-hidden=\"true\" focusable=\"false\">");
        key.path(
            markup,
            match key {
                Key::Due | Key::Drained => "M0 7H32",
                _ => "M1 1H31V13H1Z",
            },
        );
        markup.literal("</svg>");
        markup.text(word);
        markup.close("li");
    }
    markup.close("ul");
}
