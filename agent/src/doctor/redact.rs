//! Names in the facts become pseudonyms before anything is judged, so that no sentence has a real one (docs/redaction.md).
//! What supplies a thing names nothing of the node: it is written in this program, to be copied.

use std::path::PathBuf;

use super::{AgentFacts, Facts, KernelFacts, MountFacts, OtherFacts, RightsFacts, Seen, Tried};
use crate::{
    redact::Redactor,
    setup::{Naming, Visibility},
};

impl Facts {
    /// Gives pseudonyms to all of it. Each struct is taken apart whole: a new member needs a decision.
    pub fn redact(&mut self, redactor: &mut Redactor) {
        let Self { names, kernel, rights, mounts, others, tried } = self;
        *names = Naming::Pseudonyms;
        of_kernel(redactor, kernel);
        of_rights(redactor, rights);
        of_mounts(redactor, mounts);
        of_others(redactor, others);
        of_trying(redactor, tried);
    }
}

fn of_kernel(redactor: &mut Redactor, facts: &mut KernelFacts) {
    let KernelFacts {
        release,
        version: _,
        preemption,
        types,
        has_tracepoint: _,
        // The kernel's own words.
        lockdown: _,
        modules: _,
        unprivileged_bpf_disabled: _,
        jit: _,
        perf_event_paranoid: _,
        ptrace_scope: _,
        has_stalls: _,
        has_run_times: _,
    } = facts;
    release.iter_mut().for_each(|release| *release = redactor.version(release));
    preemption.iter_mut().for_each(|model| *model = redactor.preemption(model));
    if let Err(why) = types {
        *why = redactor.words(why);
    }
}

fn of_rights(redactor: &mut Redactor, facts: &mut RightsFacts) {
    let RightsFacts {
        uid: _,
        effective: _,
        bounding: _,
        is_initial_user_namespace: _,
        seccomp: _,
        no_new_privileges: _,
        confined_by,
        locked_memory: _,
    } = facts;
    confined_by.iter_mut().for_each(|label| *label = redactor.label(label));
}

fn of_mounts(redactor: &mut Redactor, facts: &mut MountFacts) {
    let MountFacts {
        is_initial_pid_namespace: _,
        // A number, or a word of the kernel's.
        hidepid: _,
        cgroup_v2,
        cgroup_v1,
        sees_all_cgroups: _,
        tracefs,
        bpffs,
        reach: _,
    } = facts;
    for place in [cgroup_v2, tracefs, bpffs].into_iter().flatten().chain(cgroup_v1) {
        *place = PathBuf::from(redactor.path(&place.to_string_lossy()));
    }
}

fn of_others(redactor: &mut Redactor, facts: &mut OtherFacts) {
    let OtherFacts { hook, runtimes: _, is_in_container: _, modules: _, agent } = facts;
    redactor.hook(hook);
    match agent {
        AgentFacts::Answers(_) => {}
        AgentFacts::Silent(why) => *why = redactor.words(why),
    }
}

fn of_trying(redactor: &mut Redactor, facts: &mut Tried) {
    let Tried { probe, seen, tools } = facts;
    if let Err(why) = probe {
        *why = redactor.words(why);
    }
    match seen {
        Ok(Seen { visibility, rings: _, falcos }) => {
            for Visibility { capability, available: _, note } in visibility {
                *capability = redactor.capability(capability);
                *note = redactor.words(note);
            }
            falcos.iter_mut().for_each(|falco| redactor.falco(falco));
        }
        Err(why) => *why = redactor.words(why),
    }
    tools.iter_mut().flatten().for_each(|tool| redactor.tool(tool));
}

#[cfg(test)]
mod tests {
    use crate::{
        doctor::{
            self, AgentFacts, Facts,
            example::{entry, healthy},
            judge,
        },
        redact::{Key, Redactor},
        sample::HookProgram,
        setup::{Naming, Visibility},
    };

    fn redacted(mut facts: Facts) -> Facts {
        let mut redactor = Redactor::new(Key::new(&[7; 16]).unwrap()).with_host("acme-7", "6.12.9-amd64");
        facts.redact(&mut redactor);
        facts
    }

    /// Names in everything that can hold one.
    fn with_names() -> Facts {
        let mut facts = healthy();
        facts.kernel.types = Err("/srv/acme/btf: no such file".to_owned());
        facts.rights.confined_by = Some("acme-profile (enforce)".to_owned());
        facts.mounts.cgroup_v2 = Some("/srv/acme/cgroup".into());
        facts.mounts.cgroup_v1 = vec!["/srv/acme/cpu".into()];
        facts.mounts.tracefs = Some("/srv/acme/tracing".into());
        facts.mounts.bpffs = Some("/srv/acme/bpf".into());
        facts.others.hook.programs =
            vec![HookProgram { comm: "/srv/acme/x".to_owned(), ..HookProgram::default() }];
        facts.others.agent =
            AgentFacts::Silent("not allowed to ask the agent at /srv/acme/agent.sock".to_owned());
        facts.tried.probe = Err("acme-7 refused".to_owned());
        let seen = facts.tried.seen.as_mut().unwrap();
        // Its note is a sentence of dropctl's own.
        seen.visibility.push(Visibility { capability: "acme".to_owned(), ..entry("rings", false) });
        seen.visibility.push(entry("rings", false));
        seen.visibility[0].note = "see /srv/acme".to_owned();
        let said = &mut seen.falcos[0].facts;
        said.not_visible.push("its configuration: /etc/falco/config.d/acme.yaml is not YAML".to_owned());
        said.version.as_mut().unwrap().falco = Some("acme".to_owned());
        facts.tried.tools.as_mut().unwrap()[0].comm = "acme.io/falco".to_owned();
        facts
    }

    #[test]
    fn no_name_is_on_any_page_and_every_check_is_as_before() {
        for (mut facts, is_without) in [(with_names(), true), (with_names(), false)] {
            if is_without {
                facts.tried.seen = Err("/srv/acme: refused".to_owned());
            }
            let (real, redacted) = (judge(&facts), judge(&redacted(facts)));
            assert!(doctor::text(&real).matches("acme").count() > 6, "the test tests nothing");
            let pages = [
                doctor::text(&redacted),
                doctor::markdown(&redacted),
                doctor::json(&redacted).unwrap(),
                format!("{redacted:?}"),
            ];
            pages.iter().for_each(|page| assert!(!page.contains("acme"), "{page}"));
            assert!(pages[..3].iter().all(|page| page.contains("pseudonyms")), "{}", pages[2]);
            assert_eq!((real.names, redacted.names), (Naming::Real, Naming::Pseudonyms));
            for (real, redacted) in real.checks.iter().zip(&redacted.checks) {
                assert_eq!(
                    (real.name, real.status, &real.ways),
                    (redacted.name, redacted.status, &redacted.ways)
                );
            }
        }
    }

    /// It is this program's own words, but for names.
    #[test]
    fn a_page_without_names_stays_what_it_is() {
        let examination = judge(&redacted(healthy()));
        assert_eq!(examination.checks, judge(&healthy()).checks);
        assert_eq!(doctor::text(&examination).matches("pseudonyms").count(), 1);
    }
}
