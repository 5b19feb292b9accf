//! Empty: lets dropctl-lab depend on this package so that cargo rebuilds it; the programs are in `probe`.

#![no_std]
#![allow(unused_crate_dependencies, reason = "this target is empty")]
