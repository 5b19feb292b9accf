//! Looks at rings at each syscall exit, from which drops are estimated where nothing counts them: which rings, and what was
//! seen.

use core::mem::size_of;

/// Rings that are looked at, at most: each costs every syscall of the node.
pub const FULL_RINGS: usize = 8;

/// Rings times syscalls that are told apart, per CPU.
pub const FULL_ENTRIES: u32 = 2048;

/// The ring had room for many records.
pub const CLEAR: usize = 0;
/// It had less than an eighth of it left.
pub const TIGHT: usize = 1;
/// It had no room for the smallest record that it was seen to take.
pub const FULL: usize = 2;

/// Part of a ring that has to be free for [`CLEAR`].
pub const CLEAR_PART: u64 = 8;

/// Smallest record that there can be: a header, and one byte rounded up.
pub const SMALLEST_BYTES: u64 = 16;

/// A ring that is looked at.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct FullRing {
    /// Where its map lies in kernel memory; 0: no ring.
    pub map: u64,
    /// Its size less 1.
    pub mask: u64,
    /// Another number each time that looks begin anew: positions of before say nothing.
    pub generation: u64,
    /// Its map's id.
    pub id: u32,
    /// Keeps the size a multiple of 8.
    pub reserved: u32,
}

/// What the looks of all CPUs know of a ring. Written by all of them without a lock: two that look at the same moment may both
/// find the same.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct FullLast {
    /// [`FullRing::generation`].
    pub generation: u64,
    /// Where the ring's positions lie.
    pub ring: u64,
    /// The producer's position.
    pub producer: u64,
    /// The fewest bytes that came at once; 0 before any.
    pub smallest: u64,
}

/// What the looks of one CPU know of a ring.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct FullSeen {
    /// [`FullRing::generation`].
    pub generation: u64,
    /// The producer's position at its last look.
    pub producer: u64,
}

/// What looks are counted by.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct FullBy {
    /// Map id of the ring.
    pub ring: u32,
    /// Syscall, see [`crate::slot`].
    pub slot: u32,
}

/// Exits of one syscall on one CPU, by [`CLEAR`], [`TIGHT`] or [`FULL`].
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(Default))]
pub struct FullLooks {
    /// Nothing had come into the ring since the last look of any CPU.
    pub nothing: [u64; 3],
    /// Something had.
    pub something: [u64; 3],
    /// Of those with nothing when it was [`CLEAR`]: something had come since this CPU's own last look, and another CPU found it.
    pub elsewhere: u64,
    /// Bytes that had come when it was [`CLEAR`].
    pub bytes: u64,
    /// The fewest of these at once; 0 before any.
    pub smallest: u64,
}

const _: () = {
    assert!(size_of::<FullRing>() == 32 && size_of::<FullLast>() == 32);
    assert!(size_of::<FullSeen>() == 16);
    assert!(size_of::<FullBy>() == 8 && size_of::<FullLooks>() == 72);
};

// SAFETY: `repr(C)`, integers only, no padding (the sizes asserted above are the sums of the fields).
#[cfg(feature = "user")]
unsafe impl aya::Pod for FullRing {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for FullLast {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for FullSeen {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for FullBy {}
// SAFETY: as above.
#[cfg(feature = "user")]
unsafe impl aya::Pod for FullLooks {}
