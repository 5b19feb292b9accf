//! Rows that the kernel half wrote one after the other.

use std::mem::size_of;

use aya::Pod;

/// The rows in `bytes`; an incomplete last one is left out.
#[must_use]
pub fn parse<T: Pod>(bytes: &[u8]) -> Vec<T> {
    bytes
        .chunks_exact(size_of::<T>())
        // SAFETY: a chunk has the size of `T`, which is plain data: any bytes are a value.
        .map(|row| unsafe { row.as_ptr().cast::<T>().read_unaligned() })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_follow_each_other_and_half_a_row_is_none() {
        let bytes = [1, 0, 0, 0, 2, 0, 0, 0, 3];
        assert_eq!(super::parse::<u32>(&bytes), [1_u32.to_le(), 2_u32.to_le()]);
    }
}
