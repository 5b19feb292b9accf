//! One look at the open files of all processes. Three kinds keep a program on a tracepoint: links, whose fdinfo names program and
//! tracepoint (`bpf_raw_tp_link_show_fdinfo`, 5.8; a `tp_btf` is one, too), and perf events, which the kernel explains on request.
//! A link of a perf event (5.15) names its tracepoint since 6.17 (`bpf_tracepoint_link_show_fdinfo`); before, whoever closed the event
//! itself is seen to be somewhere, and not where.
//! The program itself, where a process has it open, tells its runs (`bpf_prog_show_fdinfo`, 5.1).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::is_timed;
use crate::{
    observe::{
        consumers::thread::text,
        fdinfo::{MOST_FILES, field},
        tools,
    },
    sample::{HookProgram, HookSample, RunCost},
    sys::bpf,
};

/// Processes that are looked at.
pub(super) const MOST_PROCESSES: usize = 8192;
/// Programs that are told.
const MOST_PROGRAMS: usize = 64;
/// `BPF_PROG_TYPE_TRACEPOINT` in fdinfo.
const TRACEPOINT: &str = "5";

/// What it found.
pub(super) struct Look {
    found: HookSample,
    /// Where programs tell their runs, by process and id.
    runs: BTreeMap<(u32, u32), PathBuf>,
}

/// Of one process.
#[derive(Default)]
struct Files {
    /// Program and tracepoint.
    attached: Vec<(u32, String)>,
    /// Program and the file that tells its runs.
    programs: Vec<(u32, PathBuf)>,
    /// Events of which the kernel does not tell what they are on.
    events: u64,
    /// Programs of links that do not tell it either.
    links: Vec<u32>,
    /// Programs of which it is known by another file whether they are on the hook.
    told: BTreeSet<u32>,
    /// There are more than are looked at.
    is_cut: bool,
}

impl Look {
    pub(super) fn take(proc: &Path) -> Self {
        let mut look = Self { found: HookSample::default(), runs: BTreeMap::new() };
        let pids = fs::read_dir(proc).into_iter().flatten().flatten();
        let mut pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        for tgid in pids.by_ref().take(MOST_PROCESSES) {
            match Files::of(proc, tgid) {
                Ok(files) => look.add(proc, tgid, files),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => look.found.hidden += 1,
                // It has ended meanwhile.
                Err(_) => {}
            }
        }
        look.found.hidden += pids.count() as u64;
        look.found.programs.sort_by_key(|program| (program.tgid, program.program));
        let most = look.found.programs.len().min(MOST_PROGRAMS);
        let cut = look.found.programs.split_off(most);
        look.found.hidden += cut.iter().map(|program| program.tgid).collect::<BTreeSet<_>>().len() as u64;
        look
    }

    fn add(&mut self, proc: &Path, tgid: u32, mut files: Files) {
        let seen = if files.is_cut { &mut self.found.hidden } else { &mut self.found.looked_at };
        *seen += 1;
        let is_own = tgid == std::process::id();
        // Its own are on no tracepoint, whatever the kernel tells.
        if !is_own {
            self.found.untold += files.untold();
        }
        if files.attached.is_empty() {
            return;
        }
        files.attached.sort_unstable();
        files.attached.dedup();
        let comm = text(&proc.join(format!("{tgid}/comm"))).unwrap_or_default();
        let comm = comm.trim_end_matches('\n');
        self.found.programs.extend(files.attached.into_iter().map(|(program, tracepoint)| HookProgram {
            program,
            tracepoint,
            tgid,
            comm: comm.to_owned(),
            tool: tools::tool(comm).to_owned(),
            is_own,
            cost: None,
        }));
        self.runs.extend(files.programs.into_iter().map(|(program, file)| ((tgid, program), file)));
    }

    /// With what the programs cost up to now.
    pub(super) fn sample(&self, proc: &Path) -> HookSample {
        let mut sample = HookSample { is_timed: is_timed(proc), ..self.found.clone() };
        // Whatever the sysctl says: who wants runs timed for a while holds a descriptor for it (`BPF_ENABLE_STATS`, 5.8).
        for program in &mut sample.programs {
            let file = self.runs.get(&(program.tgid, program.program));
            program.cost = file.and_then(|file| cost(&text(file).ok()?, program.program));
        }
        sample
    }
}

