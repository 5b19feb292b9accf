//! Visits to processes made of files, with a web server that answers, lies, or says nothing.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::symlink,
    thread,
};

use super::*;

const METRICS: &str = include_str!("../../../../../tests/data/falco-0.44.1/metrics-drops.prom");
const VERSIONS: &str = include_str!("../../../../../tests/data/falco-0.44.1/versions.json");

/// Process 7, with a root of its own.
struct Process(tempfile::TempDir);

impl Process {
    fn new(executable: &str, yaml: &str) -> Self {
        let proc = tempfile::tempdir().unwrap();
        let own = proc.path().join("7");
        for name in ["7/ns", "self/ns", "root/etc/falco"] {
            fs::create_dir_all(proc.path().join(name)).unwrap();
        }
        symlink(executable, own.join("exe")).unwrap();
        symlink(proc.path().join("root"), own.join("root")).unwrap();
        symlink("/", own.join("cwd")).unwrap();
        symlink("net:[1]", own.join("ns/net")).unwrap();
        symlink("net:[1]", proc.path().join("self/ns/net")).unwrap();
        symlink("pid:[4026531836]", own.join("ns/pid")).unwrap();
        fs::write(own.join("cmdline"), "falco\0").unwrap();
        fs::write(own.join("environ"), "").unwrap();
        fs::write(proc.path().join("root/etc/falco/falco.yaml"), yaml).unwrap();
        Self(proc)
    }

    fn visit(&self, n_evts: u64) -> FalcoFacts {
        self.visit_again(n_evts, &FalcoFacts::default())
    }

    fn visit_again(&self, n_evts: u64, before: &FalcoFacts) -> FalcoFacts {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let visit = Visit {
            proc: self.0.path(),
            pid: 7,
            cpus_online: Some(2),
            n_evts: &|| n_evts,
            runtime: &runtime,
        };
        visit.run(before)
    }
}

/// Answers `/versions` and `/metrics`, each connection in turn, until the test's process ends.
fn server(versions: &'static str, answer: impl Fn(&mut TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            if request[..length].starts_with(b"GET /versions ") {
                reply(&mut stream, versions);
            } else {
                answer(&mut stream);
            }
        }
    });
    port
}

fn reply(stream: &mut TcpStream, body: &str) {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    // Whoever asked may have gone.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn yaml(port: u16) -> String {
    format!(
        "engine: {{kind: modern_ebpf}}\nmetrics: {{enabled: true}}\nwebserver: {{enabled: true, listen_port: {port}, \
         listen_address: 127.0.0.1, prometheus_metrics_enabled: true}}\n"
    )
}

fn status(page: Option<&PageFacts>) -> (PageStatus, Option<&str>) {
    let page = page.unwrap();
    (page.status, page.why.as_deref())
}

#[test]
fn everything_answers() {
    let port = server(VERSIONS, |stream| reply(stream, METRICS));
    let process = Process::new("/usr/bin/falco", &yaml(port));
    let facts = process.visit(0);
    assert_eq!(facts.program.as_deref(), Some("falco"));
    assert_eq!(facts.version.as_ref().unwrap().falco.as_deref(), Some("0.44.1"));
    assert_eq!(status(facts.versions_page.as_ref()), (PageStatus::Answered, None));
    assert_eq!(status(facts.metrics_page.as_ref()), (PageStatus::Answered, None));
    let metrics = facts.metrics.as_ref().unwrap();
    assert!(metrics.n_evts.unwrap() > 0 && metrics.start_ns.is_some() && metrics.memory_rss_bytes.is_some());
    assert_eq!(metrics.agrees_with_maps, None, "decided when the maps are next read");
    assert_eq!(facts.comparison.ring_bytes.configured, Some(8 << 20));
    assert_eq!(facts.not_visible, [] as [String; 0]);
    // Below what the maps said before it was asked.
    let lies = process.visit(u64::MAX).metrics.unwrap();
    assert_eq!(lies.agrees_with_maps, Some(false));
}

#[test]
fn a_server_that_hangs_or_sends_too_much_or_something_else() {
    let metrics_of = |answer: fn(&mut TcpStream)| {
        let facts = Process::new("/usr/bin/falco", &yaml(server(VERSIONS, answer))).visit(0);
        assert!(facts.metrics.is_none() && facts.version.is_some());
        let (status, why) = status(facts.metrics_page.as_ref());
        assert_eq!(status, PageStatus::Unreachable);
        why.unwrap().to_owned()
    };
    let hangs = metrics_of(|stream| _ = stream.read(&mut [0; 16]));
    assert!(hangs.contains("second") || hangs.contains("HTTP"), "{hangs}");
    let large = metrics_of(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let block = [b'#'; 1 << 16];
        while stream.write_all(&block).is_ok() {}
    });
    assert!(large.contains("too large"), "{large}");
    assert!(metrics_of(|stream| reply(stream, "up 1\n")).contains("not Falco's"));
    assert!(metrics_of(|stream| reply(stream, "\u{0}\n")).contains("not Falco's"));
    let missing =
        metrics_of(|stream| _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"));
    assert!(missing.contains("404"), "{missing}");
}

