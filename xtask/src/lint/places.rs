//! No file names a folder of one developer's machine or a package mirror: both come from the
//! machine that builds.

use super::{
    source::lines,
    tree::{Finding, Tree},
};

/// Folders, in two halves, so that this file names none.
const FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
/// Hosts of packages.
const HOSTS: [&str; 8] = [
    concat!("deb.", "debian.org"),
    concat!("ftp.", "debian.org"),
    concat!("archive.", "debian.org"),
    concat!("security.", "debian.org"),
    concat!("snapshot.", "debian.org"),
    concat!("archive.", "ubuntu.com"),
    concat!("security.", "ubuntu.com"),
    concat!("mirrors.", "kernel.org"),
];
/// For a line that needs such a word, as a test of redaction does.
const ALLOWED: &str = "lint: place";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &tree.files {
        for (number, line) in lines(&file.text).filter(|(_, line)| !line.contains(ALLOWED)) {
            for folder in FOLDERS.iter().filter(|folder| starts(line, folder)) {
                found.push(Finding::new(&file.path, number, format!("names {folder}")));
            }
            for host in HOSTS.iter().filter(|host| line.contains(*host)) {
                found.push(Finding::new(&file.path, number, format!("names {host}")));
            }
        }
    }
    found
}

/// Whether an absolute path starts with the folder: `/proc/1/...` before it makes it another one.
fn starts(line: &str, folder: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || "_-.}/$*".contains(letter);
    line.match_indices(folder).any(|(at, _)| !line[..at].chars().next_back().is_some_and(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_hosts_are_seen() {
        for (folder, host) in FOLDERS.iter().zip(HOSTS) {
            assert_eq!(check(&Tree::of("a.md", &format!("see `{folder}x`"))).len(), 1, "{folder}");
            assert_eq!(check(&Tree::of("a.sh", &format!("curl http://{host}/x"))).len(), 1, "{host}");
        }
    }

    #[test]
    fn other_paths_and_marked_lines_pass() {
        assert!(check(&Tree::of("a.rs", concat!("\"/proc/1", "/ro", "ot/etc\""))).is_empty());
        assert!(check(&Tree::of("a.rs", &format!("\"{}x\" // {ALLOWED}", FOLDERS[2]))).is_empty());
    }
}
