//! What does not change while dropctl looks.

use super::{all, option};
use crate::{
    redact::{Redactor, text, word},
    sample::Node,
    setup::{Setup, Visibility},
};

pub(in crate::redact) fn node(redactor: &mut Redactor, node: &mut Node) {
    let Node { kernel, preemption, architecture, os, cpus_possible, cpus_online, memory_bytes: _, hardware } =
        node;
    option(redactor, kernel, word::version);
    option(redactor, preemption, word::preemption);
    // The words of a distribution: a node called `debian` is not meant.
    option(redactor, os, |redactor, os| redactor.without_hosts(|redactor| text::scrub(redactor, os)));
    option(redactor, hardware, text::scrub);
    *architecture = word::symbol(redactor, architecture);
    all(redactor, [cpus_possible, cpus_online].into_iter().flatten(), word::cpus);
}

pub(in crate::redact) fn setup(redactor: &mut Redactor, setup: &mut Setup) {
    let Setup { version, revision, request: _, hook: _, visibility, interval_ns: _, names: _ } = setup;
    *version = word::version(redactor, version);
    option(redactor, revision, word::commit);
    for Visibility { capability, available: _, note } in visibility {
        *capability = word::capability(redactor, capability);
        *note = text::scrub(redactor, note);
    }
}
