//! A walk over every field of a sample. Each struct is taken apart whole: a field that is added does not compile until
//! somebody has written here what becomes of it. What is `Copy` is passed over: it can hold no text.

pub(super) mod falco;
mod loss;
mod rings;
pub(super) mod setup;
pub(super) mod tools;

use super::{Redactor, text, word};
use crate::sample::Sample;

pub(super) fn sample(redactor: &mut Redactor, sample: &mut Sample) {
    let Sample {
        clock: _,
        interval_ns: _,
        folded: _,
        cpus_online,
        probe,
        rings,
        rings_left_out: _,
        perf_buffers,
        falcos,
        tools,
        consumers,
        pressure,
        hook,
        own: _,
    } = sample;
    option(redactor, cpus_online, word::cpus);
    probe.iter_mut().for_each(|one| self::rings::probe(redactor, one));
    rings.iter_mut().flatten().for_each(|one| self::rings::ring(redactor, one));
    perf_buffers.iter_mut().flatten().for_each(|one| self::rings::perf_buffers(redactor, one));
    falcos.iter_mut().flatten().for_each(|one| self::falco::falco(redactor, one));
    tools.iter_mut().flatten().for_each(|one| self::tools::tool(redactor, one));
    consumers.iter_mut().flatten().for_each(|one| self::tools::consumer(redactor, one));
    pressure.iter_mut().for_each(|one| self::tools::pressure(redactor, one));
    hook.iter_mut().for_each(|one| self::tools::hook(redactor, one));
}

type Rule = fn(&mut Redactor, &str) -> String;

fn all<'a>(redactor: &mut Redactor, names: impl IntoIterator<Item = &'a mut String>, rule: Rule) {
    names.into_iter().for_each(|name| *name = rule(redactor, name));
}

fn option(redactor: &mut Redactor, name: &mut Option<String>, rule: Rule) {
    all(redactor, name, rule);
}

/// The name of a process or of a thread stays: it is what a loss is about. It is not searched for more than by its look.
fn comm(redactor: &mut Redactor, name: &mut String) {
    *name = text::scrub(redactor, name);
}
