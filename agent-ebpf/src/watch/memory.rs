//! Reading kernel memory: by plain loads where the verifier knows the type, else through a helper.

use core::mem::MaybeUninit;

use aya_ebpf::helpers::generated::bpf_probe_read_kernel;

/// A member of an object whose type the verifier knows.
macro_rules! load {
    ($name:ident, $type:ty) => {
        /// A member by a plain load.
        #[inline(always)]
        pub(crate) fn $name(object: *const u8, offset: u32) -> $type {
            // SAFETY: the offset is that of the member in this kernel; the verifier checks the load.
            unsafe { object.add(offset as usize).cast::<$type>().read_volatile() }
        }
    };
}

load!(load_u32, u32);
load!(load_u64, u64);
load!(load_pointer, *const u8);

/// A value at any address; zeros if it cannot be read.
#[inline(always)]
pub(crate) fn read<T: Copy>(from: u64) -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the helper checks the address, and fills the value with zeros if it cannot be read. `T` is made of
    // integers.
    unsafe {
        bpf_probe_read_kernel(value.as_mut_ptr().cast(), size_of::<T>() as u32, from as *const _);
        value.assume_init()
    }
}

/// Some bytes at any address.
///
/// # Safety
///
/// `into` must have room for `length` bytes.
#[inline(always)]
pub(crate) unsafe fn read_into(into: *mut u8, length: u32, from: u64) {
    // SAFETY: the caller's; the helper checks the address.
    unsafe { bpf_probe_read_kernel(into.cast(), length, from as *const _) };
}
