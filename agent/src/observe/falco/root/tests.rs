//! A root directory with everything in it that a hostile process could put there.

use std::{fs, os::unix::fs::symlink};

use super::*;

fn root() -> (tempfile::TempDir, Root) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("etc/falco")).unwrap();
    fs::write(directory.path().join("etc/falco/falco.yaml"), "a: 1\n").unwrap();
    let root = Root::open(directory.path()).unwrap();
    (directory, root)
}

fn read(root: &Root, path: &str) -> Result<Vec<u8>, RootError> {
    root.read(Path::new(path))
}

#[test]
fn paths_stay_inside() {
    let (directory, root) = root();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "secret").unwrap();
    symlink("/etc/falco/falco.yaml", directory.path().join("absolute")).unwrap();
    symlink(outside.path(), directory.path().join("out")).unwrap();
    symlink(format!("../../../../{}", outside.path().display()), directory.path().join("up")).unwrap();
    assert_eq!(read(&root, "/absolute").unwrap(), b"a: 1\n");
    assert_eq!(read(&root, "/../../etc/falco/falco.yaml").unwrap(), b"a: 1\n");
    for path in ["/out", "/up"] {
        assert!(matches!(read(&root, path), Err(RootError::Refused { .. })), "{path}");
        assert_eq!(root.kind(Path::new(path)).unwrap(), None, "{path}");
    }
}

#[test]
fn only_regular_files_are_read() {
    let (directory, root) = root();
    let fifo = directory.path().join("fifo");
    rustix::fs::mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    for path in ["/fifo", "/etc", "/"] {
        assert!(matches!(read(&root, path), Err(RootError::NotRegular { .. })), "{path}");
    }
    assert_eq!(root.kind(Path::new("/fifo")).unwrap(), Some(Kind::Other));
    assert_eq!(root.kind(Path::new("/etc")).unwrap(), Some(Kind::Directory));
    assert_eq!(root.kind(Path::new("/etc/falco/falco.yaml")).unwrap(), Some(Kind::File));
    assert_eq!(root.kind(Path::new("/etc/falco/falco.yaml/x")).unwrap(), None);
    assert!(root.list(Path::new("/fifo")).is_err());
}

#[test]
fn files_of_the_kernel_are_not() {
    let whole = Root::open(Path::new("/proc/self/root")).unwrap();
    for path in ["/proc/self/cmdline", "/proc/version", "/proc/self/root/etc/hostname"] {
        assert!(read(&whole, path).is_err(), "{path}");
    }
    assert!(matches!(read(&whole, "/proc/version"), Err(RootError::NotRegular { .. })));
}

#[test]
fn sizes_are_capped() {
    let (directory, root) = root();
    let file = File::create(directory.path().join("sparse")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(matches!(read(&root, "/sparse"), Err(RootError::TooBig { .. })));
    file.set_len(MOST_BYTES).unwrap();
    assert_eq!(read(&root, "/sparse").unwrap().len() as u64, MOST_BYTES);
}

#[test]
fn loops_end() {
    let (directory, root) = root();
    symlink("b", directory.path().join("a")).unwrap();
    symlink("a", directory.path().join("b")).unwrap();
    let error = read(&root, "/a").unwrap_err();
    assert!(
        matches!(&error, RootError::Refused { source, .. } if source.raw_os_error() == Some(40)),
        "{error}"
    );
    assert!(root.kind(Path::new("/a")).is_err(), "Falco refuses to start with it, too");
}

#[test]
fn directories_are_listed_and_capped() {
    let (directory, root) = root();
    assert_eq!(root.list(Path::new("/etc/falco")).unwrap(), ["falco.yaml"]);
    fs::create_dir(directory.path().join("many")).unwrap();
    for number in 0..=MOST_ENTRIES {
        File::create(directory.path().join(format!("many/{number}"))).unwrap();
    }
    assert!(matches!(root.list(Path::new("/many")), Err(RootError::TooMany { .. })));
}
