//! What the rendered documents say. Unknown fields are errors.

use serde::{Deserialize, de::IgnoredAny};

#[derive(Deserialize)]
pub(super) struct Kind {
    pub(super) kind: String,
}

#[derive(Deserialize)]
pub(super) struct DaemonSet {
    pub(super) spec: DaemonSetSpec,
}

#[derive(Deserialize)]
pub(super) struct DaemonSetSpec {
    pub(super) template: Template,
}

#[derive(Deserialize)]
pub(super) struct Template {
    pub(super) spec: PodSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PodSpec {
    pub(super) containers: Vec<Container>,
    #[serde(default)]
    pub(super) volumes: Vec<Volume>,
    #[serde(rename = "hostPID")]
    pub(super) host_pid: bool,
    #[serde(rename = "hostIPC")]
    pub(super) host_ipc: bool,
    pub(super) host_network: bool,
    pub(super) security_context: PodSecurityContext,
    pub(super) termination_grace_period_seconds: u64,
    // These mean something to Kubernetes, and nothing to the runtime.
    #[serde(rename = "automountServiceAccountToken")]
    _automount: Option<IgnoredAny>,
    #[serde(rename = "enableServiceLinks")]
    _service_links: Option<IgnoredAny>,
    #[serde(rename = "nodeSelector")]
    _node_selector: Option<IgnoredAny>,
    #[serde(rename = "priorityClassName")]
    _priority_class: Option<IgnoredAny>,
    #[serde(rename = "serviceAccountName")]
    _service_account: Option<IgnoredAny>,
    #[serde(rename = "tolerations")]
    _tolerations: Option<IgnoredAny>,
}

/// Other kinds are not reproduced here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) empty_dir: Option<IgnoredAny>,
    pub(super) host_path: Option<HostPath>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostPath {
    pub(super) path: String,
    #[serde(rename = "type")]
    _kind: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VolumeMount {
    pub(super) name: String,
    pub(super) mount_path: String,
    #[serde(default)]
    pub(super) read_only: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PodSecurityContext {
    pub(super) seccomp_profile: SeccompProfile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeccompProfile {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Container {
    pub(super) image: String,
    pub(super) command: Vec<String>,
    pub(super) args: Vec<String>,
    #[serde(default)]
    pub(super) env: Vec<Variable>,
    pub(super) ports: Vec<Port>,
    pub(super) security_context: SecurityContext,
    #[serde(default)]
    pub(super) volume_mounts: Vec<VolumeMount>,
    pub(super) readiness_probe: Probe,
    pub(super) liveness_probe: Probe,
    pub(super) resources: Resources,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "imagePullPolicy")]
    _pull_policy: Option<IgnoredAny>,
    #[serde(rename = "startupProbe")]
    _startup_probe: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Option<String>,
    pub(super) value_from: Option<ValueFrom>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ValueFrom {
    pub(super) field_ref: FieldRef,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FieldRef {
    pub(super) field_path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) container_port: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SecurityContext {
    pub(super) privileged: bool,
    pub(super) allow_privilege_escalation: bool,
    pub(super) read_only_root_filesystem: bool,
    pub(super) run_as_user: u32,
    pub(super) run_as_group: u32,
    pub(super) capabilities: Capabilities,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Capabilities {
    pub(super) drop: Vec<String>,
    pub(super) add: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Probe {
    pub(super) http_get: HttpGet,
}

#[derive(Deserialize)]
pub(super) struct HttpGet {
    pub(super) path: String,
}

#[derive(Deserialize)]
pub(super) struct Resources {
    pub(super) limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) memory: String,
}
