//! `capture_settings` and `interesting_syscalls_table_64bit`: what Falco's modern probe was told to do.
//!
//! These maps are the truth that a configuration file only announces. Offsets are those of
//! driver/modern_bpf/shared_definitions/struct_definitions.h in libs 0.10.4, 0.11.3, 0.13.4 and 0.25.4.

use thiserror::Error;

/// The settings of a running probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureSettings {
    /// When the node booted, ns since the epoch, by Falco's reckoning.
    pub boot_time_ns: u64,
    /// Bytes kept of each I/O buffer.
    pub snaplen_bytes: u32,
    /// What newer probes add; `None` up to libs 0.10.
    pub filters: Option<Filters>,
}

/// What makes the probe leave events out, and who reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters {
    /// Sampling is on.
    pub dropping_mode: bool,
    /// One event in this many, while sampling is on.
    pub sampling_ratio: u32,
    /// Failed syscalls are left out (`drop_failed_exit`).
    pub drop_failed: bool,
    /// The thread that opened the probe, as its own pid namespace counts. `None` in versions that do not say.
    pub scap_tid: Option<i32>,
}

/// A size that no known version has.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("capture settings of {bytes} bytes are of no known version")]
pub struct UnknownSettings {
    bytes: usize,
}

impl CaptureSettings {
    /// Decodes the map's only value.
    ///
    /// # Errors
    ///
    /// [`UnknownSettings`].
    pub fn decode(value: &[u8]) -> Result<Self, UnknownSettings> {
        let unknown = UnknownSettings { bytes: value.len() };
        let short = |offset: usize| value.get(offset..offset + 4)?.try_into().ok().map(u32::from_ne_bytes);
        let newer = match value.len() {
            16 => false,
            32 => true,
            _ => return Err(unknown),
        };
        let boot_time = value.get(..8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_ne_bytes);
        let tid = short(28).map(u32::cast_signed);
        Ok(Self {
            boot_time_ns: boot_time.ok_or(unknown)?,
            snaplen_bytes: short(8).ok_or(unknown)?,
            filters: newer.then_some(Filters {
                dropping_mode: value.get(12) != Some(&0),
                sampling_ratio: short(16).unwrap_or_default(),
                drop_failed: value.get(20) != Some(&0),
                // Padding in versions before it, and no thread has the id 0.
                scap_tid: tid.filter(|tid| *tid > 0),
            }),
        })
    }
}

/// Numbers (64-bit native table) of the syscalls that Falco traces. `table` has one byte per number: entries of the
/// kernel's array are 8 bytes apart, so pick each entry's first.
#[must_use]
pub fn traced_syscalls(table: &[u8]) -> Vec<u32> {
    (0..).zip(table).filter(|(_, traced)| **traced != 0).map(|(number, _)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(tid: i32) -> Vec<u8> {
        let mut value = vec![0; 32];
        value[..8].copy_from_slice(&1_795_408_816_000_000_000_u64.to_ne_bytes());
        value[8..12].copy_from_slice(&80_u32.to_ne_bytes());
        value[16..20].copy_from_slice(&4_u32.to_ne_bytes());
        value[20] = 1;
        value[28..].copy_from_slice(&tid.to_ne_bytes());
        value
    }

    #[test]
    fn settings_of_a_running_probe() {
        let expected = CaptureSettings {
            boot_time_ns: 1_795_408_816_000_000_000,
            snaplen_bytes: 80,
            filters: Some(Filters {
                dropping_mode: false,
                sampling_ratio: 4,
                drop_failed: true,
                scap_tid: Some(4711),
            }),
        };
        assert_eq!(CaptureSettings::decode(&newest(4711)), Ok(expected));
        let before = CaptureSettings::decode(&newest(0)).unwrap();
        assert_eq!(before.filters.unwrap().scap_tid, None, "padding before libs had it");
    }

    #[test]
    fn oldest_and_unknown_sizes() {
        let oldest = CaptureSettings::decode(&newest(1)[..16]).unwrap();
        assert_eq!((oldest.snaplen_bytes, oldest.filters), (80, None));
        assert_eq!(CaptureSettings::decode(&[0; 40]), Err(UnknownSettings { bytes: 40 }));
        assert_eq!(CaptureSettings::decode(&[]), Err(UnknownSettings { bytes: 0 }));
    }

    #[test]
    fn traced_numbers() {
        let mut table = [0; 512];
        table[257] = 1;
        table[0] = 1;
        assert_eq!(traced_syscalls(&table), [0, 257]);
        assert_eq!(traced_syscalls(&[]), [] as [u32; 0]);
    }
}
