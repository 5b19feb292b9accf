//! Rings of another size, and the memory limit that they need: one remedy, whoever computed the size.

use super::{
    limits::{self, memory},
    place::Place,
    settings::{Changes, changes, keys_in_words},
    table::Setting,
    yaml::Value,
};
use crate::{diagnose::finding::Remedy, number::bytes};

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
    if !place.is_falco {
        let now = Some(place.ring_bytes.to_string());
        let remedy = Remedy::setting(text, "ring size", now, ring_bytes.to_string());
        return Some(Remedy { memory_bytes: Some(memory_bytes), ..remedy });
    }
    let preset = preset_of(ring_bytes)?;
    let mut settings = vec![(Setting::Preset, Value::of(preset))];
    settings.extend(sharing.map(|sharing| (Setting::Sharing, Value::of(sharing))));
    let more = memory_bytes.saturating_sub(now_bytes);
    let tight = place
        .tightest_memory()
        .filter(|limit| limit.used_bytes.is_some_and(|used| used.saturating_add(more) > limit.limit_bytes));
    let mut parts = vec![text];
    let mut raised = Vec::new();
    if let Some(limit) = tight {
        let wanted = limit.limit_bytes.saturating_add(more);
        let is_form = place.is_its_own(limit.cgroup) && place.installation.as_str().is_some();
        if is_form {
            raised.push(memory(limit, wanted));
            parts.push(
                "the memory limit goes with them: rings count as the tool's memory since Linux 5.11"
                    .to_owned(),
            );
        } else {
            parts.push(format!(
                "raise the memory limit of cgroup {} from {} to {} first: rings count as the tool's memory since Linux 5.11",
                limit.cgroup,
                bytes(limit.limit_bytes),
                bytes(limits::step(wanted))
            ));
        }
    }
    let Some(Changes { mut changed, mut values, snippet }) = changes(place, &settings) else {
        return Some(Remedy {
            memory_bytes: Some(memory_bytes),
            ..Remedy::advice(without_key(place, preset, sharing, &parts.join("; ")))
        });
    };
    let (limits, drop_in) = limits::apply(place, &raised, &mut values);
    changed.extend(limits);
    Some(Remedy {
        memory_bytes: Some(memory_bytes),
        snippets: snippet.into_iter().chain(limits::of_values(values)).chain(drop_in).collect(),
        ..Remedy::of(parts.join("; "), changed)
    })
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
