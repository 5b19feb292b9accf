//! The maps of a modern probe: which of the node's maps belong together, and what their values say. Pure.
//!
//! Falco, sysdig and others that load the same probe have the same names; the process that has them open tells whose
//! they are. Names are as the kernel cuts them, to 15 characters.

use agent_common::watch::{ARRAY, HolderRow, MapRow, NOT_MAPPED};

use super::{
    counters::{Counters, Layout},
    settings::{CaptureSettings, traced_syscalls},
};
use crate::{
    observe::{rings::owners::name, tools::known::tool},
    sample::{CaptureFacts, CounterLayout, FalcoCounts, FalcoSample},
};

const COUNTERS: &str = "counter_maps";
const TRACED: &str = "interesting_sys";
const SETTINGS: &str = "capture_setting";

/// The maps of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeMaps {
    /// Who has them open.
    pub tgid: u32,
    /// Its name.
    pub comm: String,
    /// What each CPU counted.
    pub counters: MapRow,
    /// Which syscalls are traced.
    pub traced: Option<MapRow>,
    /// What it was told to do.
    pub settings: Option<MapRow>,
}

/// The probes of the node: a process with a map of counters, and what else it has open.
#[must_use]
pub fn find(tables: &[MapRow], holders: &[HolderRow]) -> Vec<ProbeMaps> {
    let open_by = |map: &MapRow| {
        holders
            .iter()
            .filter(|row| row.map == map.address && row.page_offset == NOT_MAPPED)
            .min_by_key(|row| row.tgid)
    };
    let named = |wanted: &'static str| {
        tables.iter().filter(move |row| row.map_type == ARRAY && name(&row.name) == wanted)
    };
    let probe = |counters: &MapRow| {
        let owner = open_by(counters)?;
        // A process that reloads has two of each for a moment; the newer go together.
        let of_owner = |row: &&MapRow| open_by(row).is_some_and(|holder| holder.tgid == owner.tgid);
        let nearest = |name| named(name).filter(of_owner).min_by_key(|row| row.id.abs_diff(counters.id));
        Some(ProbeMaps {
            tgid: owner.tgid,
            comm: name(&owner.comm),
            counters: *counters,
            traced: nearest(TRACED).copied(),
            settings: nearest(SETTINGS).copied(),
        })
    };
    named(COUNTERS).filter_map(probe).collect()
}

/// Bytes from one value of an array to the next (`array_map_alloc`, kernel/bpf/arraymap.c).
fn stride(row: &MapRow) -> usize {
    (row.value_size as usize).next_multiple_of(8)
}

/// Bytes of all values of an array.
#[must_use]
pub fn bytes_of(row: &MapRow) -> usize {
    stride(row).saturating_mul(row.max_entries as usize)
}

/// Counts of every CPU and their sums, and how they were read. `members`: names and places of the counters, where the
/// map's type tells. `None` where the bytes are not such a map's.
#[must_use]
pub fn counts(
    row: &MapRow,
    bytes: &[u8],
    members: Option<&[(String, usize)]>,
) -> Option<(FalcoCounts, CounterLayout)> {
    let value_size = row.value_size as usize;
    let values = bytes.chunks_exact(stride(row).max(8)).filter_map(|chunk| chunk.get(..value_size));
    let cpus: Vec<Counters> =
        values.map(|value| Counters::decode(value, members)).collect::<Result<_, _>>().ok()?;
    let sum = Counters::sum(&cpus)?;
    let layout = match sum.layout {
        Layout::Btf => CounterLayout::Names,
        Layout::Unknown => CounterLayout::Unknown,
        Layout::V0 | Layout::V1 | Layout::V2 | Layout::V3 => CounterLayout::Size,
    };
    let counts = FalcoCounts {
        n_evts: sum.n_evts,
        n_drops_buffer: sum.n_drops_buffer,
        n_drops_max_event_size: sum.n_drops_max_event_size,
        categories: sum.categories,
        others: sum.others,
        cpus: cpus.iter().map(|cpu| (cpu.n_evts, cpu.n_drops_buffer)).collect(),
    };
    Some((counts, layout))
}

/// What the probe was told to do. `None` where the bytes are of no known version.
#[must_use]
pub fn capture(row: &MapRow, bytes: &[u8]) -> Option<CaptureFacts> {
    let settings = CaptureSettings::decode(bytes.get(..row.value_size as usize)?).ok()?;
    let filters = settings.filters;
    Some(CaptureFacts {
        snaplen_bytes: settings.snaplen_bytes,
        dropping_mode: filters.as_ref().map(|filters| filters.dropping_mode),
        sampling_ratio: filters.as_ref().map(|filters| filters.sampling_ratio),
        drop_failed: filters.as_ref().map(|filters| filters.drop_failed),
        scap_tid: filters.and_then(|filters| filters.scap_tid),
    })
}

