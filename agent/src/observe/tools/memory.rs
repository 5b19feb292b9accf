//! How many processes of a cgroup the kernel killed for want of memory.

use crate::observe::{
    consumers::thread::text,
    groups::{Group, Version, field},
};

/// `None` where its files do not tell.
pub(super) fn oom_kills(group: &Group) -> Option<u64> {
    let file = match group.version {
        // Since 4.13, in a file about something else.
        Version::V1 => "memory.oom_control",
        Version::V2 => "memory.events",
    };
    field(&text(&group.folder.join(file)).ok()?, "oom_kill")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn of_either_version() {
        let folder = tempfile::tempdir().unwrap();
        let of =
            |version| oom_kills(&Group { version, path: "/a".to_owned(), folder: folder.path().to_owned() });
        assert_eq!((of(Version::V1), of(Version::V2)), (None, None));
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("memory.events", "low 0\nhigh 7\noom 2\noom_kill 1\noom_group_kill 9\n");
        write("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
        assert_eq!((of(Version::V1), of(Version::V2)), (Some(5), Some(1)));
        write("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
        assert_eq!(of(Version::V1), None);
    }
}
