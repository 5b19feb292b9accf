//! Documents of the lab's scenarios and of hostile nodes: well-formed, closed to everything, and readable without eyes.

mod series;
mod style;

use roxmltree::{Document, Node, ParsingOptions};

use super::*;
use crate::{
    golden::{golden, scenario},
    number::share,
    report::{Report, build, html, model::Ring, page::Table, tests::scenarios::SCENARIOS},
    sample::{RingOwner, RingSample, Sample, Workload},
    timeline::{
        Timeline,
        example::{self, SECOND},
    },
};

/// What no scenario may be larger than, and no node at all.
const MOST_BYTES: usize = 3 << 20;

fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}"))
}

fn page_of(timeline: &Timeline) -> (Report, String) {
    let slice = timeline.all();
    let report = build(&slice).unwrap();
    let page = html(&report, &slice);
    (report, page)
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

/// What every document is.
fn is_sound(page: &str) {
    let document = parsed(page);
    let elements = || document.descendants().filter(Node::is_element);
    let allowed = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "pre",
        "ul",
        "li",
        "dl",
        "div",
        "dt",
        "dd",
        "details",
        "summary",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "figure",
        "figcaption",
        "svg",
        "desc",
        "defs",
        "pattern",
        "path",
        "rect",
        "circle",
        "text",
    ];
    for element in elements() {
        let name = element.tag_name().name();
        assert!(allowed.contains(&name), "{name}");
        for attribute in element.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on") && !["src", "href", "style", "srcdoc"].contains(&name), "{name}");
            assert!(!value.contains("url(") || value.starts_with("url(#fill-"), "{value}");
        }
    }
    let html = document.root_element();
    assert_eq!(html.attribute("lang"), Some("en"));
    let policy =
        elements().find(|element| element.attribute("http-equiv") == Some("Content-Security-Policy"));
    let policy = policy.and_then(|element| element.attribute("content")).unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline';"), "{policy}");
    let mut ids: Vec<&str> = elements().filter_map(|element| element.attribute("id")).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is there twice");
    let levels: Vec<u8> =
        elements().filter_map(|element| element.tag_name().name().strip_prefix('h')?.parse().ok()).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(levels[0] == 1 && levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    for svg in elements().filter(|element| element.has_tag_name("svg")) {
        let Some(named_by) = svg.attribute("aria-labelledby") else {
            assert_eq!(svg.attribute("aria-hidden"), Some("true"));
            continue;
        };
        assert_eq!(svg.attribute("role"), Some("img"));
        assert!(svg.attribute("viewBox").is_some_and(|value| value.starts_with("0 0 480 ")));
        for id in named_by.split(' ') {
            let named = svg.children().find(|child| child.attribute("id") == Some(id)).unwrap();
            assert!(!text_of(named).trim().is_empty(), "{id} says nothing");
        }
        for path in svg.descendants().filter_map(|node| node.attribute("d")) {
            assert!(!path.contains("NaN") && !path.contains("inf"), "{path}");
        }
    }
}

fn titles(page: &str) -> Vec<String> {
    let document = parsed(page);
    document.descendants().filter(|node| node.has_tag_name("h3")).map(text_of).collect()
}

#[test]
fn each_scenario_has_its_charts() {
    for (name, cause) in SCENARIOS {
        let (report, page) = page_of(&scenario(name));
        is_sound(&page);
        assert!(page.len() < 200_000, "{name}: {}", page.len());
        let titles = titles(&page);
        let has = |words: &str| titles.iter().any(|title| title.contains(words));
        assert!(has("Backlog of ring buffers") && has("Arrivals and drain rate"), "{name}: {titles:?}");
        let drops = report.tools.iter().flatten().filter_map(|tool| tool.counters.as_ref());
        let drops: u64 = drops.map(|counters| counters.n_drops_buffer).sum();
        assert_eq!(has("dropped, by workload"), drops > 0, "{name}: {titles:?}");
        assert_eq!(page.contains("overrun (a ring refused records)</li>"), drops > 0, "{name}");
        assert!(has("What the draining thread of") || *cause == Some("DC116"), "{name}: {titles:?}");
    }
}

#[test]
fn a_page_is_as_accepted() {
    for name in ["throttled", "crash-loop"] {
        golden(&format!("scenarios/{name}.html"), &page_of(&scenario(name)).1);
    }
}

/// The words of the page are those of the other forms, in their order.
#[test]
fn it_is_the_same_page() {
    let (report, page) = page_of(&scenario("throttled"));
    let document = parsed(&page);
    let headings: Vec<String> =
        document.descendants().filter(|node| node.has_tag_name("h2")).map(text_of).collect();
    let text = crate::report::text(&report);
    let rest = headings.iter().filter(|heading| *heading != "Over time").map(|heading| {
        text.find(&format!("\n{heading}\n---")).unwrap_or_else(|| panic!("{heading} is not in the text"))
    });
    assert!(rest.collect::<Vec<_>>().is_sorted(), "{headings:?}");
    let at = headings.iter().position(|heading| heading == "Over time").unwrap();
    assert!(headings[at - 1].starts_with("DC102") && headings[at + 1].starts_with("DC202"), "{headings:?}");
    let cells = document.descendants().filter(|node| node.has_tag_name("td")).map(text_of).count();
    assert!(cells > 100, "{cells}");
}

