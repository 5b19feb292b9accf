//! Settings of Falco in the form that its installation takes.
//!
//! Falco merges a file of `config_files` by top-level keys, which it replaces whole: a file with nothing but
//! `engine.modern_ebpf.buf_size_preset` would turn the engine into `kmod`, the default of the code. So a file of its own has
//! the whole section as it is in effect, and one change. It must be read last: `falcoctl` leaves engine-kind-falcoctl.yaml
//! in that folder, which takes all of `engine` away from falco.yaml.

use super::{
    installation::Installation,
    limits,
    place::Place,
    table::{self, Row, Setting},
    yaml::{Document, Value},
};
use crate::{
    diagnose::finding::{Changed, Remedy, Snippet},
    sample::ConfigurationFacts,
};

/// A setting and its new value.
pub(crate) type Change = (Setting, Value);

/// Where Falco's packages put its configuration.
const MAIN: &str = "/etc/falco/falco.yaml";
const FOLDER: &str = "/etc/falco/config.d";
/// What `syscall_event_drops.actions` may be (falco.yaml).
const ACTIONS: [&str; 4] = ["ignore", "log", "alert", "exit"];
/// Behind the name of a file of ours that an earlier remedy left there.
pub(crate) const SECTIONS: &str = ", these sections (the others in it stay)";
/// Of facts: set by `-o`.
const COMMAND_LINE: &str = "command line";

