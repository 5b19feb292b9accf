//! Giving freed memory back to the kernel.

/// Returns the pages of freed memory to the kernel. Parsing the kernel's types takes and frees tens of megabytes
/// in small pieces. glibc keeps those pages because later allocations lie above them; musl gives them back by
/// itself.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: no pointers; the allocator locks itself.
    unsafe {
        libc::malloc_trim(0);
    }
}
