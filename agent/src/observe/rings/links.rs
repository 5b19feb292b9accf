//! Programs that a process holds only by links, whose files are no programs. In their fdinfo the kernel names the program
//! (`bpf_link_show_fdinfo`, 5.8).

use std::{fs, path::Path};

use crate::observe::{
    consumers::thread::text,
    fdinfo::{MOST_FILES, field},
};

/// Ids of the programs that the links of `tgid` hold; none where its files are not visible (`CAP_SYS_PTRACE`).
pub(super) fn programs(proc: &Path, tgid: u32) -> Vec<u32> {
    let Ok(files) = fs::read_dir(proc.join(format!("{tgid}/fdinfo"))) else { return Vec::new() };
    files.flatten().take(MOST_FILES).filter_map(|file| program(&text(&file.path()).ok()?)).collect()
}

fn program(fdinfo: &str) -> Option<u32> {
    field(fdinfo, "link_id:")?;
    field(fdinfo, "prog_id:")?.parse().ok()
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

    /// Servers have thousands of files open.
    #[test]
    fn of_two_thousand_files() {
        let proc = tempfile::tempdir().unwrap();
        let folder = proc.path().join("7/fdinfo");
        fs::create_dir_all(&folder).unwrap();
        for id in 0..2_000 {
            fs::write(folder.join(id.to_string()), format!("link_id:\t3\nprog_id:\t{id}\n")).unwrap();
        }
        let mut found = programs(proc.path(), 7);
        found.sort_unstable();
        assert_eq!(found, (0..2_000).collect::<Vec<_>>());
    }
}
