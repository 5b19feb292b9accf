//! Draws charts. Each is as wide as its column and has its own words for who cannot see it; nothing is told by colour alone:
//! rows have their names, lines their dashes, states and overruns their patterns.

mod draw;
mod legend;
mod scale;

pub(super) use self::{legend::Key, scale::Scale};
use super::{
    markup::Markup,
    series::{Band, Point, states::Bar},
};

/// All of a page.
#[derive(Clone, Debug)]
pub(in crate::report) struct Charts {
    /// Seconds that each shows.
    pub(super) span: f64,
    /// What is said before them.
    pub(super) notes: Vec<String>,
    pub(super) charts: Vec<Chart>,
}

/// One chart.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    /// The same in words.
    pub(super) about: String,
    /// What it leaves out, and where it comes from.
    pub(super) notes: Vec<String>,
    pub(super) legend: Vec<(Key, &'static str)>,
    pub(super) plot: Plot,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) enum Plot {
    /// Rows of one scale, each with a name.
    Rows { rows: Vec<Row>, scale: Scale },
    /// Lines over one another.
    Lines { lines: Vec<(Key, Vec<Point>)>, scale: Scale, bands: Vec<Band> },
    /// Shares of a whole.
    Stack { bars: Vec<Bar>, bands: Vec<Band> },
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// What there was of it.
    pub(super) value: String,
    pub(super) points: Vec<Point>,
    pub(super) bands: Vec<Band>,
}

/// The section with all of them.
pub(super) fn section(markup: &mut Markup, charts: &Charts) {
    markup.element("h2", &[], "Over time");
    charts.notes.iter().for_each(|note| markup.element("p", &[], note));
    if charts.charts.is_empty() {
        return;
    }
    legend::define(markup);
    markup.open("div", &[("class", "charts")]);
    markup.literal("\n");
    for (place, chart) in charts.charts.iter().enumerate() {
        figure(markup, chart, &format!("chart-{}", place + 1), charts.span);
    }
    markup.close("div");
}

fn figure(markup: &mut Markup, chart: &Chart, id: &str, span: f64) {
    let (title, about) = (format!("{id}-title"), format!("{id}-about"));
    let height = draw::height(&chart.plot).to_string();
    markup.literal("<figure>\n");
    markup.element("h3", &[], &chart.title);
    markup.open(
        "svg",
        &[
            ("class", "chart"),
            ("role", "img"),
            ("aria-labelledby", &format!("{title} {about}")),
            ("viewBox", &format!("0 0 {} {height}", draw::WIDTH)),
        ],
    );
    markup.literal("\n");
    markup.element("title", &[("id", &title)], &chart.title);
    markup.element("desc", &[("id", &about)], &chart.about);
    draw::plot(markup, &chart.plot, span);
    markup.close("svg");
    legend::list(markup, &chart.legend);
    markup.element("figcaption", &[], &chart.notes.join(" "));
    markup.close("figure");
}
