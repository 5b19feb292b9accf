//! The programs that write to the ring, and the ring.

use std::{fs::File, os::fd::AsFd as _};

use anyhow::{Context as _, Result, bail};
use aya::{
    Btf, Ebpf, EbpfLoader,
    maps::{Array, Map, MapData},
    programs::{Iter, RawTracePoint, RawTracePointRunOptions, TestRun as _},
};

use crate::{
    cli::{Class, Helper, ProvokeArgs},
    sys::{fault::AbsentPage, ring::Ring},
};

static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/provoke"));

const RING: &str = "RING";
const HOLD: &str = "hold";

/// Loaded programs.
pub(super) struct Programs {
    ebpf: Ebpf,
    program: &'static str,
    ring_id: u32,
}

/// What holds a record open: read the file, and it waits for the page.
pub(super) struct Holder {
    pub(super) file: File,
    pub(super) page: AbsentPage,
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
        if arguments.class == Class::Pending {
            let btf = Btf::from_sys_fs().context("read the kernel's types")?;
            hold(&mut ebpf)?.load("task", &btf).context(
                "load the program that holds a record: it sleeps, which iterators may since Linux 5.18",
            )?;
        }
        Ok(Self { ebpf, program, ring_id })
    }

    pub(super) fn ring_id(&self) -> u32 {
        self.ring_id
    }

    /// The ring, for consuming.
    pub(super) fn map_ring(&self, bytes: u32) -> Result<Ring> {
        Ring::new(data(&self.ebpf, RING)?.fd().as_fd(), bytes).context("map the ring")
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

    /// What will hold a record.
    pub(super) fn take_holder(&mut self) -> Result<Holder> {
        let page = AbsentPage::new().context("make a page that is not there (userfaultfd; needs root)")?;
        let order = self.ebpf.map_mut("ORDER").context("no map ORDER")?;
        let mut order = Array::<_, u64>::try_from(order).context("kind of map ORDER")?;
        order.set(0, page.address(), 0).context("say where the page is")?;
        let program = hold(&mut self.ebpf)?;
        let link = program.attach().context("make the iterator")?;
        let file = program.take_link(link)?.into_file().context("open the iterator")?;
        Ok(Holder { file, page })
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

fn hold(ebpf: &mut Ebpf) -> Result<&mut Iter> {
    let program = ebpf.program_mut(HOLD).context("no program hold")?;
    program.try_into().context("kind of program hold")
}
