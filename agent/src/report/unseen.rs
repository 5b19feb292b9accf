//! What dropctl could not see: what its setup says, and what follows from the samples.

use super::{lives, number::count};
use crate::{
    sample::Sample,
    setup::{Mode, Visibility},
    timeline::Slice,
};

/// More rings than are watched are not a silent matter.
fn left_out(last: &Sample) -> Option<Visibility> {
    let left_out = last.rings_left_out.filter(|count| *count > 0)?;
    let watched = last.rings.as_ref().map_or(0, Vec::len);
    let note = format!("the oldest {watched} are watched; {left_out} more are not: too many");
    Some(Visibility { capability: "all_rings".to_owned(), available: false, note })
}

/// Who shares the hook with us is not known where nobody could look.
fn hook_unseen(last: &Sample) -> Option<Visibility> {
    const WHO: &str = "who else sits on the tracepoints of syscalls, which costs each of them";
    let note = match &last.hook {
        Some(hook) if hook.saw_all() => return None,
        Some(hook) => {
            let hidden = (hook.hidden > 0).then(|| {
                format!("open files of {} processes are hidden (CAP_SYS_PTRACE)", count(hook.hidden))
            });
            let untold = (hook.untold > 0).then(|| {
                let events = count(hook.untold);
                format!(
                    "the kernel did not tell what {events} perf events are on (CAP_SYS_ADMIN; where a link alone keeps one, \
                     Linux 6.17)"
                )
            });
            let why: Vec<String> = hidden.into_iter().chain(untold).collect();
            format!("{WHO}: {}", why.join(", and "))
        }
        None => format!("{WHO}: nobody looked (an older dropctl, or a pod without hostPID: true)"),
    };
    Some(Visibility { capability: "shared_hook".to_owned(), available: false, note })
}

/// What the node lets dropctl see, as of the end of a slice.
#[must_use]
pub fn visibility(slice: &Slice<'_>) -> Vec<Visibility> {
    let is_passive = slice.setup.request.mode == Mode::Passive;
    let derived = |last| {
        let unseen = hook_unseen(last).filter(|_| !is_passive);
        lives::visibility(last).into_iter().chain(left_out(last)).chain(unseen)
    };
    slice.setup.visibility.iter().cloned().chain(slice.last().into_iter().flat_map(derived)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{HookSample, RingSample},
        timeline::example::{sample, timeline},
    };

    #[test]
    fn rings_that_are_too_many_are_named() {
        let sample = |rings_left_out| Sample {
            rings: Some(vec![RingSample::default(); 5]),
            rings_left_out,
            ..Sample::default()
        };
        let entry = left_out(&sample(Some(176))).unwrap();
        assert_eq!(entry.note, "the oldest 5 are watched; 176 more are not: too many");
        assert!(!entry.available);
        assert_eq!((left_out(&sample(Some(0))), left_out(&sample(None))), (None, None));
    }

    #[test]
    fn a_hook_that_nobody_looked_at_is_named() {
        let with = |hook, mode| {
            let mut timeline = timeline([Sample { hook, ..sample(1) }]);
            timeline.setup.request.mode = mode;
            visibility(&timeline.all()).into_iter().map(|entry| entry.note).collect::<Vec<_>>()
        };
        let hidden = |hidden| Some(HookSample { looked_at: 80, hidden, ..HookSample::default() });
        assert!(with(None, Mode::Count)[0].contains("nobody looked"));
        assert!(with(hidden(300), Mode::Count)[0].contains("300 processes are hidden"));
        assert!(with(hidden(40), Mode::Count)[0].contains("40 processes are hidden"), "half of them");
        let untold = Some(HookSample { looked_at: 80, untold: 2, ..HookSample::default() });
        let note = &with(untold, Mode::Count)[0];
        let said = "each of them: the kernel did not tell what 2 perf events are on (CAP_SYS_ADMIN; where a link alone \
                    keeps one, Linux 6.17)";
        assert!(note.ends_with(said), "{note}");
        // Process 1 of some machines is kept from everybody.
        assert_eq!(with(hidden(3), Mode::Count), [] as [&str; 0], "a few");
        assert!(with(hidden(4), Mode::Count)[0].contains("4 processes are hidden"), "more than a few");
        assert_eq!(with(None, Mode::Passive), [] as [&str; 0], "dropctl is not on it");
    }
}
