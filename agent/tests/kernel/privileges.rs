//! Which privilege shows what: each combination in a child of its own, looking at a tool that runs as root, and
//! compared with the table of docs/privileges.md.

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use caps::{
    CapSet,
    Capability::{CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN, CAP_SYS_PTRACE},
};
use dropctl::observe::{
    consumers,
    rings::{Rings, Route, Wanted},
};

use crate::{
    known_ring::RING_BYTES,
    node,
    rights::Rights,
    role::{Role, stop_at_rest},
};

/// Process id of the tool to look at.
const TOOL: &str = "DROPCTL_KERNEL_TEST_TOOL";
const TABLE: &str = include_str!("../../../docs/privileges.md");

/// With CAP_PERFMON alone /proc/PID/maps opened on this one; others were not tried, and nothing is expected of them.
const PERFMON_OPENS_MAPS: (u32, u32) = (6, 18);
/// What the table says of it.
const SEEN_ON: &str = "6.18";

const fn rights(is_root: bool, more: &'static [caps::Capability]) -> Rights {
    Rights { may_load: true, is_root, more }
}

const COMBINATIONS: [Rights; 12] = [
    rights(false, &[]),
    rights(false, &[CAP_DAC_READ_SEARCH]),
    rights(false, &[CAP_SYS_PTRACE]),
    rights(false, &[CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH]),
    rights(false, &[CAP_SYS_ADMIN]),
    rights(false, &[CAP_SYS_ADMIN, CAP_SYS_PTRACE]),
    rights(false, &[CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH]),
    rights(true, &[]),
    rights(true, &[CAP_DAC_READ_SEARCH]),
    rights(true, &[CAP_SYS_PTRACE]),
    rights(true, &[CAP_SYS_ADMIN]),
    rights(true, &[CAP_SYS_ADMIN, CAP_SYS_PTRACE]),
];

/// Every line of the table that this process may try.
pub(crate) fn table() -> Result<()> {
    let tool = Role::start(RING_BYTES)?;
    // Asleep at a place that is known.
    stop_at_rest(tool.pid())?;
    tool.signal(libc::SIGCONT)?;
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for rights in COMBINATIONS {
        if !rights.are_ours() {
            println!("not ours to give: {rights:?}");
            continue;
        }
        let row = row(rights, tool.pid())?;
        println!("{row}");
        tried += 1;
        if !TABLE.lines().any(|line| line == row) {
            wrong.push(row);
        }
    }
    ensure!(tried > 0, "this root has none of the capabilities to give");
    ensure!(wrong.is_empty(), "not in docs/privileges.md:\n{}", wrong.join("\n"));
    Ok(())
}

/// A line of the table, as this kernel has it.
fn row(rights: Rights, tool: u32) -> Result<String> {
    let mut command = Command::new("/proc/self/exe");
    command.env(TOOL, tool.to_string()).stdin(Stdio::null()).stderr(Stdio::inherit());
    rights.apply(&mut command);
    let output = command.output().with_context(|| format!("start a child with {rights:?}"))?;
    ensure!(output.status.success(), "{rights:?}: the child ended with {}", output.status);
    let more: Vec<String> = rights.more.iter().map(|name| format!("{name}")).collect();
    let more = if more.is_empty() { "-".to_owned() } else { more.join(", ") };
    let uid = if rights.is_root { "0" } else { "65534" };
    Ok(format!("| {uid} | {more} | {} |", String::from_utf8(output.stdout)?.trim()))
}

/// `true` in such a child.
pub(crate) fn is_asked_for() -> bool {
    env::var_os(TOOL).is_some()
}

/// Such a child: what it sees, as cells.
pub(crate) fn run() -> ExitCode {
    match look() {
        Ok(cells) => {
            println!("{}", cells.join(" | "));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("a child with few rights: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn look() -> Result<Vec<String>> {
    let tool: u32 = env::var(TOOL)?.parse()?;
    let comm = fs::read_to_string(format!("/proc/{tool}/comm"))?.trim_end().to_owned();
    let rings = Rings::start(Wanted::default())?;
    let way = if rings.route() == Route::Pages { "pages" } else { "iterator" };
    let owner = rings
        .sample()
        .into_iter()
        .any(|ring| ring.owner.is_some_and(|owner| owner.tgid == tool && owner.comm == comm));
    let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
    let process = Path::new("/proc").join(tool.to_string());
    let lists = |name: &str| -> bool {
        fs::read_dir(process.join(name)).is_ok_and(|mut entries| entries.next().is_some())
    };
    let reads = |name: &str| fs::read_to_string(process.join(name)).is_ok_and(|text| !text.is_empty());
    let fdinfo = fs::read_dir(process.join("fdinfo"))
        .is_ok_and(|files| files.flatten().any(|file| fs::read(file.path()).is_ok()));
    let maps = match (reads("maps"), caps::has_cap(None, CapSet::Effective, CAP_SYS_PTRACE)?) {
        (false, false) if node::kernel() == PERFMON_OPENS_MAPS => yes(false),
        (_, false) => SEEN_ON.to_owned(),
        (is_read, true) => yes(is_read),
    };
    // Who may not know is told 0.
    let wchan = fs::read_to_string(process.join("wchan")).is_ok_and(|place| place.trim() != "0");
    let (root, syscall) = (fs::metadata(process.join("root/proc")).is_ok(), reads("syscall"));
    // What the report says about it is what is so.
    let visibility = consumers::visibility(true);
    for (said, is_so) in [("consumer_wchan", wchan), ("consumer_syscall", syscall)] {
        let entry =
            visibility.iter().find(|entry| entry.capability == said).context("a fact of the report")?;
        ensure!(entry.available == is_so, "the report says {entry:?}, and it is {is_so}");
    }
    Ok(vec![
        way.to_owned(),
        yes(owner),
        yes(lists("fd")),
        yes(fdinfo),
        maps,
        yes(root),
        yes(wchan),
        yes(syscall),
        yes(reads("stack")),
        yes(reads("schedstat")),
    ])
}