/// Numbers of the traced syscalls.
#[must_use]
pub fn traced(row: &MapRow, bytes: &[u8]) -> Vec<u32> {
    let first: Vec<u8> = bytes.chunks_exact(stride(row).max(8)).map(|chunk| chunk[0]).collect();
    traced_syscalls(&first)
}

/// Whose probe it is; nothing counted.
#[must_use]
pub fn sample(maps: &ProbeMaps) -> FalcoSample {
    FalcoSample {
        tgid: maps.tgid,
        comm: maps.comm.clone(),
        tool: tool(&maps.comm).to_owned(),
        map_id: maps.counters.id,
        ..FalcoSample::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(id: u32, map_name: &str, value_size: u32, max_entries: u32) -> MapRow {
        let mut row = MapRow {
            id,
            address: u64::from(id) << 8,
            map_type: ARRAY,
            value_size,
            max_entries,
            ..MapRow::default()
        };
        row.name[..map_name.len()].copy_from_slice(map_name.as_bytes());
        row
    }

    fn open(map: &MapRow, tgid: u32) -> HolderRow {
        HolderRow {
            map: map.address,
            tgid,
            page_offset: NOT_MAPPED,
            comm: *b"falco\0\0\0\0\0\0\0\0\0\0\0",
            ..HolderRow::default()
        }
    }

    #[test]
    fn maps_of_two_falcos_do_not_mix() {
        let tables = [
            map(1, COUNTERS, 104, 2),
            map(2, TRACED, 1, 512),
            map(3, COUNTERS, 136, 2),
            map(4, TRACED, 1, 512),
            map(5, "counter_other", 104, 2),
            map(6, SETTINGS, 32, 1),
        ];
        let holders =
            [(0, 50), (1, 50), (2, 90), (3, 90), (5, 90)].map(|(table, tgid)| open(&tables[table], tgid));
        let found = find(&tables, &holders);
        let ids: Vec<_> = found
            .iter()
            .map(|probe| (probe.tgid, probe.counters.id, probe.traced.map(|row| row.id)))
            .collect();
        assert_eq!(ids, [(50, 1, Some(2)), (90, 3, Some(4))]);
        assert_eq!([found[0].settings, found[1].settings], [None, Some(tables[5])]);
        assert!(find(&tables, &[]).is_empty(), "nobody has them open");
    }

    #[test]
    fn cpus_are_told_apart_and_added_up() {
        let row = map(1, COUNTERS, 104, 2);
        let mut bytes = vec![0; bytes_of(&row)];
        for (cpu, counts) in [[5000_u64, 3635], [2001, 635]].iter().enumerate() {
            for (word, count) in counts.iter().enumerate() {
                bytes[104 * cpu + 8 * word..][..8].copy_from_slice(&count.to_ne_bytes());
            }
        }
        let (counts, layout) = counts(&row, &bytes, None).unwrap();
        assert_eq!(layout, CounterLayout::Size);
        assert_eq!((counts.n_evts, counts.n_drops_buffer), (7001, 4270));
        assert_eq!(counts.cpus, [(5000, 3635), (2001, 635)]);
        assert_eq!(
            super::counts(&map(1, COUNTERS, 4, 2), &[0; 16], None),
            None,
            "no counters fit in 4 bytes"
        );
    }

    #[test]
    fn a_layout_of_no_release_has_totals_alone_unless_it_is_named() {
        let row = map(1, COUNTERS, 32, 1);
        let bytes: Vec<u8> = [7_u64, 3, 2, 1].into_iter().flat_map(u64::to_ne_bytes).collect();
        let (counts, layout) = super::counts(&row, &bytes, None).unwrap();
        assert_eq!((counts.n_evts, counts.n_drops_buffer, layout), (7, 3, CounterLayout::Unknown));
        assert!(counts.categories.is_empty() && counts.n_drops_max_event_size.is_none());
        let names = ["n_evts", "n_drops_buffer", "n_drops_buffer_close_exit", "n_drops_auxmap_pool_full"];
        let members: Vec<_> = names.iter().map(|name| (*name).to_owned()).zip([0, 8, 16, 24]).collect();
        let (counts, layout) = super::counts(&row, &bytes, Some(&members)).unwrap();
        assert_eq!(layout, CounterLayout::Names);
        assert_eq!(counts.categories, [("close_exit".to_owned(), 2)]);
        assert_eq!(counts.others, [("n_drops_auxmap_pool_full".to_owned(), 1)]);
    }

    #[test]
    fn entries_of_one_byte_are_eight_apart() {
        let row = map(1, TRACED, 1, 512);
        let mut bytes = vec![0; bytes_of(&row)];
        bytes[8 * 111] = 1;
        bytes[8 * 3] = 1;
        assert_eq!(traced(&row, &bytes), [3, 111]);
    }
}
