//! Empty: lets dropctl-bench depend on this package so that cargo rebuilds it; the programs are in `main.rs`.

#![no_std]
#![allow(unused_crate_dependencies, reason = "this target is empty")]
