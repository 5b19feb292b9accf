//! What a stand-in says of itself, in its files and on its pages, and what its maps show of that.
//!
//! It counts as a Falco because it runs from a file of that name, as everything that dropctl takes for one.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use dropctl::{
    observe::{
        falco::facts::Visits,
        node,
        rings::{Rings, Wanted},
    },
    sample::{CounterLayout, FalcoFacts, FalcoSample, PageStatus},
};

use crate::standin::{Standin, lab_binary};

const SOON: Duration = Duration::from_secs(60);
/// Slow in a guest, whose CPUs are emulated.
const VISIT: Duration = Duration::from_secs(60);
const PRESET: &str = "engine.modern_ebpf.buf_size_preset";

/// A folder with a program called falco, and its configuration.
struct Falco {
    folder: tempfile::TempDir,
    port: u16,
}

impl Falco {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("falco");
        // A link where the file system is the same: its name is what counts.
        fs::hard_link(lab_binary(), &program).or_else(|_| fs::copy(lab_binary(), &program).map(drop))?;
        Ok(Self { folder, port: free_port()? })
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("falco")
    }

    fn yaml(&self) -> PathBuf {
        self.folder.path().join("falco.yaml")
    }

    fn arguments(&self, flags: &str) -> Vec<String> {
        let yaml = self.yaml().to_string_lossy().into_owned();
        let port = self.port.to_string();
        let own = ["standin", "-c", &yaml, "--port", &port].map(str::to_owned);
        own.into_iter().chain(flags.split_whitespace().map(str::to_owned)).collect()
    }

    fn start(&self, flags: &str) -> Result<Standin> {
        let mut command = Command::new(self.program());
        command.args(self.arguments(flags)).stdin(Stdio::inherit());
        Standin::run(command)
    }

    fn edit(&self, from: &str, to: &str) -> Result<()> {
        let text = fs::read_to_string(self.yaml())?;
        ensure!(text.contains(from), "no {from} in {text}");
        Ok(fs::write(self.yaml(), text.replace(from, to))?)
    }
}

/// A port below those that the kernel gives to whoever connects: nobody takes it before it is used.
fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        ensure!(port < 30_000, "no free port");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
}

/// What is known of it after one visit.
fn visited(rings: &Rings, standin: &Standin) -> Result<FalcoSample> {
    let mut visits = Visits::new(Path::new("/proc"), node::cpus_online_count());
    let deadline = Instant::now() + SOON;
    loop {
        let mut falcos = rings.falcos();
        visits.complete(&mut falcos, &rings.sample());
        let of_it = |falco: &FalcoSample| falco.tgid == standin.pid();
        if falcos.iter().any(of_it) {
            visits.wait(VISIT);
            // The maps are read twice a second: what the page said must not be newer than what they say.
            thread::sleep(Duration::from_millis(1100));
            let mut falcos = rings.falcos();
            visits.complete(&mut falcos, &rings.sample());
            return falcos.into_iter().find(of_it).context("it is gone");
        }
        ensure!(Instant::now() < deadline, "the tool is not found");
        thread::sleep(Duration::from_millis(20));
    }
}

fn set_by<'a>(facts: &'a FalcoFacts, key: &str) -> Option<&'a str> {
    let keys = &facts.configuration.as_ref()?.keys;
    keys.iter().find(|fact| fact.key == key)?.set_by.as_deref()
}

fn not_visible(facts: &FalcoFacts, what: &str) -> Result<()> {
    ensure!(facts.not_visible.iter().any(|reason| reason.contains(what)), "no {what}: {facts:#?}");
    Ok(())
}

fn status(facts: &FalcoFacts) -> [Option<PageStatus>; 2] {
    [&facts.versions_page, &facts.metrics_page].map(|page| page.as_ref().map(|page| page.status))
}

/// Flags, files, pages and maps say the same.
pub(crate) fn all_agree() -> Result<()> {
    let falco = Falco::new()?;
    let rings = Rings::start(Wanted::default())?;
    let standin = falco.start("--syscalls getpgrp,close --ring-bytes 2MiB --cpus-for-each-buffer 1")?;
    let sample = visited(&rings, &standin)?;
    let facts = &sample.facts;
    ensure!(facts.program.as_deref() == Some("falco") && facts.layout == CounterLayout::Names, "{facts:#?}");
    ensure!(
        facts.version.as_ref().and_then(|version| version.libs.as_deref()) == Some("0.25.4"),
        "{facts:#?}"
    );
    ensure!(status(facts) == [Some(PageStatus::Answered); 2], "{facts:#?}");
    let metrics = facts.metrics.as_ref().context("no metrics")?;
    ensure!(metrics.agrees_with_maps == Some(true) && metrics.memory_rss_bytes.is_some(), "{facts:#?}");
    let capture = facts.capture.context("no capture settings")?;
    ensure!(
        capture.snaplen_bytes == 80 && capture.scap_tid == i32::try_from(standin.pid()).ok(),
        "{facts:#?}"
    );
    let comparison = &facts.comparison;
    ensure!(comparison.ring_bytes.effective == Some(2 << 20), "{facts:#?}");
    ensure!(comparison.ring_count.effective == node::cpus_online_count(), "{facts:#?}");
    ensure!(
        [
            comparison.ring_bytes.is_applied(),
            comparison.ring_count.is_applied(),
            comparison.drop_failed.is_applied(),
            comparison.engine.is_applied()
        ] == [Some(true); 4],
        "{facts:#?}"
    );
    ensure!(comparison.included_but_not_traced.as_deref() == Some(&[]), "{facts:#?}");
    ensure!(set_by(facts, PRESET) == Some(&*falco.yaml().to_string_lossy()), "{facts:#?}");
    ensure!(facts.not_visible.is_empty(), "{facts:#?}");
    Ok(())
}

