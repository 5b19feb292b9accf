//! What a Falco says about itself, put together: its program, configuration and pages, beside what its maps show.
//!
//! Whatever is asked of another process may hang (a file on a dead network, a web server that says nothing), so each
//! Falco has a thread of its own that nobody waits for (`visits`).

mod compare;
mod configuration;
mod reason;
mod visit;
mod visits;

pub use visits::Visits;

/// What is kept of a configuration that was read.
#[cfg(test)]
pub(crate) fn configuration_facts(effective: &super::config::Effective) -> crate::sample::ConfigurationFacts {
    configuration::facts(effective, None).0
}
