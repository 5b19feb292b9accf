//! Tools of another Debian with all that they need, unpacked under `target/` and not installed: newer ones than the
//! machine's, and the same everywhere.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use anyhow::{Context as _, Result};

use crate::{mirror::Mirror, missing::Missing, workspace};

/// Where their BPF ring buffers are new enough; the older suite brings the keys.
const SUITES: [&str; 2] = ["bookworm", "trixie"];
/// bpftrace counts what its ring refuses; of libbpf-tools, mountsnoop and tcppktlat have rings and need no kprobes.
const PACKAGES: [&str; 2] = ["bpftrace", "libbpf-tools"];
const FOLDER: &str = "foreign/root";

/// The root that holds them, made once.
pub(crate) fn root() -> Result<PathBuf> {
    let root = workspace::target(FOLDER);
    let done = root.join("unpacked");
    if done.exists() {
        return Ok(root);
    }
    let mirror = Mirror::open("foreign/apt", &SUITES)?;
    println!("xtask: unpacking {} under target/: tools that dropctl watches", PACKAGES.join(" and "));
    let unpacked = mirror.with_all_that_it_needs(&PACKAGES).and_then(|packages| {
        mirror.unpack_all(&packages.iter().map(String::as_str).collect::<Vec<_>>(), &root)
    });
    if let (Err(error), false) = (&unpacked, mirror.complaint.is_empty()) {
        let what =
            format!("{} from the Debian mirror{}: {error:#}", PACKAGES.join(" and "), mirror.complaint);
        return Err(Missing::error(what, "a network that reaches it"));
    }
    unpacked?;
    // base-files has these links, and much else.
    for (link, target) in [("lib", "usr/lib"), ("lib64", "usr/lib64"), ("bin", "usr/bin")] {
        let link = root.join(link);
        if fs::symlink_metadata(&link).is_err() {
            symlink(target, &link).with_context(|| format!("link {}", link.display()))?;
        }
    }
    fs::write(&done, "").context("note that all is unpacked")?;
    Ok(root)
}