const HOSTILE: &str =
    "</title></style><script>alert(\"1\")</script>' onload=\"x\" &amp; ]]> \u{1b}[31m\u{202e}\0";

#[test]
fn a_hostile_name_is_only_text() {
    let mut timeline = scenario("throttled");
    for sample in timeline.samples_mut() {
        for ring in sample.rings.iter_mut().flatten().filter(|ring| !ring.is_own) {
            ring.owner.as_mut().unwrap().comm = HOSTILE.to_owned();
            ring.owner.as_mut().unwrap().tool = "other".to_owned();
        }
        for consumer in sample.consumers.iter_mut().flatten() {
            consumer.comm = HOSTILE.to_owned();
        }
        for tool in sample.tools.iter_mut().flatten() {
            tool.comm = HOSTILE.to_owned();
        }
        for losers in sample.falcos.iter_mut().flatten().filter_map(|falco| falco.losers.as_mut()) {
            let workload = Workload { namespace: None, pod: None, container: Some(HOSTILE.to_owned()) };
            losers.workloads.iter_mut().for_each(|one| one.workload = Some(workload.clone()));
            losers.top.iter_mut().for_each(|one| one.comm = Some(HOSTILE.to_owned()));
        }
    }
    timeline.node.os = Some(HOSTILE.to_owned());
    timeline.setup.revision = Some(HOSTILE.to_owned());
    let (_, page) = page_of(&timeline);
    is_sound(&page);
    let document = parsed(&page);
    let shown = text_of(document.root_element());
    let harmless: String = HOSTILE.replace(['\u{1b}', '\u{202e}', '\0'], "?");
    assert!(shown.matches(harmless.as_str()).count() > 10, "{shown:.2000}");
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    assert_eq!(page.matches("</style>").count(), 1);
}

#[test]
fn every_block_is_escaped() {
    let text = || HOSTILE.to_owned();
    let page = [
        Block::Title(text()),
        Block::Heading(text()),
        Block::Text(text()),
        Block::List(vec![text(); 300]),
        Block::List(Vec::new()),
        Block::Facts(vec![("name", text())]),
        Block::Facts(Vec::new()),
        Block::Table(Table::new(vec!["", "a"], vec![vec![text(), text()]; 300])),
        Block::Code { place: text(), text: text() },
        Block::Fold { title: text(), blocks: vec![Block::Text(text())] },
    ];
    let page = render(&page, None);
    is_sound(&page);
    assert!(page.contains("<li>100 more are left out</li>") && page.contains("100 more rows are left out."));
}

/// Twenty rings over an hour and more, of which each minute one is full.
fn long() -> Timeline {
    let samples = (0..4000u64).map(|second| {
        let ring = |map_id: u32| {
            let is_full = second.is_multiple_of(60) && u64::from(map_id) == (second / 60) % 20;
            RingSample {
                owner: Some(RingOwner { tgid: 50, comm: "worker".to_owned(), tool: "other".to_owned() }),
                places: vec![map_id],
                interval_backlog_max_bytes: if is_full { (8 << 20) - u64::from(map_id) } else { second },
                ..example::ring(map_id, 0, second << 12)
            }
        };
        Sample { rings: Some((0..20).map(ring).collect()), ..example::sample((second + 1) * SECOND) }
    });
    example::timeline(samples)
}

#[test]
fn a_long_look_at_many_rings_is_bounded_and_says_what_it_leaves_out() {
    let (report, page) = page_of(&long());
    is_sound(&page);
    assert!(page.len() < MOST_BYTES, "{}", page.len());
    assert!(
        page.contains("The fullest 16 rings; 4 more are left out, filled to &gt;99.9\u{a0}% at most."),
        "not said"
    );
    let document = parsed(&page);
    let longest =
        document.descendants().filter_map(|node| node.attribute("d")).map(|path| path.matches('H').count());
    let longest = longest.max().unwrap();
    assert!((400..=600).contains(&longest), "{longest}");
    let fullest = |ring: &Ring| share(ring.backlog_max_bytes, ring.capacity_bytes);
    let rings: Vec<&Ring> = report.tools.iter().flatten().flat_map(|tool| &tool.rings).collect();
    assert!(rings.len() == 20 && rings.iter().all(|ring| fullest(ring) > 0.99), "{}", rings.len());
}

#[test]
fn a_node_without_rings_has_nothing_to_draw() {
    let quiet = example::timeline([1, 2, 3].map(|second| example::sample(second * SECOND)));
    let (_, page) = page_of(&quiet);
    is_sound(&page);
    assert!(page.contains("there is nothing to draw") && !page.contains("<figure>"));
}