#[test]
fn a_version_decides_how_files_are_read_and_stays_known() {
    let old = r#"{"falco_version":"0.36.2\n"}"#;
    let port = server(old, |stream| reply(stream, METRICS));
    let both = format!("{}syscall_buf_size_preset: 6\n", yaml(port));
    let process = Process::new("/usr/bin/falco", &both);
    let facts = process.visit(0);
    assert_eq!(facts.comparison.ring_bytes.key, "syscall_buf_size_preset");
    assert_eq!(facts.version.as_ref().unwrap().falco.as_deref(), Some("0.36.2\u{fffd}"));
    fs::write(process.0.path().join("root/etc/falco/falco.yaml"), "syscall_buf_size_preset: 5\n").unwrap();
    let later = process.visit_again(0, &facts);
    assert_eq!(status(later.versions_page.as_ref()).0, PageStatus::Off);
    assert_eq!(later.version, facts.version);
    assert_eq!(key_value(&later, "syscall_buf_size_preset"), "5");
}

fn key_value(facts: &FalcoFacts, name: &str) -> String {
    let keys = &facts.configuration.as_ref().unwrap().keys;
    keys.iter().find(|key| key.key == name).unwrap().value.clone()
}

#[test]
fn files_that_are_no_files() {
    let reason = |spoil: fn(&Path)| {
        let process = Process::new("/usr/bin/falco", "");
        let file = process.0.path().join("root/etc/falco/falco.yaml");
        fs::remove_file(&file).unwrap();
        spoil(&file);
        let facts = process.visit(0);
        assert!(facts.configuration.is_none() && facts.versions_page.is_none());
        let reason = facts.not_visible.iter().find(|reason| reason.starts_with("its configuration: "));
        reason.unwrap().clone()
    };
    let absent = reason(|_| {});
    assert!(absent.contains("/etc/falco/falco.yaml"), "{absent}");
    // It leads to this node's file, not to one of that root.
    let outside = reason(|file| symlink("/etc/passwd", file).unwrap());
    assert!(outside.contains("/etc/falco/falco.yaml") && !outside.contains("YAML"), "{outside}");
    let fifo = reason(|file| rustix::fs::mkfifoat(rustix::fs::CWD, file, 0o600.into()).unwrap());
    assert!(fifo.contains("not a regular file"), "{fifo}");
    let large = reason(|file| fs::File::create(file).unwrap().set_len(1 << 30).unwrap());
    assert!(large.contains("larger"), "{large}");
    assert!(reason(|file| fs::write(file, "a: [").unwrap()).contains("not YAML"));
}

#[test]
fn more_files_than_a_configuration_has() {
    let process = Process::new("/usr/bin/falco", "config_files: [/many]\n");
    let many = process.0.path().join("root/many");
    fs::create_dir(&many).unwrap();
    for file in 0..300 {
        fs::write(many.join(file.to_string()), "a: 1\n").unwrap();
    }
    assert!(process.visit(0).not_visible[0].contains("too many files"));
    fs::remove_dir_all(&many).unwrap();
    fs::create_dir(&many).unwrap();
    for file in 0..6 {
        fs::write(many.join(file.to_string()), format!("# {}\n", "x".repeat(1_000_000))).unwrap();
    }
    assert!(process.visit(0).not_visible[0].contains("too large"));
}

#[test]
fn who_has_no_configuration_and_who_is_gone() {
    let sysdig = Process::new("/usr/bin/sysdig", &yaml(1)).visit(0);
    assert_eq!((sysdig.program.as_deref(), sysdig.configuration), (Some("sysdig"), None));
    assert!(sysdig.not_visible.is_empty() && sysdig.versions_page.is_none());
    let other = Process::new("/usr/bin/collector", &yaml(1)).visit(0);
    assert_eq!((other.program, other.configuration), (None, None));
    assert!(other.not_visible[0].contains("executable"), "{:?}", other.not_visible);
    let process = Process::new("/usr/bin/falco", "");
    fs::remove_file(process.0.path().join("7/root")).unwrap();
    assert!(process.visit(0).not_visible[0].contains("CAP_SYS_PTRACE"));
    fs::remove_dir_all(process.0.path().join("7")).unwrap();
    let gone = process.visit(0);
    assert!(gone.program.is_none() && gone.configuration.is_none());
}

#[test]
fn another_network_without_an_address() {
    let process = Process::new("/usr/bin/falco", &yaml(8765));
    let link = process.0.path().join("7/ns/net");
    fs::remove_file(&link).unwrap();
    symlink("net:[2]", &link).unwrap();
    let facts = process.visit(0);
    for page in [&facts.versions_page, &facts.metrics_page] {
        let (status, why) = status(page.as_ref());
        assert_eq!(status, PageStatus::Unreachable);
        assert!(why.unwrap().contains("network namespace of its own"), "{why:?}");
    }
    assert!(
        facts.not_visible.iter().any(|reason| reason.starts_with("its version")),
        "{:?}",
        facts.not_visible
    );
}
