//! One GET inside another network namespace: the test binary runs itself there through nsenter.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// Set to `PORT/PATH`, it turns this binary into a client that prints the answer and ends.
pub(crate) const GET_ENV: &str = "DROPCTL_TEST_GET";

pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Fetches from 127.0.0.1 as the process `pid` sees it.
pub(crate) fn get(pid: u32, port: u16, path: &str) -> Result<Page> {
    let output = Command::new("nsenter")
        .arg(format!("--net=/proc/{pid}/ns/net"))
        .arg("--")
        .arg(std::env::current_exe()?)
        .env(GET_ENV, format!("{port}{path}"))
        .output()
        .context("cannot start nsenter")?;
    ensure!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr).trim());
    let answer = String::from_utf8(output.stdout)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("not an HTTP answer")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    Ok(Page { status, body: body.to_owned() })
}

pub(crate) fn print(target: &str) -> ExitCode {
    match fetch(target) {
        Ok(answer) => {
            print!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn fetch(target: &str) -> Result<String> {
    let slash = target.find('/').context("no path")?;
    let (port, path) = target.split_at(slash);
    let mut stream = TcpStream::connect(("127.0.0.1", port.parse()?))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    // 1.0: the answer comes in one piece and ends with the connection.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
