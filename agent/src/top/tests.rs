//! Keys, frames of recordings, and names that would break them.

use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    style::Color,
};

use super::{
    draw::{Notice, Theme, settled},
    page::{plain, print},
    rows::TABS,
    state::Next,
    table::Cell,
    *,
};
use crate::{
    golden::{golden, scenario},
    sample::{LoserSample, LosersSample, RingOwner, Sample, Workload, WorkloadDrops},
    timeline::{
        Timeline,
        example::{SECOND, falco, ring, sample},
    },
};

const PLAIN: Theme = Theme { has_colors: false };
const SCENARIOS: [&str; 12] = [
    "saturated",
    "throttled",
    "starved",
    "blocked-lookup",
    "burst",
    "uneven",
    "pending",
    "missed-wakeup",
    "oversized",
    "reload",
    "crash-loop",
    "quiet-busy",
];

/// What there is to see at the end of a timeline.
fn seen(timeline: &Timeline) -> View {
    let mut watch = Watch::new(timeline.node.clone(), timeline.setup.clone());
    timeline.samples().iter().for_each(|sample| watch.push(sample.clone()).unwrap());
    watch.look();
    watch.view().unwrap()
}

fn recorded(name: &str) -> View {
    seen(&scenario(name))
}

fn painted(view: &View, state: &State, (width, height): (u16, u16), theme: Theme) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut state = state.clone();
    let draw = |frame: &mut ratatui::Frame<'_>| {
        settled(frame.buffer_mut(), Some(view), &mut state, Notice::default(), theme);
    };
    terminal.draw(draw).unwrap().buffer.clone()
}

fn frame(view: &View, state: &State, size: (u16, u16)) -> String {
    plain(&painted(view, state, size, PLAIN))
}

pub(super) fn pressed(keys: &[KeyCode]) -> State {
    let mut state = State::default();
    for key in keys {
        assert_eq!(state.press(KeyEvent::new(*key, KeyModifiers::NONE)), Next::GoOn, "{key:?}");
    }
    state
}

pub(super) fn typed(text: &str) -> State {
    pressed(&text.chars().map(KeyCode::Char).collect::<Vec<_>>())
}

#[test]
fn frames_of_recordings() {
    for scenario in SCENARIOS {
        let view = recorded(scenario);
        golden(&format!("top/{scenario}.txt"), &frame(&view, &State::default(), (80, 24)));
    }
}

#[test]
fn all_tables_in_all_sizes() {
    let view = recorded("throttled");
    for (width, height) in [(80, 24), (120, 40), (40, 10)] {
        let tables =
            (0..TABS.len()).map(|tab| frame(&view, &State { tab, ..State::default() }, (width, height)));
        let help = frame(&view, &typed("?"), (width, height));
        let all: Vec<String> = tables.chain([help]).collect();
        golden(
            &format!("top/throttled-{width}x{height}.txt"),
            &all.join(&format!("{}\n", "=".repeat(width.into()))),
        );
    }
    golden("top/throttled-once.txt", &print(&view, 100));
    golden("top/crash-loop-once.txt", &print(&recorded("crash-loop"), 100));
}

#[test]
fn a_filter_and_a_sort_show_in_a_frame() {
    let view = recorded("uneven");
    let rows = |text: &str| {
        let state = State { is_typing: false, ..typed(text) };
        view.tables[state.tab]
            .rows(&state.filter, state.sort())
            .iter()
            .map(|row| row[0].shown())
            .collect::<Vec<_>>()
    };
    let all = rows("3");
    assert!(all.len() > 3, "{all:?}");
    let wanted = rows("3/OPEN");
    assert!(!wanted.is_empty() && wanted.iter().all(|name| name.contains("open")), "{wanted:?}");
    let mut reversed = rows("3r");
    reversed.reverse();
    assert_eq!(reversed.len(), all.len());
    assert_eq!(reversed.first(), all.first(), "the one with the highest rate");
    assert!(frame(&view, &typed("3/nothing"), (80, 24)).contains("No row has \"nothing\" in it"));
}

/// Everybody in it is called so.
fn called(name: &str) -> View {
    let named = |second: u64| {
        let owner = Some(RingOwner { tgid: 50, comm: name.to_owned(), tool: "other".to_owned() });
        let ring =
            crate::sample::RingSample { owner, name: Some(name.to_owned()), ..ring(1, 1, second * 100) };
        let workload = Some(Workload { container: Some(name.to_owned()), ..Workload::default() });
        let drops = second * 100;
        let losers = LosersSample {
            is_watched: true,
            top: vec![LoserSample {
                tgid: 9,
                comm: Some(name.to_owned()),
                workload: workload.clone(),
                drops,
                ..LoserSample::default()
            }],
            workloads: vec![WorkloadDrops { workload, drops }],
            ..LosersSample::default()
        };
        let falco = crate::sample::FalcoSample {
            comm: name.to_owned(),
            losers: Some(losers),
            ..falco(1, 1, second * 1000)
        };
        Sample { rings: Some(vec![ring]), falcos: Some(vec![falco]), ..sample(second * SECOND) }
    };
    let mut watch = Watch::new(crate::sample::Node::default(), crate::timeline::example::setup());
    (1..10).for_each(|second| watch.push(named(second)).unwrap());
    watch.look();
    watch.view().unwrap()
}

