//! Names become pseudonyms: host names, addresses, paths, namespaces, pods, containers, units and cgroups, and whatever in
//! free text looks like one of them or like a secret. Numbers stay. docs/redaction.md says what stays and why.
//!
//! It is done to samples, before anything is concluded from them: a report is then redacted because all it knows is, and
//! the recording inside it makes the same report again. `visit` walks over every field there is, by destructuring, so that
//! a new one does not compile before somebody has decided about it; `place`, `cgroup`, `word` and `text` know what the
//! parts of a name mean; `names` keeps the pseudonyms. Left out: where the key comes from and where the map goes.

mod cgroup;
mod everyday;
mod key;
mod label;
mod names;
mod place;
mod text;
mod visit;
mod word;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use self::key::{Key, KeyError, LEAST_BYTES};
use self::names::Names;
use crate::{
    sample::{FalcoSample, HookSample, Node, Sample, ToolSample},
    setup::{Naming, Setup},
    timeline::Timeline,
};

/// Value of [`Map::schema`].
pub const MAP_SCHEMA: &str = "dropctl.redaction-map/v1";

/// What a pseudonym stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Namespace,
    Pod,
    Container,
    Unit,
    Cgroup,
    Host,
    Address,
    Url,
    Path,
    Secret,
    Name,
}

impl Kind {
    /// What its pseudonyms begin with.
    fn prefix(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Pod => "pod",
            Self::Container => "container",
            Self::Unit => "unit",
            Self::Cgroup => "cgroup",
            Self::Host => "host",
            Self::Address => "ip",
            Self::Url => "url",
            Self::Path => "path",
            Self::Secret => "secret",
            Self::Name => "name",
        }
    }
}

/// Whether a path of something redacted has a pseudonym in it, by the form of its parts.
pub(crate) fn has_pseudonym(path: &str) -> bool {
    let is_one = |part: &str| {
        let bare = part.split('.').next().unwrap_or_default();
        bare.rsplit_once('-').is_some_and(|(kind, digits)| {
            [Kind::Path, Kind::Unit].iter().any(|one| one.prefix() == kind)
                && digits.len() >= names::DIGITS
                && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    path.split('/').any(is_one)
}

/// Gives pseudonyms: the same name has the same one wherever it stands, and in everything that is redacted with that key.
#[derive(Debug)]
pub struct Redactor {
    names: Names,
    /// Names of this node, in lower case: as words they look like any other.
    hosts: Vec<String>,
}

/// What the pseudonyms stand for: for whoever has the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    /// Always `dropctl.redaction-map/v1`.
    pub schema: String,
    /// The name of each pseudonym.
    pub names: BTreeMap<String, String>,
}

impl Redactor {
    /// Nothing redacted yet.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self { names: Names::new(key), hosts: Vec::new() }
    }

    /// A name of the node itself, and what it is called without its domain. Names as short as two letters are left, and those
    /// that are everyday words or words of its kernel's `release`: they would be found everywhere.
    #[must_use]
    pub fn with_host(mut self, name: &str, release: &str) -> Self {
        let name = name.to_lowercase();
        let short = name.split('.').next().unwrap_or_default().to_owned();
        for name in [name, short] {
            if name.len() > 2 && !everyday::is_everyday(&name, release) && !self.hosts.contains(&name) {
                self.hosts.push(name);
            }
        }
        self
    }

    /// Facts about the node.
    pub fn node(&mut self, node: &mut Node) {
        visit::setup::node(self, node);
    }

    /// How dropctl looked; from then on it says that names are pseudonyms.
    pub fn setup(&mut self, setup: &mut Setup) {
        visit::setup::setup(self, setup);
        setup.names = Naming::Pseudonyms;
    }

    /// Everything at one instant.
    pub fn sample(&mut self, sample: &mut Sample) {
        visit::sample(self, sample);
    }

    /// All of it. What has pseudonyms already is left alone: those of pseudonyms would mean nothing to anybody.
    pub fn timeline(&mut self, timeline: &mut Timeline) {
        if timeline.setup.names == Naming::Pseudonyms {
            return;
        }
        self.node(&mut timeline.node);
        self.setup(&mut timeline.setup);
        timeline.samples_mut().iter_mut().for_each(|sample| self.sample(sample));
    }

    /// What a Falco counts and says of itself.
    pub fn falco(&mut self, falco: &mut FalcoSample) {
        visit::falco::falco(self, falco);
    }

    /// A tool as a process.
    pub fn tool(&mut self, tool: &mut ToolSample) {
        visit::tools::tool(self, tool);
    }

    /// Programs on the hook.
    pub fn hook(&mut self, hook: &mut HookSample) {
        visit::tools::hook(self, hook);
    }

    /// An absolute path.
    #[must_use]
    pub fn path(&mut self, real: &str) -> String {
        place::path(self, real)
    }

    /// What can be seen, of a closed set.
    #[must_use]
    pub fn capability(&mut self, real: &str) -> String {
        word::capability(self, real)
    }

    /// A preemption model.
    #[must_use]
    pub fn preemption(&mut self, real: &str) -> String {
        word::preemption(self, real)
    }

    /// The label by which a security module confines a process.
    #[must_use]
    pub fn label(&mut self, real: &str) -> String {
        label::label(self, real)
    }

    /// A version that somebody told.
    #[must_use]
    pub fn version(&mut self, text: &str) -> String {
        word::version(self, text)
    }

    /// A tool or its engine, as somebody named it.
    #[must_use]
    pub fn engine(&mut self, text: &str) -> String {
        word::tool(self, text)
    }

    /// Text that somebody else wrote.
    #[must_use]
    pub fn words(&mut self, text: &str) -> String {
        text::scrub(self, text)
    }

    /// What the pseudonyms given so far stand for.
    #[must_use]
    pub fn map(&self) -> Map {
        Map { schema: MAP_SCHEMA.to_owned(), names: self.names.real().clone() }
    }

    fn name(&mut self, kind: Kind, real: &str) -> String {
        self.names.pseudonym(kind, real)
    }

    /// Does something without a look for names of the node: where none stands, any word may be one by chance.
    fn without_hosts<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let hosts = std::mem::take(&mut self.hosts);
        let done = act(self);
        self.hosts = hosts;
        done
    }
}

#[cfg(test)]
mod tests;
