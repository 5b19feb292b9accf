//! Where a report goes: nowhere, somewhere full, to somebody who has gone, or whole into a file.

use std::fs::{File, Permissions, read_dir, read_to_string};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::agent::{SOON, binary, command, dropctl};
use crate::kernel::Before;
use crate::privileges::{NOBODY, Public};
use crate::process::{Ended, Process};
use crate::refusal::{is_refusal, refuses, refuses_into};

const SHORT: [&str; 3] = ["report", "--duration", "300ms"];

/// A shell line in which "$0" is the binary and "$1" a path.
fn shell(line: &str, path: &Path) -> Command {
    let mut shell = command("sh");
    shell.args(["-c", line]).arg(binary()).arg(path);
    shell
}

fn run(command: &mut Command) -> Result<Ended> {
    Process::start(command)?.end_within(SOON)
}

fn names_in(folder: &Path) -> Result<Vec<String>> {
    let mut names: Vec<_> =
        read_dir(folder)?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

pub(crate) fn not_writable() -> Result<()> {
    let public = Public::new()?;
    let existing = public.at("existing.md");
    std::fs::write(&existing, "mine\n")?;
    std::fs::set_permissions(&existing, Permissions::from_mode(0o444))?;
    let path = |name: &str| public.at(name).display().to_string();
    for name in ["existing.md", "new.md"] {
        let mut report = public.with(NOBODY, &["report", "-o", &path(name)]);
        refuses(&mut report, &[&path(name), "cannot write", "Permission denied"])?;
    }
    ensure!(read_to_string(&existing)? == "mine\n", "the file of somebody else was changed");

    std::fs::create_dir(public.at("folder"))?;
    for (name, said) in [
        ("folder", "directory"),
        ("new/", "no such directory"),
        ("missing/r.md", "No such file"),
        ("existing.md/r.md", "Not a directory"),
    ] {
        // Found out before the work, not after: the minute would be lost.
        let mut report = dropctl(&["report", "--duration", "1m", "-o", &path(name)]);
        refuses(&mut report, &[&path(name), "cannot write", said])?;
    }
    Ok(())
}

pub(crate) fn whole_or_not_at_all() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("r.json");
    let write = || -> Result<Ended> {
        let mut report = dropctl(&SHORT);
        run(report.args(["--format", "json", "-o"]).arg(&file))
    };
    // New, then in the place of something longer.
    for old in [None, Some("x".repeat(1 << 20))] {
        if let Some(old) = &old {
            std::fs::write(&file, old)?;
        }
        let ended = write()?;
        ensure!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        ensure!(ended.stdout.is_empty(), "the report is also on stdout");
        let report: serde_json::Value = serde_json::from_str(&read_to_string(&file)?).context("not whole")?;
        ensure!(report["schema"] == "dropctl.report/v1", "schema is {}", report["schema"]);
        ensure!(names_in(folder.path())? == ["r.json"], "left behind: {:?}", names_in(folder.path())?);
    }
    // Through something that is no file, and not replaced by one.
    let link = folder.path().join("stdout");
    std::os::unix::fs::symlink("/dev/stdout", &link)?;
    let ended = run(dropctl(&SHORT).arg("-o").arg(&link))?;
    ensure!(ended.status.success() && ended.stdout.starts_with("# dropctl report"), "{}", ended.stderr);
    ensure!(link.is_symlink(), "the link was replaced");

    // The name of a file that stdout is: it is written to, and the name stays what it was.
    let redirected = folder.path().join("redirected");
    let line = r#""$0" report --duration 300ms -o /dev/stdout >"$1""#;
    let ended = run(&mut shell(line, &redirected))?;
    ensure!(ended.status.success(), "/dev/stdout: {}: {}", ended.status, ended.stderr);
    ensure!(read_to_string(&redirected)?.starts_with("# dropctl report"), "the report went elsewhere");
    ensure!(Path::new("/dev/stdout").is_symlink(), "/dev/stdout was replaced");

    // A link to a file, and a file that others may not read: both stay what they were.
    let (target, latest) = (folder.path().join("target.md"), folder.path().join("latest.md"));
    std::fs::write(&target, "old")?;
    std::fs::set_permissions(&target, Permissions::from_mode(0o600))?;
    std::os::unix::fs::chown(&target, Some(65534), None)?;
    std::os::unix::fs::symlink(&target, &latest)?;
    let ended = run(dropctl(&SHORT).arg("-o").arg(&latest))?;
    ensure!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    ensure!(latest.is_symlink() && read_to_string(&target)?.starts_with("# dropctl"), "not through the link");
    let metadata = std::fs::metadata(&target)?;
    ensure!(metadata.mode() & 0o777 == 0o600 && metadata.uid() == 65534, "mode and owner: {metadata:?}");

    // A file system with room for the old report, not for a new one.
    let full = folder.path().join("full");
    std::fs::create_dir(&full)?;
    let line = r#"mount -t tmpfs -o size=8k,mode=755 none "$1" && cd "$1" || exit 99
        head -c 5000 /dev/zero | tr '\0' x >r.json
        "$0" report --duration 300ms --format json -o r.json; code=$?
        test "$(ls -A)" = r.json || exit 98
        test "$(tr -d x <r.json | wc -c) $(wc -c <r.json)" = "0 5000" || exit 97
        exit $code"#;
    let before = Before::now();
    let mut unshare = command("unshare");
    unshare.args(["--mount", "sh", "-c", line]).arg(binary()).arg(&full);
    is_refusal(&run(&mut unshare)?, &["cannot write to r.json", "No space left"])?;
    before.nothing_added()
}

