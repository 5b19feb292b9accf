//! Numbers that tell the processes of one tool apart: the label `tool_instance` of every series about it, with or without
//! rings.

use std::collections::BTreeMap;

use crate::sample::ToolSample;

/// A tool and its process; no process for rings whose owner was not found.
pub(super) type Process = (String, Option<u32>);

/// Numbers once given stay as long as their process does; those of known tools stay through its lives, for the sample
/// gives them.
#[derive(Debug, Default)]
pub(super) struct Instances {
    numbers: BTreeMap<Process, usize>,
}

impl Instances {
    /// Takes in who is there: known tools, and processes with rings or perf buffers.
    pub(super) fn update(&mut self, tools: &[ToolSample], processes: Vec<Process>) {
        let key = |tool: &ToolSample| (tool.tool.clone(), Some(tool.tgid));
        let known: BTreeMap<Process, usize> = tools.iter().map(|tool| (key(tool), tool.instance)).collect();
        self.numbers.retain(|process, _| processes.contains(process));
        self.numbers.extend(known);
        for process in processes {
            let of_tool = self.numbers.iter().filter(|(other, _)| other.0 == process.0);
            let taken: Vec<usize> = of_tool.map(|(_, number)| *number).collect();
            self.numbers.entry(process).or_insert_with(|| lowest_free(&taken));
        }
    }

    /// The number of a process that is there.
    pub(super) fn of(&self, process: &Process) -> Option<usize> {
        self.numbers.get(process).copied()
    }
}

/// The first number that nobody has.
pub(super) fn lowest_free(taken: &[usize]) -> usize {
    (0..).find(|number| !taken.contains(number)).unwrap_or(taken.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(tool: &str, tgid: u32) -> Process {
        (tool.to_owned(), Some(tgid))
    }

    fn tool(instance: usize, tgid: u32) -> ToolSample {
        ToolSample { tool: "falco".to_owned(), instance, tgid, ..ToolSample::default() }
    }

    #[test]
    fn the_next_life_has_the_same_number_with_or_without_rings() {
        let mut instances = Instances::default();
        let of = |instances: &Instances, tgid| instances.of(&("falco".to_owned(), Some(tgid)));
        instances.update(&[tool(0, 50), tool(1, 60)], vec![process("falco", 60)]);
        assert_eq!([of(&instances, 50), of(&instances, 60)], [Some(0), Some(1)]);
        instances.update(&[tool(0, 50), tool(1, 90)], Vec::new());
        assert_eq!([of(&instances, 60), of(&instances, 90)], [None, Some(1)]);
    }

    #[test]
    fn others_get_numbers_that_are_free() {
        let mut instances = Instances::default();
        instances
            .update(&[tool(0, 50)], vec![process("falco", 70), process("other", 80), process("other", 90)]);
        let of = |tool: &str, tgid| instances.of(&(tool.to_owned(), Some(tgid)));
        assert_eq!([of("falco", 70), of("other", 80), of("other", 90)], [Some(1), Some(0), Some(1)]);
    }
}
