//! Pages that tests compare with accepted ones in tests/golden, and the recordings that most of them are made of. What differs from
//! one release to the next without anybody's intent is masked.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use crate::{recording, timeline::Timeline};

/// In the place of dropctl's version.
const VERSION: &str = "VERSION";
/// Around the style of a page in HTML, which is a file of its own.
const STYLE: [&str; 2] = ["<style>\n", "</style>"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Fails where a page is not as it was accepted.
pub(crate) fn golden(name: &str, page: &str) {
    let path = folder().join("golden").join(name);
    let page = masked(page);
    if std::env::var_os("DROPCTL_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let accepted = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(page, accepted, "{} differs; `cargo xtask bless` accepts it", path.display());
}

fn masked(page: &str) -> String {
    let page = page.replace(env!("CARGO_PKG_VERSION"), VERSION);
    let style =
        page.split_once(STYLE[0]).and_then(|(before, rest)| Some((before, rest.split_once(STYLE[1])?.1)));
    style.map_or_else(|| page.clone(), |(before, after)| [before, STYLE[0], STYLE[1], after].concat())
}

/// What was recorded of one of the lab's scenarios.
pub(crate) fn scenario(name: &str) -> Timeline {
    let file = File::open(folder().join(format!("data/scenarios/{name}.jsonl.gz"))).unwrap();
    recording::read(file).unwrap().timeline
}

#[test]
fn only_what_nobody_means_is_masked() {
    let page = format!("a {} <style>\nx\n</style> b <style>", env!("CARGO_PKG_VERSION"));
    assert_eq!(masked(&page), "a VERSION <style>\n</style> b <style>");
    assert_eq!(masked("a </style> <style>"), "a </style> <style>");
}
