//! `counter_maps`: what Falco's modern probe counts on each CPU.
//!
//! The map is a plain array with one value per possible CPU. Its layout follows from the value's BTF, or, up to
//! libs 0.25, from its size (driver/modern_bpf/shared_definitions/struct_definitions.h by tag). `n_evts` counts
//! attempts: it includes the drops.

use thiserror::Error;

/// Which fields a value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Up to libs 0.10 (Falco 0.34), 24 bytes: no categories.
    V0,
    /// libs 0.11 and 0.12 (Falco 0.35), 120 bytes.
    V1,
    /// libs 0.13 to 0.21 (Falco 0.36 to 0.41), 136 bytes.
    V2,
    /// libs 0.22 to 0.25 (Falco 0.42 to 0.44), 104 bytes.
    V3,
    /// From the kernel's description of the map.
    Btf,
    /// None of these: only `n_evts` and `n_drops_buffer` are decoded, which every known layout has first.
    Unknown,
}

/// Counters of one CPU, or their sum. All are events since the probe was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Attempts to write an event, drops included.
    pub n_evts: u64,
    /// Events for which the ring had no room.
    pub n_drops_buffer: u64,
    /// The part of `n_drops_buffer` that falls in a category, by Falco's names without `n_drops_buffer_`.
    pub categories: Vec<(String, u64)>,
    /// Events larger than 64 KiB; Falco prints them as `n_drops_scratch_map`.
    pub n_drops_max_event_size: Option<u64>,
    /// Counters with a name that no release has (BTF only), by their whole names.
    pub others: Vec<(String, u64)>,
    /// How the value was read.
    pub layout: Layout,
}

/// Why a value is no counter map.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CountersError {
    /// Shorter than its first two counters.
    #[error("a value of {bytes} bytes cannot hold n_evts and n_drops_buffer")]
    Short {
        /// Its size.
        bytes: usize,
    },
    /// The kernel's description lacks a counter that every version has.
    #[error("the map's type has no member {name}")]
    Missing {
        /// Which.
        name: &'static str,
    },
}

const PREFIX: &str = "n_drops_buffer_";
/// Categories between `n_drops_buffer` and `n_drops_max_event_size`, in order.
const V1: [&str; 12] = [
    "clone_fork_enter",
    "clone_fork_exit",
    "execve_enter",
    "execve_exit",
    "connect_enter",
    "connect_exit",
    "open_enter",
    "open_exit",
    "dir_file_enter",
    "dir_file_exit",
    "other_interest_enter",
    "other_interest_exit",
];
/// Added to [`V1`] by libs 0.13.
const V2_MORE: [&str; 2] = ["close_exit", "proc_exit"];
const V3: [&str; 10] = [
    "clone_fork_exit",
    "execve_exit",
    "connect_enter",
    "connect_exit",
    "open_enter",
    "open_exit",
    "dir_file_exit",
    "other_interest_exit",
    "close_exit",
    "proc_exit",
];

/// Counters without a known name that are kept.
const MOST_OTHERS: usize = 16;

/// Whether a release has this category.
fn is_category(name: &str) -> bool {
    [&V1[..], &V2_MORE, &V3].concat().contains(&name)
}

impl Counters {
    /// Decodes the value of one CPU. `members` are the names and byte offsets of the value's BTF, where it is known.
    ///
    /// # Errors
    ///
    /// [`CountersError`].
    pub fn decode(value: &[u8], members: Option<&[(String, usize)]>) -> Result<Self, CountersError> {
        if let Some(members) = members {
            return Self::by_name(value, members);
        }
        let (layout, names) = match value.len() {
            24 => (Layout::V0, Vec::new()),
            120 => (Layout::V1, V1.to_vec()),
            136 => (Layout::V2, [&V1[..], &V2_MORE].concat()),
            104 => (Layout::V3, V3.to_vec()),
            _ => (Layout::Unknown, Vec::new()),
        };
        let short = CountersError::Short { bytes: value.len() };
        let after = 16 + 8 * names.len();
        Ok(Self {
            n_evts: word(value, 0).ok_or(short)?,
            n_drops_buffer: word(value, 8).ok_or(short)?,
            categories: (16..)
                .step_by(8)
                .zip(names)
                .filter_map(|(offset, name)| Some((name.to_owned(), word(value, offset)?)))
                .collect(),
            n_drops_max_event_size: if layout == Layout::Unknown { None } else { word(value, after) },
            others: Vec::new(),
            layout,
        })
    }

