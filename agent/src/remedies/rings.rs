//! Rings of another size, and the memory limit that they need: one remedy, whoever computed the size.

use super::{
    limits::{self, memory},
    place::{MemoryLimit, Place},
    settings::{Changes, changes, keys_in_words},
    table::Setting,
    yaml::Value,
};
use crate::{
    diagnose::finding::{Changed, Remedy},
    number::bytes,
};

/// Falco's buffer sizes: index - 1 is the preset (userspace/falco/app/actions/configure_syscall_buffer_size.cpp).
pub(crate) const PRESETS_BYTES: [u64; 10] =
    [1 << 20, 2 << 20, 4 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20, 128 << 20, 256 << 20, 512 << 20];

/// The largest ring that Falco can have, bytes.
pub(crate) const LARGEST_BYTES: u64 = PRESETS_BYTES[9];

/// Falco's number for a size.
pub(crate) fn preset_of(size: u64) -> Option<usize> {
    PRESETS_BYTES.iter().position(|preset| *preset == size).map(|index| index + 1)
}

/// Rings that would be large enough.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// Bytes of each.
    pub(crate) ring_bytes: u64,
    /// How many there are then.
    pub(crate) rings: usize,
    /// CPUs that share one then, 0 for all of them; `None` to leave that as it is.
    pub(crate) sharing: Option<usize>,
    /// What they do.
    pub(crate) text: String,
}

/// The change to such rings; `None` if the tool has none of that size.
pub(crate) fn rings(place: &Place<'_>, wanted: Wanted) -> Option<Remedy> {
    let Wanted { ring_bytes, rings, sharing, text } = wanted;
    let memory_bytes = (rings as u64).saturating_mul(ring_bytes);
    let now_bytes = (place.rings as u64).saturating_mul(place.ring_bytes);
    let tight = Tight::of(place, memory_bytes.saturating_sub(now_bytes));
    let remedy = if place.is_falco {
        let preset = preset_of(ring_bytes)?;
        let mut settings = vec![(Setting::Preset, Value::of(preset))];
        settings.extend(sharing.map(|sharing| (Setting::Sharing, Value::of(sharing))));
        match changes(place, &settings) {
            Some(changes) => with_limits(place, text, &tight, changes),
            None => {
                let parts = std::iter::once(text).chain(tight.in_words(tight.own)).collect::<Vec<_>>();
                Remedy::advice(without_key(place, preset, sharing, &parts.join("; ")))
            }
        }
    } else {
        let from = Some(place.ring_bytes.to_string());
        let size = Changed { key: "ring size".to_owned(), from, to: ring_bytes.to_string() };
        with_limits(place, text, &tight, Changes { changed: vec![size], values: None, snippet: None })
    };
    Some(Remedy { memory_bytes: Some(memory_bytes), ..remedy })
}

/// The memory limits that would not hold such rings.
struct Tight<'a> {
    /// So much more memory they take, bytes.
    more_bytes: u64,
    /// Its own, where there is a form for that.
    own: Option<MemoryLimit<'a>>,
    /// All others.
    above: Vec<MemoryLimit<'a>>,
}

impl<'a> Tight<'a> {
    fn of(place: &Place<'a>, more_bytes: u64) -> Self {
        let is_tight = |limit: &MemoryLimit<'_>| {
            limit.used_bytes.is_some_and(|used| used.saturating_add(more_bytes) > limit.limit_bytes)
        };
        let has_form =
            |limit: &MemoryLimit<'_>| place.is_its_own(limit.cgroup) && place.installation.as_str().is_some();
        let (own, above): (Vec<_>, Vec<_>) = place.memory_limits().filter(is_tight).partition(has_form);
        // A pod's limit is the sum of those of its containers: its container's is the one to raise.
        let own = if own.is_empty() { None } else { place.own_memory() };
        Self { more_bytes, own, above }
    }

    fn wanted_bytes(&self, limit: MemoryLimit<'_>) -> u64 {
        limit.limit_bytes.saturating_add(self.more_bytes)
    }

    /// What to raise, one sentence for each limit: those above the tool's, and `own`.
    fn in_words(&self, own: Option<MemoryLimit<'a>>) -> Vec<String> {
        let one = |limit: MemoryLimit<'_>| {
            format!(
                "raise the memory limit of cgroup {} from {} to {} first: rings count as the tool's memory since Linux 5.11",
                limit.cgroup,
                bytes(limit.limit_bytes),
                bytes(limits::step(self.wanted_bytes(limit)))
            )
        };
        own.into_iter().chain(self.above.iter().copied()).map(one).collect()
    }
}

/// The limit of its own goes with the change; others are named.
fn with_limits(place: &Place<'_>, text: String, tight: &Tight<'_>, changes: Changes) -> Remedy {
    let Changes { mut changed, mut values, snippet } = changes;
    let raised: Vec<_> =
        tight.own.map(|limit| memory(limit, tight.wanted_bytes(limit))).into_iter().collect();
    let mut parts = vec![text];
    if !raised.is_empty() {
        parts.push(
            "the memory limit goes with them: rings count as the tool's memory since Linux 5.11".to_owned(),
        );
    }
    parts.extend(tight.in_words(None));
    let (limits, drop_in) = limits::apply(place, &raised, &mut values);
    changed.extend(limits);
    Remedy {
        snippets: snippet.into_iter().chain(limits::of_values(values)).chain(drop_in).collect(),
        ..Remedy::of(parts.join("; "), changed)
    }
}

/// Where version or installation is not known, or the command line has the last word.
fn without_key(place: &Place<'_>, preset: usize, sharing: Option<usize>, text: &str) -> String {
    let now = preset_of(place.ring_bytes).map(|now| format!(" (now {now})")).unwrap_or_default();
    let shared = sharing
        .map(|sharing| match sharing {
            0 => " with one ring for all CPUs (cpus_for_each_buffer 0)".to_owned(),
            cpus => format!(" with a ring for {cpus} CPUs (cpus_for_each_buffer {cpus})"),
        })
        .unwrap_or_default();
    format!("buffer preset {preset}{now}{shared}: {text} ({})", keys_in_words(place, Setting::Preset))
}
