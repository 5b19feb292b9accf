//! Programs on the hook of other tools' programs, which must run after them.

use aya::{
    Btf as AyaBtf, Ebpf,
    programs::{BtfTracePoint, ProgramError, tp_btf::BtfTracePointLinkId},
};

use super::WatchError;

/// Loads one.
pub(super) fn load(ebpf: &mut Ebpf, btf: &AyaBtf, name: &str) -> Result<(), ProgramError> {
    program(ebpf, name)?.load("sys_exit", btf)
}

/// Attaches it, behind all that are attached by now, or detaches it.
pub(super) fn put(
    ebpf: &mut Ebpf,
    name: &'static str,
    link: &mut Option<BtfTracePointLinkId>,
    on: bool,
) -> Result<(), WatchError> {
    let failed = |source: ProgramError| WatchError::Program {
        action: "attach",
        program: name,
        source: Box::new(source),
    };
    let program = program(ebpf, name).map_err(failed)?;
    if let Some(link) = link.take() {
        program.detach(link).map_err(failed)?;
    }
    if on {
        *link = Some(program.attach().map_err(failed)?);
    }
    Ok(())
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut BtfTracePoint, ProgramError> {
    ebpf.program_mut(name).ok_or(ProgramError::NotLoaded)?.try_into()
}
