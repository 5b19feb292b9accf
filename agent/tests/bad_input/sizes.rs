//! What cannot be sized.

use anyhow::{Context, Result};

use crate::agent::dropctl;
use crate::recordings::GOOD;
use crate::refusal::refuses;

pub(crate) fn bad() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("r.jsonl");
    let name = path.to_str().context("path")?;
    refuses(&mut dropctl(&["size", "--input", name]), &[name, "No such file"])?;
    std::fs::write(&path, GOOD.lines().next().context("a header")?)?;
    refuses(&mut dropctl(&["size", "--input", name]), &[name, "fewer than two samples"])?;
    std::fs::write(&path, GOOD)?;
    for (sizes, said) in [
        ("many", "expected a number of bytes"),
        ("1KiB", "a power of two from 4 KiB to 2 GiB, such as 4.0 KiB"),
        ("1MiB,3MiB", "such as 4.0 MiB"),
        ("1TiB", "such as 2.0 GiB"),
    ] {
        refuses(&mut dropctl(&["size", "--input", name, "--sizes", sizes]), &[said])?;
    }
    for more in ["--duration=1s", "--since=5m", "--incident=last", "--mode=count"] {
        let option = more.split('=').next().unwrap_or_default();
        refuses(&mut dropctl(&["size", "--input", name, more]), &["--input", option, "cannot be used with"])?;
    }
    refuses(&mut dropctl(&["size", "--duration", "0s"]), &["duration 0s", "between 100ms and 1day"])?;
    refuses(&mut dropctl(&["size", "--since", "5m", "--socket", "/nowhere/s"]), &["/nowhere/s"])?;
    refuses(
        &mut dropctl(&["size", "--input", name, "-o", "/nowhere/s.md"]),
        &["/nowhere/s.md", "No such file"],
    )
}