    fn by_name(value: &[u8], members: &[(String, usize)]) -> Result<Self, CountersError> {
        let mut decoded = Self {
            n_evts: 0,
            n_drops_buffer: 0,
            categories: Vec::new(),
            n_drops_max_event_size: None,
            others: Vec::new(),
            layout: Layout::Btf,
        };
        let (mut n_evts, mut n_drops_buffer) = (None, None);
        for (name, offset) in members {
            let Some(count) = word(value, *offset) else { continue };
            match name.as_str() {
                "n_evts" => n_evts = Some(count),
                "n_drops_buffer" => n_drops_buffer = Some(count),
                "n_drops_max_event_size" => decoded.n_drops_max_event_size = Some(count),
                // Names that no release has could be any and many: they are told, but are no categories.
                _ => match name.strip_prefix(PREFIX).filter(|name| is_category(name)) {
                    Some(category) => decoded.categories.push((category.to_owned(), count)),
                    None if decoded.others.len() < MOST_OTHERS => decoded.others.push((name.clone(), count)),
                    None => {}
                },
            }
        }
        decoded.n_evts = n_evts.ok_or(CountersError::Missing { name: "n_evts" })?;
        decoded.n_drops_buffer = n_drops_buffer.ok_or(CountersError::Missing { name: "n_drops_buffer" })?;
        Ok(decoded)
    }

    /// Adds up CPUs. `None` without any, where layouts differ, or where a sum does not fit: then they are not
    /// values of one map.
    pub fn sum<'a>(cpus: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut cpus = cpus.into_iter();
        let mut sum = cpus.next()?.clone();
        for cpu in cpus {
            if cpu.layout != sum.layout {
                return None;
            }
            sum.n_evts = sum.n_evts.checked_add(cpu.n_evts)?;
            sum.n_drops_buffer = sum.n_drops_buffer.checked_add(cpu.n_drops_buffer)?;
            sum.n_drops_max_event_size = match (sum.n_drops_max_event_size, cpu.n_drops_max_event_size) {
                (Some(one), Some(other)) => Some(one.checked_add(other)?),
                _ => None,
            };
            add(&mut sum.categories, &cpu.categories)?;
            add(&mut sum.others, &cpu.others)?;
        }
        Some(sum)
    }

    /// All drops, as Falco's `n_drops`; `None` where the layout does not tell.
    #[must_use]
    pub fn n_drops(&self) -> Option<u64> {
        self.n_drops_buffer.checked_add(self.n_drops_max_event_size?)
    }

    /// Drops of syscalls that Falco has no category for (read, write, send, futex and many more). `None` where the
    /// layout has no categories, or where they add up to more than the total: counters are read while they move.
    #[must_use]
    pub fn uncategorised(&self) -> Option<u64> {
        if self.categories.is_empty() {
            return None;
        }
        let sum = self.categories.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count))?;
        self.n_drops_buffer.checked_sub(sum)
    }
}

fn word(value: &[u8], offset: usize) -> Option<u64> {
    let bytes = value.get(offset..offset.checked_add(8)?)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

fn add(sum: &mut [(String, u64)], more: &[(String, u64)]) -> Option<()> {
    if sum.len() != more.len() {
        return None;
    }
    for ((name, sum), (other, count)) in sum.iter_mut().zip(more) {
        *sum = (name == other).then(|| sum.checked_add(*count))??;
    }
    Some(())
}

#[cfg(test)]
mod tests;
