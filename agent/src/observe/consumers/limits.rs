//! CPU limits of a thread's cgroups and how often they were reached: `cpu.max` and `cpu.stat` of v2,
//! `cpu.cfs_quota_us`, `cpu.cfs_period_us` and `cpu.stat` of v1. All cgroups above it count: each may hold it back.

use crate::{
    observe::{
        consumers::thread::text,
        groups::{Group, Version, field, number},
    },
    sample::CpuLimit,
};

/// What they say now, own first. Counts are since the cgroup was made.
#[must_use]
pub fn read(groups: &[Group]) -> Vec<CpuLimit> {
    groups.iter().map(read_one).collect()
}

/// Throttled time of all together, ns.
#[must_use]
pub fn throttled_ns(limits: &[CpuLimit]) -> u64 {
    limits.iter().map(|limit| limit.throttled_ns).sum()
}

/// A file that is absent is that of a cgroup without this controller, or of the root: it limits nothing.
fn read_one(group: &Group) -> CpuLimit {
    const US: u64 = 1000;
    let stat = text(&group.folder.join("cpu.stat")).unwrap_or_default();
    let throttled_ns = match group.version {
        Version::V1 => field(&stat, "throttled_time"),
        Version::V2 => field(&stat, "throttled_usec").map(|us| us * US),
    };
    let (quota_us, period_us) = match group.version {
        // -1 is no limit, and no number of this kind.
        Version::V1 => {
            (number(&group.folder.join("cpu.cfs_quota_us")), number(&group.folder.join("cpu.cfs_period_us")))
        }
        Version::V2 => {
            let max = text(&group.folder.join("cpu.max")).unwrap_or_default();
            let mut words = max.split_ascii_whitespace().map(|word| word.parse().ok());
            (words.next().flatten(), words.next().flatten())
        }
    };
    CpuLimit {
        cgroup: group.path.clone(),
        quota_ns: quota_us.map(|us| us * US),
        period_ns: period_us.map(|us| us * US),
        throttled_periods: field(&stat, "nr_throttled").unwrap_or(0),
        throttled_ns: throttled_ns.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn group(version: Version, files: &[(&str, &str)]) -> (tempfile::TempDir, CpuLimit) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let group = Group { version, path: "/a".to_owned(), folder: folder.path().to_owned() };
        let limit = read(&[group]).remove(0);
        (folder, limit)
    }

    fn limit(quota_ms: Option<u64>, period_ms: Option<u64>, periods: u64, throttled_ms: u64) -> CpuLimit {
        CpuLimit {
            cgroup: "/a".to_owned(),
            quota_ns: quota_ms.map(|ms| ms * 1_000_000),
            period_ns: period_ms.map(|ms| ms * 1_000_000),
            throttled_periods: periods,
            throttled_ns: throttled_ms * 1_000_000,
        }
    }

    #[test]
    fn both_versions() {
        let v1 = [
            ("cpu.stat", "nr_periods 10\nnr_throttled 4\nthrottled_time 99000000\n"),
            ("cpu.cfs_quota_us", "20000\n"),
            ("cpu.cfs_period_us", "100000\n"),
        ];
        assert_eq!(group(Version::V1, &v1).1, limit(Some(20), Some(100), 4, 99));
        let v2 = [
            ("cpu.stat", "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 99000\n"),
            ("cpu.max", "20000 100000\n"),
        ];
        assert_eq!(group(Version::V2, &v2).1, limit(Some(20), Some(100), 4, 99));
    }

    #[test]
    fn no_limit_and_no_file() {
        let v1 = [("cpu.cfs_quota_us", "-1\n"), ("cpu.cfs_period_us", "100000\n")];
        assert_eq!(group(Version::V1, &v1).1, limit(None, Some(100), 0, 0));
        let v2 = [("cpu.max", "max 100000\n")];
        assert_eq!(group(Version::V2, &v2).1, limit(None, Some(100), 0, 0));
        assert_eq!(group(Version::V2, &[]).1, limit(None, None, 0, 0));
        let gone = Group { version: Version::V1, path: "/a".to_owned(), folder: Path::new("/none").into() };
        assert_eq!(read(&[gone]), [limit(None, None, 0, 0)]);
    }

    #[test]
    fn differences_are_by_cgroup() {
        let (own, above) = (
            limit(Some(20), Some(100), 9, 300),
            CpuLimit { cgroup: "/".to_owned(), ..limit(None, None, 1, 2) },
        );
        let before = [limit(Some(50), Some(100), 4, 100)];
        let since = CpuLimit::since(&before, &[own, above.clone()]);
        assert_eq!(since, [limit(Some(20), Some(100), 5, 200), above]);
        assert_eq!(throttled_ns(&since), 202_000_000);
    }
}
