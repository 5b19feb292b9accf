//! The command in a terminal of its own, which answers no questions (where its cursor is, what it can do): however it ends, the
//! terminal is as it was before. What is on the screen is looked at in tests/top.

use std::{
    fs::{File, OpenOptions},
    io::Read as _,
    os::{fd::AsFd, unix::fs::OpenOptionsExt as _},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use clap::Parser as _;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::write,
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

use super::*;
use crate::cli::{Cli, Command as Subcommand};

/// What the child is to do.
const TASK: &str = "DROPCTL_TEST_TASK";
const ENTERED: &str = "\x1b[?1049h";
const LEFT: &str = "\x1b[?1049l";
/// Between looks whether the child still lives.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// It will not write any more.
const STUCK: Duration = Duration::from_secs(60);

/// What the child does: no test by itself.
#[test]
#[ignore = "run in a terminal of its own, by the tests of this file"]
fn inside() {
    match std::env::var(TASK).as_deref() {
        Ok("panic") => {
            let screen = Screen::enter().unwrap();
            let modes = tcgetattr(io::stdin()).unwrap().local_modes;
            assert!(!modes.contains(LocalModes::ICANON), "it was not taken");
            // As in a release, where a panic aborts and drops nothing.
            std::mem::forget(screen);
            panic!("the reason for it");
        }
        Ok("show") => {
            let path =
                PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/throttled.jsonl.gz");
            let line = ["dropctl", "top", "--input", path.to_str().unwrap()];
            let Subcommand::Top(args) = Cli::try_parse_from(line).unwrap().command else {
                panic!("{line:?}")
            };
            run(&args).unwrap();
        }
        _ => {}
    }
}

/// A terminal with the child in it.
struct Terminal {
    outside: File,
    /// Kept open, so that its modes can be asked for after the child.
    inside: Option<File>,
    child: Child,
    seen: String,
    modes: String,
}

fn modes(terminal: impl AsFd) -> String {
    let modes = tcgetattr(terminal).unwrap();
    format!("{:?} {:?} {:?}", modes.input_modes, modes.output_modes, modes.local_modes)
}

fn size(ws_col: u16, ws_row: u16) -> Winsize {
    Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 }
}

impl Terminal {
    fn with(task: &str) -> Self {
        let outside = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&outside).unwrap();
        unlockpt(&outside).unwrap();
        let path = ptsname(&outside, Vec::new()).unwrap().into_string().unwrap();
        let inside =
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(path).unwrap();
        tcsetwinsize(&outside, size(80, 24)).unwrap();
        let stdio = || Stdio::from(inside.try_clone().unwrap());
        let modes = modes(&inside);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "commands::top::tests::inside", "--ignored", "--nocapture"])
            .env(TASK, task)
            .env("TERM", "xterm")
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .spawn()
            .unwrap();
        Self { outside: outside.into(), inside: Some(inside), child, seen: String::new(), modes }
    }

    /// Reads until this was written. What is drawn over what was there comes in pieces: a word is one.
    fn until(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.seen.contains(text) {
            let mut fds = [PollFd::new(&self.outside, PollFlags::IN)];
            let is_there = poll(&mut fds, Some(&LOOK)).unwrap() > 0;
            let is_over = !is_there && (self.child.try_wait().unwrap().is_some() || begun.elapsed() > STUCK);
            assert!(!is_over, "it did not write {text:?}, but {:?}", self.seen);
            if is_there {
                let mut bytes = [0; 4096];
                let count = self.outside.read(&mut bytes).unwrap();
                self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        }
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end, and reads the rest. The terminal must be as it was.
    fn end(mut self) -> (ExitStatus, String) {
        // What is written by then fits into the terminal's own buffer.
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < STUCK, "it did not end, after {:?}", self.seen);
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(modes(self.inside.take().unwrap()), self.modes);
        let mut rest = Vec::new();
        // Ends with an error, as there is nobody inside any more.
        let _ = self.outside.read_to_end(&mut rest);
        self.seen.push_str(&String::from_utf8_lossy(&rest));
        (status, self.seen.clone())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_says_why() {
    let (status, seen) = Terminal::with("panic").end();
    let at = |text: &str| seen.find(text).unwrap_or_else(|| panic!("no {text:?} in {seen:?}"));
    assert!(!status.success());
    assert!(at(ENTERED) < at(LEFT) && at(LEFT) < at("the reason for it"), "{seen:?}");
}

#[test]
fn signals_and_keys_end_it_and_give_the_terminal_back() {
    type End = fn(&Terminal);
    // SIGHUP is sent in tests/top: where the tests themselves run under nohup, it is ignored here.
    let ends: [(&str, End); 4] = [
        ("SIGINT", |terminal| terminal.send(Signal::INT)),
        ("SIGTERM", |terminal| terminal.send(Signal::TERM)),
        ("q", |terminal| _ = write(&terminal.outside, b"q").unwrap()),
        ("Ctrl-C", |terminal| _ = write(&terminal.outside, b"\x03").unwrap()),
    ];
    for (name, end) in ends {
        let mut terminal = Terminal::with("show");
        terminal.until("REPLAY");
        end(&terminal);
        let (status, seen) = terminal.end();
        assert!(status.success(), "{name}: {status}: {seen:?}");
        assert!(seen.find(ENTERED) < seen.rfind(LEFT), "{name}: {seen:?}");
    }
}

#[test]
fn another_size_and_another_table_are_drawn() {
    let mut terminal = Terminal::with("show");
    terminal.until("REPLAY");
    tcsetwinsize(&terminal.outside, size(120, 40)).unwrap();
    terminal.send(Signal::WINCH);
    // The last line moves down.
    terminal.until("\x1b[40;");
    write(&terminal.outside, b"?").unwrap();
    // From a line that was empty.
    terminal.until("(estimated);");
    write(&terminal.outside, b" q").unwrap();
    assert!(terminal.end().0.success());
}
