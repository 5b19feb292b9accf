//! All `unsafe` of user space: bpf(2), ring pages, signals, userfaultfd(2), and bare syscalls to make load with.

pub(crate) mod barrier;
pub(crate) mod bpf;
pub(crate) mod call;
pub(crate) mod fault;
mod mapping;
pub(crate) mod pages;
pub(crate) mod ring;
pub(crate) mod stop;