/// Before the work, too.
pub(crate) fn stdout_closed() -> Result<()> {
    let line = r#"exec "$0" report --duration 1m >&-"#;
    refuses(&mut shell(line, Path::new("/")), &["stdout is closed", "-o FILE"])?;
    let file = tempfile::tempdir()?;
    let path = file.path().join("r.md");
    let ended = run(&mut shell(r#"exec "$0" report --duration 300ms -o "$1" >&-"#, &path))?;
    ensure!(ended.status.success(), "with -o it is not needed: {}", ended.stderr);
    ensure!(read_to_string(&path)?.starts_with("# dropctl report"), "not a report");
    // Somebody who asks for nothing gets it.
    let ended = Process::start_into(&mut dropctl(&SHORT), Stdio::null())?.end_within(SOON)?;
    ensure!(ended.status.success(), "/dev/null: {}: {}", ended.status, ended.stderr);
    Ok(())
}

pub(crate) fn stdout_full() -> Result<()> {
    let full = File::options().write(true).open("/dev/full")?;
    refuses_into(&mut dropctl(&SHORT), full.into(), &["cannot write to stdout", "No space left"])?;
    refuses(dropctl(&SHORT).args(["-o", "/dev/full"]), &["cannot write to /dev/full", "No space left"])
}

/// A reader who has seen enough is no error: not after one byte, not before the first, and not of what is said.
pub(crate) fn reader_gone() -> Result<()> {
    let line = r#"{ "$0" report --duration 300ms --format json; echo "code $?" >&2; } | head -c1"#;
    let ended = run(&mut shell(line, Path::new("/")))?;
    ensure!(ended.stderr == "code 0\n" && ended.stdout == "{", "{}{}", ended.stderr, ended.stdout);
    let line = r#"{ sleep 0.3; "$0" "$@"; echo "code $?" >&2; } | true"#;
    for arguments in [&SHORT[..], &["--help"], &["--version"], &["agent", "--help"]] {
        let mut shell = command("sh");
        let ended = run(shell.args(["-c", line]).arg(binary()).args(arguments))?;
        ensure!(ended.stderr == "code 0\n", "{arguments:?}: {}", ended.stderr);
    }
    let line = r#"{ sleep 0.3; timeout -s TERM 1 "$0" agent --listen 127.0.0.1:0; echo "code $?" >&3; } 3>&2 2>&1 | true"#;
    let ended = run(&mut shell(line, Path::new("/")))?;
    // What timeout(1) says of a command that it had to end.
    ensure!(ended.stderr == "code 124\n", "talk that nobody reads: {}", ended.stderr);
    Ok(())
}
