//! Tables that the watching programs fill: hash maps with a value for each CPU.

use aya::{
    Pod,
    maps::{Map, MapError, PerCpuHashMap},
};

/// What `of` makes of each key and the values of all CPUs. An entry that cannot be read was removed meanwhile.
pub(super) fn rows<K: Pod, V: Pod, T>(map: &Map, of: impl Fn(K, &[V]) -> T) -> Result<Vec<T>, MapError> {
    let map = PerCpuHashMap::<_, K, V>::try_from(map)?;
    Ok(map.iter().flatten().map(|(key, cpus)| of(key, &cpus)).collect())
}

/// Makes room. A key that is gone already is as good.
pub(super) fn remove<K: Pod, V: Pod>(map: &mut Map, keys: &[K]) -> Result<(), MapError> {
    let mut map = PerCpuHashMap::<_, K, V>::try_from(map)?;
    keys.iter().for_each(|key| _ = map.remove(key));
    Ok(())
}
