//! What another machine recorded is explained where there is no BPF at all: by an ordinary user without a capability, who sees neither
//! sysfs nor the kernel's symbols, and whom the kernel kills for a call of bpf or perf_event_open. What comes out is what root gets
//! on a whole node, to the byte.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use crate::{
    agent::{SOON, command, dropctl},
    explain::ALERT,
    privileges::{NOBODY, Public},
    process::{Ended, Process},
    recordings::GOOD,
    refusal::refuses,
};

/// Without sysfs, where BTF, tracefs and the BPF file system are, without symbols, and under another name. "$0" is a program.
const POOR: &str = "mount -t tmpfs none /sys && mount --bind /dev/null /proc/kallsyms && echo elsewhere >/proc/sys/kernel/hostname && \
                    exec setpriv $RIGHTS --inh-caps=-all --bounding-set=-all --no-new-privs \"$0\" \"$@\"";
/// Any, so that names that are not yet pseudonyms get the same twice.
const KEY: &str = "--redact-key=00112233445566778899aabbccddeeff";
/// An alert of the time of the recording.
const AT_THAT_TIME: &str = r#"{"output":"Falco internal: syscall event drop. 2 system calls dropped in last second.","output_fields":{"ebpf_enabled":"1","n_drops":"2","n_drops_buffer_total":"2","n_evts":"10"},"priority":"Debug","rule":"Falco internal: syscall event drop","time":"2026-11-26T07:23:33Z"}"#;