/// How settings are changed there.
enum Form<'a> {
    /// values.yaml of the chart.
    Values,
    /// A file that is read after all others, in this folder.
    File(&'a str),
    /// Lines of this file.
    Edit(&'a str),
    /// Arguments of the command.
    Options,
}

/// Changed settings and the snippet for them.
pub(super) struct Changes {
    pub(super) changed: Vec<Changed>,
    /// The chart's values, which limits go into as well.
    pub(super) values: Option<Document>,
    pub(super) snippet: Option<Snippet>,
}

/// One setting of Falco; in words where its key is not known.
pub(crate) fn setting(place: &Place<'_>, setting: Setting, to: Value, why: &str) -> Remedy {
    together(place, &[(setting, to)], why)
}

/// Settings of Falco that help only together.
pub(crate) fn together(place: &Place<'_>, wanted: &[Change], why: &str) -> Remedy {
    let Some(changes) = changes(place, wanted) else { return in_words(place, wanted, why) };
    let snippets = changes.snippet.into_iter().chain(limits::of_values(changes.values)).collect();
    Remedy { snippets, ..Remedy::of(why.to_owned(), changes.changed) }
}

/// Not to trace a syscall. What is in `custom_set` stays there.
pub(crate) fn without_syscall(place: &Place<'_>, name: &str, why: &str) -> Remedy {
    let entry = format!("!{name}");
    let words = |more: &str| {
        let why = format!("{why}{more}");
        in_words(place, &[(Setting::CustomSet, Value::Words(vec![entry.clone()]))], &why)
    };
    if place.installation == Installation::Container {
        // An option can append.
        return setting(place, Setting::CustomSet, Value::Words(vec![entry]), why);
    }
    let Some(base) = place.configuration.map(|configuration| &configuration.base_syscalls) else {
        return words(", beside what is in it already");
    };
    let mut names = base.included.clone();
    names.extend(base.excluded.iter().map(|name| format!("!{name}")));
    if !names.contains(&entry) {
        names.push(entry.clone());
    }
    setting(place, Setting::CustomSet, Value::Words(names), why)
}

/// Nobody but Falco has these settings.
fn in_words(place: &Place<'_>, wanted: &[Change], why: &str) -> Remedy {
    if !place.is_falco {
        return Remedy::advice(why.to_owned());
    }
    let is_known = |row: &&Row| place.minor.is_none_or(|minor| minor >= row.first) && !is_fixed(place, row);
    let is_chart = place.installation == Installation::Kubernetes;
    let one = |(setting, to): &Change| {
        let row = table::only(*setting).filter(is_known)?;
        let key = if is_chart { row.chart } else { row.falco_yaml };
        Some(Changed { key: key.to_owned(), from: None, to: to.in_words() })
    };
    if let Some(changed) = wanted.iter().map(one).collect::<Option<Vec<Changed>>>() {
        return Remedy::of(why.to_owned(), changed);
    }
    let each = wanted
        .iter()
        .map(|(setting, to)| format!("{} for {}", to.in_words(), keys_in_words(place, *setting)))
        .collect::<Vec<_>>();
    Remedy::advice(format!("{why} ({})", each.join("; ")))
}

/// Which key it is, as far as that is known.
pub(super) fn keys_in_words(place: &Place<'_>, setting: Setting) -> String {
    match place.row(setting) {
        Some(row) if is_fixed(place, row) => format!("{}, which its command line sets", row.falco_yaml),
        Some(row) => row.falco_yaml.to_owned(),
        None => table::all_keys(setting),
    }
}

/// The command line wins over all files.
fn is_fixed(place: &Place<'_>, row: &Row) -> bool {
    place.key(row.falco_yaml).is_some_and(|(_, by)| by == Some(COMMAND_LINE))
}

/// The changes, all of them in one snippet. `None` where a key or a form is not known.
pub(super) fn changes(place: &Place<'_>, wanted: &[Change]) -> Option<Changes> {
    let rows: Vec<(&Row, &Value)> =
        wanted.iter().map(|(setting, value)| Some((place.row(*setting)?, value))).collect::<Option<_>>()?;
    let form = form(place, rows.first()?.0)?;
    if !matches!(form, Form::Options) && rows.iter().any(|(row, _)| is_fixed(place, row)) {
        return None;
    }
    let changed = rows.iter().map(|(row, value)| changed(place, row, value, &form)).collect();
    let mut document = Document::default();
    let snippet = match form {
        Form::Values => {
            rows.iter().for_each(|(row, value)| document.put(row.chart, (*value).clone()));
            return Some(Changes { changed, values: Some(document), snippet: None });
        }
        Form::File(folder) => {
            for (row, _) in &rows {
                section(place, top(row.falco_yaml))?
                    .into_iter()
                    .for_each(|(key, value)| document.put(&key, value));
            }
            rows.iter().for_each(|(row, value)| document.put(row.falco_yaml, (*value).clone()));
            let file = format!("{}/{}", folder.trim_end_matches('/'), ConfigurationFacts::REMEDY_FILE);
            let is_there =
                place.configuration.is_some_and(|configuration| configuration.files.contains(&file));
            let what = if is_there { SECTIONS } else { "" };
            Snippet::new(format!("{}{what}", place.file(file)), document.text())
        }
        Form::Edit(file) => {
            rows.iter().for_each(|(row, value)| document.put(row.falco_yaml, (*value).clone()));
            Snippet::new(format!("{}, these keys", place.file(file.to_owned())), document.text())
        }
        Form::Options => {
            let options: Vec<String> =
                rows.iter().map(|(row, value)| option(place, row, value)).collect::<Option<_>>()?;
            Snippet::new("arguments of falco in the container".to_owned(), options.join(" \\\n") + "\n")
        }
    };
    Some(Changes { changed, values: None, snippet: Some(snippet) })
}

fn changed(place: &Place<'_>, row: &Row, value: &Value, form: &Form<'_>) -> Changed {
    let key = if matches!(form, Form::Values) { row.chart } else { row.falco_yaml };
    let from = match row.setting {
        Setting::CustomSet => None,
        _ => place.key(row.falco_yaml).map(|(value, _)| value.to_owned()),
    };
    // What is in effect, where that can be seen: a change of its files may not have been read yet.
    Changed { key: key.to_owned(), from: seen(place, row.setting).or(from), to: value.in_words() }
}

/// What its maps show of a setting.
fn seen(place: &Place<'_>, setting: Setting) -> Option<String> {
    match setting {
        Setting::Preset => super::preset_of(place.ring_bytes).map(|preset| preset.to_string()),
        Setting::Sharing => sharing(place).map(|sharing| sharing.to_string()),
        Setting::DropFailed => place.capture?.drop_failed.map(|drops| drops.to_string()),
        _ => None,
    }
}

/// CPUs that share a ring, if its rings show it: one ring may serve all of them, however many they are.
fn sharing(place: &Place<'_>) -> Option<usize> {
    match (place.rings, place.sharing) {
        (_, 0) | (0, _) => None,
        (1, _) => Some(0),
        (_, sharing) => Some(sharing),
    }
}

/// How settings are changed there; `None` where that is not known.
fn form<'a>(place: &Place<'a>, row: &Row) -> Option<Form<'a>> {
    match (place.installation, place.configuration) {
        (Installation::Kubernetes, _) => Some(Form::Values),
        (Installation::Container, _) => Some(Form::Options),
        (_, Some(configuration)) => Some(known(place, configuration, row)),
        // The package's; what it leaves in that folder has nothing but `engine`.
        (Installation::Systemd { .. }, None) => {
            let is_taken = place.minor? >= table::INCLUDES && top(row.falco_yaml) == "engine";
            Some(if is_taken { Form::File(FOLDER) } else { Form::Edit(MAIN) })
        }
        (Installation::Unknown, None) => None,
    }
}

