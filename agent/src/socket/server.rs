//! The answering side: the agent's.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, BufRead as _, BufReader, BufWriter, ErrorKind, Read as _, Write as _},
    os::unix::{
        fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::process::geteuid;
use tokio::sync::Semaphore;

use super::{Answer, PATIENCE, QUESTION_BYTES, Question};
use crate::{keeper::Shared, recording::Writer, setup::Visibility, sys::clock};

/// Questions answered at once. Each may unpack all that is remembered, a minute at a time.
const AT_ONCE: usize = 4;

/// A socket that listens, and is removed when it is dropped.
#[derive(Debug)]
pub struct Listener {
    path: PathBuf,
    listener: UnixListener,
    /// Device and inode: another agent may have put its own socket there meanwhile.
    identity: (u64, u64),
}

impl Listener {
    /// Listens at `path`, in a folder that is made if it is not there. A socket that an agent left behind is replaced.
    ///
    /// # Errors
    ///
    /// What the kernel said; `AddrInUse` if another agent answers there.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            match DirBuilder::new().mode(0o755).create(folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        if is_left_behind(path)? {
            fs::remove_file(path)?;
        }
        // Between this and the next call others may connect where the umask lets them: whoever asks is looked at, too.
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let facts = fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), listener, identity: (facts.dev(), facts.ino()) })
    }

    /// Answers until it is dropped.
    ///
    /// # Errors
    ///
    /// When the runtime does not take the socket.
    pub async fn serve(self, shared: Arc<Shared>) -> io::Result<()> {
        let listener = tokio::net::UnixListener::from_std(self.listener.try_clone()?)?;
        let free = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            // Who comes when all places are taken waits in the kernel's queue.
            let Ok(place) = Arc::clone(&free).acquire_owned().await else { return Ok(()) };
            let Ok((stream, _)) = listener.accept().await else {
                // No file descriptor is left, most likely.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            };
            let may_ask = stream.peer_cred().is_ok_and(|peer| [0, geteuid().as_raw()].contains(&peer.uid()));
            let (true, Ok(stream)) = (may_ask, stream.into_std()) else { continue };
            let shared = Arc::clone(&shared);
            // A thread, because to unpack takes longer than a scrape may wait.
            tokio::task::spawn_blocking(move || {
                // One who breaks off is his own affair.
                let _ = answer(stream, &shared);
                drop(place);
            });
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let is_ours = |facts: fs::Metadata| (facts.dev(), facts.ino()) == self.identity;
        if fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether there is a socket that nobody listens at.
fn is_left_behind(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        Ok(facts) if facts.file_type().is_socket() => match UnixStream::connect(path) {
            Ok(_) => Err(io::Error::new(ErrorKind::AddrInUse, "another agent answers there")),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(true),
            Err(error) => Err(error),
        },
        Ok(_) => Err(io::Error::new(ErrorKind::AlreadyExists, "something that is no socket is there")),
    }
}

fn answer(stream: UnixStream, shared: &Shared) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = Vec::new();
    BufReader::new(&stream).take(QUESTION_BYTES).read_until(b'\n', &mut line)?;
    let mut out = BufWriter::with_capacity(256 << 10, &stream);
    match serde_json::from_slice(&line) {
        Ok(Question::Since { length_ns }) => {
            let to_ns = clock::monotonic_ns();
            let from_ns = to_ns.saturating_sub(length_ns);
            let recall = shared.since(from_ns);
            let mut header = recall.header();
            let shortness = recall.shortness(from_ns, to_ns);
            // So that whoever reads the report later knows as well.
            header.setup.visibility.extend(shortness.iter().filter(|(_, is_cut)| *is_cut).map(
                |(note, _)| Visibility {
                    capability: "memory".to_owned(),
                    available: false,
                    note: note.clone(),
                },
            ));
            say(
                &mut out,
                &Answer::Recording { notes: shortness.into_iter().map(|(note, _)| note).collect() },
            )?;
            let mut recording = Writer::new(out, false, &header)?;
            recall.write(from_ns, to_ns, &mut recording)?;
            recording.finish()?.flush()
        }
        Ok(Question::Incidents) => {
            say(&mut out, &Answer::Incidents { incidents: shared.incidents() })?;
            out.flush()
        }
        Ok(Question::Incident { which }) => {
            match shared.incident(&which) {
                Ok(mut recording) => {
                    say(&mut out, &Answer::Recording { notes: Vec::new() })?;
                    io::copy(&mut recording, &mut out)?;
                }
                Err(why) => say(&mut out, &Answer::Refused { why })?,
            }
            out.flush()
        }
        Err(error) => {
            let version = env!("CARGO_PKG_VERSION");
            let why = format!("the agent is dropctl {version} and does not understand the question: {error}");
            say(&mut out, &Answer::Refused { why })?;
            out.flush()
        }
    }
}

fn say(out: &mut impl io::Write, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    out.write_all(&line)
}
