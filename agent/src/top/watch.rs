//! What the view is made of: the last minute of samples, and findings as the agent holds them.

use std::collections::BTreeMap;

use super::View;
use crate::{
    diagnose::Code,
    keeper::Keeper,
    memory::{Bounds, RECENT_NS},
    sample::{Node, Sample},
    setup::Setup,
};

/// Nothing is asked of an older past.
const BOUNDS: Bounds = Bounds { length_ns: RECENT_NS, bytes: 8 << 20 };
/// The tool of findings that are about no other.
const OWN: &str = "dropctl";
/// What tools are called that dropctl does not know.
const OTHER: &str = "other";

/// Samples as they come, bounded in time and bytes as the agent's memory is.
#[derive(Debug)]
pub struct Watch {
    keeper: Keeper,
    /// What each finding that stands is of, and its sentence.
    said: BTreeMap<(String, Code), Said>,
}

#[derive(Debug)]
struct Said {
    /// The name of the tool; that of its process where the tool is none that dropctl knows.
    name: String,
    sentence: String,
}

impl Watch {
    /// Nothing yet.
    #[must_use]
    pub fn new(node: Node, setup: Setup) -> Self {
        Self { keeper: Keeper::new(node, setup, BOUNDS), said: BTreeMap::new() }
    }

    /// Takes in the next sample. Those less than a second apart are folded into one, as the agent does it.
    ///
    /// # Errors
    ///
    /// None in practice: see [`Keeper::push`].
    pub fn push(&mut self, sample: Sample) -> serde_json::Result<()> {
        if self.keeper.push(sample)?.looked {
            self.take_up();
        }
        Ok(())
    }

    /// Looks for findings now: for who looks once.
    pub fn look(&mut self) {
        self.keeper.look();
        self.take_up();
    }

    fn take_up(&mut self) {
        let standing: Vec<(&str, Code)> =
            self.keeper.standing().active().map(|(tool, code, _)| (tool, code)).collect();
        self.said.retain(|(tool, code), _| standing.contains(&(tool, *code)));
        for finding in self.keeper.found() {
            let subject = finding.tool.as_ref();
            let tool = subject.map_or(OWN, |subject| &subject.tool).to_owned();
            let unknown = subject.filter(|subject| subject.tool == OTHER && !subject.comm.is_empty());
            let name = unknown.map_or_else(|| tool.clone(), |subject| subject.comm.clone());
            self.said.insert((tool, finding.code), Said { name, sentence: finding.summary.clone() });
        }
    }

    /// What there is to see; `None` before there are two samples.
    #[must_use]
    pub fn view(&self) -> Option<View> {
        let standing = self.keeper.standing().active();
        let findings = standing.map(|(tool, code, severity)| {
            let said = self.said.get(&(tool.to_owned(), code));
            let (name, sentence) = said.map_or((tool, ""), |said| (&said.name, &said.sentence));
            (severity, code, name, sentence)
        });
        View::of(&self.keeper.memory().recent(), findings)
    }
}
