//! A document as it grows. Names of elements and attributes are of this program; all else is escaped on its way in, so that
//! nothing that comes from the node can be more than text.

use super::escape::{escape, unbroken};

/// Attributes: names, and values as they are meant.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// Well-formed XML that is HTML as well: what is open is closed by hand, in order.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// A literal, as it is.
    pub(super) fn literal(&mut self, text: &'static str) {
        self.0.push_str(text);
    }

    /// `<name ...>`.
    pub(super) fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.start(name, attributes);
        self.0.push('>');
    }

    /// `</name>`, and a new line.
    pub(super) fn close(&mut self, name: &'static str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push_str(">\n");
    }

    /// `<name .../>`.
    pub(super) fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.start(name, attributes);
        self.0.push_str("/>\n");
    }

    /// An element with nothing in it but text.
    pub(super) fn element(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.open(name, attributes);
        self.text(text);
        self.close(name);
    }

    /// Text, in which numbers keep their units.
    pub(super) fn text(&mut self, text: &str) {
        self.0.push_str(&escape(&unbroken(text)));
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        self.0
    }

    fn start(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.0.push_str(&escape(value));
            self.0.push('"');
        }
    }
}
