//! The programs to compare with, on the hook of the agent's: an empty one, a bare increment, a tool that counts.

use anyhow::{Context as _, Result};
use aya::{
    Btf, Ebpf, EbpfLoader,
    programs::{BtfTracePoint, tp_btf::BtfTracePointLinkId},
};

use crate::blocks::Subject;

/// Built by build.rs.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/bench-probe"));

/// One of them, loaded.
pub(crate) struct Program {
    ebpf: Ebpf,
    symbol: &'static str,
    name: &'static str,
    link: Option<BtfTracePointLinkId>,
}

impl Program {
    /// The floor of all others.
    pub(crate) fn floor() -> Result<Self> {
        Self::load("floor", "empty program (floor F)")
    }

    /// Counting by number and nothing else.
    pub(crate) fn increment() -> Result<Self> {
        Self::load("increment", "increment alone")
    }

    /// A tool that counts under the name and in the layout that dropctl follows.
    pub(crate) fn tool() -> Result<Self> {
        Self::load("tool", "a tool that counts")
    }

    /// The same, that drops each event.
    pub(crate) fn dropping() -> Result<Self> {
        Self::load("dropping", "a tool that drops each event")
    }

    fn load(symbol: &'static str, name: &'static str) -> Result<Self> {
        let cpus = u32::try_from(aya::util::nr_cpus().map_err(|(path, error)| error_at(path, error))?)?;
        let ebpf = EbpfLoader::new()
            .map_max_entries("COUNTERS", cpus)
            .map_max_entries("counter_maps", cpus)
            .load(OBJECT)
            .context("load the object")?;
        let mut program = Self { ebpf, symbol, name, link: None };
        let btf = Btf::from_sys_fs().context("read the kernel's types")?;
        program.program()?.load("sys_exit", &btf).with_context(|| format!("load program {symbol}"))?;
        Ok(program)
    }

    fn program(&mut self) -> Result<&mut BtfTracePoint> {
        let program =
            self.ebpf.program_mut(self.symbol).with_context(|| format!("no program {}", self.symbol))?;
        program.try_into().with_context(|| format!("kind of program {}", self.symbol))
    }
}

fn error_at(path: &str, error: std::io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context(path.to_owned())
}

impl Subject for Program {
    fn name(&self) -> &str {
        self.name
    }

    fn attach(&mut self) -> Result<()> {
        self.link = Some(self.program()?.attach().context("attach")?);
        Ok(())
    }

    fn detach(&mut self) -> Result<Option<u64>> {
        if let Some(link) = self.link.take() {
            self.program()?.detach(link).context("detach")?;
        }
        Ok(None)
    }
}
