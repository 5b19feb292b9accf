//! The rendered DaemonSet, as far as a container runtime is concerned.
//!
//! Unknown fields are errors: a new one in the manifest must be reproduced here, or be listed as one that
//! means nothing to the runtime.

mod fields;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use fields::{Container, DaemonSet, Kind, PodSpec, Variable};

/// What the node is called, for the downward API.
const NODE: &str = "node-of-the-test";

/// What the runtime has to be told.
#[derive(Clone)]
pub(crate) struct Launch {
    pub(crate) image: String,
    pub(crate) command: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) mounts: Vec<Mount>,
    /// It is in the pid namespace of the node.
    pub(crate) host_pid: bool,
    /// Without the prefix `CAP_`, as Kubernetes writes them.
    pub(crate) capabilities: BTreeSet<String>,
    /// The one that a test removed from `capabilities`.
    pub(crate) taken_away: Option<String>,
    pub(crate) uid: u32,
    pub(crate) read_only_root: bool,
    pub(crate) no_new_privs: bool,
    pub(crate) seccomp: bool,
    pub(crate) memory_limit_bytes: u64,
    pub(crate) port: u16,
    pub(crate) ready_path: String,
    pub(crate) live_path: String,
    pub(crate) grace: Duration,
}

/// A volume and its place.
#[derive(Clone)]
pub(crate) struct Mount {
    /// A folder of the node; `None` for an `emptyDir`, which lives as long as the pod.
    pub(crate) node: Option<String>,
    pub(crate) place: String,
    pub(crate) read_only: bool,
}

impl Launch {
    pub(crate) fn from_kustomize(folder: &str) -> Result<Self> {
        let path = format!("{}/../deploy/{folder}", env!("CARGO_MANIFEST_DIR"));
        let output =
            Command::new("kubectl").args(["kustomize", &path]).output().context("cannot start kubectl")?;
        ensure!(
            output.status.success(),
            "kubectl kustomize: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Self::from_yaml(&String::from_utf8(output.stdout)?)
    }

    fn from_yaml(documents: &str) -> Result<Self> {
        for document in documents.split("\n---\n") {
            let kind: Kind = serde_saphyr::from_str(document)?;
            if kind.kind == "DaemonSet" {
                let set: DaemonSet = serde_saphyr::from_str(document).context("the DaemonSet")?;
                return Self::from_pod(set.spec.template.spec);
            }
        }
        bail!("no DaemonSet among the rendered documents")
    }

    fn from_pod(pod: PodSpec) -> Result<Self> {
        let [container]: [Container; 1] =
            pod.containers.try_into().map_err(|_| anyhow::anyhow!("one container was expected"))?;
        let context = container.security_context;
        ensure!(
            !pod.host_ipc && !pod.host_network,
            "of the node's namespaces only that of processes is reproduced"
        );
        ensure!(!context.privileged, "a privileged container is not reproduced here");
        ensure!(context.capabilities.drop == ["ALL"], "capabilities must drop ALL");
        ensure!(context.run_as_user == 0 && context.run_as_group == 0, "ctr runs the image's user, root");
        let profile = pod.security_context.seccomp_profile.kind;
        ensure!(["RuntimeDefault", "Unconfined"].contains(&profile.as_str()), "seccomp profile {profile}");
        ensure!(!container.command.is_empty(), "ctr needs the whole command line");

        let mounts = container.volume_mounts.into_iter().map(|mount| {
            let volume = pod.volumes.iter().find(|volume| volume.name == mount.name);
            let volume = volume.with_context(|| format!("no volume {}", mount.name))?;
            let node = match (&volume.empty_dir, &volume.host_path) {
                (Some(_), None) => None,
                (None, Some(node)) => Some(node.path.clone()),
                _ => bail!("volume {}: one of emptyDir and hostPath", volume.name),
            };
            Ok(Mount { node, place: mount.mount_path, read_only: mount.read_only })
        });
        let mounts = mounts.collect::<Result<_>>()?;

        let port =
            container.ports.iter().find(|port| port.name == "metrics").context("no port named metrics")?;
        Ok(Self {
            image: container.image,
            command: container.command.into_iter().chain(container.args).collect(),
            env: container.env.into_iter().map(Variable::resolved).collect::<Result<_>>()?,
            mounts,
            host_pid: pod.host_pid,
            capabilities: context.capabilities.add.into_iter().collect(),
            taken_away: None,
            uid: context.run_as_user,
            read_only_root: context.read_only_root_filesystem,
            no_new_privs: !context.allow_privilege_escalation,
            seccomp: profile == "RuntimeDefault",
            memory_limit_bytes: quantity(&container.resources.limits.memory)?,
            port: port.container_port,
            ready_path: container.readiness_probe.http_get.path,
            live_path: container.liveness_probe.http_get.path,
            grace: Duration::from_secs(pod.termination_grace_period_seconds),
        })
    }

    /// The capabilities as the kernel prints them in /proc/PID/status.
    pub(crate) fn capability_mask(&self) -> Result<u64> {
        self.capabilities.iter().try_fold(0, |mask, name| {
            let bit = match name.as_str() {
                "SYS_PTRACE" => 19,
                "SYS_ADMIN" => 21,
                "SYS_RESOURCE" => 24,
                "PERFMON" => 38,
                "BPF" => 39,
                other => bail!("capability {other}: add its number (linux/capability.h) here"),
            };
            Ok(mask | 1_u64 << bit)
        })
    }
}

/// Bytes of a Kubernetes quantity; only the units that the manifest uses.
fn quantity(text: &str) -> Result<u64> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => bail!("memory quantity {text}"),
    };
    Ok(digits.parse::<u64>()? * factor)
}

impl Variable {
    /// As the kubelet does it.
    fn resolved(self) -> Result<(String, String)> {
        let value = match (self.value, self.value_from) {
            (Some(value), None) => value,
            (None, Some(from)) if from.field_ref.field_path == "spec.nodeName" => NODE.to_owned(),
            (None, Some(from)) => {
                bail!("{}: {} is not reproduced here", self.name, from.field_ref.field_path)
            }
            _ => bail!("{}: one of value and valueFrom", self.name),
        };
        Ok((self.name, value))
    }
}
