//! What of a configuration bears on drops, with the defaults of Falco's code.
//!
//! Those are not always the ones of the falco.yaml that it ships with: a key that is absent from the file (or a value
//! that cannot be converted) is `engine.kind: kmod`, `webserver.enabled: false`, `actions: [ignore]`.

use serde_json::Value;

use super::{Effective, yaml};

/// Where Falco gets events from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A kernel module with rings of its own.
    Kmod,
    /// The old probe, with perf buffers (up to 0.43).
    LegacyEbpf,
    /// BPF ring buffers.
    ModernEbpf,
    /// A capture file.
    Replay,
    /// gVisor (up to 0.43).
    Gvisor,
    /// Plugins only.
    NoDriver,
    /// ptrace (up to 0.36).
    Userspace,
    /// A word that no version knows.
    Other(String),
}

impl Engine {
    fn of(kind: &str) -> Self {
        match kind {
            "kmod" => Self::Kmod,
            "ebpf" => Self::LegacyEbpf,
            "modern_ebpf" => Self::ModernEbpf,
            "replay" => Self::Replay,
            "gvisor" => Self::Gvisor,
            "nodriver" => Self::NoDriver,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its section in `engine`, where it has buffers.
    fn section(&self) -> Option<&'static str> {
        match self {
            Self::Kmod => Some("kmod"),
            Self::LegacyEbpf => Some("ebpf"),
            Self::ModernEbpf => Some("modern_ebpf"),
            _ => None,
        }
    }
}

/// Buffers between kernel and Falco.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffers {
    /// 1 to 10; [`preset_bytes`] tells the size.
    pub preset: i16,
    /// CPUs that share a ring, 0 for one ring; the modern probe only.
    pub cpus_for_each_buffer: Option<u16>,
    /// Failed syscalls are left out.
    pub drop_failed_exit: bool,
}

/// Names of the keys that choose engine and buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineKeys {
    /// `engine.kind`; `driver` where the command line chose it.
    pub kind: &'static str,
    /// Of [`Buffers::preset`].
    pub preset: String,
    /// Of [`Buffers::cpus_for_each_buffer`].
    pub cpus_for_each_buffer: &'static str,
    /// Of [`Buffers::drop_failed_exit`].
    pub drop_failed_exit: String,
}

const CPUS_FOR_EACH_BUFFER: &str = "engine.modern_ebpf.cpus_for_each_buffer";
/// Up to 0.37.
const LEGACY: (&str, &str, &str) =
    ("syscall_buf_size_preset", "modern_bpf.cpus_for_each_syscall_buffer", "syscall_drop_failed_exit");

/// `syscall_event_drops`: when Falco speaks of drops.
#[derive(Clone, Debug, PartialEq)]
pub struct DropAlerts {
    /// Share of events (0 to 1) above which it acts.
    pub threshold: f64,
    /// `ignore`, `log`, `alert`, `exit`.
    pub actions: Vec<String>,
    /// Actions per second, in the long run.
    pub rate: f64,
    /// Actions in a row.
    pub max_burst: f64,
}

/// `webserver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webserver {
    /// It runs at all.
    pub enabled: bool,
    /// An IP address.
    pub listen_address: String,
    /// TCP port.
    pub listen_port: u32,
    /// TLS only.
    pub ssl_enabled: bool,
    /// `/metrics`, if `metrics.enabled` too.
    pub prometheus_metrics_enabled: bool,
}

/// `base_syscalls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseSyscalls {
    /// Names, those with `!` excluded. An empty name is an unquoted `!name`, which YAML takes for a tag.
    pub custom_set: Vec<String>,
    /// The least that keeps state right.
    pub repair: bool,
    /// Also those of high volume.
    pub all: bool,
}

/// Settings in effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Source of events.
    pub engine: Engine,
    /// `None` where the engine has none.
    pub buffers: Option<Buffers>,
    /// When drops are told.
    pub drop_alerts: DropAlerts,
    /// `metrics.enabled`.
    pub metrics_enabled: bool,
    /// Where to ask.
    pub webserver: Webserver,
    /// Alerts that may wait for outputs; 0 is without bound.
    pub outputs_queue_capacity: u64,
    /// What is traced beside what rules need.
    pub base_syscalls: BaseSyscalls,
    /// `engine.modern_ebpf.disable_iterators`, where somebody set it (0.44).
    pub disable_iterators: Option<bool>,
    /// Reloads itself when its files change.
    pub watch_config_files: bool,
}

/// Bytes of each ring. `None` for presets that Falco refuses.
#[must_use]
pub fn preset_bytes(preset: i16) -> Option<u64> {
    let exponent = u32::try_from(preset).ok().filter(|preset| (1..=10).contains(preset))?;
    Some((1 << 20) << (exponent - 1))
}

