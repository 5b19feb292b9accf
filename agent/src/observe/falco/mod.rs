//! Falco from outside: what its maps, its command line, its configuration and its web server say.
//!
//! Decoders are pure functions of bytes and text; `root`, `http`, `process` and `config::Effective::read` do I/O, and
//! `facts` puts it all together.
//! Finding its maps and reading its rings is elsewhere. Facts were read in the sources by tag: maps in libs 0.10 to
//! 0.25 (Falco 0.34 to 0.44), configuration in Falco 0.35 to 0.44; each file says what differs by version.

pub mod command_line;
pub mod config;
pub mod counters;
pub mod dialect;
pub mod endpoint;
pub mod exposition;
pub mod facts;
pub mod http;
pub mod maps;
pub mod metrics;
pub mod process;
pub mod root;
pub mod settings;
pub mod versions;

#[cfg(test)]
pub(crate) mod mutation;
