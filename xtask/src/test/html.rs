//! Pages of dropctl as HTML in a real browser: what the network, the console, a narrow screen and axe say of them.
//!
//! The pages are of kept recordings; agent/tests/browser has the checks, and the versions of what they need, which npm puts
//! under `target/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::Tally;
use crate::{
    artifacts, command,
    missing::Missing,
    tools::{self, Package},
    workspace,
};

const CHECKS: &str = "agent/tests/browser";
const RECORDINGS: &str = "agent/tests/data/scenarios";
/// Loss of several kinds, a tool that comes and goes, and none of it.
const REPORTS: [&str; 5] = ["throttled", "saturated", "uneven", "crash-loop", "quiet-busy"];
/// Other pages: their name and the words that make them; `@` is the folder of the recordings.
const OTHERS: [(&str, &[&str]); 3] = [
    ("size", &["size", "--input", "@/burst.jsonl.gz"]),
    ("diff", &["diff", "@/throttled.jsonl.gz", "@/saturated.jsonl.gz"]),
    (
        "explain",
        &["explain", "Falco internal: syscall event drop. 815508 system calls dropped in last second."],
    ),
];

pub(super) fn check() -> Result<Tally> {
    tools::packages(&[Package { program: "chromium", package: "chromium", why: "opens pages of dropctl" }])?;
    let modules = modules()?;
    let pages = pages()?;
    Tally::of(command::program("node").arg(format!("{CHECKS}/check.mjs")).arg(modules).arg(pages))
}

/// What the checks need, installed anew where the lock file is another one.
fn modules() -> Result<PathBuf> {
    for program in ["node", "npm"] {
        if !command::exists(program) {
            let what = format!("{program}, of Node.js 20 or newer (it drives the browser)");
            return Err(Missing::error(what, "apt-get install nodejs npm"));
        }
    }
    let place = workspace::target("tools/browser");
    fs::create_dir_all(&place).context("create target/tools/browser")?;
    let modules = place.join("node_modules");
    let done = modules.join("done");
    let lock = read(&workspace::root().join(CHECKS).join("package-lock.json"))?;
    if fs::read(&done).is_ok_and(|of| of == lock) {
        return Ok(modules);
    }
    println!(
        "xtask: installing playwright-core and axe-core into target/tools/browser with npm: they check pages"
    );
    let package = read(&workspace::root().join(CHECKS).join("package.json"))?;
    write(&place.join("package.json"), &package)?;
    write(&place.join("package-lock.json"), &lock)?;
    let mut npm = command::program("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"])
        .current_dir(&place);
    command::quiet(&mut npm).map_err(|error| {
        Missing::error(format!("playwright-core and axe-core ({error:#})"), command::line(&npm))
    })?;
    write(&done, &lock)?;
    Ok(modules)
}

/// Draws the pages; the ending of a file says its form.
fn pages() -> Result<PathBuf> {
    let dropctl = artifacts::testing_binary("dropctl", "dropctl")?;
    let folder = workspace::target("html");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("empty target/html")?;
    }
    fs::create_dir_all(&folder).context("create target/html")?;
    let draw = |page: &str, words: &[String]| {
        let file = folder.join(format!("{page}.html"));
        let mut draw = command::program(&dropctl.to_string_lossy());
        command::quiet(draw.args(words).arg("-o").arg(&file))
    };
    for name in REPORTS {
        let words = ["report".into(), "--input".into(), format!("{RECORDINGS}/{name}.jsonl.gz")];
        draw(&format!("report-{name}"), &words)?;
    }
    for (page, words) in OTHERS {
        let words: Vec<String> = words.iter().map(|word| word.replace('@', RECORDINGS)).collect();
        draw(page, &words)?;
    }
    Ok(folder)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}
