//! A Falco's files, environment and arguments in; what is in effect, and whose word it was, out.

use std::fs;

use serde_json::{Map, Value};

use super::*;
use crate::observe::falco::{command_line::CommandLine, dialect::Dialect, mutation::each, root::Root};

/// A root directory with files, and a start with arguments.
struct Falco {
    directory: tempfile::TempDir,
    start: Start,
}

fn falco(files: &[(&str, &str)]) -> Falco {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let start = Start {
        command_line: CommandLine::parse(b"falco\0").unwrap(),
        environment: Environment::default(),
        working_directory: "/".into(),
        dialect: Dialect::default(),
    };
    Falco { directory, start }
}

impl Falco {
    fn arguments(mut self, arguments: &[&str]) -> Self {
        let line = format!("falco\0{}", arguments.join("\0"));
        self.start.command_line = CommandLine::parse(line.as_bytes()).unwrap();
        self
    }

    fn version(mut self, version: &str) -> Self {
        self.start.dialect = Dialect::of(version).unwrap();
        self
    }

    fn environment(mut self, environ: &[u8]) -> Self {
        self.start.environment = Environment::parse(environ);
        self
    }

    fn read(&self) -> Result<Effective, ConfigError> {
        Effective::read(&Root::open(self.directory.path()).unwrap(), &self.start)
    }

    fn settings(&self) -> Settings {
        self.read().unwrap().settings()
    }
}

const MAIN: &str = "etc/falco/falco.yaml";

fn file(path: &str) -> Origin {
    Origin::File(path.into())
}

#[test]
fn a_real_configuration() {
    let real = include_str!("../../../../tests/data/falco-0.44.1/falco.yaml");
    let settings = falco(&[(MAIN, real)]).settings();
    let expected = Settings {
        engine: Engine::ModernEbpf,
        buffers: Some(Buffers { preset: 1, cpus_for_each_buffer: Some(2), drop_failed_exit: false }),
        drop_alerts: DropAlerts {
            threshold: 0.0,
            actions: vec!["log".to_owned(), "alert".to_owned()],
            rate: 1.0,
            max_burst: 10.0,
        },
        metrics_enabled: true,
        webserver: Webserver {
            enabled: true,
            listen_address: "127.0.0.1".to_owned(),
            listen_port: 8765,
            ssl_enabled: false,
            prometheus_metrics_enabled: true,
        },
        outputs_queue_capacity: 0,
        base_syscalls: BaseSyscalls { custom_set: vec![], repair: false, all: false },
        disable_iterators: Some(false),
        watch_config_files: false,
    };
    assert_eq!(settings, expected);
}

#[test]
fn what_the_code_takes_for_granted() {
    let settings =
        falco(&[(MAIN, "syscall_event_drops: {threshold: x}\nwatch_config_files: maybe\n")]).settings();
    assert_eq!(settings.engine, Engine::Kmod);
    assert_eq!(settings.buffers.unwrap().preset, 4);
    assert_eq!(settings.drop_alerts.actions, ["ignore"]);
    assert!((settings.drop_alerts.threshold - 0.1).abs() < 1e-9);
    assert_eq!(settings.webserver.listen_address, "0.0.0.0");
    assert!(!settings.webserver.enabled && !settings.metrics_enabled && settings.watch_config_files);
}

#[test]
fn an_included_file_replaces_the_whole_key() {
    let falco = falco(&[
        (
            MAIN,
            "config_files: [/etc/falco/config.d]\nengine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: 7}}\n\
             base_syscalls: {custom_set: [open]}\nplugins: [a]\n",
        ),
        ("etc/falco/config.d/engine.yaml", "engine: {kind: modern_ebpf}\nplugins: [b]\n"),
    ]);
    let config = falco.read().unwrap();
    assert_eq!(config.settings().buffers.unwrap().preset, 4, "the preset of falco.yaml is gone");
    assert_eq!(config.origin("engine.kind"), Some(&file("/etc/falco/config.d/engine.yaml")));
    assert_eq!(config.origin("engine.modern_ebpf.buf_size_preset"), None);
    assert_eq!(config.origin("base_syscalls.custom_set"), Some(&file("/etc/falco/falco.yaml")));
    assert_eq!(config.get("plugins").unwrap(), &serde_json::json!(["a", "b"]));
    assert_eq!(falco.version("0.40.0").read().unwrap().get("plugins").unwrap(), &serde_json::json!(["b"]));
}

