//! Programs of tools and their skipped runs: from the rows of a pass to numbers by process. Pure.

use std::collections::BTreeMap;

use agent_common::watch::{HolderRow, NOT_COUNTED, ProgramRow};

use super::owners::name;
use crate::sample::{ProgramSample, ToolPrograms};

/// What is known of all programs.
#[derive(Default)]
pub(super) struct Programs {
    rows: Vec<ProgramRow>,
    /// Program id to the process that has it open: of several the oldest, as with rings.
    owners: BTreeMap<u32, u32>,
}

impl Programs {
    /// Takes in who has which open. Whether everyone has an owner then.
    pub(super) fn set_owners(&mut self, rows: &[ProgramRow], holders: &[HolderRow]) -> bool {
        let owner_of = |row: &ProgramRow| {
            let tgids = holders.iter().filter(|holder| holder.map == row.address).map(|holder| holder.tgid);
            Some((row.id, tgids.min()?))
        };
        self.owners = rows.iter().filter_map(owner_of).collect();
        self.owners.len() == rows.len()
    }

    /// Takes in whose links hold which: owners of those that nobody has open.
    pub(super) fn add_links(&mut self, links: impl IntoIterator<Item = (u32, u32)>) {
        let mut of_links: Vec<(u32, u32)> = links.into_iter().collect();
        of_links.sort_by_key(|(_, tgid)| *tgid);
        for (program, tgid) in of_links {
            self.owners.entry(program).or_insert(tgid);
        }
    }

    /// Takes in a pass.
    pub(super) fn set(&mut self, rows: Vec<ProgramRow>) {
        self.rows = rows;
    }

    /// Those of a process; `None` if it has none.
    pub(super) fn of(&self, tgid: u32) -> Option<ToolPrograms> {
        let of_tool: Vec<&ProgramRow> =
            self.rows.iter().filter(|row| self.owners.get(&row.id) == Some(&tgid)).collect();
        if of_tool.is_empty() {
            return None;
        }
        let counts: Option<Vec<u64>> =
            of_tool.iter().map(|row| (row.missed != NOT_COUNTED).then_some(row.missed)).collect();
        let mut with_misses: Vec<ProgramSample> = of_tool
            .iter()
            .filter(|row| row.missed > 0 && row.missed != NOT_COUNTED)
            .map(|row| ProgramSample {
                id: row.id,
                name: name(&row.name),
                program_type: row.program_type,
                missed: row.missed,
            })
            .collect();
        with_misses.sort_by_key(|program| (std::cmp::Reverse(program.missed), program.id));
        Some(ToolPrograms {
            count: of_tool.len() as u64,
            missed: counts.map(|counts| counts.iter().sum()),
            with_misses,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u32, missed: u64) -> ProgramRow {
        ProgramRow {
            id,
            address: u64::from(id) << 8,
            missed,
            name: *b"sys_exit\0\0\0\0\0\0\0\0",
            program_type: 26,
        }
    }

    fn open(id: u32, tgid: u32) -> HolderRow {
        HolderRow { map: u64::from(id) << 8, tgid, ..HolderRow::default() }
    }

    #[test]
    fn skipped_runs_by_process() {
        let rows = vec![row(1, 0), row(2, 70), row(3, 5), row(4, 900)];
        let mut programs = Programs::default();
        programs.set_owners(&rows, &[open(1, 50), open(2, 50), open(2, 60), open(3, 60)]);
        programs.set(rows);
        assert!(!programs.owners.contains_key(&4));
        programs.add_links([(4, 80), (2, 40), (4, 60)]);
        let falco = programs.of(50).unwrap();
        assert_eq!((falco.count, falco.missed), (2, Some(70)));
        let listed: Vec<_> = falco.with_misses.iter().map(|program| (program.id, program.missed)).collect();
        assert_eq!(listed, [(2, 70)]);
        assert_eq!(falco.with_misses[0].name, "sys_exit");
        assert_eq!(programs.of(60).unwrap().missed, Some(5 + 900), "one open, one held by a link");
        assert_eq!((programs.of(70), programs.of(80)), (None, None));
    }

    #[test]
    fn an_old_kernel_does_not_count() {
        let rows = vec![row(1, NOT_COUNTED)];
        let mut programs = Programs::default();
        programs.set_owners(&rows, &[open(1, 50)]);
        programs.set(rows);
        assert_eq!(programs.of(50), Some(ToolPrograms { count: 1, missed: None, with_misses: Vec::new() }));
    }
}