/// A file is changed, or another one wins, and Falco does not know.
pub(crate) fn not_applied() -> Result<()> {
    let falco = Falco::new()?;
    let rings = Rings::start(Wanted::default())?;
    let standin = falco.start("--syscalls getpgrp,close --ring-bytes 1MiB --cpus-for-each-buffer 1")?;
    falco.edit("buf_size_preset: 1", "buf_size_preset: 5")?;
    falco.edit("[getpgrp, close]", "[getpgrp, execve, '!close']")?;
    let facts = visited(&rings, &standin)?.facts;
    let comparison = &facts.comparison;
    ensure!(comparison.ring_bytes.configured == Some(16 << 20), "{facts:#?}");
    ensure!(comparison.ring_bytes.effective == Some(1 << 20), "{facts:#?}");
    ensure!(comparison.ring_bytes.is_applied() == Some(false), "{facts:#?}");
    ensure!(comparison.ring_count.is_applied() == Some(true), "{facts:#?}");
    ensure!(comparison.excluded_but_traced.as_deref() == Some(&["close".to_owned()]), "{facts:#?}");
    ensure!(comparison.included_but_not_traced.as_deref() == Some(&["execve".to_owned()]), "{facts:#?}");
    // Another file replaces `engine` whole.
    let more = falco.folder.path().join("more.yaml");
    fs::write(
        &more,
        "engine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: 2, drop_failed_exit: true}}\n",
    )?;
    falco.edit("config_files: []", &format!("config_files: [{}]", more.display()))?;
    let facts = visited(&rings, &standin)?.facts;
    let comparison = &facts.comparison;
    ensure!(comparison.ring_bytes.configured == Some(2 << 20), "{facts:#?}");
    ensure!(comparison.drop_failed.is_applied() == Some(false), "{facts:#?}");
    ensure!(set_by(&facts, PRESET) == Some(&*more.to_string_lossy()), "{facts:#?}");
    Ok(())
}

/// Two of them, each with a file and a port of its own.
pub(crate) fn two() -> Result<()> {
    let (one, other) = (Falco::new()?, Falco::new()?);
    let rings = Rings::start(Wanted::default())?;
    let flags = "--syscalls getpgrp --cpus-for-each-buffer 0";
    let first = one.start(&format!("{flags} --ring-bytes 1MiB"))?;
    let second = other.start(&format!("{flags} --ring-bytes 4MiB"))?;
    for (standin, mebibytes) in [(&first, 1), (&second, 4)] {
        let facts = visited(&rings, standin)?.facts;
        ensure!(facts.comparison.ring_bytes.effective == Some(mebibytes << 20), "{facts:#?}");
        ensure!(facts.comparison.ring_bytes.is_applied() == Some(true), "{facts:#?}");
        ensure!(facts.comparison.ring_count.is_applied() == Some(true), "{facts:#?}");
        ensure!(status(&facts) == [Some(PageStatus::Answered); 2], "{facts:#?}");
    }
    Ok(())
}

/// A web server in the place of Falco's that says nothing, too much, or what cannot be.
pub(crate) fn hostile_pages() -> Result<()> {
    let falco = Falco::new()?;
    let rings = Rings::start(Wanted::default())?;
    let standin = falco.start("--syscalls getpgrp")?;
    let mut port = falco.port;
    for (name, answer, expected) in ANSWERS {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let next = listener.local_addr()?.port();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                // Whoever asked may have gone.
                let _ = stream.read(&mut [0; 1024]).and_then(|_| answer(&mut stream));
            }
        });
        falco.edit(&format!("listen_port: {port}"), &format!("listen_port: {next}"))?;
        port = next;
        let facts = visited(&rings, &standin)?.facts;
        ensure!(facts.configuration.is_some(), "{name}: {facts:#?}");
        let lies = facts.metrics.as_ref().and_then(|metrics| metrics.agrees_with_maps) == Some(false);
        let page = facts.metrics_page.as_ref().context("not asked")?;
        let why = page.why.as_deref().unwrap_or(if lies { "contradicts" } else { "nothing" });
        ensure!(why.contains(expected), "{name}: {facts:#?}");
        println!("{name}: {why}");
    }
    Ok(())
}

