//! What is kept of a configuration: keys of a fixed list, as numbers, flags, words and names of syscalls. Pure.
//!
//! Everything else (URLs with tokens, programs, paths of rules) may hold secrets and goes no further than the parser.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::reason::clean;
use crate::{
    observe::falco::config::{Buffers, Effective, Engine, Origin, Settings, preset_bytes},
    sample::{BaseSyscallsFacts, Compared, Comparison, ConfigurationFacts, KeyFacts},
};

/// Files that are named.
const MOST_FILES: usize = 64;
/// Syscalls that are named; Linux has fewer than 512.
const MOST_NAMES: usize = 512;
/// Longest name of a syscall.
const LONGEST_NAME: usize = 32;
const COMMAND_LINE: &str = "command line";

/// The facts, and the configured half of the comparison for a node with so many CPUs online.
pub(super) fn facts(effective: &Effective, cpus_online: Option<u64>) -> (ConfigurationFacts, Comparison) {
    let settings = effective.settings();
    let facts = ConfigurationFacts {
        files: effective.files().iter().take(MOST_FILES).map(|file| clean(&file.to_string_lossy())).collect(),
        keys: keys(effective, &settings),
        base_syscalls: base_syscalls(&settings),
        last_folder: last_folder(effective).map(|folder| clean(&folder.to_string_lossy())),
    };
    (facts, configured(effective, &settings, cpus_online))
}

/// Decided here, by the real names: pseudonyms sort otherwise, and not all files are kept.
fn last_folder(effective: &Effective) -> Option<&Path> {
    let folder = effective.last_folder()?;
    let ours = OsStr::new(ConfigurationFacts::REMEDY_FILE);
    let is_behind = |file: &PathBuf| file.strip_prefix(folder).is_ok_and(|name| name.as_os_str() > ours);
    (!effective.files().iter().any(is_behind)).then_some(folder)
}

/// Who set a key.
fn set_by(effective: &Effective, key: &str) -> Option<String> {
    Some(match effective.origin(key)? {
        Origin::File(path) => clean(&path.to_string_lossy()),
        Origin::CommandLine => COMMAND_LINE.to_owned(),
    })
}

fn keys(effective: &Effective, settings: &Settings) -> Vec<KeyFacts> {
    let names = effective.engine_keys();
    let count = |key: &str| effective.texts(key).len().to_string();
    let alerts = &settings.drop_alerts;
    let server = &settings.webserver;
    let base = &settings.base_syscalls;
    // Its name up to 0.37.
    let rules = if effective.get("rules_file").is_some() { "rules_file" } else { "rules_files" };
    let mut values: Vec<(&str, String)> = vec![(names.kind, word(&settings.engine).to_owned())];
    if let Some(Buffers { preset, cpus_for_each_buffer, drop_failed_exit }) = settings.buffers {
        values.push((&names.preset, preset.to_string()));
        values.extend(cpus_for_each_buffer.map(|cpus| (names.cpus_for_each_buffer, cpus.to_string())));
        values.push((&names.drop_failed_exit, drop_failed_exit.to_string()));
    }
    values.extend(
        settings.disable_iterators.map(|off| ("engine.modern_ebpf.disable_iterators", off.to_string())),
    );
    values.extend([
        ("base_syscalls.custom_set", format!("{} names", base.custom_set.len())),
        ("base_syscalls.repair", base.repair.to_string()),
        ("base_syscalls.all", base.all.to_string()),
        ("syscall_event_drops.threshold", alerts.threshold.to_string()),
        ("syscall_event_drops.actions", actions(&alerts.actions)),
        ("syscall_event_drops.rate", alerts.rate.to_string()),
        ("syscall_event_drops.max_burst", alerts.max_burst.to_string()),
        ("outputs_queue.capacity", settings.outputs_queue_capacity.to_string()),
        ("metrics.enabled", settings.metrics_enabled.to_string()),
        ("webserver.enabled", server.enabled.to_string()),
        ("webserver.prometheus_metrics_enabled", server.prometheus_metrics_enabled.to_string()),
        ("webserver.ssl_enabled", server.ssl_enabled.to_string()),
        ("webserver.listen_port", server.listen_port.to_string()),
        ("watch_config_files", settings.watch_config_files.to_string()),
        ("config_files", format!("{} entries", count("config_files"))),
        (rules, format!("{} entries", count(rules))),
    ]);
    let fact = |(key, value): (&str, String)| KeyFacts {
        key: key.to_owned(),
        value,
        set_by: set_by(effective, key),
    };
    values.into_iter().map(fact).collect()
}

/// Falco knows four words; any other is not repeated.
fn actions(actions: &[String]) -> String {
    let known = |action: &String| match action.as_str() {
        "ignore" | "log" | "alert" | "exit" => action.clone(),
        _ => "unknown".to_owned(),
    };
    actions.iter().take(8).map(known).collect::<Vec<_>>().join(", ")
}

fn word(engine: &Engine) -> &'static str {
    match engine {
        Engine::Kmod => "kmod",
        Engine::LegacyEbpf => "ebpf",
        Engine::ModernEbpf => "modern_ebpf",
        Engine::Replay => "replay",
        Engine::Gvisor => "gvisor",
        Engine::NoDriver => "nodriver",
        Engine::Userspace => "userspace",
        Engine::Other(_) => "unknown",
    }
}

fn base_syscalls(settings: &Settings) -> BaseSyscallsFacts {
    let base = &settings.base_syscalls;
    let mut facts = BaseSyscallsFacts { repair: base.repair, all: base.all, ..BaseSyscallsFacts::default() };
    for entry in &base.custom_set {
        let (name, list) = match entry.strip_prefix('!') {
            Some(name) => (name, &mut facts.excluded),
            None => (entry.as_str(), &mut facts.included),
        };
        if is_name(name) && list.len() < MOST_NAMES {
            list.push(name.to_owned());
        } else {
            facts.without_effect += 1;
        }
    }
    facts
}

fn is_name(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(inside)
}

fn configured(effective: &Effective, settings: &Settings, cpus_online: Option<u64>) -> Comparison {
    fn compared<T>(key: &str, configured: Option<T>) -> Compared<T> {
        Compared { key: key.to_owned(), configured, effective: None }
    }
    let names = effective.engine_keys();
    let modern = settings.buffers.filter(|_| settings.engine == Engine::ModernEbpf);
    let rings = |share: u16| match (cpus_online, share) {
        (Some(_), 0) => Some(1),
        // More than there are is clamped, with a warning in Falco's log.
        (Some(online), share) => Some(online.div_ceil(u64::from(share).min(online.max(1)))),
        (None, _) => None,
    };
    Comparison {
        engine: compared(names.kind, Some(word(&settings.engine).to_owned())),
        ring_bytes: compared(&names.preset, modern.and_then(|buffers| preset_bytes(buffers.preset))),
        ring_count: compared(
            names.cpus_for_each_buffer,
            modern.and_then(|buffers| rings(buffers.cpus_for_each_buffer?)),
        ),
        drop_failed: compared(&names.drop_failed_exit, modern.map(|buffers| buffers.drop_failed_exit)),
        excluded_but_traced: None,
        included_but_not_traced: None,
    }
}

#[cfg(test)]
mod tests;
