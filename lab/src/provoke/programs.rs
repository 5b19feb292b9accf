//! The programs that write to the ring, and the ring.

use std::os::fd::AsFd as _;

use anyhow::{Context as _, Result, bail};
use aya::{
    Ebpf, EbpfLoader,
    maps::{Map, MapData},
    programs::{RawTracePoint, RawTracePointRunOptions, TestRun as _},
};

use crate::{
    cli::{Class, Helper, ProvokeArgs},
    sys::ring::Ring,
};

static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/provoke"));

const RING: &str = "RING";

/// Loaded programs.
pub(super) struct Programs {
    ebpf: Ebpf,
    program: &'static str,
    ring_id: u32,
}

impl Programs {
    /// Loads what the arguments need.
    pub(super) fn load(arguments: &ProvokeArgs) -> Result<Self> {
        let program = match arguments.helper {
            Helper::Reserve => "attempt_reserve",
            Helper::Output => "attempt_output",
            Helper::ReserveDynptr => "attempt_reserve_dynptr",
        };
        let mut ebpf = EbpfLoader::new()
            .map_max_entries(RING, arguments.ring_bytes)
            .load(OBJECT)
            .context("load the programs' object")?;
        let ring_id = data(&ebpf, RING)?.info().context("look at the ring")?.id();
        attempt(&mut ebpf, program)?.load().with_context(|| {
            format!("load program {program} (bpf_ringbuf_reserve_dynptr came with Linux 5.19)")
        })?;
        Ok(Self { ebpf, program, ring_id })
    }

    pub(super) fn ring_id(&self) -> u32 {
        self.ring_id
    }

    /// The ring.
    pub(super) fn ring(&self) -> Result<&MapData> {
        data(&self.ebpf, RING)
    }

    /// The ring, for consuming.
    pub(super) fn map_ring(&self, bytes: u32) -> Result<Ring> {
        Ring::new(self.ring()?.fd().as_fd(), bytes).context("map the ring")
    }

    /// Asks for a record, so many times; how often the ring refused.
    pub(super) fn attempt(&mut self, class: Class, calls: u64) -> Result<u64> {
        // As lab/ebpf/src/provoke.rs numbers them.
        let kind = match class {
            Class::Behind | Class::Pending => 0,
            Class::TooBig => 1,
            Class::Flags => 2,
        };
        let program = attempt(&mut self.ebpf, self.program)?;
        let mut refused = 0;
        for _ in 0..calls {
            let mut options = RawTracePointRunOptions::new();
            options.args[0] = kind;
            refused += u64::from(program.test_run(options).context("run the program")?.return_value);
        }
        Ok(refused)
    }
}

fn data<'a>(ebpf: &'a Ebpf, name: &str) -> Result<&'a MapData> {
    match ebpf.map(name) {
        Some(Map::RingBuf(data)) => Ok(data),
        _ => bail!("no ring {name}"),
    }
}

fn attempt<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut RawTracePoint> {
    let program = ebpf.program_mut(name).with_context(|| format!("no program {name}"))?;
    program.try_into().with_context(|| format!("kind of program {name}"))
}
