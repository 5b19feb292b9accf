//! Falco's configuration: what its files, its environment and its command line make of it together.

mod effective;
mod environment;
mod error;
mod key;
mod merge;
mod settings;
mod yaml;

pub use effective::{Effective, Origin, Start};
pub use environment::{Endless, Environment};
pub use error::ConfigError;
pub use key::KeyError;
pub use merge::Strategy;
pub use settings::{
    BaseSyscalls, Buffers, DropAlerts, Engine, EngineKeys, Settings, Webserver, preset_bytes,
};
pub use yaml::YamlError;

#[cfg(test)]
mod tests;
