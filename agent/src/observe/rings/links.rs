//! Programs that a process holds only by links, whose files are no programs. In their fdinfo the kernel names the program
//! (`bpf_link_show_fdinfo`, 5.8), and the tracepoint of those on one (`bpf_raw_tp_link_show_fdinfo`, 5.8).

use std::{fs, path::Path};

use crate::observe::consumers::thread::text;

/// Open files of one process that are looked at.
const MOST_FILES: usize = 1024;
/// Processes that are looked at for a tracepoint.
const MOST_PROCESSES: usize = 8192;

/// Programs on one tracepoint, by the links that processes hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnTracepoint {
    /// Found.
    pub programs: Vec<Attached>,
    /// Processes whose open files were looked at.
    pub looked_at: usize,
    /// Processes whose open files are not visible (`CAP_SYS_PTRACE`).
    pub hidden: usize,
}

/// A program, and who keeps it attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Id of the program.
    pub program: u32,
    /// Process, as `proc` counts.
    pub tgid: u32,
    /// Name of the process.
    pub comm: String,
}

/// Who has programs on the tracepoint `name`, dropctl's own process left out. Takes a look at every open file of the node.
#[must_use]
pub fn on_tracepoint(proc: &Path, name: &str) -> OnTracepoint {
    let mut found = OnTracepoint::default();
    let pids = fs::read_dir(proc).into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for tgid in pids.filter(|pid| *pid != std::process::id()).take(MOST_PROCESSES) {
        let Ok(files) = fs::read_dir(proc.join(format!("{tgid}/fdinfo"))) else {
            found.hidden += 1;
            continue;
        };
        found.looked_at += 1;
        let links = files.flatten().take(MOST_FILES).filter_map(|file| text(&file.path()).ok());
        let ids =
            links.filter(|link| field(link, "tp_name:") == Some(name)).filter_map(|link| program(&link));
        let mut ids: Vec<u32> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        if !ids.is_empty() {
            let comm = text(&proc.join(format!("{tgid}/comm"))).unwrap_or_default();
            let comm = comm.trim_end_matches('\n');
            let attached = |program| Attached { program, tgid, comm: comm.to_owned() };
            found.programs.extend(ids.into_iter().map(attached));
        }
    }
    found.programs.sort_by_key(|attached| (attached.tgid, attached.program));
    found
}

/// Ids of the programs that the links of `tgid` hold; none where its files are not visible (`CAP_SYS_PTRACE`).
pub(super) fn programs(proc: &Path, tgid: u32) -> Vec<u32> {
    let Ok(files) = fs::read_dir(proc.join(format!("{tgid}/fdinfo"))) else { return Vec::new() };
    files.flatten().take(MOST_FILES).filter_map(|file| program(&text(&file.path()).ok()?)).collect()
}

fn program(fdinfo: &str) -> Option<u32> {
    field(fdinfo, "link_id:")?;
    field(fdinfo, "prog_id:")?.parse().ok()
}

fn field<'a>(fdinfo: &'a str, name: &str) -> Option<&'a str> {
    fdinfo.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_links_alone() {
        let proc = tempfile::tempdir().unwrap();
        let folder = proc.path().join("7/fdinfo");
        fs::create_dir_all(&folder).unwrap();
        let files = [
            "pos:\t0\nflags:\t02000000\nlink_type:\traw_tracepoint\nlink_id:\t3\nprog_tag:\ta0\nprog_id:\t41\n",
            "pos:\t0\nprog_type:\t26\nprog_id:\t42\n",
            "pos:\t0\nlink_type:\titer\nlink_id:\t4\nprog_id:\tx\n",
            "pos:\t0\nmap_type:\t27\nmap_id:\t43\n",
        ];
        for (fd, text) in files.iter().enumerate() {
            fs::write(folder.join(fd.to_string()), text).unwrap();
        }
        assert_eq!(programs(proc.path(), 7), [41]);
        assert!(programs(proc.path(), 8).is_empty());
    }

    #[test]
    fn on_a_tracepoint() {
        let proc = tempfile::tempdir().unwrap();
        let link = |name: &str, id| {
            format!("pos:\t0\nlink_type:\traw_tracepoint\nlink_id:\t3\nprog_id:\t{id}\ntp_name:\t{name}\n")
        };
        for (tgid, links) in
            [(7, vec![link("sys_exit", 41), link("sys_enter", 42)]), (9, vec![link("sys_exit_x", 43)])]
        {
            let folder = proc.path().join(format!("{tgid}/fdinfo"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(proc.path().join(format!("{tgid}/comm")), "falco\n").unwrap();
            for (fd, text) in links.iter().enumerate() {
                fs::write(folder.join(fd.to_string()), text).unwrap();
            }
        }
        fs::create_dir_all(proc.path().join("8")).unwrap();
        let programs = vec![Attached { program: 41, tgid: 7, comm: "falco".to_owned() }];
        let found = on_tracepoint(proc.path(), "sys_exit");
        assert_eq!(found, OnTracepoint { programs, looked_at: 2, hidden: 1 });
    }
}
