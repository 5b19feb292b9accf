//! What the kernel tells of an open file (`/proc/PID/fdinfo`): lines of a name, a colon and a value.

/// Open files of one process that are looked at.
pub(super) const MOST_FILES: usize = 4096;

/// The value that `name`, its colon included, has.
pub(super) fn field<'a>(fdinfo: &'a str, name: &str) -> Option<&'a str> {
    fdinfo.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}
