//! Facts about the node that do not change while we look.

use std::{fs, path::Path};

use procfs::{Current as _, Meminfo};

use super::falco::root::Root;
use crate::sample::Node;

/// Reads the facts; what cannot be read is `None`.
#[must_use]
pub fn read() -> Node {
    let trimmed = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let hardware: Vec<String> = ["sys_vendor", "product_name"]
        .iter()
        .filter_map(|name| trimmed(&format!("/sys/class/dmi/id/{name}")))
        .filter(|name| !name.is_empty())
        .collect();
    Node {
        kernel: trimmed("/proc/sys/kernel/osrelease"),
        preemption: trimmed("/sys/kernel/debug/sched/preempt")
            .and_then(|text| active_model(&text))
            .or_else(|| trimmed("/proc/sys/kernel/version").and_then(|version| built_model(&version))),
        architecture: std::env::consts::ARCH.to_owned(),
        os: os_release(&FIRST.map(Path::new)).and_then(|text| pretty_name(&text)),
        cpus_possible: trimmed("/sys/devices/system/cpu/possible"),
        cpus_online: cpus_online(),
        memory_bytes: memory_bytes(),
        hardware: (!hardware.is_empty()).then(|| hardware.join(" ")),
    }
}

/// Roots of init and of the thread that starts the kernel's threads; some machines let nobody see the first.
const FIRST: [&str; 2] = ["/proc/1/root", "/proc/2/root"];

/// Below the first of these roots that has one: a container that sees the processes of the node has another root than they. Else our own.
fn os_release(roots: &[&Path]) -> Option<String> {
    let file = Path::new("/etc/os-release");
    let below = |root: &&Path| String::from_utf8(Root::open(root).ok()?.read(file).ok()?).ok();
    roots.iter().find_map(below).or_else(|| fs::read_to_string(file).ok())
}

/// CPUs that run, such as `0-3`.
#[must_use]
pub fn cpus_online() -> Option<String> {
    fs::read_to_string("/sys/devices/system/cpu/online").ok().map(|text| text.trim().to_owned())
}

/// How many CPUs are running.
#[must_use]
pub fn cpus_online_count() -> Option<u64> {
    aya::util::online_cpus().ok().map(|cpus| cpus.len() as u64)
}

/// `MemTotal`, bytes.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    Meminfo::current().ok().map(|meminfo| meminfo.mem_total)
}

/// From `none voluntary (full)` to `full`.
fn active_model(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('(')?;
    rest.split_once(')').map(|(model, _)| model.to_owned())
}

/// From `#1 SMP PREEMPT_DYNAMIC Debian ...` to `PREEMPT_DYNAMIC`.
fn built_model(version: &str) -> Option<String> {
    let word = version.split_whitespace().find(|word| word.starts_with("PREEMPT"));
    Some(word.unwrap_or("none or voluntary").to_owned())
}

fn pretty_name(os_release: &str) -> Option<String> {
    let value = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preemption_model() {
        assert_eq!(active_model("none voluntary full (lazy)").as_deref(), Some("lazy"));
        assert_eq!(built_model("#1 SMP PREEMPT_DYNAMIC Debian 6.12.9-1").as_deref(), Some("PREEMPT_DYNAMIC"));
        assert_eq!(built_model("#1 SMP Debian 5.10").as_deref(), Some("none or voluntary"));
    }

    #[test]
    fn os_is_that_of_the_first_process() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("etc")).unwrap();
        fs::write(root.path().join("etc/os-release"), "of the node").unwrap();
        let none = root.path().join("none");
        assert_eq!(os_release(&[&none, root.path()]).as_deref(), Some("of the node"));
        assert_eq!(os_release(&[&none]), fs::read_to_string("/etc/os-release").ok());
    }

    #[test]
    fn os_name() {
        assert_eq!(pretty_name("ID=x\nPRETTY_NAME=\"Debian 12\"\n").as_deref(), Some("Debian 12"));
        assert_eq!(pretty_name("ID=x\n"), None);
    }
}
