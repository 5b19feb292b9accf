//! How a tool is installed, as the path of its cgroup tells.

/// How a tool is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Installation<'a> {
    /// A pod: limits and requests in its manifest, which for Falco is made by its chart.
    Kubernetes,
    /// A unit of systemd, such as `falco-modern-bpf.service` of Falco's packages.
    Systemd {
        /// Its name.
        unit: &'a str,
    },
    /// A container that neither Kubernetes nor a unit looks after.
    Container,
    /// None of these, or it cannot be seen.
    Unknown,
}

/// What container engines put before the id of a container in the name of its cgroup.
const ENGINES: [&str; 5] = ["docker-", "libpod-", "nerdctl-", "cri-containerd-", "crio-"];

impl<'a> Installation<'a> {
    /// By the path of the cgroup.
    pub(crate) fn of(cgroup: &'a str) -> Self {
        if cgroup.contains("kubepods") {
            return Self::Kubernetes;
        }
        let is_container = |part: &str| {
            part == "docker"
                || ENGINES.iter().any(|engine| part.starts_with(engine) && !part.ends_with(".service"))
        };
        if cgroup.split('/').any(is_container) {
            return Self::Container;
        }
        match unit(cgroup) {
            Some(unit) if unit.ends_with(".service") => Self::Systemd { unit },
            _ => Self::Unknown,
        }
    }

    /// As in outputs; `None` where it is not known.
    pub(crate) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Kubernetes => Some("kubernetes"),
            Self::Systemd { .. } => Some("systemd"),
            Self::Container => Some("container"),
            Self::Unknown => None,
        }
    }
}

/// The innermost service or slice of a path: the unit that has its limits. `None` for names that a unit cannot have, which
/// would end up in a command.
pub(super) fn unit(cgroup: &str) -> Option<&str> {
    let is_unit = |part: &&str| part.ends_with(".service") || part.ends_with(".slice");
    let can_be = |byte: u8| byte.is_ascii_alphanumeric() || b"@:._-\\".contains(&byte);
    cgroup.split('/').rev().find(is_unit).filter(|unit| unit.len() <= 255 && unit.bytes().all(can_be))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let id = "8c1f".repeat(16);
        for (cgroup, expected) in [
            ("/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope", Some("kubernetes")),
            ("/kubepods/burstable/pod1/c", Some("kubernetes")),
            ("/system.slice/falco-modern-bpf.service", Some("systemd")),
            ("/system.slice/docker.service", Some("systemd")),
            (&format!("/system.slice/docker-{id}.scope"), Some("container")),
            (&format!("/docker/{id}"), Some("container")),
            (&format!("/machine.slice/libpod-{id}.scope/container"), Some("container")),
            ("/user.slice/user-0.slice/session-1.scope", None),
            ("/", None),
            ("/system.slice/a b;rm.service", None),
        ] {
            assert_eq!(Installation::of(cgroup).as_str(), expected, "{cgroup}");
        }
        assert_eq!(
            Installation::of("/system.slice/falco.service/sub"),
            Installation::Systemd { unit: "falco.service" }
        );
        assert_eq!(unit("/a.slice/b.slice"), Some("b.slice"));
    }
}
