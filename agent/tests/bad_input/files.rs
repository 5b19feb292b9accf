//! Configuration files that cannot be read or understood.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result};

use crate::agent::dropctl;
use crate::privileges::{NOBODY, Public};
use crate::refusal::refuses;

pub(crate) fn unreadable() -> Result<()> {
    let public = Public::new()?;
    let secret = public.at("secret.yaml");
    std::fs::write(&secret, "sample: 8\n")?;
    std::fs::set_permissions(&secret, Permissions::from_mode(0o000))?;
    let secret = secret.to_str().context("path")?;
    refuses(&mut public.with(NOBODY, &["agent", "--config", secret]), &[secret, "Permission denied"])?;

    let folder = public.at("folder.yaml");
    std::fs::create_dir(&folder)?;
    let binary = public.at("binary.yaml");
    std::fs::write(&binary, b"\xff\xfe\x00")?;
    let ending = public.at("config.ini");
    std::fs::write(&ending, "sample: 8\n")?;
    for (path, said) in [
        (public.at("missing.yaml"), "No such file"),
        (public.at("missing/at/all.toml"), "No such file"),
        (folder, "Is a directory"),
        (binary, "UTF-8"),
        (ending, "must be .yaml, .yml or .toml"),
    ] {
        let path = path.to_str().context("path")?;
        refuses(&mut dropctl(&["agent", "--config", path]), &[path, said])?;
    }
    Ok(())
}

/// The name of the file and what is said in front of each refusal.
fn with_text(name: &str, text: &str, said: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(name);
    std::fs::write(&path, text)?;
    let path = path.to_str().context("path")?;
    let said: Vec<_> = [path].into_iter().chain(said.iter().copied()).collect();
    refuses(&mut dropctl(&["agent", "--config", path, "--listen", "127.0.0.1:0"]), &said)
        .with_context(|| text.to_owned())
}

pub(crate) fn malformed() -> Result<()> {
    let cases: &[(&str, &str, &[&str])] = &[
        ("c.yaml", "mode: count\nsample: [1\n", &["line 2, `sample: [1`", "unclosed bracket"]),
        ("c.yaml", "a: b: c\n", &["line 1, `a: b: c`"]),
        ("c.yaml", "- sample\n", &["line 1, `- sample`"]),
        ("c.yml", "sample: 1\nsample: 2\n", &["line 2, `sample: 2`", "duplicate", "`sample`"]),
        ("c.yaml", "sample: 0\n", &["line 1, `sample: 0`", "from 1 (every event)"]),
        ("c.yaml", "sample: many\n", &["line 1, `sample: many`", "from 1 (every event)"]),
        ("c.yaml", "mode: fast\n", &["line 1, `mode: fast`", "stream, count"]),
        ("c.yaml", "listen: here\n", &["line 1, `listen: here`", "such as 127.0.0.1:9753"]),
        ("c.yaml", "interval: 5\n", &["line 1, `interval: 5`", "such as 500ms, 10s or 2m"]),
        ("c.yaml", "ring_bytes: lots\n", &["line 1, `ring_bytes: lots`", "8MiB"]),
        ("c.yaml", "interval: 1h\n", &["interval 1h", "between 100ms and 1m"]),
        ("c.yaml", "ring_bytes: 5000\n", &["not a power of two", "try 8.0 KiB"]),
        ("c.toml", "mode = 'count'\nsample = = 1\n", &["line 2, `sample = = 1`"]),
        ("c.toml", "sample = 0\n", &["line 1, `sample = 0`", "from 1 (every event)"]),
        ("c.toml", "sample = -1\n", &["line 1, `sample = -1`", "from 1 (every event)"]),
        ("c.toml", "mode = 'fast'\n", &["line 1, `mode = 'fast'`", "`stream`, `count`, `passive`"]),
        ("c.toml", "interval = 5\n", &["line 1, `interval = 5`", "such as 500ms, 10s or 2m"]),
        ("c.toml", "listen = 9753\n", &["line 1, `listen = 9753`", "such as 127.0.0.1:9753"]),
    ];
    cases.iter().try_for_each(|(name, text, said)| with_text(name, text, said))
}

pub(crate) fn unknown_key() -> Result<()> {
    let all = "valid keys are listen, mode, ring_bytes, sample, interval";
    let cases: &[(&str, &str, &[&str])] = &[
        ("c.yaml", "ring_byte: 8MiB\n", &["\"ring_byte\"", "did you mean \"ring_bytes\"?"]),
        ("c.yaml", "ring-bytes: 8MiB\n", &["\"ring-bytes\"", "did you mean \"ring_bytes\"?"]),
        ("c.yaml", "sample: 8\nLisen: x\n", &["\"Lisen\"", "did you mean \"listen\"?"]),
        ("c.yaml", "frobnicate: 1\n", &["\"frobnicate\"", all]),
        ("c.toml", "smaple = 1\n", &["\"smaple\"", "did you mean \"sample\"?"]),
        ("c.toml", "[probe]\nsample = 1\n", &["\"probe\"", all]),
    ];
    cases.iter().try_for_each(|(name, text, said)| with_text(name, text, said))
}
