//! A configuration with secrets in it: what is kept and what is not.

use std::fs;

use super::*;
use crate::observe::falco::{
    command_line::CommandLine,
    config::{Environment, Start},
    dialect::Dialect,
    root::Root,
};

fn read(yaml: &str, arguments: &str, version: &str) -> Effective {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("etc/falco")).unwrap();
    fs::write(directory.path().join("etc/falco/falco.yaml"), yaml).unwrap();
    let start = Start {
        command_line: CommandLine::parse(format!("falco\0{arguments}").as_bytes()).unwrap(),
        environment: Environment::default(),
        working_directory: "/".into(),
        dialect: Dialect::of(version).unwrap(),
    };
    Effective::read(&Root::open(directory.path()).unwrap(), &start).unwrap()
}

fn key<'a>(facts: &'a ConfigurationFacts, name: &str) -> (&'a str, Option<&'a str>) {
    let key = facts.keys.iter().find(|key| key.key == name).unwrap_or_else(|| panic!("no {name}"));
    (&key.value, key.set_by.as_deref())
}

const YAML: &str = "
engine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: 5, cpus_for_each_buffer: 3}}
http_output: {enabled: true, url: 'https://hooks.example/s3cret'}
plugins: [{name: k8s, init_config: {token: s3cret}}]
rules_files: [/etc/s3cret.yaml, /b]
program_output: {program: 'curl -H s3cret'}
webserver: {listen_address: s3cret}
syscall_event_drops: {actions: [log, s3cret], threshold: 0.5}
base_syscalls: {custom_set: [execve, '!close', !openat, 'S3CRET=s3cret'], repair: true}
";

#[test]
fn keys_of_the_list_alone_are_kept() {
    let (facts, comparison) = facts(&read(YAML, "-o\0metrics.enabled=true", "0.44.1"), Some(4));
    let all = serde_json::to_string(&(&facts, &comparison)).unwrap();
    assert!(!all.to_lowercase().contains("s3cret"), "{all}");
    let file = Some("/etc/falco/falco.yaml");
    assert_eq!(key(&facts, "engine.modern_ebpf.buf_size_preset"), ("5", file));
    assert_eq!(key(&facts, "metrics.enabled"), ("true", Some("command line")));
    assert_eq!(key(&facts, "outputs_queue.capacity"), ("0", None));
    assert_eq!(key(&facts, "rules_files"), ("2 entries", file));
    assert_eq!(key(&facts, "syscall_event_drops.actions"), ("log, unknown", file));
    let base = &facts.base_syscalls;
    assert_eq!(
        (&base.included[..], &base.excluded[..]),
        (&["execve".to_owned()][..], &["close".to_owned()][..])
    );
    assert_eq!(
        (base.without_effect, base.repair, base.all),
        (2, true, false),
        "the tag, and what is no name"
    );
    assert_eq!(facts.files, ["/etc/falco/falco.yaml"]);
}

#[test]
fn what_it_comes_to() {
    let of = |yaml: &str, cpus| facts(&read(yaml, "", "0.44.1"), cpus).1;
    let comparison = of(YAML, Some(4));
    assert_eq!(comparison.ring_bytes.configured, Some(16 << 20));
    assert_eq!(comparison.ring_bytes.key, "engine.modern_ebpf.buf_size_preset");
    assert_eq!(comparison.ring_count.configured, Some(2), "ceil(4 / 3)");
    assert_eq!(comparison.drop_failed.configured, Some(false));
    assert_eq!(of(YAML, None).ring_count.configured, None, "without the number of CPUs");
    let rings = |share: u16, cpus| {
        let yaml = format!("engine: {{kind: modern_ebpf, modern_ebpf: {{cpus_for_each_buffer: {share}}}}}");
        of(&yaml, Some(cpus)).ring_count.configured
    };
    assert_eq!(
        [rings(0, 64), rings(1, 64), rings(100, 64), rings(2, 1)],
        [Some(1), Some(64), Some(1), Some(1)]
    );
    let refused = of("engine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: 11}}", Some(4));
    assert_eq!(refused.ring_bytes.configured, None, "Falco ends at such a preset");
}

#[test]
fn another_engine_configures_no_rings_of_the_modern_probe() {
    let (facts, comparison) = facts(&read("engine: {kind: kmod}", "", "0.44.1"), Some(4));
    assert_eq!(key(&facts, "engine.kind").0, "kmod");
    assert_eq!(comparison.engine.configured.as_deref(), Some("kmod"));
    assert_eq!((comparison.ring_bytes.configured, comparison.drop_failed.configured), (None, None));
}

#[test]
fn keys_of_old_versions() {
    let yaml = "syscall_buf_size_preset: 6\nmodern_bpf: {cpus_for_each_syscall_buffer: 1}\nrules_file: [a]\n";
    let (facts, comparison) = facts(&read(yaml, "--modern-bpf", "0.36.2"), Some(4));
    assert_eq!(key(&facts, "syscall_buf_size_preset").0, "6");
    assert_eq!(key(&facts, "driver").0, "modern_ebpf");
    assert_eq!(key(&facts, "rules_file").0, "1 entries");
    assert_eq!(
        (comparison.ring_bytes.configured, comparison.ring_count.configured),
        (Some(32 << 20), Some(4))
    );
}