/// Ends whoever calls bpf or perf_event_open, and their children. For a process that is about to become another program.
fn without_bpf() -> io::Result<()> {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let statement = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    #[expect(clippy::cast_possible_truncation, reason = "numbers of syscalls are small")]
    let [bpf, perf] = [libc::SYS_bpf as u32, libc::SYS_perf_event_open as u32];
    let mut program = [
        statement(LOAD_WORD, 0, 0, 0), // seccomp_data.nr
        statement(JUMP_EQUAL, 2, 0, bpf),
        statement(JUMP_EQUAL, 1, 0, perf),
        statement(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
        statement(RETURN, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
    ];
    let program = libc::sock_fprog { len: 5, filter: program.as_mut_ptr() };
    // SAFETY: `program` and its statements are valid for the read; the other arguments are numbers.
    let is_set = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    if is_set { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The same command, which dies of BPF.
fn dying_of_bpf(command: &mut Command) -> &mut Command {
    // SAFETY: two syscalls, and no memory but the stack.
    unsafe { command.pre_exec(without_bpf) }
}

/// A program where there is no BPF.
fn poor(program: PathBuf, arguments: &[&str]) -> Command {
    let mut poor = command("unshare");
    poor.args(["--mount", "--uts", "--net", "--ipc", "sh", "-c", POOR]).arg(program).args(arguments);
    poor.env("RIGHTS", NOBODY);
    dying_of_bpf(&mut poor);
    poor
}

fn run(command: &mut Command) -> Result<Ended> {
    Process::start(command)?.end_within(SOON)
}

/// That they are as poor as that.
fn surroundings(public: &Public) -> Result<()> {
    let seen = run(&mut poor("cat".into(), &["/proc/self/status", "/proc/kallsyms"]))?;
    for said in
        ["Uid:\t65534\t65534", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "Seccomp:\t2"]
    {
        ensure!(seen.stdout.contains(said), "no {said:?}: {}{}", seen.stdout, seen.stderr);
    }
    ensure!(seen.stdout.lines().all(|line| line.contains(':')), "symbols are there: {}", seen.stdout);
    let seen = run(&mut poor("ls".into(), &["-A", "/sys"]))?;
    ensure!(seen.status.success() && seen.stdout.is_empty(), "in /sys: {}{}", seen.stdout, seen.stderr);
    refuses(
        &mut poor(public.at("dropctl"), &["report", "--duration", "1s"]),
        &["CAP_BPF", "run dropctl as root"],
    )?;
    // Root, who may, dies of trying.
    let killed = run(dying_of_bpf(&mut dropctl(&["report", "--duration", "1s"])))?;
    ensure!(killed.status.signal() == Some(libc::SIGSYS), "{}: {}", killed.status, killed.stderr);
    Ok(())
}

/// Files of another machine: recordings, plain and compressed, and reports that hold them.
struct Files {
    public: Public,
}

impl Files {
    fn new() -> Result<Self> {
        let public = Public::new()?;
        let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        for (from, to) in [
            ("scenarios/throttled.jsonl.gz", "r.jsonl.gz"),
            ("diff/before.jsonl.gz", "before.jsonl.gz"),
            ("diff/after.jsonl.gz", "after.jsonl.gz"),
            ("falco-0.44.1/stdout.log", "falco.log"),
        ] {
            fs::copy(data.join(from), public.at(to)).with_context(|| from.to_owned())?;
        }
        let mut plain = String::new();
        GzDecoder::new(File::open(public.at("r.jsonl.gz"))?).read_to_string(&mut plain)?;
        fs::write(public.at("r.jsonl"), &plain)?;
        fs::write(public.at("named.jsonl"), GOOD)?;
        fs::write(public.at("cut.jsonl"), &GOOD[..GOOD.len() - 20])?;
        let files = Self { public };
        let report = files.as_root(&["report", "--input", "r.jsonl.gz", "--format", "json"])?.stdout;
        let mut packed =
            GzEncoder::new(File::create(files.public.at("report.json.gz"))?, Compression::fast());
        packed.write_all(report.as_bytes())?;
        packed.finish()?;
        fs::write(files.public.at("report.json"), report)?;
        Ok(files)
    }

    /// The arguments with paths in the place of names.
    fn paths(&self, arguments: &[&str]) -> Vec<String> {
        let path = |word: &&str| match self.public.at(word) {
            path if word.contains('.') && path.is_file() => path.display().to_string(),
            _ => (*word).to_owned(),
        };
        arguments.iter().map(path).collect()
    }

    fn as_root(&self, arguments: &[&str]) -> Result<Ended> {
        let paths = self.paths(arguments);
        run(&mut dropctl(&paths.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    fn as_nobody(&self, arguments: &[&str]) -> Result<Ended> {
        let paths = self.paths(arguments);
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        run(&mut poor(self.public.at("dropctl"), &paths))
    }

    /// Both say this, and the same.
    fn agree(&self, arguments: &[&str], said: &str) -> Result<String> {
        let (root, nobody) = (self.as_root(arguments)?, self.as_nobody(arguments)?);
        ensure!(nobody.status.success(), "{}: {}", nobody.status, nobody.stderr);
        ensure!(
            nobody.stdout.contains(said) || nobody.stderr.contains(said),
            "no {said:?}: {}",
            nobody.stdout
        );
        for (one, other) in [(&root.stdout, &nobody.stdout), (&root.stderr, &nobody.stderr)] {
            let first = one.lines().zip(other.lines()).find(|(one, other)| one != other);
            ensure!(one == other, "root and nobody have another, first in {first:?}");
        }
        Ok(root.stdout)
    }
}

pub(crate) fn without_any_bpf() -> Result<()> {
    let files = Files::new()?;
    surroundings(&files.public)?;
    let cases: &[(&[&str], &str)] = &[
        (&["report", "--input", "named.jsonl", KEY], "# dropctl report"),
        (&["report", "--input", "cut.jsonl", "--no-redact"], "ends in the middle of a sample"),
        (&["size", "--input", "r.jsonl.gz"], "# dropctl size"),
        (&["size", "--input", "report.json", "--format", "json"], "dropctl.sizing/v1"),
        (&["size", "--input", "report.json.gz", "--format", "html"], "<!DOCTYPE html>"),
        (&["diff", "before.jsonl.gz", "after.jsonl.gz", KEY], "# dropctl diff: "),
        (&["diff", "before.jsonl.gz", "after.jsonl.gz", KEY, "--format", "json"], "dropctl.diff/v1"),
        (&["top", "--once", "--input", "r.jsonl"], "falco"),
        (&["top", "--once", "--input", "report.json.gz"], "falco"),
        (&["explain", "falco.log"], "286,259"),
        (&["explain", ALERT], "815,508 of 2,270,350 events"),
        (&["explain", "DC102"], "# DC102 consumer-throttled"),
        (&["explain", AT_THAT_TIME, "--recording", "r.jsonl.gz"], "DC102"),
        (&["explain", AT_THAT_TIME, "--recording", "report.json"], "DC102"),
        (&["completions", "bash"], "_dropctl"),
        (&["completions", "zsh"], "#compdef dropctl"),
        (&["completions", "fish"], "complete -c dropctl"),
        (&["man"], ".TH dropctl 1"),
        (&["man", "report"], ".TH dropctl-report 1"),
        (&["--help"], "Usage: dropctl"),
    ];
    for (arguments, said) in cases {
        files.agree(arguments, said).with_context(|| format!("{arguments:?}"))?;
    }
    // A report is made of its recording: by itself, of the report that holds it, and of the report of that.
    let forms = [("text", "DC102"), ("markdown", "DC102"), ("html", "<svg"), ("json", "dropctl.report/v1")];
    for (format, said) in forms {
        let mut pages = Vec::new();
        for input in ["r.jsonl.gz", "r.jsonl", "report.json", "report.json.gz"] {
            let arguments = ["report", "--input", input, "--format", format];
            pages.push(files.agree(&arguments, said).with_context(|| format!("{arguments:?}"))?);
        }
        ensure!(
            pages.windows(2).all(|pair| pair[0] == pair[1]),
            "{format} depends on what holds the recording"
        );
        if format == "json" {
            ensure!(
                pages[0] == fs::read_to_string(files.public.at("report.json"))?,
                "replayed, it is another"
            );
        }
    }
    Ok(())
}
