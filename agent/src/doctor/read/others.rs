//! Others on the node: who sits on our hook, container runtimes, Falco's kernel module, the agent.

use std::path::Path;

use crate::{
    doctor::{AgentFacts, OtherFacts},
    observe::{cgroups, falco::process::modules, groups, hook},
    socket::{Answer, Question, client},
};

/// Sockets at which runtimes listen.
const RUNTIMES: [(&str, &str); 6] = [
    ("containerd", "/run/containerd/containerd.sock"),
    ("containerd (k3s)", "/run/k3s/containerd/containerd.sock"),
    ("CRI-O", "/run/crio/crio.sock"),
    ("Docker", "/run/docker.sock"),
    ("Podman", "/run/podman/podman.sock"),
    ("cri-dockerd", "/run/cri-dockerd.sock"),
];

pub(super) fn read() -> OtherFacts {
    let proc = Path::new("/proc");
    let own = groups::membership(proc, std::process::id());
    OtherFacts {
        hook: hook::read(proc),
        runtimes: RUNTIMES
            .iter()
            .filter(|(_, path)| Path::new(path).exists())
            .map(|(name, _)| *name)
            .collect(),
        is_in_container: own.as_deref().and_then(cgroups::container).is_some(),
        modules: modules(Path::new("/")).loaded,
        agent: agent(),
    }
}

fn agent() -> AgentFacts {
    match client::ask(None, &Question::Incidents) {
        Ok((Answer::Incidents { incidents }, _)) => AgentFacts::Answers(incidents.len()),
        Ok((other, _)) => AgentFacts::Silent(format!("the agent answered something else: {other:?}")),
        Err(error) => AgentFacts::Silent(error.to_string()),
    }
}
