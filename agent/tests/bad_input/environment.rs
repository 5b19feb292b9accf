//! Bad values in the environment are blamed on the environment; an address may be somebody else's.

use std::net::TcpListener;

use anyhow::Result;

use crate::agent::dropctl;
use crate::refusal::refuses;

pub(crate) fn bad() -> Result<()> {
    let cases: &[(&str, &str, &[&str])] = &[
        ("DROPCTL_SAMPLE", "0", &["'0'", "--sample", "from 1 (every event)"]),
        ("DROPCTL_SAMPLE", "", &["''", "--sample"]),
        ("DROPCTL_MODE", "fast", &["'fast'", "--mode", "stream, count"]),
        ("DROPCTL_RING_BYTES", "lots", &["'lots'", "--ring-bytes", "8MiB"]),
        ("DROPCTL_INTERVAL", "1", &["'1'", "--interval", "such as 500ms, 10s or 2m"]),
        ("DROPCTL_MEMORY", "15", &["'15'", "--memory", "such as 500ms, 10s or 2m"]),
        ("DROPCTL_MEMORY_BYTES", "lots", &["'lots'", "--memory-bytes", "8MiB"]),
        ("DROPCTL_LISTEN", "here", &["'here'", "--listen", "127.0.0.1:9753"]),
    ];
    for (name, value, said) in cases {
        let said: Vec<_> = said.iter().copied().chain([*name]).collect();
        refuses(dropctl(&["agent"]).env(name, value), &said)?;
    }
    // A flag wins: the same variable is then not looked at, and not blamed.
    refuses(
        dropctl(&["agent", "--sample", "x"]).env("DROPCTL_SAMPLE", "8"),
        &["'x'", "such as 64 (one in 64)\n"],
    )?;
    refuses(dropctl(&["agent"]).env("DROPCTL_RING_BYTES", "5000"), &["ring size 5000 B", "try 8.0 KiB"])?;
    refuses(
        dropctl(&["agent"]).env("DROPCTL_CONFIG", "/nonexistent/c.yaml"),
        &["/nonexistent/c.yaml", "No such file"],
    )
}

pub(crate) fn address_in_use() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    refuses(&mut dropctl(&["agent", "--listen", &address]), &[&address, "in use", "--listen"])?;
    // Of a network for examples: no node has it.
    let foreign = "203.0.113.7:9753";
    refuses(&mut dropctl(&["agent", "--listen", foreign]), &[foreign, "(os error 99)", "--listen"])
}
