//! Keys, maps and pseudonyms, as the flags make them; and that none of it needs root.

use std::{
    fs::{Permissions, create_dir, metadata, read_to_string, set_permissions, write},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::agent::{SOON, dropctl};
use crate::explain::ALERT;
use crate::privileges::{NOBODY, Public};
use crate::process::{Ended, Process};
use crate::recordings::GOOD;
use crate::refusal::refuses;

const KEY: &str = "00112233445566778899aabbccddeeff";
const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100";
const PATH: &str = "/srv/acme/falco.yaml";

/// A recording with a secret in it, that pages show.
fn recording() -> String {
    GOOD.replace("true,\"note\":\"position pages\"", &format!("false,\"note\":\"see {PATH}\""))
}

fn run(arguments: &[&str]) -> Result<Ended> {
    let ended = Process::start(&mut dropctl(arguments))?.end_within(SOON)?;
    ensure!(ended.status.success(), "{arguments:?}: {}: {}", ended.status, ended.stderr);
    Ok(ended)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("path")
}

pub(crate) fn bad() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let input = at("r.jsonl");
    write(&input, recording())?;
    write(at("short.key"), "abc\n")?;
    write(at("long.key"), "x".repeat(5000))?;
    write(at("mine.json"), "{\"schema\": \"mine\"}\n")?;
    create_dir(at("folder"))?;
    symlink(at("elsewhere.json"), at("link.json"))?;
    write(at("of-root.json"), "{\"schema\": \"dropctl.redaction-map/v1\", \"names\": {}}\n")?;
    std::os::unix::fs::chown(at("of-root.json"), Some(65534), None)?;
    let of = |name: &str| at(name).display().to_string();
    let cases: &[(&str, String, &[&str])] = &[
        // What is typed and is no key is the name of a file.
        (
            "--redact-key",
            "short".to_owned(),
            &["--redact-key", "short", "No such file", "32 or more", "openssl rand"],
        ),
        ("--redact-key", "dropctl-prod.key".to_owned(), &["dropctl-prod.key", "No such file", "32 or more"]),
        ("--redact-key", KEY[1..].to_owned(), &[&KEY[1..], "No such file", "32 or more"]),
        ("--redact-key", of("missing.key"), &["missing.key", "No such file", "openssl rand"]),
        ("--redact-key", of("short.key"), &["short.key", "3 bytes", "at least 16"]),
        ("--redact-key", of("long.key"), &["long.key", "more than 4096 bytes", "no key"]),
        ("--redact-key", of("folder"), &["folder", "Is a directory"]),
        ("--redact-map", of("missing/map.json"), &["missing/map.json", "cannot write", "No such file"]),
        ("--redact-map", of("folder"), &["folder", "no file"]),
        ("--redact-map", "/dev/null".to_owned(), &["/dev/null", "no file"]),
        ("--redact-map", of("link.json"), &["link.json", "a link"]),
        ("--redact-map", of("mine.json"), &["mine.json", "no earlier map"]),
        ("--redact-map", of("of-root.json"), &["of-root.json", "another user's"]),
    ];
    for (flag, value, said) in cases {
        let arguments = ["report", "--input", text(&input)?, flag, value];
        refuses(&mut dropctl(&arguments), said).with_context(|| format!("{flag} {value}"))?;
        // Found out before the work, not after.
        refuses(&mut dropctl(&["record", "--duration", "1m", flag, value]), said)
            .with_context(|| format!("record {flag} {value}"))?;
    }
    ensure!(read_to_string(at("mine.json"))?.contains("mine"), "somebody's file was written over");
    ensure!(!at("elsewhere.json").exists(), "it was written through a link");
    for more in ["--redact-key=k", "--redact-map=m"] {
        refuses(&mut dropctl(&["report", "--no-redact", more]), &["--no-redact", "cannot be used with"])?;
    }
    let page = of("page.md");
    for map in [page.clone(), of("folder/../page.md")] {
        refuses(
            &mut dropctl(&["report", "--input", text(&input)?, "-o", &page, "--redact-map", &map]),
            &["page.md", "must not hold what it hides"],
        )?;
    }
    // Who has pseudonyms only cannot get real names out of them.
    let redacted = of("redacted.json");
    run(&["report", "--input", text(&input)?, "--format", "json", "-o", &redacted])?;
    for (flag, value) in [("--redact-key", KEY.to_owned()), ("--redact-map", of("new.json"))] {
        refuses(
            &mut dropctl(&["report", "--input", &redacted, flag, &value]),
            &["redacted.json", "pseudonyms already", "whoever made it"],
        )?;
    }
    ensure!(!at("new.json").exists(), "an empty map");
    // An alert beside it has names of its own.
    refuses(
        &mut dropctl(&["explain", ALERT, "--recording", &redacted, "--redact-key", KEY]),
        &["redacted.json", "not the time of the alerts"],
    )?;
    Ok(())
}

