//! Servers that answer well, slowly, too much, wrongly or not at all.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream as Stream},
    thread,
};

use super::*;

/// A server for one connection. It gets the request and the stream.
fn server(answer: impl FnOnce(String, Stream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let bytes = stream.read(&mut request).unwrap();
        answer(String::from_utf8_lossy(&request[..bytes]).into_owned(), stream);
    });
    address
}

fn reply(head: &str, body: impl AsRef<[u8]> + Send + 'static) -> SocketAddr {
    let head = format!("HTTP/1.1 {head}\r\n\r\n");
    server(move |_, mut stream| {
        // The client may hang up on us in the middle: that is what some tests are about.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_ref()));
    })
}

fn ask(address: SocketAddr) -> Result<Bytes, HttpError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(get(address, "/metrics"))
}

#[test]
fn a_body_as_it_is() {
    let (sent, asked) = std::sync::mpsc::channel();
    let address = server(move |request, mut stream| {
        sent.send(request).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\xff\n").unwrap();
    });
    assert_eq!(ask(address).unwrap(), &b"a\xff\n"[..]);
    let request = asked.recv().unwrap();
    assert!(request.starts_with("GET /metrics HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: {address}\r\n")), "{request}");
}

#[test]
fn length_by_chunks_or_by_the_end() {
    let chunks = reply("200 OK\r\nTransfer-Encoding: chunked", "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    assert_eq!(ask(chunks).unwrap(), "abc");
    assert_eq!(ask(reply("200 OK\r\nConnection: close", "abc")).unwrap(), "abc");
}

#[test]
fn too_much_is_refused() {
    let fifty = vec![b'a'; 50 << 20];
    assert!(matches!(
        ask(reply("200 OK\r\nConnection: close", fifty.clone())),
        Err(HttpError::TooBig { .. })
    ));
    let announced = reply("200 OK\r\nContent-Length: 52428800", fifty);
    assert!(matches!(ask(announced), Err(HttpError::TooBig { .. })));
    let head = format!("200 OK\r\nX: {}", "a".repeat(1 << 20));
    assert!(matches!(ask(reply(&head, "")), Err(HttpError::Protocol { .. })));
}

#[test]
fn lies_about_the_length() {
    let more = reply("200 OK\r\nContent-Length: 10", "abc");
    assert!(matches!(ask(more), Err(HttpError::Protocol { .. })), "cut off is not whole");
    assert_eq!(ask(reply("200 OK\r\nContent-Length: 2", "abc")).unwrap(), "ab");
    let huge = reply("200 OK\r\nContent-Length: 18446744073709551000", "abc");
    assert!(ask(huge).is_err());
    let twice = reply("200 OK\r\nContent-Length: 1\r\nContent-Length: 2", "abc");
    assert!(matches!(ask(twice), Err(HttpError::Protocol { .. })));
}

#[test]
fn silence_ends() {
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let silent = server(move |_, stream| {
        let _ = held.recv();
        drop(stream);
    });
    assert!(matches!(ask(silent), Err(HttpError::Slow { .. })));
    drop(hold);
    let drip = server(|_, mut stream| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        while stream.write_all(&bytes).is_ok() {
            bytes = b"a".to_vec();
            thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(matches!(ask(drip), Err(HttpError::Slow { .. })), "a drip is no answer");
}

#[test]
fn garbage_redirects_and_nobody() {
    let garbage = server(|_, mut stream| drop(stream.write_all(b"\xff\xfe\0SSH-2.0\r\n\r\n")));
    assert!(matches!(ask(garbage), Err(HttpError::Protocol { .. })));
    let empty = server(|_, stream| drop(stream));
    assert!(matches!(ask(empty), Err(HttpError::Protocol { .. })));
    let moved = reply("302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0", "");
    assert!(matches!(ask(moved), Err(HttpError::Status { status: StatusCode::FOUND, .. })));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(ask(closed), Err(HttpError::Connect { .. })));
}
