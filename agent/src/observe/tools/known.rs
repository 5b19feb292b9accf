//! The tools that dropctl knows by the name of their process: a closed set.

/// A name of a process.
struct Known {
    comm: &'static str,
    tool: &'static str,
    /// Whether somebody keeps it running. The others are started by hand, and end when they are done.
    is_service: bool,
}

const fn service(comm: &'static str, tool: &'static str) -> Known {
    Known { comm, tool, is_service: true }
}

const fn command(comm: &'static str, tool: &'static str) -> Known {
    Known { comm, tool, is_service: false }
}

const KNOWN: [Known; 12] = [
    command("dropctl", "dropctl"),
    service("falco", "falco"),
    command("scap-open", "falco"),
    command("sysdig", "sysdig"),
    command("csysdig", "sysdig"),
    service("tetragon", "tetragon"),
    service("tracee", "tracee"),
    command("bpftrace", "bpftrace"),
    command("ig", "inspektor-gadget"),
    service("gadgettracerman", "inspektor-gadget"),
    service("cilium-agent", "cilium"),
    service("system-probe", "datadog"),
];

/// systemd and its daemons: tools only where they have rings.
const SYSTEMD: &str = "systemd";
/// What every process is that no one knows.
const OTHER: &str = "other";

fn find(comm: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.comm == comm)
}

/// The tool that a process is, from a closed set; `other` for everybody else.
#[must_use]
pub fn tool(comm: &str) -> &'static str {
    let systemd = comm.starts_with(SYSTEMD).then_some(SYSTEMD);
    find(comm).map(|known| known.tool).or(systemd).unwrap_or(OTHER)
}

/// Whether a process of that name is a tool whatever else it does. dropctl itself watches, and is not watched.
#[must_use]
pub(super) fn is_known_by_name(comm: &str) -> bool {
    find(comm).is_some_and(|known| known.tool != "dropctl")
}

/// Whether a process of that name is a tool if it has rings.
#[must_use]
pub(super) fn is_known_by_rings(comm: &str) -> bool {
    !matches!(tool(comm), OTHER | "dropctl")
}

/// Whether somebody keeps a process of that name running.
#[must_use]
pub(super) fn is_service(comm: &str) -> bool {
    find(comm).is_none_or(|known| known.is_service)
}

/// Whether it takes events as Falco does: in one of the ways that its libraries have.
#[must_use]
pub(super) fn is_of_falcos_family(tool: &str) -> bool {
    matches!(tool, "falco" | "sysdig")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_process_is() {
        assert_eq!([tool("falco"), tool("systemd-journal"), tool("me")], ["falco", "systemd", "other"]);
        assert!(
            is_known_by_name("falco") && !is_known_by_name("systemd-journal"),
            "systemd has many daemons"
        );
        assert!(is_known_by_rings("systemd") && !is_known_by_rings("dropctl") && !is_known_by_rings("me"));
        assert!(is_service("falco") && !is_service("bpftrace"));
    }
}
