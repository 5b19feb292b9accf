//! One GET to a server that may be slow, large or lying: bounded in time and memory, no redirects, no TLS.

use std::{io, net::SocketAddr, time::Duration};

use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout_at},
};

/// From the first packet to the last byte.
pub const DEADLINE: Duration = Duration::from_secs(1);
/// Largest body. A Falco with all rules and 256 CPUs writes about 300 KiB.
pub const MOST_BYTES: usize = 4 << 20;
/// Largest head of a reply.
const MOST_HEAD_BYTES: usize = 32 << 10;

/// Why there is no body.
#[derive(Debug, Error)]
pub enum HttpError {
    /// Nobody listens, or a network in between says no.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Who was asked.
        address: SocketAddr,
        /// The kernel's reason.
        source: io::Error,
    },
    /// Not done within [`DEADLINE`].
    #[error("{address} did not answer within {DEADLINE:?}")]
    Slow {
        /// Who was asked.
        address: SocketAddr,
    },
    /// Not HTTP, or cut off.
    #[error("{address} does not speak HTTP: {source}")]
    Protocol {
        /// Who was asked.
        address: SocketAddr,
        /// What was wrong.
        source: hyper::Error,
    },
    /// Any status but 200.
    #[error("{address} answered with status {status}")]
    Status {
        /// Who was asked.
        address: SocketAddr,
        /// Its answer.
        status: StatusCode,
    },
    /// More than [`MOST_BYTES`].
    #[error("{address} sent more than {MOST_BYTES} bytes")]
    TooBig {
        /// Who was asked.
        address: SocketAddr,
    },
}

/// Reads `path` of a server.
///
/// # Errors
///
/// [`HttpError`].
pub async fn get(address: SocketAddr, path: &'static str) -> Result<Bytes, HttpError> {
    let slow = |_| HttpError::Slow { address };
    timeout_at(Instant::now() + DEADLINE, exchange(address, path)).await.map_err(slow)?
}

async fn exchange(address: SocketAddr, path: &'static str) -> Result<Bytes, HttpError> {
    let protocol = |source| HttpError::Protocol { address, source };
    let stream =
        TcpStream::connect(address).await.map_err(|source| HttpError::Connect { address, source })?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MOST_HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(protocol)?;
    // Dropped with this function, however it ends, and the connection with it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = hyper::Uri::from_static(path);
    if let Ok(host) = address.to_string().parse() {
        request.headers_mut().insert(HOST, host);
    }
    let response = sender.send_request(request).await.map_err(protocol)?;
    if response.status() != StatusCode::OK {
        return Err(HttpError::Status { address, status: response.status() });
    }
    let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
    match body {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(HttpError::TooBig { address }),
        Err(error) => Err(error
            .downcast::<hyper::Error>()
            .map_or(HttpError::TooBig { address }, |source| protocol(*source))),
    }
}

#[cfg(test)]
mod tests;
