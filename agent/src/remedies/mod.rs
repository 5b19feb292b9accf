//! Remedies: what to change, in the form that the installation takes. Pure.
//!
//! A finding says *what* (a larger ring, more CPU time); `table` says which key that is for a version of Falco and a way to
//! install it, `settings` and `limits` make a snippet of it that is safe as a whole, `rings` puts both together. Where
//! version or installation is not known there is advice in words, and no snippet. The tests merge each snippet as that
//! installation would and read the value in effect back. docs/remedies.md is generated from the table.

mod document;
mod installation;
mod limits;
mod place;
mod rings;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod yaml;

pub use document::document;
pub(crate) use installation::Installation;
pub(crate) use limits::{cpu_limit, cpu_weight, last_words, more_memory, other_preemption};
pub(crate) use place::Place;
pub(crate) use rings::{LARGEST_BYTES, PRESETS_BYTES, Wanted, preset_of, rings};
pub(crate) use settings::{SECTIONS, setting, together, without_syscall};
pub(crate) use table::Setting;
pub(crate) use yaml::Value;