pub(crate) fn given() -> Result<()> {
    let public = Public::new()?;
    set_permissions(public.at(""), Permissions::from_mode(0o777))?;
    let input = public.at("r.jsonl");
    write(&input, recording())?;
    write(public.at("k.key"), format!("{KEY}\n"))?;
    let (input, map) = (text(&input)?.to_owned(), public.at("map.json"));
    let json = |arguments: &[&str]| -> Result<Value> {
        let all = [&["report", "--input", &input, "--format", "json"], arguments].concat();
        serde_json::from_str(&run(&all)?.stdout).context("no report")
    };
    let pseudonym = |report: &Value| -> Result<String> {
        let whole = report.to_string();
        ensure!(!whole.contains("acme"), "a path got out: {whole}");
        ensure!(report["names"] == "pseudonyms" && report["recording"]["setup"]["names"] == "pseudonyms");
        let note = report["visibility"][0]["note"].as_str().context("a note")?;
        Ok(note
            .strip_prefix("see /srv/")
            .and_then(|name| name.strip_suffix(".yaml"))
            .context("a path")?
            .to_owned())
    };
    ensure!(json(&["--no-redact"])?.to_string().contains(PATH), "--no-redact has no effect");
    let keyed = pseudonym(&json(&["--redact-key", KEY])?)?;
    ensure!(
        keyed == pseudonym(&json(&["--redact-key", text(&public.at("k.key"))?])?)?,
        "the key of a file is another"
    );
    ensure!(keyed != pseudonym(&json(&["--redact-key", OTHER_KEY])?)?, "the key does not matter");
    ensure!(pseudonym(&json(&[])?)? != pseudonym(&json(&[])?)?, "a key that was to be random came twice");

    // As a user without any right; twice, so that the second replaces the first.
    for key in [KEY, OTHER_KEY] {
        let arguments = ["report", "--input", &input, "--redact-key", key, "--redact-map", text(&map)?];
        let ended = Process::start(&mut public.with(NOBODY, &arguments))?.end_within(SOON)?;
        ensure!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        let facts = metadata(&map)?;
        ensure!(facts.mode() & 0o7777 == 0o600 && facts.uid() == 65534, "mode {:o}", facts.mode());
        let names: Value = serde_json::from_str(&read_to_string(&map)?)?;
        ensure!(names["schema"] == "dropctl.redaction-map/v1", "{names}");
        ensure!(names["names"][&keyed].is_string() == (key == KEY), "{names}");
        ensure!(names.to_string().contains("acme/falco"), "{names}");
    }
    // Of the three that are written beside each other only the map has real names, and stdout is as redacted as a file.
    let page = public.at("page.md");
    run(&["report", "--input", &input, "-o", text(&page)?])?;
    for page in [read_to_string(&page)?, run(&["report", "--input", &input, "--format", "text"])?.stdout] {
        ensure!(!page.contains("acme") && page.matches("pseudonyms").count() == 1, "{page}");
    }
    Ok(())
}
