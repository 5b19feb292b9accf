//! The kernel counters, by name.

use std::{collections::BTreeMap, os::fd::AsFd as _};

use anyhow::{Context as _, Result, bail};
use aya::maps::{Array, IterableMap as _, Map, MapData};

use super::layout::Layout;

/// The words of one CPU, or differences or sums of such, by name. A name that the layout does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    /// The word of that name; Falco shows 0 where it has none.
    pub(super) fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Events tried, with those that were dropped.
    pub(super) fn events(&self) -> u64 {
        self.of("n_evts")
    }

    /// Events lost, for any reason.
    pub(super) fn drops(&self) -> u64 {
        self.of("n_drops_buffer") + self.of("n_drops_max_event_size")
    }

    /// The words that stand for a category of drops.
    pub(super) fn categories(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0
            .iter()
            .filter(|(name, _)| name.starts_with("n_drops_buffer_"))
            .map(|(name, count)| (*name, *count))
    }

    /// What was added since `earlier`.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self(self.0.iter().map(|(name, count)| (*name, count - earlier.of(name))).collect())
    }

    fn add(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            *self.0.entry(name).or_default() += count;
        }
    }

    #[cfg(test)]
    pub(super) fn from_pairs(pairs: &[(&'static str, u64)]) -> Self {
        Self(pairs.iter().copied().collect())
    }
}

/// The sum over `cpus`.
pub(super) fn total(cpus: &[Counts]) -> Counts {
    let mut total = Counts::default();
    cpus.iter().for_each(|counts| total.add(counts));
    total
}

/// `counter_maps`, in one of its sizes.
enum Blocks {
    V0(Array<MapData, [u64; 3]>),
    V1(Array<MapData, [u64; 15]>),
    V2(Array<MapData, [u64; 17]>),
    V3(Array<MapData, [u64; 13]>),
}

/// The counters of all CPUs.
pub(super) struct Counters {
    blocks: Blocks,
    layout: Layout,
    cpus: u32,
}

impl Counters {
    /// Takes the map of the programs with that layout.
    pub(super) fn new(map: Map, layout: Layout) -> Result<Self> {
        let Map::Array(data) = &map else { bail!("counter_maps is not an array") };
        let cpus = data.info().context("look at counter_maps")?.max_entries();
        let blocks = match layout {
            Layout::V0 => Blocks::V0(map.try_into()?),
            Layout::V1 => Blocks::V1(map.try_into()?),
            Layout::V2 => Blocks::V2(map.try_into()?),
            Layout::V3 => Blocks::V3(map.try_into()?),
        };
        Ok(Self { blocks, layout, cpus })
    }

    /// A driver with a defect: each CPU claims twice as many drops as events, and counts on from there. Returns how many
    /// drops there never were. For while no program runs: what it counts meanwhile would be lost.
    pub(super) fn contradict(&self) -> Result<u64> {
        match &self.blocks {
            Blocks::V0(map) => contradict(map, self.cpus),
            Blocks::V1(map) => contradict(map, self.cpus),
            Blocks::V2(map) => contradict(map, self.cpus),
            Blocks::V3(map) => contradict(map, self.cpus),
        }
    }

    /// All CPUs, while they go on counting.
    pub(super) fn read(&self) -> Result<Vec<Counts>> {
        (0..self.cpus).map(|cpu| self.read_one(cpu)).collect()
    }

    fn read_one(&self, cpu: u32) -> Result<Counts> {
        let words = match &self.blocks {
            Blocks::V0(map) => map.get(&cpu, 0)?.to_vec(),
            Blocks::V1(map) => map.get(&cpu, 0)?.to_vec(),
            Blocks::V2(map) => map.get(&cpu, 0)?.to_vec(),
            Blocks::V3(map) => map.get(&cpu, 0)?.to_vec(),
        };
        Ok(Counts(self.layout.names().iter().copied().zip(words).collect()))
    }
}

/// Through a handle of its own: others read the map at the same time.
fn contradict<const N: usize>(map: &Array<MapData, [u64; N]>, cpus: u32) -> Result<u64> {
    let fd = map.map().fd().as_fd().try_clone_to_owned().context("copy a descriptor")?;
    let data = MapData::from_fd(fd).context("look at counter_maps")?;
    let mut map = Array::<_, [u64; N]>::try_from(Map::Array(data))?;
    let mut invented = 0;
    for cpu in 0..cpus {
        let mut words = map.get(&cpu, 0)?;
        // n_evts, then n_drops_buffer: the same places in all layouts.
        invented += 2 * words[0] - words[1];
        words[1] = 2 * words[0];
        map.set(cpu, words, 0).context("write to counter_maps")?;
    }
    Ok(invented)
}
