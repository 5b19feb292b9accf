//! One event: a packed header of 26 bytes, the lengths of its parameters, the parameters.

/// Bytes of the time and the thread id, with which the header starts.
const TIME_AND_TID_BYTES: usize = 16;

/// An event as it lies in the ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a>(&'a [u8]);

impl<'a> Record<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// ns since 1970; 0 in a record without a header, which nobody makes.
    pub(super) fn time_ns(self) -> u64 {
        self.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// Bytes without the ring's header.
    pub(super) fn bytes(self) -> u64 {
        self.0.len() as u64
    }

    /// FNV-1a over all but time and thread, so that two runs of the same load can be compared.
    pub(super) fn hash(self) -> u64 {
        let rest = self.0.get(TIME_AND_TID_BYTES..).unwrap_or_default();
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        rest.iter().fold(0xcbf2_9ce4_8422_2325, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_thread_are_not_in_the_hash() {
        let mut bytes = [0; 34];
        let hash = Record::new(&bytes).hash();
        bytes[15] = 1;
        assert_eq!(Record::new(&bytes).hash(), hash);
        bytes[16] = 1;
        assert_ne!(Record::new(&bytes).hash(), hash);
        bytes[0] = 7;
        assert_eq!(Record::new(&bytes).time_ns(), 7);
    }
}
