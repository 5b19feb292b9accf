//! All `unsafe` of the benchmarks: a bare syscall, a bare walk over a ring image, and bare maps.

pub(crate) mod getppid;
pub(crate) mod maps;
pub(crate) mod walk;
