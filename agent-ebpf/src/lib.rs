//! Empty: lets the agent depend on this package so that cargo rebuilds it; the programs are in `main.rs`.

#![no_std]
