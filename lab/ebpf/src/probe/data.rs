//! Events with data that the syscall was given, cut off at `snaplen`: those that can be too big.

use core::arch::asm;

use aya_ebpf::helpers::generated::bpf_probe_read_user;

use super::{
    category::Category,
    emit::{Header, output},
    maps,
    registers::Registers,
};

/// Tells the event apart for our own consumer.
const WRITE: u16 = 13;
/// Bytes of the parameters behind the data: file, size.
const TAIL_BYTES: u64 = 8 + 4;
/// A length is 16 bits.
const MOST_DATA: u64 = 0xffff;

/// Result, data, file, size. A write that failed carries its data as well.
#[inline(always)]
pub(crate) fn write(result: i64, registers: &Registers) {
    let Some(event) = maps::own_auxiliary() else { return };
    let size = registers.argument(2);
    let wanted = if result > 0 { result as u64 } else { size };
    let mut bytes = wanted.min(maps::snaplen());
    // As in `variable`: the verifier must see the bound on the register that is used.
    // SAFETY: moves a register onto itself.
    unsafe { asm!("{0} = {0}", inlateout(reg) bytes, options(nomem, nostack, preserves_flags)) };
    bytes &= MOST_DATA;
    // SAFETY: all places lie in the 128 KiB at `event`: there are at most `MOST_DATA` bytes of data. The verifier
    // checks each store; the helper checks the user's address.
    unsafe {
        let lengths = event.add(size_of::<Header>()).cast::<u16>();
        let result_at = lengths.add(4).cast::<i64>();
        let data = result_at.add(1).cast::<u8>();
        if bpf_probe_read_user(data.cast(), bytes as u32, registers.argument(1) as *const _) != 0 {
            // An unreadable buffer is an empty one.
            bytes = 0;
        }
        let tail = data.add(bytes as usize);
        tail.cast::<i64>().write_unaligned(i64::from(registers.argument(0) as i32));
        tail.add(8).cast::<u32>().write_unaligned(size as u32);
        for (index, length) in [8, bytes as u16, 8, 4].into_iter().enumerate() {
            lengths.add(index).write(length);
        }
        result_at.write_unaligned(result);
        let all = (size_of::<Header>() + 4 * 2 + 8) as u64 + bytes + TAIL_BYTES;
        event.cast::<Header>().write(Header::now(WRITE, all as u32, 4));
        output(Category::None, event, all);
    }
}
