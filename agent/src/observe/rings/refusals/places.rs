//! Places in this kernel that the counting programs read, beside those of all watching programs.

use std::fs;

use agent_common::refusals::Places;

use super::RefusalsError;
use crate::btf::Btf;

const SYMBOLS: &str = "/proc/kallsyms";
/// `THREAD_SIZE` less `struct pt_regs` on x86_64: where the registers of a syscall lie before Linux 5.15, which has a
/// helper for them (no kernel up to then leaves a gap above; `TOP_OF_KERNEL_STACK_PADDING` is 0).
const REGISTERS: u32 = (16 << 10) - 168;
/// Bytes of `struct pt_regs` are as above, and its number is where `Settings::number_offset` says.
const HELPER_SINCE: (u8, u8) = (5, 15);

/// Looks them all up.
pub(super) fn read(btf: &Btf, kernel: (u8, u8)) -> Result<Places, RefusalsError> {
    let of = |name: &'static str, member: &'static str| {
        let offset = btf.member_offset(name, member).map_err(RefusalsError::Types)?;
        offset.ok_or(RefusalsError::Absent(name, member))
    };
    let (cpu_bases, preempt_count) = if cfg!(target_arch = "x86_64") {
        preempt_count_of_cpu(btf)?
    } else {
        let count = of("task_struct", "thread_info")? + of("thread_info", "preempt_count")?;
        (0, count.into())
    };
    Ok(Places {
        cpu_bases,
        preempt_count,
        ringbuf_mask: of("bpf_ringbuf", "mask")?,
        task_flags: of("task_struct", "flags")?,
        registers: REGISTERS,
        task_stack: of("task_struct", "stack")?,
        has_task_registers: (kernel >= HELPER_SINCE).into(),
        reserved: 0,
    })
}

/// x86_64 keeps the count per CPU: a variable of its own, or from 6.2 to 6.14 a member of `pcpu_hot`.
fn preempt_count_of_cpu(btf: &Btf) -> Result<(u64, u64), RefusalsError> {
    let symbols = fs::read_to_string(SYMBOLS).map_err(RefusalsError::Symbols)?;
    let member = btf.member_offset("pcpu_hot", "preempt_count").map_err(RefusalsError::Types)?;
    let count = match member {
        Some(member) => address(&symbols, "pcpu_hot").map(|hot| hot + u64::from(member)),
        None => address(&symbols, "__preempt_count"),
    };
    // Without the right to see addresses all of them are 0.
    let bases = address(&symbols, "__per_cpu_offset").filter(|address| *address != 0);
    bases.zip(count).ok_or(RefusalsError::PreemptCount)
}

/// Lines are `ADDRESS TYPE NAME`, a module's with its name behind.
fn address(symbols: &str, name: &str) -> Option<u64> {
    symbols.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (address, _, symbol) = (words.next()?, words.next()?, words.next()?);
        (symbol == name).then(|| u64::from_str_radix(address, 16).ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn symbols_are_found_by_their_whole_name() {
        let symbols = "0000000000031ec0 A __preempt_count_x\n0000000000031ec8 A __preempt_count\n";
        assert_eq!(address(symbols, "__preempt_count"), Some(0x31ec8));
        assert_eq!(address(symbols, "pcpu_hot"), None);
    }
}
