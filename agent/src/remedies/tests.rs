//! Each snippet is merged as its installation would merge it, and the value in effect is read back, by the reader of Falco's
//! configuration that looks at real ones (`observe::falco::config`).

mod cells;
mod chart;
mod limits;
mod rings;

use std::{fs, process::Command};

use serde_json::{Value as Json, json};

use super::{
    installation::Installation,
    place::Place,
    settings,
    table::{self, Setting},
    yaml::Value,
};
use crate::{
    diagnose::finding::{Remedy, Snippet},
    observe::falco::{
        command_line::CommandLine,
        config::{Effective, Environment, Settings, Start},
        dialect::Dialect,
        facts::configuration_facts,
        root::Root,
    },
    sample::ConfigurationFacts,
};

/// A file of tests/data/installed.
fn data(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/installed");
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn parsed(text: &str) -> Json {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A Falco as it is installed.
#[derive(Clone)]
struct Installed {
    installation: Installation<'static>,
    version: &'static str,
    /// Path and text; of a pod what its chart makes of `values`.
    files: Vec<(String, String)>,
    arguments: Vec<String>,
    /// Of a chart, and of the user.
    values: Json,
}

const MAIN: &str = "etc/falco/falco.yaml";
const UNIT: Installation<'static> = Installation::Systemd { unit: "falco-modern-bpf.service" };
const VERSIONS: [&str; 4] = ["0.36.2", "0.37.1", "0.38.2", "0.44.1"];

fn minor(version: &str) -> u32 {
    table::minor(version).unwrap()
}

impl Installed {
    /// As packages, charts or images install it, with the modern probe.
    fn new(installation: Installation<'static>, version: &'static str) -> Self {
        let mut files = vec![(MAIN.to_owned(), data(&format!("falco-{version}.yaml")))];
        let is_package = matches!(installation, Installation::Systemd { .. });
        if is_package && minor(version) >= table::INCLUDES {
            files.push((
                "etc/falco/config.d/engine-kind-falcoctl.yaml".to_owned(),
                data("engine-kind-falcoctl.yaml"),
            ));
        }
        if is_package && minor(version) >= 41 {
            let plugin = (
                "etc/falco/config.d/falco.container_plugin.yaml".to_owned(),
                data("falco.container_plugin.yaml"),
            );
            files.push(plugin);
        }
        // Falco's units, images and chart (`extra.args`, `driver.kind`).
        let chosen: &[&str] = match (minor(version), installation) {
            (..=36, _) => &["--modern-bpf"],
            (_, Installation::Kubernetes) => &[],
            _ => &["-o", "engine.kind=modern_ebpf"],
        };
        let values = match installation {
            Installation::Kubernetes => chart::values(version),
            _ => Json::Null,
        };
        let arguments = chosen.iter().map(|argument| (*argument).to_owned()).collect();
        let mut installed = Self { installation, version, files, arguments, values };
        installed.render();
        installed
    }

    /// What the chart makes of its values.
    fn render(&mut self) {
        if self.installation == Installation::Kubernetes {
            self.files = vec![(MAIN.to_owned(), chart::falco_yaml(&self.values, self.version))];
        }
    }

    fn read(&self) -> Effective {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in &self.files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        // Packages and images have it.
        fs::create_dir_all(directory.path().join("etc/falco/config.d")).unwrap();
        let line = format!("falco\0{}", self.arguments.join("\0"));
        let start = Start {
            command_line: CommandLine::parse(line.as_bytes()).unwrap(),
            environment: Environment::default(),
            working_directory: "/".into(),
            dialect: Dialect::of(self.version).unwrap(),
        };
        let root = Root::open(directory.path()).unwrap();
        Effective::read(&root, &start).unwrap_or_else(|error| panic!("{}: {error}", self.version))
    }

    fn facts(&self) -> ConfigurationFacts {
        configuration_facts(&self.read())
    }

    /// The same with a snippet, put where it says.
    fn with(&self, snippet: &Snippet) -> Self {
        let mut changed = self.clone();
        let Snippet { place, text } = snippet;
        if place.starts_with("values.yaml") {
            chart::merge(&mut changed.values, parsed(text));
            changed.render();
        } else if let Some(file) = place.strip_suffix(", these keys") {
            let (_, whole) =
                changed.files.iter_mut().find(|(path, _)| format!("/{path}") == file).expect(file);
            let mut edited = parsed(whole);
            replace(&mut edited, parsed(text));
            *whole = edited.to_string();
        } else if let Some(file) = place.strip_suffix(settings::SECTIONS) {
            let (_, whole) =
                changed.files.iter_mut().find(|(path, _)| format!("/{path}") == file).expect(file);
            let (mut edited, sections) = (parsed(whole), parsed(text));
            sections.as_object().unwrap().iter().for_each(|(key, value)| edited[key] = value.clone());
            *whole = edited.to_string();
        } else if place.starts_with("arguments of falco") {
            changed.arguments.extend(arguments(text));
        } else if place.starts_with("/etc/falco/") {
            changed.files.push((place.trim_start_matches('/').to_owned(), text.clone()));
        } else {
            assert!(place.starts_with("/etc/systemd/system/"), "nobody knows where {place} is");
        }
        changed
    }

    fn place<'a>(&self, configuration: Option<&'a ConfigurationFacts>) -> Place<'a> {
        Place {
            is_falco: true,
            is_redacted: false,
            installation: self.installation,
            cgroup: Some(match self.installation {
                Installation::Kubernetes => "/kubepods/burstable/pod1/c",
                Installation::Systemd { .. } => "/system.slice/falco-modern-bpf.service",
                Installation::Container => "/docker/c",
                Installation::Unknown => "/",
            }),
            minor: Some(minor(self.version)),
            configuration,
            capture: None,
            rings: 2,
            ring_bytes: 8 << 20,
            sharing: 2,
            cpu_limits: &[],
            memory: &[],
        }
    }
}

/// Lines that somebody edits: each key must be there, and is set to its new value.
fn replace(there: &mut Json, new: Json) {
    match new {
        Json::Object(new) => {
            for (key, value) in new {
                replace(there.get_mut(&key).unwrap_or_else(|| panic!("no {key} to edit")), value);
            }
        }
        new => *there = new,
    }
}

/// As a shell splits them.
fn arguments(text: &str) -> Vec<String> {
    text.replace("\\\n", " ").split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
}

/// The value in effect: a setting without a way to read it back does not compile.
fn in_effect(settings: &Settings, setting: Setting) -> String {
    let buffers = settings.buffers.expect("an engine with buffers");
    match setting {
        Setting::Preset => buffers.preset.to_string(),
        Setting::Sharing => format!("{:?}", buffers.cpus_for_each_buffer),
        Setting::DropFailed => buffers.drop_failed_exit.to_string(),
        Setting::CustomSet => format!("{:?}", settings.base_syscalls.custom_set),
        Setting::Repair => settings.base_syscalls.repair.to_string(),
        Setting::Threshold => settings.drop_alerts.threshold.to_string(),
        Setting::Actions => format!("{:?}", settings.drop_alerts.actions),
        Setting::Capacity => settings.outputs_queue_capacity.to_string(),
        Setting::Watch => settings.watch_config_files.to_string(),
    }
}

#[test]
fn the_page_in_docs_is_that_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/remedies.md");
    assert!(fs::read_to_string(path).unwrap_or_default() == super::document(), "run `cargo xtask docs`");
}
