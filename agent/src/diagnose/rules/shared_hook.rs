//! DC903 shared-hook: another program sits on the same tracepoint.
//!
//! Each program on `sys_exit` costs every syscall of the node. The first one pays for entering the tracepoint too, and on the development
//! machine a second one cost about 85 ns. The finding names them. dropctl's own part is off in `--mode passive`.

use crate::{
    diagnose::{
        catalogue::Code,
        finding::{Confidence, Fact, Finding, Severity},
    },
    setup::Mode,
    timeline::Slice,
};

/// Whether a tool that is known to sit on our hook runs.
pub(in crate::diagnose) fn check(slice: &Slice<'_>) -> Option<Finding> {
    if slice.setup.request.mode == Mode::Passive {
        return None;
    }
    let falcos = slice.last()?.falcos.as_deref().unwrap_or_default();
    let names: Vec<String> =
        falcos.iter().map(|falco| format!("{} (pid {})", falco.comm, falco.tgid)).collect();
    if names.is_empty() {
        return None;
    }
    let summary = format!(
        "{} and dropctl sit on sys_exit together: each syscall of the node pays for both.",
        names.join(", ")
    );
    Some(Finding {
        evidence: vec![Fact::seen(
            "probes of Falco's family attach to sys_exit (one program for each)".to_owned(),
        )],
        ..Finding::new(Code::SharedHook, Severity::Info, Confidence::High, summary)
    })
}