type Answer = fn(&mut TcpStream) -> std::io::Result<()>;
const ANSWERS: [(&str, Answer, &str); 3] = [
    ("says nothing", |stream| stream.read(&mut [0; 16]).map(drop), "no whole answer"),
    (
        "sends 50 MB",
        |stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 50000000\r\n\r\n")?;
            (0..50_000_000 / 1000).try_for_each(|_| stream.write_all(&[b'#'; 1000]))
        },
        "too large",
    ),
    (
        "lies",
        |stream| {
            let body = "falcosecurity_scap_n_evts_total 18446744073709551615\n";
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        },
        "contradicts",
    ),
];

/// Puts something else in the place of a file, and what the report then says.
type Spoil = (fn(&Path) -> Result<()>, &'static str);

/// In the place of falco.yaml something that must not be read.
pub(crate) fn hostile_files() -> Result<()> {
    let falco = Falco::new()?;
    let rings = Rings::start(Wanted::default())?;
    let standin = falco.start("--syscalls getpgrp")?;
    let yaml = falco.yaml();
    let spoils: [Spoil; 3] = [
        (|path| Ok(File::create(path)?.set_len(1 << 30)?), "larger than"),
        (|path| Ok(std::os::unix::fs::symlink("/nowhere/falco.yaml", path)?), "falco.yaml"),
        (|path| fifo(path), "not a regular file"),
    ];
    for (spoil, expected) in spoils {
        fs::remove_file(&yaml)?;
        spoil(&yaml)?;
        let facts = visited(&rings, &standin)?.facts;
        ensure!(
            facts.configuration.is_none() && facts.comparison.ring_bytes.effective.is_some(),
            "{facts:#?}"
        );
        not_visible(&facts, expected)?;
    }
    Ok(())
}

fn fifo(path: &Path) -> Result<()> {
    ensure!(Command::new("mkfifo").arg(path).status()?.success(), "mkfifo");
    Ok(())
}

/// A root and a network of its own, as in a pod; its falco.yaml is an absolute symlink in that root.
pub(crate) fn in_a_container() -> Result<()> {
    let falco = Falco::new()?;
    let rings = Rings::start(Wanted::default())?;
    let root = falco.folder.path().join("root");
    for folder in ["etc/falco", "proc", "sys", "dev"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::copy(falco.program(), root.join("falco"))?;
    std::os::unix::fs::symlink("/real.yaml", root.join("etc/falco/falco.yaml"))?;
    let start = |listen: &str| {
        let script = format!(
            "ip link set lo up && mount --bind /proc {root}/proc && mount --bind /sys {root}/sys && mount --bind /dev \
             {root}/dev && exec chroot {root} /falco standin -c /etc/falco/falco.yaml --syscalls getpgrp --ring-bytes \
             1MiB --listen {listen} --port {port}",
            root = root.display(),
            port = falco.port,
        );
        let mut command = Command::new("unshare");
        command.args(["-m", "-n", "sh", "-c", &script]).stdin(Stdio::inherit());
        Standin::run(command)
    };
    let standin = start("127.0.0.1")?;
    let facts = visited(&rings, &standin)?.facts;
    ensure!(facts.comparison.ring_bytes.is_applied() == Some(true), "{facts:#?}");
    ensure!(set_by(&facts, PRESET) == Some("/etc/falco/falco.yaml"), "{facts:#?}");
    ensure!(status(&facts) == [Some(PageStatus::Unreachable); 2], "{facts:#?}");
    let why = facts.versions_page.as_ref().and_then(|page| page.why.clone()).unwrap_or_default();
    ensure!(why.contains("network namespace of its own"), "{facts:#?}");
    drop(standin);

    // What it listens on, and a network for it and us.
    let pods = [
        ("0.0.0.0", "198.18.73.1/30", "198.18.73.2/30"),
        ("::", "fd00:73::1/64 nodad", "fd00:73::2/64 nodad"),
    ];
    for (listen, ours, its) in pods {
        let standin = start(listen)?;
        let facts = visited(&rings, &standin)?.facts;
        let why = facts.versions_page.as_ref().and_then(|page| page.why.clone()).unwrap_or_default();
        ensure!(why.contains("no such address was found"), "{facts:#?}");
        // The wires of a pod, where there are such. They end with its network.
        let wires = format!(
            "ip link add dropctl-a type veth peer name dropctl-b netns {pid} && ip addr add {ours} dev dropctl-a && \
             ip link set dropctl-a up && nsenter -t {pid} -n ip addr add {its} dev dropctl-b && nsenter -t {pid} -n \
             ip link set dropctl-b up",
            pid = standin.pid()
        );
        if !Command::new("sh").args(["-c", &wires]).stderr(Stdio::null()).status()?.success() {
            println!("no veth here: a pod's address {its} is not tried");
            continue;
        }
        let facts = visited(&rings, &standin)?.facts;
        ensure!(status(&facts) == [Some(PageStatus::Answered); 2], "{facts:#?}");
        println!("reached at its own address {its}");
    }
    Ok(())
}
