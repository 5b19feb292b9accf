//! Files of another process, below its root directory: hostile until read.
//!
//! Whoever runs in that container may put anything there: a symlink out of it, a FIFO, a device, a file of a
//! terabyte. So paths resolve as that process would resolve them (`RESOLVE_IN_ROOT`, Linux 5.6), nothing is opened
//! for reading before it is known to be a regular file of a real file system, and sizes are capped. What is left is
//! a file system that never answers (FUSE, NFS): call from a thread that may be given up.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _},
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, ResolveFlags, fstat, fstatfs, open, openat, openat2},
    io::Errno,
};
use thiserror::Error;

/// Largest file. Falco's own falco.yaml is 60 KiB.
pub const MOST_BYTES: u64 = 1 << 20;
/// Most entries of a directory.
pub const MOST_ENTRIES: usize = 1000;

/// File systems whose files are the kernel talking: reading may block or take something away (`trace_pipe`, `kmsg`).
/// include/uapi/linux/magic.h: proc, sysfs, debugfs, tracefs, securityfs, bpf, cgroup, cgroup2.
const KERNEL_FILE_SYSTEMS: [u64; 8] =
    [0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0xcafe_4a11, 0x0027_e0eb, 0x6367_7270];

/// What a path leads to, symlinks followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// FIFO, socket, device.
    Other,
}

/// Why a file was not read.
#[derive(Debug, Error)]
pub enum RootError {
    /// The kernel refused.
    #[error("cannot read {path}: {source}")]
    Refused {
        /// Below the root.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// FIFO, device, directory where a file was expected, or a file of the kernel.
    #[error("{path} is not a regular file")]
    NotRegular {
        /// Below the root.
        path: PathBuf,
    },
    /// More than [`MOST_BYTES`].
    #[error("{path} is larger than {MOST_BYTES} bytes")]
    TooBig {
        /// Below the root.
        path: PathBuf,
    },
    /// More than [`MOST_ENTRIES`].
    #[error("{path} has more than {MOST_ENTRIES} entries")]
    TooMany {
        /// Below the root.
        path: PathBuf,
    },
}

/// The root directory of a process.
#[derive(Debug)]
pub struct Root {
    directory: OwnedFd,
}

impl Root {
    /// Opens a directory as a root: /proc/PID/root, which needs `CAP_SYS_PTRACE` over that process.
    ///
    /// # Errors
    ///
    /// [`RootError::Refused`].
    pub fn open(path: &Path) -> Result<Self, RootError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open(path, flags, Mode::empty()).map_err(|error| refused(path, error))?;
        Ok(Self { directory })
    }

    /// What is at `path`; `None` where nothing is, or a symlink that leads nowhere.
    ///
    /// # Errors
    ///
    /// [`RootError::Refused`].
    pub fn kind(&self, path: &Path) -> Result<Option<Kind>, RootError> {
        match self.find(path) {
            Ok((_, FileType::RegularFile)) => Ok(Some(Kind::File)),
            Ok((_, FileType::Directory)) => Ok(Some(Kind::Directory)),
            Ok(_) => Ok(Some(Kind::Other)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(refused(path, error)),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`RootError`].
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, RootError> {
        let refused = |error| refused(path, error);
        let (found, kind) = self.find(path).map_err(refused)?;
        let system = fstatfs(&found).map_err(refused)?.f_type;
        let of_kernel = u64::try_from(system).is_ok_and(|system| KERNEL_FILE_SYSTEMS.contains(&system));
        if kind != FileType::RegularFile || of_kernel {
            return Err(RootError::NotRegular { path: path.to_owned() });
        }
        let size = fstat(&found).map_err(refused)?.st_size;
        // The same file again, this time to read: by its descriptor, so that it cannot be swapped.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let same = format!("/proc/self/fd/{}", found.as_raw_fd());
        let file = File::from(openat(CWD, same, flags, Mode::empty()).map_err(refused)?);
        let mut bytes = Vec::new();
        if u64::try_from(size).is_ok_and(|size| size <= MOST_BYTES) {
            let failed = |source| RootError::Refused { path: path.to_owned(), source };
            file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
            if bytes.len() as u64 <= MOST_BYTES {
                return Ok(bytes);
            }
        }
        Err(RootError::TooBig { path: path.to_owned() })
    }

    /// Names in a directory, without `.` and `..`, in no order.
    ///
    /// # Errors
    ///
    /// [`RootError::Refused`], [`RootError::TooMany`].
    pub fn list(&self, path: &Path) -> Result<Vec<OsString>, RootError> {
        let refused = |error| refused(path, error);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat2(&self.directory, path, flags, Mode::empty(), inside()).map_err(refused)?;
        let mut names = Vec::new();
        for entry in Dir::new(directory).map_err(refused)? {
            let name = entry.map_err(refused)?.file_name().to_bytes().to_vec();
            if name == b"." || name == b".." {
                continue;
            }
            if names.len() == MOST_ENTRIES {
                return Err(RootError::TooMany { path: path.to_owned() });
            }
            names.push(OsString::from_vec(name));
        }
        Ok(names)
    }

    /// `O_PATH` touches nothing: no device is opened, no FIFO waits.
    fn find(&self, path: &Path) -> rustix::io::Result<(OwnedFd, FileType)> {
        let found = openat2(&self.directory, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), inside())?;
        let kind = FileType::from_raw_mode(fstat(&found)?.st_mode);
        Ok((found, kind))
    }
}

fn inside() -> ResolveFlags {
    ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS
}

fn refused(path: &Path, error: Errno) -> RootError {
    RootError::Refused { path: path.to_owned(), source: error.into() }
}

#[cfg(test)]
mod tests;
