//! A terminal of tmux's, under a server of its own that ends with the test, and a command in it.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Between two looks at the screen.
const LOOK_EVERY: Duration = Duration::from_millis(30);
/// What is not there by then does not come.
const STUCK: Duration = Duration::from_secs(30);
/// On the screen before the command, and again after it.
const BEFORE: &str = "what was on the screen before";
/// Runs a command between two readings of the terminal's modes, and waits to be looked at.
const SCRIPT: &str = r#"echo "$BEFORE"
ulimit -c 0
trap : INT
[ -z "$SIZE" ] || stty $SIZE
stty -a > before
sh -c 'echo $$ > pid; exec "$0" "$@"' "$@"
echo "ended $?"
stty -a > after
echo done
read -r _"#;

/// The terminal.
pub(crate) struct Tmux {
    folder: TempDir,
}

impl Tmux {
    /// One of 80 columns and 24 rows with the command in it. `size`: words for stty, to make it forget that.
    pub(crate) fn run(
        program: &OsStr,
        arguments: &[&OsStr],
        variables: &[(&str, &OsStr)],
        size: &str,
    ) -> Result<Self> {
        let tmux = Self { folder: tempfile::tempdir()? };
        let mut command = tmux.command();
        command.args(["new-session", "-d", "-x", "80", "-y", "24", "-c"]).arg(tmux.folder.path());
        command.args(["sh", "-c", SCRIPT, "sh"]).arg(program).args(arguments);
        // A server has the environment of who starts it.
        command.env("BEFORE", BEFORE).env("SIZE", size).envs(variables.iter().copied());
        command.env_remove("TMUX").env_remove("NO_COLOR").env_remove("RUST_BACKTRACE");
        said(&mut command)?;
        Ok(tmux)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        // Not the user's server, nor the user's settings.
        command.arg("-S").arg(self.folder.path().join("socket")).args(["-f", "/dev/null"]);
        command
    }

    /// Types keys by tmux's names for them: `q`, `Tab`, `Escape`.
    pub(crate) fn press(&self, keys: &[&str]) -> Result<()> {
        said(self.command().arg("send-keys").args(keys)).map(drop)
    }

    /// Changes the terminal's size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) -> Result<()> {
        let [columns, rows] = [columns, rows].map(|cells| cells.to_string());
        said(self.command().args(["resize-window", "-x", &columns, "-y", &rows])).map(drop)
    }

    /// What is on the screen.
    pub(crate) fn frame(&self) -> Result<String> {
        said(self.command().args(["capture-pane", "-p"]))
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn until(&self, what: &str, mut is_there: impl FnMut(&str) -> bool) -> Result<String> {
        let begun = Instant::now();
        loop {
            let frame = self.frame()?;
            if is_there(&frame) {
                return Ok(frame);
            }
            ensure!(begun.elapsed() < STUCK, "the screen never had {what}, but\n{frame}");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until this is on the screen.
    pub(crate) fn until_shown(&self, text: &str) -> Result<String> {
        self.until(&format!("{text:?}"), |frame| frame.contains(text))
    }

    /// Sends a signal to the command.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.file("pid")?.trim().parse().ok().and_then(Pid::from_raw).context("no process id")?;
        kill_process(pid, signal).context("send a signal")
    }

    /// Whether the view is up: the screen for programs, without a cursor.
    pub(crate) fn ensure_taken(&self) -> Result<()> {
        let state = self.state()?;
        ensure!(state == "1 0", "alternate screen and cursor are {state}");
        Ok(())
    }

    /// Waits for the end of the command. Then the terminal must be as it was: its modes, the screen before, and a cursor. Returns
    /// the screen.
    pub(crate) fn ensure_given_back(&self) -> Result<String> {
        let frame = self.until("\"done\" as the last line", |frame| frame.trim_end().ends_with("\ndone"))?;
        ensure!(frame.contains(BEFORE), "the screen before did not come back:\n{frame}");
        let state = self.state()?;
        ensure!(state == "0 1", "alternate screen and cursor are {state}");
        let [before, after] = [self.file("before")?, self.file("after")?];
        ensure!(before.contains("icanon"), "stty said {before:?}");
        ensure!(before == after, "the terminal's modes were\n{before}and are\n{after}");
        Ok(frame)
    }

    /// Waits for the end of a command that prints, and returns all that it printed, with escape sequences where it has colours.
    pub(crate) fn ended(&self) -> Result<String> {
        self.until("\"done\" as the last line", |frame| frame.trim_end().ends_with("\ndone"))?;
        said(self.command().args(["capture-pane", "-p", "-e", "-S", "-"]))
    }

    /// The alternate screen is on, the cursor is visible.
    fn state(&self) -> Result<String> {
        let state = said(self.command().args(["display-message", "-p", "#{alternate_on} #{cursor_flag}"]))?;
        Ok(state.trim().to_owned())
    }

    /// A file that the command wrote.
    pub(crate) fn file(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.folder.path().join(name)).with_context(|| name.to_owned())
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = said(self.command().arg("kill-server"));
    }
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The binary that is tested.
pub(crate) fn dropctl() -> PathBuf {
    env::var_os("DROPCTL_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_dropctl")), PathBuf::from)
}

/// A recording whose tool loses events.
pub(crate) fn recording() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios/throttled.jsonl.gz")
}
