//! What is found in free text, and what is left alone.

use super::*;
use crate::redact::tests::redactor;

#[test]
fn what_looks_like_a_secret_goes() {
    for (real, secrets) in [
        ("no connection to 10.0.3.17: refused", &["10.0.3.17"][..]),
        ("10.0.3.17:8765, 192.168.1.1/24 and x10.0.3.18y", &["10.0.3.17", "192.168.1.1", "10.0.3.18"]),
        ("[2001:db8::7]:443 or 2001:db8::/32 or fe80::1%eth0", &["2001:db8::7", "2001:db8::", "fe80::1"]),
        ("::ffff:10.0.3.17 from 0a:1b:2c:3d:4e:5f", &["10.0.3.17", "0a:1b:2c:3d:4e:5f"]),
        ("at NODE7 and node7.acme.example.", &["NODE7", "node7", "acme"]),
        ("db.acme.com, ip-10-0-3-17, a.b.acme:80", &["acme", "10-0-3-17"]),
        ("root@db.acme.com", &["root@", "acme"]),
        ("see https://user:hunter2@acme.io/x?token=1", &["hunter2", "acme"]),
        ("cannot read /srv/acme/key.pem: No such file", &["acme", "key"]),
        ("rules=/srv/acme/r.yaml:12 file:/srv/acme", &["acme"]),
        ("~/acme/x ../acme ./acme.yaml @/acme", &["acme"]),
        ("cannot read \"/srv/acme corp/a=b, acme.yaml\": No", &["acme", "corp"]),
        ("cannot read \"/srv/my acme corp/a", &["acme", "corp"]),
        ("falco -c/srv/acme/x -v/srv/acme:/acme", &["acme"]),
        ("registry.acme.com/payments/falco:0.44", &["acme", "payments"]),
        ("acme-billing.service failed", &["acme-billing"]),
        ("/kubepods/podacme/x", &["acme"]),
        (
            "--password hunter2 PASSWORD=hunter3 token: hunter4 secret:hunter5",
            &["hunter2", "hunter3", "hunter4", "hunter5"],
        ),
        ("Authorization: Bearer hunter2", &["hunter2"]),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", &["16C7e42F"]),
        ("eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG", &["eyJ", "ZRrH"]),
        ("0f3c5d9a-1b2c-4d5e-8f90-123456789abc", &["0f3c5d9a"]),
        ("nginx: 4f0c6a7b8d9e", &["4f0c6a7b8d9e"]),
    ] {
        let scrubbed = scrub(&mut redactor(), real);
        for secret in secrets {
            assert!(!scrubbed.to_lowercase().contains(&secret.to_lowercase()), "{real}: {scrubbed}");
        }
    }
}

#[test]
fn all_other_words_stay() {
    for real in [
        "its configuration: ${NAME} is empty",
        "rings and kernel counters of falco (pid 60, engine kmod): they lie in a kernel module's memory",
        "no connection: Connection refused (os error 111)",
        "what answers is not Falco's /versions",
        "/etc/falco/falco.yaml is not YAML that Falco takes",
        "mount the node's /sys/fs/cgroup and /proc; 127.0.0.1:8765, ::1 and 0.0.0.0 are everybody's",
        "Debian GNU/Linux 13 (trixie)",
        "Amazon EC2 m5.large",
        "kworker/u16:2+ev",
        "runc:[2:INIT]",
        "jbd2/nvme0n1p2-8",
        "a|b",
        "std::thread",
        "limits.cpu, docs/kernels.md, falco.service, engine.modern_ebpf.buf_size_preset",
        "kernel 6.12.9 of 2026-11-26T06:52:00Z at 12:34:56",
        "sha256sum, x86_64-linux-gnu, ip6tables, containerd-shim",
        "the oldest 5 are watched; 176 more are not: too many",
        "  two  spaces ",
    ] {
        assert_eq!(scrub(&mut redactor(), real), real);
    }
}
