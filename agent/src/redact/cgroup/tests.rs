//! Paths as Kubernetes, systemd and runtimes make them, and as somebody else did.

use super::*;
use crate::redact::tests::redactor;

const UID: &str = "0f3c5d9a-1b2c-4d5e-8f90-123456789abc";
const ID: &str = "4f0c6a7b8d9e0123456789abcdef0123456789abcdef0123456789abcdef0123";

#[test]
fn pods_and_containers_are_the_same_in_paths_and_in_workloads() {
    let mut redactor = redactor();
    let (pod, container) = (pod(&mut redactor, UID), container(&mut redactor, &ID[..12]));
    assert_eq!(container_id(&mut redactor, ID), container);
    let slice = UID.replace('-', "_");
    for (real, redacted) in [
        (
            format!(
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{slice}.slice/cri-containerd-{ID}.scope"
            ),
            format!(
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-{pod}.slice/cri-containerd-{container}.scope"
            ),
        ),
        (format!("/kubepods/besteffort/pod{UID}/{ID}"), format!("/kubepods/besteffort/{pod}/{container}")),
        (format!("/docker/{ID}"), format!("/docker/{container}")),
        (
            format!("/system.slice/kubepods-burstable-pod{slice}.slice:cri-containerd:{ID}"),
            format!("/system.slice/cri-containerd:{container}"),
        ),
        (
            format!(
                "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{slice}.slice"
            ),
            format!(
                "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-{pod}.slice"
            ),
        ),
        (format!("/kubelet/kubepods/pod{UID}"), format!("/kubelet/kubepods/{pod}")),
        (format!("/system.slice/docker-{ID}.scope"), format!("/system.slice/docker-{container}.scope")),
    ] {
        assert_eq!(path(&mut redactor, &real), redacted);
    }
}

#[test]
fn what_every_node_has_stays() {
    for real in [
        "/",
        "/kubepods.slice",
        "/system.slice/falco-modern-bpf.service",
        "/user.slice/user-1000.slice/session-3.scope",
        "/init.scope",
        "/kubepods/burstable",
        "/user.slice/user-1000.slice/user@1000.service/app.slice",
    ] {
        assert_eq!(path(&mut redactor(), real), real);
    }
    for real in ["sshd.service", "/", "init.scope"] {
        assert_eq!(container(&mut redactor(), real), real);
    }
}

#[test]
fn what_somebody_named_has_a_pseudonym() {
    for (real, front, ending) in [
        ("/system.slice/acme-billing.service", "/system.slice/unit-", ".service"),
        ("/system.slice/getty@acme.service", "/system.slice/unit-", ".service"),
        ("/acme", "/cgroup-", ""),
        ("/user.slice/user-acme.slice", "/user.slice/unit-", ".slice"),
        ("/kubepods/podacme", "/kubepods/cgroup-", ""),
        ("/acme-pod0f3c5d9a-1b2c-4d5e-8f90-123456789abc", "/cgroup-", ""),
        ("/memory.acme.slice", "/unit-", ".slice"),
        ("/io.acme.billing", "/cgroup-", ""),
        ("/cpu.acme_blue", "/cgroup-", ""),
        ("/cpu.max", "/cgroup-", ""),
        ("/acme-kubepods.slice", "/unit-", ".slice"),
    ] {
        let redacted = path(&mut redactor(), real);
        assert!(redacted.starts_with(front) && redacted.ends_with(ending), "{real}: {redacted}");
        assert!(!redacted.contains("acme"), "{real}: {redacted}");
    }
    assert!(container(&mut redactor(), "acme").starts_with("container-"));
    for (real, front) in [
        ("/cpu.max", "/cpu.max"),
        ("/init.scope/memory.swap.max", "/init.scope/memory.swap.max"),
        ("/cpu.max/acme", "/cgroup-"),
        ("/io.acme.billing", "/cgroup-"),
    ] {
        let redacted = file(&mut redactor(), real);
        assert!(redacted.starts_with(front) && !redacted.contains("acme"), "{real}: {redacted}");
    }
}