impl Files {
    fn of(proc: &Path, tgid: u32) -> io::Result<Self> {
        let mut files = Self::default();
        let folder = proc.join(format!("{tgid}/fdinfo"));
        let mut entries = fs::read_dir(proc.join(format!("{tgid}/fd")))?.flatten();
        for entry in entries.by_ref().take(MOST_FILES) {
            let target = match fs::read_link(entry.path()) {
                Ok(target) => target,
                // Root may list the files of one that has more rights, and is not told what they are.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
                Err(_) => continue,
            };
            match target.to_str() {
                Some("anon_inode:[perf_event]") => {
                    files.add_event(tgid, &entry.file_name().to_string_lossy())
                }
                Some(
                    "anon_inode:bpf_link"
                    | "anon_inode:[bpf_link]"
                    | "anon_inode:bpf-prog"
                    | "anon_inode:[bpf-prog]",
                ) => {
                    files.add(folder.join(entry.file_name()));
                }
                _ => {}
            }
        }
        files.is_cut = entries.next().is_some();
        Ok(files)
    }

    /// Events that may be on the hook. Who may not ask about events has both, event and link, of each.
    fn untold(&self) -> u64 {
        let links = self.links.iter().filter(|program| !self.told.contains(program)).count() as u64;
        self.events.max(links)
    }

    /// A link, or a program.
    fn add(&mut self, file: PathBuf) {
        let Ok(fdinfo) = text(&file) else { return };
        let Some(program) = field(&fdinfo, "prog_id:").and_then(|id| id.parse().ok()) else { return };
        match (field(&fdinfo, "link_id:"), field(&fdinfo, "tp_name:")) {
            (Some(_), Some(name)) if is_passed_by_all(name) => self.attached.push((program, name.to_owned())),
            (Some(_), None) if is_untold(&fdinfo) => self.links.push(program),
            (Some(_), _) => {}
            (None, _) => {
                if field(&fdinfo, "prog_type:").is_some_and(|kind| kind != TRACEPOINT) {
                    self.told.insert(program);
                }
                self.programs.push((program, file));
            }
        }
    }

    fn add_event(&mut self, tgid: u32, fd: &str) {
        let Ok(fd) = fd.parse() else { return };
        match bpf::tracepoint_of(tgid, fd) {
            Ok(Some((program, name))) => {
                self.told.insert(program);
                if is_passed_by_all(&name) {
                    self.attached.push((program, name));
                }
            }
            Ok(None) => {}
            Err(error) if is_on_no_tracepoint(&error) => {}
            Err(_) => self.events += 1,
        }
    }
}

/// Any number of events of `perf` have no program (`ENOENT`), a profiler's is of the kind that is on no tracepoint (`EOPNOTSUPP`,
/// `bpf_get_perf_event_info`), and one may have been closed meanwhile (`EBADF`).
pub(super) fn is_on_no_tracepoint(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EOPNOTSUPP | libc::EBADF))
}

/// Whether it is a link of a perf event, of a kernel that tells nothing more of those.
fn is_untold(fdinfo: &str) -> bool {
    field(fdinfo, "link_type:") == Some("perf") && field(fdinfo, "event_type:").is_none()
}

/// `sys_enter` and `sys_exit`, and those of single syscalls, which perf keeps on these (kernel/trace/trace_syscalls.c).
fn is_passed_by_all(name: &str) -> bool {
    ["sys_enter", "sys_exit"]
        .iter()
        .any(|all| name.strip_prefix(all).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
}

fn cost(fdinfo: &str, program: u32) -> Option<RunCost> {
    let number = |name| field(fdinfo, name)?.parse::<u64>().ok();
    // Another file may have the number by now.
    (number("prog_id:") == Some(program.into())).then_some(())?;
    Some(RunCost { runs: number("run_cnt:")?, run_ns: number("run_time_ns:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_and_its_link_are_one() {
        let untold = |events, links: &[u32], told: &[u32]| {
            let told = told.iter().copied().collect();
            Files { events, links: links.to_vec(), told, ..Files::default() }.untold()
        };
        assert_eq!(untold(2, &[50, 51], &[]), 2, "who may not ask about events has both of each");
        assert_eq!((untold(3, &[50], &[]), untold(0, &[50, 51], &[])), (3, 2));
        assert_eq!(untold(0, &[50, 51], &[50]), 1, "where the other is, is known");
    }
}