fn known<'a>(place: &Place<'a>, configuration: &'a ConfigurationFacts, row: &Row) -> Form<'a> {
    if let Some(folder) = configuration.last_folder.as_deref() {
        return Form::File(folder);
    }
    let by = place.key(row.falco_yaml).and_then(|(_, by)| by);
    let first = || configuration.files.first().map_or(MAIN, String::as_str);
    Form::Edit(by.unwrap_or_else(first))
}

fn top(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

/// A whole section as it is in effect; `None` where that is not known. A key without levels is no section.
fn section(place: &Place<'_>, top: &str) -> Option<Vec<(String, Value)>> {
    let of = |key: &str| {
        let (value, _) = place.key(key)?;
        Some((key.to_owned(), Value::read(value)?))
    };
    match top {
        "engine" => engine(place),
        "syscall_event_drops" => {
            let names = ["threshold", "rate", "max_burst"].map(|name| format!("syscall_event_drops.{name}"));
            let mut section: Vec<_> = names.iter().map(|key| of(key)).collect::<Option<_>>()?;
            let (actions, _) = place.key("syscall_event_drops.actions")?;
            let actions: Vec<String> = actions.split(", ").map(str::to_owned).collect();
            if !actions.iter().all(|action| ACTIONS.contains(&action.as_str())) {
                return None;
            }
            section.push(("syscall_event_drops.actions".to_owned(), Value::Words(actions)));
            Some(section)
        }
        "base_syscalls" => {
            let base = &place.configuration?.base_syscalls;
            let mut names = base.included.clone();
            names.extend(base.excluded.iter().map(|name| format!("!{name}")));
            let mut section = vec![
                ("base_syscalls.custom_set".to_owned(), Value::Words(names)),
                ("base_syscalls.repair".to_owned(), Value::of(base.repair)),
            ];
            // Since 0.40; its schema refuses what it does not know.
            section.extend(base.all.then(|| ("base_syscalls.all".to_owned(), Value::of(true))));
            Some(section)
        }
        _ => Some(Vec::new()),
    }
}

/// What is configured, or what the maps show; `None` where that is no value of such a key.
fn engine(place: &Place<'_>) -> Option<Vec<(String, Value)>> {
    let mut section = vec![("engine.kind".to_owned(), Value::of("modern_ebpf"))];
    for setting in [Setting::Preset, Setting::Sharing, Setting::DropFailed] {
        let Some(row) = table::find(setting, table::NEWEST) else { continue };
        let configured = place.key(row.falco_yaml).map(|(value, _)| value.to_owned());
        let value = configured.or_else(|| seen(place, setting));
        if let Some(value) = value {
            section.push((row.falco_yaml.to_owned(), Value::read(&value)?));
        }
    }
    let iterators = "engine.modern_ebpf.disable_iterators";
    if let Some((value, _)) = place.key(iterators) {
        section.push((iterators.to_owned(), Value::read(value)?));
    }
    Some(section)
}

/// `-o key=value`; since 0.38 a list can be appended to.
fn option(place: &Place<'_>, row: &Row, value: &Value) -> Option<String> {
    match value {
        Value::Plain(value) => Some(format!("-o {}={value}", row.falco_yaml)),
        Value::Words(words) if row.setting == Setting::CustomSet && place.minor? >= table::INCLUDES => {
            let each = words.iter().map(|word| format!("-o '{}[]={word}'", row.falco_yaml));
            Some(each.collect::<Vec<_>>().join(" "))
        }
        Value::Words(_) => None,
    }
}
