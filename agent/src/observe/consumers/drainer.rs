//! Which thread of a tool drains its rings.
//!
//! The tool's settings may name it. Else the only thread; else the one that used CPU time while the rings were drained
//! and less while they were not. Others that fit half as well are counted: the more, the less certain.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::thread;
use crate::sample::KnownBy;

/// Threads that are compared at most.
const MOST_THREADS: usize = 512;
/// Intervals in which rings were drained that must have been seen.
const ENOUGH: u32 = 4;

/// A thread that drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drainer {
    /// Thread id in the initial pid namespace.
    pub tid: u32,
    /// How it is known.
    pub known_by: KnownBy,
    /// Threads that it may be as well, itself included.
    pub candidates: u32,
}

/// The search among the threads of one process.
#[derive(Clone, Debug)]
pub struct Search {
    process: PathBuf,
    last: Option<(u64, u64)>,
    run_ns: BTreeMap<u32, u64>,
    /// CPU time of each thread while the rings were drained, and while they were not, ns.
    scores: BTreeMap<u32, [u64; 2]>,
    /// How long they were, and were not, ns.
    times_ns: [u64; 2],
    moves: u32,
}

impl Search {
    /// In the process with this id.
    #[must_use]
    pub fn new(proc: &Path, tgid: u32) -> Self {
        Self {
            process: proc.join(tgid.to_string()),
            last: None,
            run_ns: BTreeMap::new(),
            scores: BTreeMap::new(),
            times_ns: [0; 2],
            moves: 0,
        }
    }

    /// Looks once more; call it a few times a second. `named`: the thread by the tool's own settings, as its pid
    /// namespace counts. `consumed_bytes`: of all its rings.
    pub fn look(&mut self, now_ns: u64, named: Option<u32>, consumed_bytes: u64) -> Option<Drainer> {
        let tids = self.threads();
        let folder = |tid: u32| self.process.join(format!("task/{tid}"));
        if let Some(named) = named
            && let Some(tid) = tids.iter().find(|tid| thread::own_id(&folder(**tid)) == Some(named))
        {
            return Some(Drainer { tid: *tid, known_by: KnownBy::Settings, candidates: 1 });
        }
        if let [tid] = tids[..] {
            return Some(Drainer { tid, known_by: KnownBy::OnlyThread, candidates: 1 });
        }
        let runs: BTreeMap<u32, u64> =
            tids.iter().filter_map(|tid| Some((*tid, thread::schedstat(&folder(*tid))?.0))).collect();
        if let Some((then_ns, consumed)) = self.last {
            let is_still = usize::from(consumed_bytes == consumed);
            self.times_ns[is_still] += now_ns.saturating_sub(then_ns);
            self.moves += u32::from(is_still == 0);
            for (tid, run_ns) in &runs {
                let before = self.run_ns.get(tid).copied().unwrap_or(*run_ns);
                self.scores.entry(*tid).or_default()[is_still] += run_ns.saturating_sub(before);
            }
            self.scores.retain(|tid, _| runs.contains_key(tid));
        }
        self.last = Some((now_ns, consumed_bytes));
        self.run_ns = runs;
        if self.moves < ENOUGH { None } else { best(&self.scores, self.times_ns) }
    }

    fn threads(&self) -> Vec<u32> {
        let Ok(entries) = fs::read_dir(self.process.join("task")) else { return Vec::new() };
        let tid = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        entries.flatten().filter_map(tid).take(MOST_THREADS).collect()
    }
}

/// The thread whose share of a CPU rises most when the rings are drained.
fn best(scores: &BTreeMap<u32, [u64; 2]>, times_ns: [u64; 2]) -> Option<Drainer> {
    #[expect(clippy::cast_precision_loss, reason = "compared, not counted")]
    let share = |run_ns: u64, time_ns: u64| run_ns as f64 / time_ns.max(1) as f64;
    let rises = |[moving, still]: &[u64; 2]| share(*moving, times_ns[0]) - share(*still, times_ns[1]);
    let (tid, most) = scores
        .iter()
        .map(|(tid, score)| (*tid, rises(score)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    if most <= 0.0 {
        return None;
    }
    let candidates = scores.values().filter(|score| 2.0 * rises(score) >= most).count();
    Some(Drainer {
        tid,
        known_by: KnownBy::CpuTime,
        candidates: u32::try_from(candidates).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn set(proc: &Path, tid: u32, own_id: u32, run_ns: u64) {
        let folder = proc.join(format!("7/task/{tid}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("schedstat"), format!("{run_ns} 0 1\n")).unwrap();
        fs::write(folder.join("status"), format!("NSpid:\t{tid}\t{own_id}\n")).unwrap();
    }

    #[test]
    fn settings_name_it_in_its_own_namespace() {
        let proc = tempfile::tempdir().unwrap();
        set(proc.path(), 7, 1, 0);
        set(proc.path(), 9, 3, 0);
        let mut search = Search::new(proc.path(), 7);
        let named = Drainer { tid: 9, known_by: KnownBy::Settings, candidates: 1 };
        assert_eq!(search.look(0, Some(3), 0), Some(named));
        assert_eq!(search.look(0, Some(4), 0), None, "a thread that is gone");
        assert_eq!(search.look(0, None, 0), None);
    }

    #[test]
    fn the_only_thread_is_it() {
        let proc = tempfile::tempdir().unwrap();
        set(proc.path(), 7, 7, 0);
        let only = Drainer { tid: 7, known_by: KnownBy::OnlyThread, candidates: 1 };
        assert_eq!(Search::new(proc.path(), 7).look(0, None, 0), Some(only));
        assert_eq!(Search::new(proc.path(), 8).look(0, None, 0), None, "no such process");
    }

    /// Rings are drained in every other second; each thread runs so many ms in seconds with and without that.
    fn after(seconds: u64, threads: &[(u32, u64, u64)]) -> Option<Drainer> {
        let proc = tempfile::tempdir().unwrap();
        let mut search = Search::new(proc.path(), 7);
        let mut runs = vec![0; threads.len()];
        let mut found = None;
        for second in 0..seconds {
            let is_drained = second % 2 == 1;
            for (run_ns, (tid, moving_ms, still_ms)) in runs.iter_mut().zip(threads) {
                *run_ns += 1_000_000 * if is_drained { moving_ms } else { still_ms };
                set(proc.path(), *tid, *tid, *run_ns);
            }
            found = search.look(second * SECOND, None, second.div_ceil(2));
        }
        found
    }

    #[test]
    fn cpu_time_goes_with_the_drain() {
        // Two are busy all the time.
        let threads = [(7, 900, 900), (8, 300, 10), (9, 500, 480)];
        let found = Drainer { tid: 8, known_by: KnownBy::CpuTime, candidates: 1 };
        assert_eq!(after(9, &threads), Some(found));
        assert_eq!(after(6, &threads), None, "too early");
    }

    #[test]
    fn several_that_fit_are_said() {
        let found = after(9, &[(7, 300, 0), (8, 200, 0), (9, 10, 0)]).unwrap();
        assert_eq!((found.tid, found.candidates), (7, 2));
        assert_eq!(after(9, &[(7, 0, 300), (8, 0, 0)]), None, "nobody ran when they were drained");
    }
}
