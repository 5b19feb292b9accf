//! Series of skipped runs, by the name of the program.

use std::collections::{BTreeMap, BTreeSet};

use prometheus::proto::MetricFamily;

use super::{float, labelled};
use crate::{metrics::names, sample::ToolSample};

/// Programs of one tool with a series of their own. Those that missed a run first are admitted and stay; the rest is
/// `other`.
const PROGRAM_SERIES: usize = 16;

/// Names once admitted.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    names: BTreeMap<(String, usize), BTreeSet<String>>,
}

impl Admitted {
    /// Renders them; nothing where no run was skipped.
    pub(super) fn family(&mut self, tools: &[ToolSample]) -> Option<MetricFamily> {
        let mut series = Vec::new();
        for tool in tools {
            let Some(programs) = tool.programs.as_ref() else { continue };
            let names = self.names.entry((tool.tool.clone(), tool.instance)).or_default();
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for program in &programs.with_misses {
                if names.len() < PROGRAM_SERIES {
                    names.insert(program.name.clone());
                }
                // Several programs may have one name.
                let name = names.get(&program.name).map_or("other", |_| program.name.as_str());
                *counts.entry(name).or_default() += program.missed;
            }
            let labels = |name: &str| vec![tool.tool.clone(), tool.instance.to_string(), name.to_owned()];
            series.extend(counts.into_iter().map(|(name, missed)| (labels(name), float(missed))));
        }
        (!series.is_empty()).then(|| labelled(names::PROGRAM_MISSED, series))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{ProgramSample, ToolPrograms};

    #[test]
    fn names_are_admitted_once_and_the_rest_is_other() {
        let program = |number: u64| ProgramSample {
            name: format!("program_{number}"),
            missed: number,
            ..ProgramSample::default()
        };
        let tool = |numbers: std::ops::Range<u64>| ToolSample {
            programs: Some(ToolPrograms {
                with_misses: numbers.map(program).collect(),
                ..ToolPrograms::default()
            }),
            ..ToolSample::default()
        };
        let mut admitted = Admitted::default();
        assert!(admitted.family(&[tool(0..0)]).is_none());
        admitted.family(&[tool(1..17)]);
        let family = admitted.family(&[tool(15..20)]).unwrap();
        let value = |series: &prometheus::proto::Metric| {
            (series.get_label()[2].value().to_owned(), series.get_counter().get_value())
        };
        let series: Vec<_> = family.get_metric().iter().map(value).collect();
        let expected = [("other", 17.0 + 18.0 + 19.0), ("program_15", 15.0), ("program_16", 16.0)];
        assert_eq!(series, expected.map(|(name, missed)| (name.to_owned(), missed)));
    }
}
