//! The asking side.

use std::{
    io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{ANSWER_BYTES, Answer, PATH, PATIENCE, Question};

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// Nothing listens there.
    #[error(
        "no agent answers at {path}: start one with `dropctl agent`, name its socket with --socket, or look at the node now: \
         `dropctl report --duration 10s`"
    )]
    NoAgent {
        /// The socket.
        path: PathBuf,
    },
    /// The socket is another user's.
    #[error(
        "not allowed to ask the agent at {path}: only the user that it runs as may, usually root: run dropctl as that user"
    )]
    NotAllowed {
        /// The socket.
        path: PathBuf,
    },
    /// The agent has no such thing.
    #[error("{0}")]
    Refused(String),
    /// It does not speak this language.
    #[error("{path} gave no answer that dropctl understands: {source}")]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// What was wrong.
        source: io::Error,
    },
}

/// Asks the agent at `path`, or where one listens unless told otherwise, and returns the answer and what follows it.
///
/// # Errors
///
/// [`AskError`].
pub fn ask(path: Option<&Path>, question: &Question) -> Result<(Answer, BufReader<UnixStream>), AskError> {
    let path = || path.unwrap_or_else(|| Path::new(PATH)).to_owned();
    let stream = UnixStream::connect(path()).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => AskError::NoAgent { path: path() },
        ErrorKind::PermissionDenied => AskError::NotAllowed { path: path() },
        _ => AskError::NoAnswer { path: path(), source: error },
    })?;
    let (answer, stream) =
        exchange(stream, question).map_err(|source| AskError::NoAnswer { path: path(), source })?;
    match answer {
        Answer::Refused { why } => Err(AskError::Refused(why)),
        answer => Ok((answer, stream)),
    }
}

fn exchange(mut stream: UnixStream, question: &Question) -> io::Result<(Answer, BufReader<UnixStream>)> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(question)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut stream = BufReader::new(stream);
    let mut answer = Vec::new();
    stream.by_ref().take(ANSWER_BYTES).read_until(b'\n', &mut answer)?;
    if !answer.ends_with(b"\n") {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok((serde_json::from_slice(&answer)?, stream))
}
