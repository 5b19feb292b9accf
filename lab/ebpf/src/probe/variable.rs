//! Events with a path: built in this CPU's space and copied into the ring as a whole.

use core::arch::asm;

use aya_ebpf::helpers::generated::bpf_probe_read_user_str;

use super::{
    category::Category,
    emit::{Header, output},
    maps,
    registers::Registers,
};

/// Tell events apart for our own consumer.
const OPEN: u16 = 3;
const OPENAT: u16 = 307;
/// `PATH_MAX`, with the final NUL.
const PATH_BYTES: u64 = 4096;
/// Bytes of the parameters behind the path: flags, mode, device, inode.
const TAIL_BYTES: u64 = 4 + 4 + 4 + 8;

/// Result, path, flags, mode, device, inode.
#[inline(always)]
pub(crate) fn open(result: i64, registers: &Registers) {
    event(OPEN, [8, 0, 4, 4, 4, 8], &[result], &Open::at(registers, 0));
}

/// Result, directory, path, flags, mode, device, inode.
#[inline(always)]
pub(crate) fn openat(result: i64, registers: &Registers) {
    let directory = i64::from(registers.argument(0) as i32);
    event(OPENAT, [8, 8, 0, 4, 4, 4, 8], &[result, directory], &Open::at(registers, 1));
}

/// The arguments that both syscalls have.
struct Open {
    path: u64,
    flags: u32,
    mode: u32,
}

impl Open {
    #[inline(always)]
    fn at(registers: &Registers, first: usize) -> Self {
        Self {
            path: registers.argument(first),
            flags: registers.argument(first + 1) as u32,
            mode: registers.argument(first + 2) as u32,
        }
    }
}

/// Builds and sends one. Device and inode are 0: it is their size that counts. `lengths` has a 0 where that of
/// the path belongs, which follows the `words`.
#[inline(always)]
fn event<const PARAMETERS: usize, const WORDS: usize>(
    kind: u16,
    lengths: [u16; PARAMETERS],
    words: &[i64; WORDS],
    open: &Open,
) {
    let Some(data) = maps::own_auxiliary() else { return };
    let words_at = size_of::<Header>() + size_of_val(&lengths);
    let path_at = words_at + size_of_val(words);
    // SAFETY: all places lie in the 128 KiB at `data`: the path has at most `PATH_BYTES` bytes. The verifier
    // checks each store; the helper checks the user's address.
    unsafe {
        let path = data.add(path_at);
        let read = bpf_probe_read_user_str(path.cast(), PATH_BYTES as u32, open.path as *const _);
        // An unreadable path is an empty one.
        let mut path_bytes = read as u64;
        // The compiler would check `read - 1`; verifiers up to 6.18 must see the check on the very register that is
        // used. Moves it onto itself (an empty block would break the line table of the BTF).
        asm!("{0} = {0}", inlateout(reg) path_bytes, options(nomem, nostack, preserves_flags));
        if path_bytes > PATH_BYTES {
            path_bytes = 0;
        }
        let tail = path.add(path_bytes as usize);
        tail.cast::<u32>().write_unaligned(open.flags);
        tail.add(4).cast::<u32>().write_unaligned(open.mode);
        tail.add(8).cast::<u32>().write_unaligned(0);
        tail.add(12).cast::<u64>().write_unaligned(0);

        let bytes = path_at as u64 + path_bytes + TAIL_BYTES;
        data.cast::<Header>().write(Header::now(kind, bytes as u32, PARAMETERS as u32));
        let places = data.add(size_of::<Header>()).cast::<u16>();
        for (index, length) in lengths.iter().enumerate() {
            places.add(index).write(*length);
        }
        places.add(WORDS).write(path_bytes as u16);
        for (index, word) in words.iter().enumerate() {
            data.add(words_at + 8 * index).cast::<i64>().write_unaligned(*word);
        }
        output(Category::Open, data, bytes);
    }
}
