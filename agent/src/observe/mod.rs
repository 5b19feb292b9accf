//! Readers of everything that is not our own probe: the node, and dropctl itself.

pub mod capability;
pub mod falco;
pub mod node;
pub mod own;
pub mod privileges;
pub mod rings;
pub mod tools;