#[test]
fn directories_go_by_name_whatever_the_ending_and_not_below() {
    let falco = falco(&[
        (MAIN, "config_files: [/etc/falco/config.d, /gone, later.yaml]\nlog_level: 0\n"),
        ("etc/falco/config.d/b.yaml", "log_level: b\nb: 1\n"),
        ("etc/falco/config.d/a.yaml", "log_level: a\na: 1\n"),
        ("etc/falco/config.d/a.txt", "txt: 1\n"),
        ("etc/falco/config.d/z/c.yaml", "log_level: c\n"),
        ("later.yaml", "later: 1\n"),
    ]);
    std::os::unix::fs::symlink("nowhere", falco.directory.path().join("etc/falco/config.d/y.yaml")).unwrap();
    let config = falco.read().unwrap();
    let files: Vec<_> = config.files().iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(
        files,
        [
            "/etc/falco/falco.yaml",
            "/etc/falco/config.d/a.txt",
            "/etc/falco/config.d/a.yaml",
            "/etc/falco/config.d/b.yaml",
            "/later.yaml"
        ]
    );
    assert_eq!(config.get("log_level").unwrap(), "b");
    assert!(config.get("txt").is_some(), "Falco looks at no ending here, unlike in directories of rules");
    assert_eq!(falco.version("0.37.1").read().unwrap().files().len(), 1, "before config_files");
}

#[test]
fn strategies() {
    let falco = falco(&[
        (
            MAIN,
            "config_files: [{path: /o, strategy: override}, {path: /a, strategy: add-only}]\nlist: [1]\nkey: main\n",
        ),
        ("o", "list: [2]\n"),
        ("a", "list: [3]\nkey: add\nnew: add\n"),
    ]);
    let config = falco.read().unwrap();
    assert_eq!(config.get("list").unwrap(), &serde_json::json!([2]));
    assert_eq!((config.get("key").unwrap(), config.get("new").unwrap()), (&"main".into(), &"add".into()));
    assert_eq!(config.origin("key"), Some(&file("/etc/falco/falco.yaml")));
    assert_eq!(config.origin("new"), Some(&file("/a")));
}

#[test]
fn the_command_line_has_the_last_word() {
    let files = [
        ("here/f.yaml", "engine: {kind: kmod}\nwebserver: {enabled: true, listen_port: 1}\n"),
        ("here/more.yaml", "webserver: {enabled: true, listen_port: 2}\nfrom: more\n"),
    ];
    let mut falco = falco(&files).arguments(&[
        "-c",
        "f.yaml",
        "-o",
        "config_files[]=more.yaml",
        "-o",
        "engine.kind=modern_ebpf",
        "-o",
        "engine.modern_ebpf={buf_size_preset: 6}",
        "-o",
        "webserver.listen_port=${NOT_HERE}",
        "-o",
        "base_syscalls.custom_set[]=read",
    ]);
    falco.start.working_directory = "/here".into();
    let config = falco.read().unwrap();
    let settings = config.settings();
    assert_eq!((settings.engine.clone(), settings.buffers.unwrap().preset), (Engine::ModernEbpf, 6));
    assert_eq!(settings.webserver.listen_port, 8765, "no environment here: not a number");
    assert_eq!(settings.base_syscalls.custom_set, ["read"]);
    assert_eq!(config.origin("engine.modern_ebpf.buf_size_preset"), Some(&Origin::CommandLine));
    assert_eq!(config.origin("webserver.enabled"), Some(&file("/here/more.yaml")));
    assert_eq!(config.origin("webserver"), Some(&Origin::CommandLine), "a part of it");
    assert_eq!(config.get("from").unwrap(), "more");
}

#[test]
fn environment_and_tags() {
    let falco = falco(&[(
        MAIN,
        "engine: {kind: \"${KIND}\", modern_ebpf: {buf_size_preset: \"${PRESET}\"}}\n\
         base_syscalls: {custom_set: [!recvfrom, \"!sendto\"], repair: yes}\n",
    )])
    .environment(b"KIND=modern_ebpf\0PRESET=5\0");
    let settings = falco.settings();
    assert_eq!((settings.engine, settings.buffers.unwrap().preset), (Engine::ModernEbpf, 5));
    assert_eq!(settings.base_syscalls.custom_set, ["", "!sendto"]);
    assert!(settings.base_syscalls.repair);
    assert_eq!(falco.version("0.35.1").read().unwrap().get("engine.kind").unwrap(), "${KIND}");
}

