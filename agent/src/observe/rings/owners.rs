//! Whose ring it is. Pure: from the rows of one pass to an owner for each ring.
//!
//! A ring belongs to a process that has it open. Tools such as Falco close their rings after putting them into an
//! array of maps: then it belongs to the one that has that array open. And a process that only mapped it, where the
//! kernel tells, maps the consumer's page for writing.

use std::collections::{BTreeMap, HashMap};

use agent_common::watch::{HolderRow, MapRow, NOT_MAPPED};

/// How an owner was found, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// It has the ring open.
    Open,
    /// It has the array of maps open that holds the ring.
    OuterMap,
    /// It has the consumer's page mapped for writing.
    Mapped,
}

/// A process that a ring belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Process id in the initial pid namespace.
    pub tgid: u32,
    /// Its name.
    pub comm: String,
    /// How it was found.
    pub evidence: Evidence,
}

/// What one pass over the node saw.
#[derive(Clone, Debug, Default)]
pub struct Seen<'a> {
    /// The rings.
    pub rings: &'a [MapRow],
    /// Arrays of maps, and the addresses of the maps that each holds, by index.
    pub outer: &'a [(MapRow, Vec<u64>)],
    /// Who has maps open or mapped.
    pub holders: &'a [HolderRow],
    /// dropctl's own process, which watches and owns nothing of others.
    pub own_tgid: u32,
}

/// What is known of a ring beside its positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// `None`: nobody was found.
    pub owner: Option<Owner>,
    /// Its places in the array of maps that holds it: for Falco the CPUs that it serves.
    pub places: Vec<u32>,
    /// It is dropctl's.
    pub is_own: bool,
}

/// `VM_WRITE` (include/linux/mm.h).
const VM_WRITE: u64 = 2;

/// The place of each ring, by map id. Work grows with the rows, not with rings times rows: a node may have a thousand
/// rings and ten thousand open maps.
#[must_use]
pub fn places(seen: &Seen<'_>) -> BTreeMap<u32, Place> {
    let mut holders: HashMap<u64, Vec<&HolderRow>> = HashMap::new();
    for row in seen.holders {
        holders.entry(row.map).or_default().push(row);
    }
    // The first array that holds a ring, and the ring's places in it.
    let mut outer: HashMap<u64, (u64, Vec<u32>)> = HashMap::new();
    for (array, inner) in seen.outer {
        for (index, ring) in (0..).zip(inner) {
            let (first, places) = outer.entry(*ring).or_insert_with(|| (array.address, Vec::new()));
            if *first == array.address {
                places.push(index);
            }
        }
    }
    let holding = |map: u64| holders.get(&map).into_iter().flatten().copied();
    let place = |ring: &MapRow| {
        let open = |map: u64| holding(map).filter(|row| row.page_offset == NOT_MAPPED);
        let mapped =
            || holding(ring.address).filter(|row| row.page_offset == 0 && row.vma_flags & VM_WRITE != 0);
        let is_own = open(ring.address).chain(mapped()).any(|row| row.tgid == seen.own_tgid);
        let held_by = outer.get(&ring.address);
        let candidates = open(ring.address)
            .map(|row| (Evidence::Open, row))
            .chain(
                held_by.into_iter().flat_map(|(array, _)| open(*array)).map(|row| (Evidence::OuterMap, row)),
            )
            .chain(mapped().map(|row| (Evidence::Mapped, row)))
            .filter(|(_, row)| row.tgid != seen.own_tgid || is_own);
        // Of several with the same evidence the oldest process: its children inherited the file.
        let best = candidates.min_by_key(|(evidence, row)| (*evidence, row.tgid));
        Place {
            owner: best.map(|(evidence, row)| Owner { tgid: row.tgid, comm: name(&row.comm), evidence }),
            places: held_by.map(|(_, places)| places.clone()).unwrap_or_default(),
            is_own,
        }
    };
    seen.rings.iter().map(|ring| (ring.id, place(ring))).collect()
}

/// A name of the kernel's: up to the first zero, whatever bytes it has.
#[must_use]
pub fn name(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(id: u32, address: u64) -> MapRow {
        MapRow { id, address, ..MapRow::default() }
    }

    fn open(map: u64, tgid: u32, comm: &[u8]) -> HolderRow {
        let mut row = HolderRow { map, tgid, page_offset: NOT_MAPPED, fd: 3, ..HolderRow::default() };
        row.comm[..comm.len()].copy_from_slice(comm);
        row
    }

    fn owner_of(id: u32, seen: &Seen<'_>) -> Option<(u32, Evidence)> {
        places(seen)[&id].owner.as_ref().map(|owner| (owner.tgid, owner.evidence))
    }

    #[test]
    fn who_has_it_open_owns_it_and_children_do_not() {
        let holders = [open(0xa, 70, b"child"), open(0xa, 50, b"bpftrace"), open(0xb, 40, b"x")];
        let rings = [ring(1, 0xa), ring(2, 0xc)];
        let seen = Seen { rings: &rings, holders: &holders, ..Seen::default() };
        assert_eq!(owner_of(1, &seen), Some((50, Evidence::Open)));
        assert_eq!(owner_of(2, &seen), None);
    }

    #[test]
    fn closed_rings_belong_to_the_owner_of_their_outer_map() {
        let rings = [ring(1, 0xa), ring(2, 0xb)];
        let outer = [(ring(9, 0xf), vec![0xa, 0xa, 0xb])];
        let holders = [open(0xf, 50, b"falco")];
        let seen = Seen { rings: &rings, outer: &outer, holders: &holders, own_tgid: 7 };
        assert_eq!(owner_of(1, &seen), Some((50, Evidence::OuterMap)));
        let places = places(&seen);
        assert_eq!((&places[&1].places[..], &places[&2].places[..]), (&[0, 1][..], &[2][..]));
    }

    #[test]
    fn watching_is_not_owning() {
        let mapped = HolderRow { map: 0xa, tgid: 7, vma_flags: 1, ..HolderRow::default() };
        let rings = [ring(1, 0xa)];
        let holders = [mapped, HolderRow { tgid: 60, vma_flags: 3, ..mapped }];
        let seen = Seen { rings: &rings, holders: &holders, own_tgid: 7, ..Seen::default() };
        assert_eq!(owner_of(1, &seen), Some((60, Evidence::Mapped)));
        assert!(!places(&seen)[&1].is_own);
        let holders = [open(0xa, 7, b"dropctl")];
        let seen = Seen { rings: &rings, holders: &holders, own_tgid: 7, ..Seen::default() };
        assert!(places(&seen)[&1].is_own);
    }

    #[test]
    fn names_may_be_any_bytes() {
        assert_eq!(name(b"falco\0\0\0"), "falco");
        assert_eq!(name(&[0xff, b'a']), "\u{fffd}a");
        assert_eq!(name(&[b'x'; 16]).len(), 16);
    }
}
