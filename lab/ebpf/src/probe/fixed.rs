//! Events of fixed size.

use super::{
    category::Category,
    emit::{Header, reserve},
};

/// Tell events apart for our own consumer.
const GENERIC: u16 = 1;
const CLOSE: u16 = 5;

#[repr(C, packed(2))]
struct Generic {
    header: Header,
    lengths: [u16; 2],
    id: u16,
    native_id: u16,
}

const _: () = assert!(size_of::<Generic>() == 34);

#[repr(C, packed(2))]
struct Close {
    header: Header,
    lengths: [u16; 2],
    result: i64,
    fd: i64,
}

const _: () = assert!(size_of::<Close>() == 46);

#[inline(always)]
pub(crate) fn generic(number: u32) {
    reserve(Category::None, || Generic {
        header: Header::now(GENERIC, size_of::<Generic>() as u32, 2),
        lengths: [2, 2],
        id: number as u16,
        native_id: number as u16,
    });
}

#[inline(always)]
pub(crate) fn close(result: i64, fd: u64) {
    reserve(Category::Close, || Close {
        header: Header::now(CLOSE, size_of::<Close>() as u32, 2),
        lengths: [8, 8],
        result,
        // The syscall takes 32 bits of the register.
        fd: i64::from(fd as i32),
    });
}
