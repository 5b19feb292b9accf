//! A containerd of our own, and containers in it.
//!
//! It has its own root, state and socket under a temporary folder and its own mount namespace, so that no
//! mount outlives it and a containerd that the machine runs is not touched.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::http::{self, Page};
use crate::manifest::Launch;
use crate::process::{bounded, end, read, succeed, wait};

/// What ctr grants by default. "Drop ALL" means to take each of them away; it has no word for all.
const DEFAULT_CAPABILITIES: [&str; 14] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

/// The namespace that Kubernetes' containers live in.
const NAMESPACE: &str = "k8s.io";

/// Fails with what is missing on this machine.
pub(crate) fn require() -> Result<()> {
    ensure!(std::fs::metadata("/proc/self")?.uid() == 0, "needs root");
    for (tool, package) in [
        ("containerd", "containerd"),
        ("ctr", "containerd"),
        ("runc", "runc"),
        ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
        ("kubectl", "kubernetes-client"),
    ] {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&folders).any(|folder| folder.join(tool).is_file());
        ensure!(found, "{tool} is not installed (Debian package {package})");
    }
    Ok(())
}

pub(crate) struct Containerd {
    process: Child,
    folder: TempDir,
}

impl Containerd {
    pub(crate) fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("dropctl-containerd-").tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let config = format!(
            r#"version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "{socket}"
"#,
            root = at("root").display(),
            state = at("state").display(),
            socket = at("socket").display(),
        );
        std::fs::write(at("config.toml"), config)?;
        let log = File::create(at("log"))?;
        let process = Command::new("unshare")
            .args(["--mount", "containerd", "--config"])
            .arg(at("config.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start containerd")?;
        let mut containerd = Self { process, folder };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !containerd.ctr(&["version"]).output()?.status.success() {
            let ended = containerd.process.try_wait()?.is_some();
            if ended || Instant::now() > deadline {
                bail!("containerd does not answer:\n{}", read(&containerd.at("log")));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(containerd)
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ctr(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("ctr");
        command.arg("--address").arg(self.at("socket")).args(["--namespace", NAMESPACE]).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// Loads the archive, and makes sure that it brings the image under the name that the manifest uses.
    pub(crate) fn import(&self, archive: &Path, name: &str) -> Result<()> {
        let mut import = self.ctr(&["images", "import"]);
        succeed("ctr images import", bounded(import.arg(archive), Duration::from_secs(60))?)?;
        let names = succeed("ctr images ls", self.ctr(&["images", "ls", "--quiet"]).output()?)?;
        ensure!(
            names.lines().any(|found| found == name),
            "the manifest wants {name}, the archive brings {names}"
        );
        Ok(())
    }

    /// Starts the container of a pod.
    pub(crate) fn run(&self, launch: &Launch, id: &str) -> Result<Container<'_>> {
        let mut command = self.ctr(&["run"]);
        for name in DEFAULT_CAPABILITIES.iter().filter(|name| !launch.capabilities.contains(**name)) {
            command.arg("--cap-drop").arg(format!("CAP_{name}"));
        }
        for name in &launch.capabilities {
            command.arg("--cap-add").arg(format!("CAP_{name}"));
        }
        if launch.read_only_root {
            command.arg("--read-only");
        }
        if launch.seccomp {
            command.arg("--seccomp");
        }
        if !launch.no_new_privs {
            command.arg("--allow-new-privs");
        }
        for (name, value) in &launch.env {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        for (number, mount) in launch.mounts.iter().enumerate() {
            let source = match &mount.node {
                Some(node) => PathBuf::from(node),
                None => {
                    let folder = self.at(&format!("{id}-folder-{number}"));
                    // It outlives the container, as an `emptyDir` does.
                    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
                    folder
                }
            };
            let (source, mode) = (source.display(), if mount.read_only { "ro" } else { "rw" });
            let place = &mount.place;
            command.arg("--mount").arg(format!("type=bind,src={source},dst={place},options=rbind:{mode}"));
        }
        if launch.host_pid {
            command.args(["--with-ns", "pid:/proc/self/ns/pid"]);
        }
        command.arg("--memory-limit").arg(launch.memory_limit_bytes.to_string());
        self.started(command, &launch.image, id, &launch.command, launch.port)
    }

    /// Starts a container with the files below a folder; `flags` are those of `ctr run`.
    pub(crate) fn run_files(
        &self,
        files: &Path,
        id: &str,
        flags: &[&str],
        program: &[String],
    ) -> Result<Container<'_>> {
        let mut command = self.ctr(&["run", "--rootfs"]);
        command.args(flags);
        self.started(command, &files.display().to_string(), id, program, 0)
    }

    /// Its output goes to files, its end is seen by `exit_code`.
    fn started(
        &self,
        mut command: Command,
        what: &str,
        id: &str,
        program: &[String],
        port: u16,
    ) -> Result<Container<'_>> {
        let pid_file = self.at(&format!("{id}.pid"));
        // Of a container that had this name before.
        let _ = std::fs::remove_file(&pid_file);
        command.arg("--rm").arg("--pid-file").arg(&pid_file).arg("--fifo-dir").arg(self.at("fifo"));
        command.arg(what).arg(id).args(program);
        let output = |kind: &str| File::create(self.at(&format!("{id}.{kind}")));
        command.stdout(output("out")?).stderr(output("err")?);
        let process = command.spawn().context("cannot start ctr")?;

        let mut container =
            Container { containerd: self, id: id.to_owned(), port, process, pid: 0, over: None };
        // The file appears when the process exists; a container that ends at once leaves it behind as well.
        container
            .wait_for(Duration::from_secs(30), |_| !read(&pid_file).is_empty())
            .context("not started")?;
        container.pid = read(&pid_file).trim().parse()?;
        Ok(container)
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

pub(crate) struct Container<'a> {
    containerd: &'a Containerd,
    id: String,
    port: u16,
    /// `ctr run`, which ends with the container and with its exit code.
    process: Child,
    pid: u32,
    over: Option<i32>,
}

impl Container<'_> {
    /// The first process, as the host numbers it.
    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn get(&self, path: &str) -> Result<Page> {
        http::get(self.pid, self.port, path)
    }

    pub(crate) fn output(&self) -> String {
        let output = |kind: &str| read(&self.containerd.at(&format!("{}.{kind}", self.id)));
        format!("{}{}", output("out"), output("err"))
    }

    /// Asks until it is so; an early end of the container or the limit is an error.
    pub(crate) fn wait_for(&mut self, limit: Duration, so: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            if so(self) {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                self.over = status.code();
                bail!("the container ended ({status}):\n{}", self.output());
            }
            ensure!(Instant::now() < deadline, "not within {limit:?}:\n{}", self.output());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a command inside and returns what it printed.
    pub(crate) fn exec(&self, command: &[&str]) -> Result<String> {
        let mut exec = self.containerd.ctr(&["tasks", "exec", "--exec-id", "exec", "--fifo-dir"]);
        exec.arg(self.containerd.at("fifo")).arg(&self.id).args(command);
        succeed(&command.join(" "), bounded(&mut exec, Duration::from_secs(30))?)
    }

    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let output = self.containerd.ctr(&["tasks", "kill", "--signal", name, &self.id]).output()?;
        succeed("ctr tasks kill", output).map(drop)
    }

    /// Waits for the end.
    pub(crate) fn exit_code(&mut self, limit: Duration) -> Result<i32> {
        if let Some(code) = self.over {
            return Ok(code);
        }
        let status = wait(&mut self.process, limit)?;
        let status = status.with_context(|| format!("still running after {limit:?}:\n{}", self.output()))?;
        self.over = status.code();
        self.over.with_context(|| format!("ctr itself ended: {status}"))
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            // A failed test: take the container down, so that its shim ends too.
            let _ = self.signal("SIGKILL");
            let _ = wait(&mut self.process, Duration::from_secs(10));
        }
        end(&mut self.process);
    }
}