#[test]
fn names_cannot_break_a_frame() {
    let wide = "\u{65e5}\u{672c}\u{8a9e}".repeat(20);
    let names = [
        "a\x1b[2Jb\x1b]0;title\x07c\r\n\td",
        "\u{9b}31m\u{7f}",
        "\u{202e}gnp.exe\u{2066}",
        "e\u{301}\u{301}\u{301}\u{200d}\u{fe0f}",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "",
        &wide,
        &"x".repeat(1000),
    ];
    for name in names {
        let view = called(name);
        assert!(view.tables[..5].iter().all(|table| table.columns.len() == 5 || !table.rows.is_empty()));
        let pages = (0..TABS.len()).map(|tab| State { tab, ..State::default() });
        for state in pages {
            for size in [(80, 24), (120, 40), (40, 10), (20, 4), (3, 2), (1, 1)] {
                let frame = frame(&view, &state, size);
                assert_eq!(frame.lines().count(), usize::from(size.1), "{name:?}: {frame}");
                let bad = |letter: char| {
                    letter != '\n' && (letter.is_control() || ('\u{202a}'..='\u{2069}').contains(&letter))
                };
                assert!(!frame.contains(bad), "{name:?}: {frame:?}");
                for line in frame.lines() {
                    assert!(
                        ratatui::text::Span::raw(line).width() <= usize::from(size.0),
                        "{name:?}: {line:?}"
                    );
                }
            }
        }
        let page = print(&view, 80);
        assert!(!page.contains(|letter: char| letter != '\n' && letter.is_control()), "{name:?}: {page:?}");
    }
}

#[test]
fn a_finding_about_a_tool_of_no_name_has_that_of_its_process() {
    let mut timeline = scenario("throttled");
    for sample in timeline.samples_mut() {
        for falco in sample.falcos.iter_mut().flatten() {
            (falco.tool, falco.comm) = ("other".to_owned(), "my-agent".to_owned());
        }
    }
    let tools: Vec<String> = seen(&timeline).tables[5].rows.iter().map(|row| row[3].shown()).collect();
    assert!(tools.iter().any(|tool| tool == "my-agent"), "{tools:?}");
    assert!(!tools.iter().any(|tool| tool == "other"), "{tools:?}");
}

#[test]
fn cells_behind_a_wide_name_keep_their_columns() {
    let with = |name: &str| {
        let frame = painted(&called(name), &State::default(), (80, 24), PLAIN);
        (0..80).map(|x| frame[(x, 4)].symbol().to_owned()).position(|symbol| symbol == "[")
    };
    let plain = with("0123456789ab");
    assert!(plain.is_some());
    assert_eq!(with(&"\u{65e5}".repeat(6)), plain, "six wide characters are as wide as twelve others");
}

#[test]
fn without_colours_there_are_none() {
    let view = recorded("throttled");
    let colors = |theme| {
        let mut all =
            (0..TABS.len()).map(|tab| painted(&view, &State { tab, ..State::default() }, (120, 40), theme));
        all.any(|frame| frame.content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset))
    };
    assert!(!colors(PLAIN));
    assert!(colors(Theme { has_colors: true }));
}

#[test]
fn the_last_row_can_be_reached_and_no_more() {
    let view = recorded("quiet-busy");
    let mut state = State { tab: 2, ..State::default() };
    let rows = view.tables[2].rows.len();
    state.press(KeyEvent::new(KeyCode::End, KeyModifiers::NONE));
    let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 40, 8));
    settled(&mut buffer, Some(&view), &mut state, Notice::default(), PLAIN);
    assert!(state.scroll < rows, "{} of {rows}", state.scroll);
    let last = view.tables[2].rows("", state.sort()).last().unwrap()[0].shown();
    assert!(plain(&buffer).contains(&last), "{}", plain(&buffer));
}

#[test]
fn losers_add_up_to_what_was_dropped() {
    for scenario in SCENARIOS {
        let view = recorded(scenario);
        let sum = |tab: usize, column: usize| -> u64 {
            view.tables[tab]
                .rows
                .iter()
                .map(|row| if let Cell::Drops(Some(drops)) = row[column] { drops } else { 0 })
                .sum()
        };
        let (workloads, processes) = (sum(3, 2), sum(4, 5));
        if workloads > 0 {
            assert_eq!(workloads, processes, "{scenario}");
            assert_eq!(view.head.dropped.unwrap().0, workloads, "{scenario}");
        }
    }
}

#[test]
fn one_sample_is_nothing_to_see() {
    let mut watch = Watch::new(crate::sample::Node::default(), crate::timeline::example::setup());
    assert_eq!(watch.view(), None);
    watch.push(sample(SECOND)).unwrap();
    assert_eq!(watch.view(), None);
    watch.push(sample(2 * SECOND)).unwrap();
    assert!(watch.view().is_some());
}