impl Effective {
    /// The settings that bear on drops.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let (engine, buffers) = self.engine();
        let mut actions = self.texts("syscall_event_drops.actions");
        if actions.is_empty() {
            actions.push("ignore".to_owned());
        }
        Settings {
            engine,
            buffers,
            drop_alerts: DropAlerts {
                threshold: self.float("syscall_event_drops.threshold", 0.1),
                actions,
                rate: self.float("syscall_event_drops.rate", 0.03333),
                max_burst: self.float("syscall_event_drops.max_burst", 1.0),
            },
            metrics_enabled: self.flag("metrics.enabled", false),
            webserver: Webserver {
                enabled: self.flag("webserver.enabled", false),
                listen_address: self.word("webserver.listen_address", "0.0.0.0"),
                listen_port: self.number("webserver.listen_port", 8765),
                ssl_enabled: self.flag("webserver.ssl_enabled", false),
                prometheus_metrics_enabled: self.flag("webserver.prometheus_metrics_enabled", false),
            },
            outputs_queue_capacity: self.number("outputs_queue.capacity", 0),
            base_syscalls: BaseSyscalls {
                custom_set: self.texts("base_syscalls.custom_set"),
                repair: self.flag("base_syscalls.repair", false),
                all: self.flag("base_syscalls.all", false),
            },
            disable_iterators: self
                .get("engine.modern_ebpf.disable_iterators")
                .and_then(yaml::text)
                .and_then(|text| yaml::boolean(&text)),
            watch_config_files: self.flag("watch_config_files", true),
        }
    }

    /// The keys that count in this version.
    #[must_use]
    pub fn engine_keys(&self) -> EngineKeys {
        let (engine, is_legacy) = self.chosen_engine();
        if is_legacy {
            let (preset, cpus_for_each_buffer, drop_failed_exit) = LEGACY;
            let (preset, drop_failed_exit) = (preset.to_owned(), drop_failed_exit.to_owned());
            return EngineKeys { kind: "driver", preset, cpus_for_each_buffer, drop_failed_exit };
        }
        let section = engine.section().unwrap_or("modern_ebpf");
        EngineKeys {
            kind: "engine.kind",
            preset: format!("engine.{section}.buf_size_preset"),
            cpus_for_each_buffer: CPUS_FOR_EACH_BUFFER,
            drop_failed_exit: format!("engine.{section}.drop_failed_exit"),
        }
    }

    fn engine(&self) -> (Engine, Option<Buffers>) {
        let (engine, is_legacy) = self.chosen_engine();
        let buffers = engine.section().map(|section| {
            let modern = engine == Engine::ModernEbpf;
            if is_legacy {
                self.legacy_buffers(modern)
            } else {
                let shared = modern.then_some(CPUS_FOR_EACH_BUFFER);
                self.buffers(&format!("engine.{section}"), shared)
            }
        });
        (engine, buffers)
    }

    /// The engine, and whether the keys of up to 0.37 count for it.
    fn chosen_engine(&self) -> (Engine, bool) {
        if !self.dialect.has_engine_keys() {
            return (self.chosen.clone().unwrap_or(Engine::Kmod), true);
        }
        let engine = Engine::of(&self.word("engine.kind", "kmod"));
        // 0.37 knows both ways: the old one counts while `engine` looks untouched.
        let untouched = engine == Engine::Kmod && self.buffers("engine.kmod", None) == UNTOUCHED;
        if self.dialect.has_legacy_engine_keys() && untouched {
            (self.chosen.clone().unwrap_or(engine), true)
        } else {
            (engine, false)
        }
    }

    fn buffers(&self, section: &str, cpus_for_each_buffer: Option<&str>) -> Buffers {
        Buffers {
            preset: self.number(&format!("{section}.buf_size_preset"), UNTOUCHED.preset),
            cpus_for_each_buffer: cpus_for_each_buffer.map(|key| self.number(key, 2)),
            drop_failed_exit: self.flag(&format!("{section}.drop_failed_exit"), false),
        }
    }

    /// Keys of up to 0.37.
    fn legacy_buffers(&self, modern: bool) -> Buffers {
        let (preset, cpus_for_each_buffer, drop_failed_exit) = LEGACY;
        Buffers {
            preset: self.number(preset, UNTOUCHED.preset),
            cpus_for_each_buffer: modern.then(|| self.number(cpus_for_each_buffer, 2)),
            drop_failed_exit: self.flag(drop_failed_exit, false),
        }
    }

    fn word(&self, key: &str, default: &str) -> String {
        self.get(key).and_then(yaml::text).map_or_else(|| default.to_owned(), |text| text.into_owned())
    }

    fn flag(&self, key: &str, default: bool) -> bool {
        self.get(key).and_then(yaml::text).and_then(|text| yaml::boolean(&text)).unwrap_or(default)
    }

    fn number<T: TryFrom<i64>>(&self, key: &str, default: T) -> T {
        self.get(key).and_then(yaml::text).and_then(|text| yaml::integer(&text)).unwrap_or(default)
    }

    fn float(&self, key: &str, default: f64) -> f64 {
        let number = self.get(key).and_then(yaml::text).and_then(|text| text.trim().parse().ok());
        number.filter(|number: &f64| number.is_finite()).unwrap_or(default)
    }

    /// A list's texts, or a single one.
    pub(in crate::observe::falco) fn texts(&self, key: &str) -> Vec<String> {
        let item = |item: &Value| yaml::text(item).unwrap_or_default().into_owned();
        match self.get(key) {
            Some(Value::Array(items)) => items.iter().map(item).collect(),
            Some(single) => yaml::text(single).map(|text| text.into_owned()).into_iter().collect(),
            None => Vec::new(),
        }
    }
}

/// An `engine.kmod` that says nothing, or what is the default anyway.
const UNTOUCHED: Buffers = Buffers { preset: 4, cpus_for_each_buffer: None, drop_failed_exit: false };
