//! All `unsafe` of the benchmarks: a bare syscall, and a bare walk over a ring image.

pub(crate) mod getppid;
pub(crate) mod walk;
