//! The root of a guest: a static busybox, dropctl, the tests and a script, as a cpio archive.
//!
//! Format `newc`: linux/Documentation/driver-api/early-userspace/buffer-format.rst.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{tools, workspace};

const FOLDERS: [&str; 10] = ["bin", "dev", "etc", "proc", "root", "run", "sys", "tests", "tmp", "var"];
const FOLDER: u32 = 0o040_755;
const EXECUTABLE: u32 = 0o100_755;

/// What a guest runs, and with which environment.
pub(crate) struct Contents<'a> {
    /// The shell, see [`busybox`].
    pub(crate) busybox: &'a Path,
    /// Test binaries, in the order in which they run, and the programs that they use, by name.
    pub(crate) tests: &'a [(&'a str, &'a Path)],
    pub(crate) programs: &'a [(&'a str, &'a Path)],
    pub(crate) environment: &'a [(&'a str, String)],
    /// Further arguments of the test binary, such as a filter.
    pub(crate) arguments: &'a str,
}

/// The archive as the kernel reads it.
pub(crate) fn build(contents: &Contents<'_>) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    for folder in FOLDERS {
        archive.add(folder, FOLDER, &[]);
    }
    archive.add("bin/busybox", EXECUTABLE, &read(contents.busybox)?);
    for (folder, files) in [("bin", contents.programs), ("tests", contents.tests)] {
        for (name, path) in files {
            archive.add(&format!("{folder}/{name}"), EXECUTABLE, &read(path)?);
        }
    }
    archive.add("init", EXECUTABLE, include_bytes!("init.sh"));
    let mut settings: String =
        contents.environment.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
    let tests: Vec<&str> = contents.tests.iter().map(|(name, _)| *name).collect();
    settings.push_str(&format!(
        "GUEST_TESTS='{}'\nGUEST_ARGUMENTS='{}'\n",
        tests.join(" "),
        contents.arguments
    ));
    archive.add("etc/guest", EXECUTABLE, settings.as_bytes());
    Ok(archive.finish())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("read {}", path.display()))
}

/// The machine's busybox where it is static, else Debian's, unpacked under `target/`: the static
/// package conflicts with the usual one, so it is never installed.
pub(crate) fn busybox() -> Result<PathBuf> {
    let unpacked = workspace::target("vm/busybox");
    let places = ["/bin/busybox".into(), unpacked.join("bin/busybox"), unpacked.join("usr/bin/busybox")];
    let find = || places.iter().find(|path| fs::read(path).is_ok_and(|bytes| is_static(&bytes)));
    if find().is_none() {
        println!("xtask: unpacking busybox-static under target/: the shell of the guests");
        tools::download_and_unpack("busybox-static", &unpacked)?;
    }
    match find() {
        Some(path) => Ok(path.clone()),
        None => bail!("busybox-static holds no static busybox"),
    }
}

/// A dynamic program names its loader; a static one has no reason to.
fn is_static(program: &[u8]) -> bool {
    let loader = b"/lib64/ld-linux-x86-64.so.2\0";
    !program.is_empty() && !program.windows(loader.len()).take(4096).any(|bytes| bytes == loader)
}

#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    entries: usize,
}

impl Archive {
    fn add(&mut self, path: &str, mode: u32, contents: &[u8]) {
        self.entries += 1;
        let fields = [
            self.entries,   // inode
            mode as usize,  // type and permissions
            0,              // owner
            0,              // group
            1,              // links
            0,              // time
            contents.len(), // size
            0,              // device
            0,              // device
            0,              // device
            0,              // device
            path.len() + 1, // with its end
            0,              // no checksum in this variant
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(contents);
        self.pad();
    }

    fn finish(mut self) -> Vec<u8> {
        self.add("TRAILER!!!", 0, &[]);
        self.bytes
    }

    /// Headers and contents start at multiples of four.
    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_contents_are_aligned_and_the_trailer_ends_it() {
        let mut archive = Archive::default();
        archive.add("a", EXECUTABLE, b"12345");
        let bytes = archive.finish();
        assert_eq!(&bytes[..6], b"070701");
        // 110 bytes of header and "a\0" are 112, a multiple of four.
        assert_eq!(&bytes[112..117], b"12345");
        assert_eq!(&bytes[120..126], b"070701");
        assert!(bytes.windows(10).any(|word| word == b"TRAILER!!!"));
        assert_eq!(bytes.len() % 4, 0);
    }

    #[test]
    fn a_program_with_a_loader_is_not_static() {
        assert!(!is_static(b"\x7fELF...../lib64/ld-linux-x86-64.so.2\0..."));
        assert!(is_static(b"\x7fELF....."));
    }
}
