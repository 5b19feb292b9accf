//! What the agent makes of its samples as they come: it remembers them, finds what they mean, and notices episodes that are worth
//! keeping. No thread and no clock of its own: it goes by the samples'.

mod episodes;
mod left;
mod looks;
mod shared;

use std::collections::BTreeSet;

pub use self::episodes::{AFTER_NS, BEFORE_NS, Episode};
pub use self::left::finish;
pub use self::shared::Shared;
use self::{episodes::Episodes, looks::Looks};
use crate::{
    diagnose::{self, Finding, standing::Standing},
    memory::{Bounds, Memory, Recall},
    report::visibility,
    sample::{Node, Sample},
    setup::Setup,
    timeline::Slice,
};

/// What went wrong between two samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Trouble {
    /// Events that tools lost.
    drops: u64,
    /// Names of tools that lost events, or should run and do not.
    tools: BTreeSet<String>,
}

/// The agent's memory, and what follows from it.
#[derive(Debug)]
pub struct Keeper {
    memory: Memory,
    standing: Standing,
    found: Vec<Finding>,
    looks: Looks,
    episodes: Episodes,
}

/// What a sample brought.
#[derive(Debug, Default)]
pub struct News {
    /// Findings were looked for; [`Keeper::standing`] may have changed.
    pub looked: bool,
    /// An episode of which all is known, and what is remembered of it.
    pub episode: Option<(Episode, Recall)>,
    /// An episode goes on, or was less than a minute ago.
    pub goes_on: bool,
}

impl Keeper {
    /// Nothing yet.
    #[must_use]
    pub fn new(node: Node, setup: Setup, bounds: Bounds) -> Self {
        Self {
            memory: Memory::new(node, setup, bounds),
            standing: Standing::default(),
            found: Vec::new(),
            looks: Looks::default(),
            episodes: Episodes::default(),
        }
    }

    /// Takes in the next sample.
    ///
    /// # Errors
    ///
    /// None in practice: the types have no map with other keys than strings.
    pub fn push(&mut self, sample: Sample) -> serde_json::Result<News> {
        if !self.memory.push(sample)? {
            return Ok(News::default());
        }
        let recent = self.memory.recent();
        let Some(step) = recent.steps().next_back() else { return Ok(News::default()) };
        let trouble = Trouble::of(&step.slice());
        let now_ns = step.to.clock.monotonic_ns;
        let ended = self.episodes.step(step.from.clock, step.to.clock, &trouble);
        let looked = self.looks.is_due(now_ns, trouble.any());
        if looked {
            self.look();
        }
        let goes_on = self.episodes.open().is_some();
        Ok(News { looked, episode: ended.map(|episode| self.with_recall(episode)), goes_on })
    }

    /// Takes in a sample from before an episode whose begin is known.
    fn push_before(&mut self, sample: Sample) -> serde_json::Result<()> {
        self.memory.push(sample).map(drop)
    }

    /// Looks for findings in the last minute, due or not.
    pub fn look(&mut self) {
        let recent = self.memory.recent();
        let Some(last) = recent.last() else { return };
        for falco in last.falcos.iter().flatten() {
            self.standing.know(&falco.tool);
        }
        self.found = diagnose::diagnose(&recent, &visibility(&recent));
        self.standing.look(last.clock.monotonic_ns, &self.found);
        self.episodes.look(&self.found);
    }

    /// What the last look found.
    #[must_use]
    pub fn found(&self) -> &[Finding] {
        &self.found
    }

    /// The episode that was going on when there were no more samples.
    #[must_use]
    pub fn end(&mut self) -> Option<(Episode, Recall)> {
        let last = self.episodes.end()?;
        Some(self.with_recall(last))
    }

    /// The episode that is going on, or was less than a minute ago.
    #[must_use]
    pub fn open_episode(&self) -> Option<(Episode, Recall)> {
        self.episodes.open().map(|episode| self.with_recall(episode))
    }

    fn with_recall(&self, episode: Episode) -> (Episode, Recall) {
        let recall = self.memory.since(episode.begin.monotonic_ns.saturating_sub(BEFORE_NS));
        (episode, recall)
    }

    /// Findings that stand.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// What is remembered.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl Trouble {
    /// What went wrong in a step.
    fn of(step: &Slice<'_>) -> Self {
        let lost = diagnose::lost(step);
        let tools = step.last().and_then(|last| last.tools.as_deref()).unwrap_or_default().iter();
        let absent = tools.filter(|tool| tool.is_service && !tool.is_running).map(|tool| tool.tool.clone());
        Self {
            drops: lost.iter().map(|(_, drops)| drops).sum(),
            tools: lost.iter().map(|(subject, _)| subject.tool.clone()).chain(absent).collect(),
        }
    }

    fn any(&self) -> bool {
        !self.tools.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::example::{SECOND, falco, sample, setup};

    /// Seconds at which a finding about Falco's loss stands, when these seconds lose something.
    fn stands(lossy: impl Fn(u64) -> bool) -> Vec<u64> {
        let bounds = Bounds { length_ns: 900 * SECOND, bytes: 8 << 20 };
        let mut keeper = Keeper::new(Node::default(), setup(), bounds);
        let mut events = 0;
        let mut seconds = Vec::new();
        for second in 100..=600 {
            events += if lossy(second) { 100 } else { 0 };
            let sample = Sample { falcos: Some(vec![falco(1, 1, events)]), ..sample(second * SECOND) };
            keeper.push(sample).unwrap();
            let is_cause = |(_, code, _): (&str, diagnose::Code, _)| code.role() == diagnose::Role::Cause;
            if keeper.standing().active().any(is_cause) {
                seconds.push(second);
            }
        }
        seconds
    }

    #[test]
    fn a_verdict_comes_within_three_seconds_of_the_first_loss_and_stands_for_five_minutes() {
        assert_eq!(stands(|_| false), [] as [u64; 0]);
        let seconds = stands(|second| second == 150);
        assert_eq!(seconds.first(), Some(&152), "the loss was in the second before 150");
        let last = *seconds.last().unwrap();
        // A look finds it while it is in the last minute.
        assert!((150 + 50 + 300..=150 + 60 + 310).contains(&last), "until {last}");
    }

    #[test]
    fn a_tool_that_should_run_and_does_not_is_trouble() {
        let tool = |is_service, is_running| crate::sample::ToolSample {
            tool: "falco".to_owned(),
            is_service,
            is_running,
            ..crate::sample::ToolSample::default()
        };
        let of = |is_service, is_running| {
            let with = |second| Sample {
                tools: Some(vec![tool(is_service, is_running)]),
                ..sample(second * SECOND)
            };
            let timeline = crate::timeline::example::timeline([with(1), with(2)]);
            Trouble::of(&timeline.all()).any()
        };
        assert!(of(true, false));
        assert!(!of(true, true) && !of(false, false), "a command that is done is no trouble");
    }
}
