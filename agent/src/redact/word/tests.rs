//! What is a word of its set, and what is not.

use super::*;
use crate::redact::tests::redactor;

#[test]
fn what_it_should_be_stays() {
    let mut redactor = redactor();
    for real in [
        "6.12.9-cloud-amd64",
        "5.14.0-503.el9.x86_64",
        "0.44.1",
        "9.1.0+driver",
        "v1.2.3",
        "0.39.0-rc1",
        "57",
        "6.12.0-next-g0123456789ab",
        "6.6.87.2-microsoft-standard-WSL2",
    ] {
        assert_eq!(version(&mut redactor, real), real);
    }
    for real in ["5", "true", "log, alert", "3 names", "modern_ebpf", "0.1", "-1", ""] {
        assert_eq!(value(&mut redactor, real), real);
    }
    for real in
        ["folio_wait_bit_common", "sys_exit", "clone_fork_exit", "foo.isra.0", "n_evts", "", "ringbuf_map"]
    {
        assert_eq!(symbol(&mut redactor, real), real);
    }
    for real in ["engine.modern_ebpf.buf_size_preset", "rules_files", "webserver.enabled", ""] {
        assert_eq!(key(&mut redactor, real), real);
    }
    assert_eq!(commit(&mut redactor, "0123456"), "0123456");
    assert_eq!(cpus(&mut redactor, "0-3,8"), "0-3,8");
}

#[test]
fn what_it_should_not_be_does_not() {
    let mut redactor = redactor();
    for real in [
        "10.1.2.3",
        "10.1.2.3-rc1",
        "v10.1.2.3+x",
        "acme",
        "1.0/acme",
        "1.0 acme",
        "2acme",
        "1.0-4f0c6a7b8d9e0123",
    ] {
        assert!(version(&mut redactor, real).starts_with("name-"), "{real}");
    }
    for real in ["acme", "5 acme", "/srv/acme", "inf"] {
        assert!(value(&mut redactor, real).starts_with("name-"), "{real}");
    }
    for real in ["acme-billing", "10.1.2.3", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "node7", "a b"] {
        assert!(symbol(&mut redactor, real).starts_with("name-"), "{real}");
    }
    assert!(
        tool(&mut redactor, "acme").starts_with("name-")
            && plugin(&mut redactor, "acme").starts_with("name-")
    );
    assert!(
        capability(&mut redactor, "acme").starts_with("name-")
            && preemption(&mut redactor, "full acme").starts_with("name-")
    );
    assert!(key(&mut redactor, "http_output.url").starts_with("name-"));
    assert!(
        commit(&mut redactor, "acme").starts_with("name-")
            && cpus(&mut redactor, "acme").starts_with("name-")
    );
}

#[test]
fn every_tool_that_is_known_keeps_its_name() {
    for comm in [
        "dropctl",
        "falco",
        "scap-open",
        "csysdig",
        "tetragon",
        "tracee",
        "bpftrace",
        "ig",
        "cilium-agent",
        "system-probe",
        "systemd-journal",
        "anything",
    ] {
        let real = crate::observe::tools::known::tool(comm);
        assert_eq!(tool(&mut redactor(), real), real);
    }
}
