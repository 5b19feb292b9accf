//! The programs and their maps: load, fill, attach, detach.

use std::{os::fd::AsFd as _, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use aya::{
    Btf, Ebpf, EbpfLoader,
    maps::{Array, ArrayOfMaps, Map, MapData, ProgramArray},
    programs::{BtfTracePoint, tp_btf::BtfTracePointLinkId},
};
use rustix::process::{Resource, Rlimit, setrlimit};
use syscalls::Sysno;

use super::{counters::Counters, identity, rings::Rings};
use crate::{
    cli::StandinArgs,
    hold::{Held, Holder},
    sys::{barrier, bpf::nameless_ring, ring::Ring},
};

/// The hook, and the name of the program on it.
const SYS_EXIT: &str = "sys_exit";
/// For any syscall without a program of its own.
const GENERIC: &str = "generic_x";
/// Programs of single syscalls.
const SPECIAL: [(Sysno, &str); 4] = [
    (Sysno::close, "close_x"),
    (Sysno::open, "open_x"),
    (Sysno::openat, "openat_x"),
    (Sysno::write, "write_x"),
];

/// Loaded programs.
pub(super) struct Probe {
    ebpf: Ebpf,
    counters: Arc<Counters>,
    link: Option<BtfTracePointLinkId>,
    /// For the first ring, if its records are to be held.
    holder: Option<Holder>,
    held: Option<Held>,
}

impl Probe {
    /// Loads the programs; nothing is traced yet. `boot_ns` is added to the time since boot in each record.
    pub(super) fn load(arguments: &StandinArgs, boot_ns: u64) -> Result<(Self, Rings)> {
        // Falco ends where it may not do this; kernels since 5.11 do not look at the limit.
        let _ = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None });
        let cpus = aya::util::nr_cpus()
            .map_err(|(path, error)| anyhow::Error::new(error).context(path.to_owned()))?;
        let cpus = u32::try_from(cpus)?;
        let mut ebpf = EbpfLoader::new()
            .map_max_entries("counter_maps", cpus)
            .map_max_entries("ringbuf_maps", cpus)
            .map_max_entries("auxiliary_maps", cpus)
            .load(arguments.counters.object())
            .context("load the programs' object")?;
        let map = ebpf.take_map("counter_maps").context("no map counter_maps")?;
        let counters = Arc::new(Counters::new(map, arguments.counters)?);
        let mut probe = Self { ebpf, counters, link: None, holder: None, held: None };
        probe.load_programs(&arguments.syscalls)?;
        probe.fill_settings(boot_ns, arguments.snaplen)?;
        let rings = probe.make_rings(arguments)?;
        Ok((probe, rings))
    }

    pub(super) fn counters(&self) -> Arc<Counters> {
        self.counters.clone()
    }

    /// From here on syscalls are traced.
    pub(super) fn attach(&mut self) -> Result<()> {
        self.link = Some(program(&mut self.ebpf, SYS_EXIT)?.attach().context("attach")?);
        Ok(())
    }

    /// Takes the programs of these syscalls away: the dispatcher still runs, and nothing comes of it.
    pub(super) fn go_blind(&mut self, traced: &[Sysno]) -> Result<()> {
        let mut table = ProgramArray::try_from(self.map("syscall_exit_tail_table")?)?;
        for syscall in traced {
            table.clear_index(&u32::try_from(syscall.id())?).context("go blind")?;
        }
        Ok(())
    }

    /// Reserves a record of the first ring.
    pub(super) fn hold(&mut self) -> Result<()> {
        ensure!(self.held.is_none(), "--hold: a record is held already");
        self.held = self.holder.as_mut().map(Holder::hold).transpose()?;
        Ok(())
    }

    /// Gives it up.
    pub(super) fn let_go(&mut self) -> Result<()> {
        self.held.take().map_or(Ok(()), Held::let_go)
    }

    /// When this returns, no program runs any more: counters and rings stay as they are.
    pub(super) fn detach(&mut self) -> Result<()> {
        if let Some(link) = self.link.take() {
            program(&mut self.ebpf, SYS_EXIT)?.detach(link).context("detach")?;
        }
        barrier::wait_for_running_programs();
        Ok(())
    }

    /// Loads all programs and puts those of the traced syscalls in their places.
    fn load_programs(&mut self, traced: &[Sysno]) -> Result<()> {
        let btf = Btf::from_sys_fs().context("read the kernel's types")?;
        let own = SPECIAL.iter().map(|(_, name)| *name);
        for name in own.chain([SYS_EXIT, GENERIC]) {
            program(&mut self.ebpf, name)?
                .load(SYS_EXIT, &btf)
                .with_context(|| format!("load program {name}"))?;
        }
        for syscall in traced {
            let number = u32::try_from(syscall.id())?;
            let name =
                SPECIAL.iter().find(|(special, _)| special == syscall).map_or(GENERIC, |(_, name)| name);
            let program = program(&mut self.ebpf, name)?.fd()?.try_clone()?;
            let mut table = ProgramArray::try_from(self.map("syscall_exit_tail_table")?)?;
            table.set(number, &program, 0)?;
            let mut interesting = Array::<_, u8>::try_from(self.map("interesting_syscalls_table_64bit")?)?;
            interesting.set(number, 1, 0)?;
        }
        Ok(())
    }

    /// `capture_settings` as it is after the start of a Falco. The consumer is the main thread.
    fn fill_settings(&mut self, boot_ns: u64, snaplen: u16) -> Result<()> {
        const SAMPLING_RATIO: u32 = 1;
        let mut settings = [0; 32];
        settings[0..8].copy_from_slice(&boot_ns.to_ne_bytes());
        settings[8..12].copy_from_slice(&u32::from(snaplen).to_ne_bytes());
        settings[16..20].copy_from_slice(&SAMPLING_RATIO.to_ne_bytes());
        settings[28..32].copy_from_slice(&std::process::id().to_ne_bytes());
        let mut map = Array::<_, [u8; 32]>::try_from(self.map("capture_settings")?)?;
        map.set(0, settings, 0).context("fill capture_settings")
    }

    /// One ring for so many CPUs in ascending order (0: for all). Their descriptors end with this function, unless
    /// somebody is to wait for them; the array and the mappings keep the rings.
    fn make_rings(&mut self, arguments: &StandinArgs) -> Result<Rings> {
        let (bytes, share) = (arguments.ring_bytes, arguments.cpus_for_each_buffer);
        let mut array = ArrayOfMaps::<_>::try_from(self.map("ringbuf_maps")?)?;
        let online = identity::online_cpus()?;
        let share = if share == 0 { online.len() } else { share.min(online.len()) };
        let mut rings = Rings::new(arguments.epoll.is_some())?;
        let mut holder = None;
        for cpus in online.chunks(share) {
            let fd = nameless_ring(bytes).with_context(|| format!("make a ring of {bytes} bytes"))?;
            rings.push(Ring::new(fd.as_fd(), bytes).context("map a ring")?, fd.as_fd())?;
            let map = MapData::from_fd(fd).context("look at a ring")?;
            if holder.is_none() && !arguments.hold.is_empty() {
                holder = Some(Holder::load(&map)?);
            }
            for cpu in cpus {
                array.set(*cpu, &map, 0).with_context(|| format!("give a ring to CPU {cpu}"))?;
            }
        }
        self.holder = holder;
        Ok(rings)
    }

    /// Borrowed, so that its descriptor stays open, as Falco's do; without any, the kernel would also empty the
    /// table of programs.
    fn map(&mut self, name: &str) -> Result<&mut Map> {
        self.ebpf.map_mut(name).with_context(|| format!("no map {name}"))
    }
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut BtfTracePoint> {
    let program = ebpf.program_mut(name).with_context(|| format!("no program {name}"))?;
    program.try_into().with_context(|| format!("kind of program {name}"))
}
