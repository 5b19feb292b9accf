//! /metrics and /versions.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use anyhow::{Context as _, Result, ensure};

use crate::standin::{Standin, load};

const PORT: u16 = 18_765;

pub(crate) fn metrics_and_versions() -> Result<()> {
    let mut standin =
        Standin::start(&format!("--syscalls open --ring-bytes 64KiB --stall 0s+60s --port {PORT}"))?;
    load("--syscall open --calls 5000")?;
    let page = get("/metrics")?;
    let summary = standin_summary(&mut standin)?;
    let value = |name: &str| -> Result<u64> {
        let line =
            page.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        Ok(line.trim().parse()?)
    };
    let drops = value("falcosecurity_scap_n_drops_total ")?;
    ensure!(drops >= 5000 - 65_535 / 88 && drops <= summary, "{drops} on the page, {summary} in the end");
    ensure!(value("falcosecurity_scap_n_drops_buffer_total{dir=\"exit\",drop=\"open\"} ")? == drops);
    ensure!(value("falcosecurity_scap_n_drops_buffer_total{dir=\"enter\",drop=\"open\"} ")? == 0);
    let cpus = page.lines().filter_map(|line| line.strip_prefix("falcosecurity_scap_n_drops_cpu_total{cpu="));
    let by_cpu: u64 = cpus.filter_map(|line| line.split(' ').nth(1)?.parse::<u64>().ok()).sum();
    ensure!(by_cpu == drops, "{by_cpu} by CPU");
    // Each sample has its own HELP and TYPE, also the second of a name.
    let comments = page.lines().filter(|line| line.starts_with('#')).count();
    ensure!(comments == 2 * (page.lines().count() - comments), "{comments} comments");
    Ok(())
}

fn standin_summary(standin: &mut Standin) -> Result<u64> {
    let versions: serde_json::Value = serde_json::from_str(&get("/versions")?)?;
    ensure!(versions["falco_version"] == "0.44.1" && versions["libs_version"] == "0.25.4", "{versions}");
    let summary = standin.finish()?;
    summary.check()?;
    Ok(summary.of("n_drops"))
}

fn get(path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", PORT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer")?;
    ensure!(head.contains(" 200 "), "{head}");
    Ok(body.to_owned())
}
