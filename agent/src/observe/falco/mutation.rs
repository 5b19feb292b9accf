//! Each parser on inputs that are cut off and changed at random: it may refuse, it may not panic or hang.

use super::{
    command_line::CommandLine,
    counters::Counters,
    dialect::Dialect,
    endpoint::{own_v4, own_v6},
    exposition,
    metrics::FalcoMetrics,
    settings::{CaptureSettings, traced_syscalls},
    versions::Versions,
};

/// xorshift64: the same inputs in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}

/// Signs that mean something to one of the parsers.
const SIGNS: &[u8] = b"\0\n\t \"'#$%&*+,-./0:=?@A[]\\`a{|}~!<>\x7f\x80\xc3\xff";

fn mutate(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed[..random.below(seed.len() + 1)].to_vec();
    for _ in 0..random.below(8) {
        let at = random.below(bytes.len() + 1);
        match random.below(3) {
            0 => bytes.insert(at, SIGNS[random.below(SIGNS.len())]),
            1 if at < bytes.len() => bytes[at] = SIGNS[random.below(SIGNS.len())],
            _ => drop(bytes.drain(at..(at + random.below(16)).min(bytes.len()))),
        }
    }
    bytes
}

/// Runs a parser on changed inputs.
pub(crate) fn each(seed: &[u8], runs: usize, parse: impl Fn(&[u8])) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..runs {
        parse(&mutate(seed, &mut random));
    }
}

#[test]
fn maps() {
    let members =
        [("n_evts".to_owned(), 0), ("n_drops_buffer".to_owned(), 8), ("far".to_owned(), usize::MAX)];
    each(&[0xff; 136], 20_000, |bytes| {
        let cpus: Vec<_> = [Counters::decode(bytes, None), Counters::decode(bytes, Some(&members))]
            .into_iter()
            .flatten()
            .inspect(|counters| assert!(counters.uncategorised() <= counters.n_drops_buffer.into()))
            .collect();
        let _ = Counters::sum(&cpus);
        let _ = CaptureSettings::decode(bytes);
        let _ = traced_syscalls(bytes);
    });
}

#[test]
fn replies() {
    each(include_bytes!("../../../tests/data/falco-0.44.1/versions.json"), 20_000, |bytes| {
        let _ = Versions::parse(bytes);
    });
    let metrics = include_bytes!("../../../tests/data/falco-0.44.1/metrics-drops.prom");
    each(&metrics[..2000], 10_000, |bytes| {
        let _ = FalcoMetrics::parse(bytes);
        for series in exposition::parse(bytes).into_iter().flat_map(|exposition| exposition.series) {
            let _ = (series.count(), series.number());
        }
    });
    each(b"a{b=\"c\\\"d\\n\",e=\"f\"} 1.5 17\n", 50_000, |bytes| drop(exposition::parse(bytes)));
}

#[test]
fn process_files() {
    each(b"falco\0-c\0f.yaml\0-oa=b\0--option=c.d[0]=e\0-vAo\0x\0--\0-u\0", 50_000, |bytes| {
        let _ = CommandLine::parse(bytes);
    });
    each(b"|-- 10.0.0.1\n   /32 host LOCAL\n|-- 127.0.0.1\n", 20_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = (own_v4(&text), own_v6(&text));
    });
    each(b"0.44.1-100+334ca42", 20_000, |bytes| {
        let _ = Dialect::of(&String::from_utf8_lossy(bytes));
    });
}
