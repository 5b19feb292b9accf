//! A page of counters that this process shares with its children.

use std::sync::atomic::AtomicU64;

/// Words of a page.
pub(crate) type Page = [AtomicU64; 512];

/// A new page of zeros, shared with children forked later. It is never unmapped: a test process is short-lived.
pub(crate) fn page() -> &'static Page {
    let bytes = size_of::<Page>();
    // SAFETY: the kernel chooses the place; the page is zeroed, aligned and stays mapped.
    unsafe {
        let start = libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        assert!(start != libc::MAP_FAILED, "no memory for a shared page");
        &*start.cast::<Page>()
    }
}
