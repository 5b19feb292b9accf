//! Readers of everything that is not our own probe: the node, and dropctl itself.

pub mod capability;
pub mod cgroups;
pub mod consumers;
pub mod falco;
mod fdinfo;
pub mod groups;
pub mod hook;
pub mod loss;
pub mod node;
pub mod own;
pub mod pressure;
pub mod rings;
pub mod tools;