#[test]
fn drivers_of_old_versions() {
    let old = "syscall_buf_size_preset: 6\nmodern_bpf: {cpus_for_each_syscall_buffer: 4}\n";
    let new = "syscall_buf_size_preset: 6\nengine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: 2}}\n";
    let stock = "syscall_buf_size_preset: 6\nengine: {kind: kmod, kmod: {buf_size_preset: 4}}\n";
    let modern = |preset, cpus| {
        let cpus_for_each_buffer = Some(cpus);
        (Engine::ModernEbpf, Some(Buffers { preset, cpus_for_each_buffer, drop_failed_exit: false }))
    };
    let kmod = |preset| {
        (Engine::Kmod, Some(Buffers { preset, cpus_for_each_buffer: None, drop_failed_exit: false }))
    };
    for (version, text, arguments, expected) in [
        ("0.36.2", old, &["--modern-bpf"][..], modern(6, 4)),
        ("0.36.2", old, &[], kmod(6)),
        ("0.36.2", new, &[], kmod(6)),
        ("0.37.1", new, &["--modern-bpf"], modern(2, 2)),
        ("0.37.1", stock, &["--modern-bpf"], modern(6, 2)),
        ("0.37.1", stock, &[], kmod(6)),
        ("0.38.2", stock, &[], kmod(4)),
        ("0.38.2", old, &["--modern-bpf"], kmod(4)),
        ("0.37.1", old, &["--nodriver"], (Engine::NoDriver, None)),
    ] {
        let settings = falco(&[(MAIN, text)]).version(version).arguments(arguments).settings();
        assert_eq!((settings.engine, settings.buffers), expected, "{version} {text} {arguments:?}");
    }
    let legacy = falco(&[(MAIN, old)]).version("0.36.2").environment(b"FALCO_BPF_PROBE=\0").settings();
    assert_eq!(legacy.engine, Engine::LegacyEbpf);
}

#[test]
fn presets() {
    assert_eq!(preset_bytes(1), Some(1_048_576));
    assert_eq!(preset_bytes(4), Some(8_388_608));
    assert_eq!(preset_bytes(10), Some(536_870_912));
    assert_eq!([0, 11, -1].map(preset_bytes), [None; 3]);
}

#[test]
fn what_falco_would_not_start_with_is_an_error() {
    type Check = fn(&ConfigError) -> bool;
    let cases: [(&str, &[&str], Check); 9] = [
        ("- a", &[], |error| matches!(error, ConfigError::Yaml { .. })),
        ("a: ${A}", &[], |error| matches!(error, ConfigError::Endless { .. })),
        ("config_files: [{a: b}]", &[], |error| matches!(error, ConfigError::Entry)),
        ("config_files: [/etc/falco/falco.yaml]", &[], |error| {
            matches!(error, ConfigError::Recursive { .. })
        }),
        ("config_files: [/nested]", &[], |error| matches!(error, ConfigError::Nested { .. })),
        ("config_files: [/list]\nkey: {}", &[], |error| matches!(error, ConfigError::NoList { .. })),
        ("a: 1", &["-o", "a"], |error| matches!(error, ConfigError::Option { .. })),
        ("a: 1", &["-o", "a.b=1"], |error| matches!(error, ConfigError::Key(_))),
        ("a: 1", &["-o", "a={]}"], |error| matches!(error, ConfigError::Object { .. })),
    ];
    for (text, arguments, is_expected) in cases {
        let falco = falco(&[(MAIN, text), ("nested", "config_files: []"), ("list", "key: [1]")]);
        let error = falco.environment(b"A=${A}").arguments(arguments).read().unwrap_err();
        assert!(is_expected(&error), "{text} {arguments:?}: {error}");
    }
    assert!(matches!(falco(&[]).read(), Err(ConfigError::Root(_))));
}

#[test]
fn changed_inputs_are_refused_or_read() {
    let real = include_bytes!("../../../../tests/data/falco-0.44.1/falco.yaml");
    let environment = Environment::parse(b"A=${B}\0B=$${A}\0C=\xc3\xa9\0D=${D}x");
    let file = |bytes: &[u8]| {
        if let Ok(map) = yaml::parse(bytes) {
            let _ = merge::includes(map.get("a"));
            let _ = environment.fill(&mut Value::Object(map));
        }
    };
    each(real, 2_000, file);
    each(b"a: &x [${A}, $${B}, {path: \"${C}${D}\"}]\nb: *x\n!t c: ! 'd'\n", 10_000, file);
    each(b"a.b[0][].c\\.d[12]", 50_000, |bytes| {
        let mut tree = Map::from_iter([("a".to_owned(), serde_json::json!({"b": [[1], "x", null]}))]);
        if let Ok(steps) = key::parse(&String::from_utf8_lossy(bytes), Dialect::default()) {
            let _ = key::set(&mut tree, &steps, Value::Null);
        }
    });
    each(b"-0x12", 20_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = (yaml::integer::<i16>(&text), yaml::boolean(&text));
    });
}
