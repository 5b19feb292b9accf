//! The largest arrivals within windows of 8 ms, 16 ms ... 8 s: the shape of bursts, in constant memory. Pure.
//!
//! Time is cut into pieces of [`BASE_NS`]; a window of each length slides in steps of half its length. So each maximum is
//! that of a real stretch of time, and the true one over any stretch is at most twice as large.

/// Length of the shortest window, ns. Looks are closer than that.
pub const BASE_NS: u64 = 8_000_000;
/// Windows of `BASE_NS << level`.
const LEVELS: usize = 11;

/// Largest arrivals by length of time.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// Piece that is being filled, as a number of pieces since boot.
    piece: u64,
    piece_bytes: u64,
    levels: [Level; LEVELS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// The last window; `None` before there was one.
    last_bytes: Option<u64>,
    /// It was the second of the two that the next level took as one.
    is_second: bool,
    max_bytes: Option<u64>,
}

impl Arrivals {
    /// From `now_ns` on.
    #[must_use]
    pub fn new(now_ns: u64) -> Self {
        // Half of the first piece is past; it is not counted as a whole one.
        Self { piece: now_ns / BASE_NS + 1, piece_bytes: 0, levels: [Level::default(); LEVELS] }
    }

    /// `bytes` came up to `now_ns` since the last call. If that was long ago they are spread evenly: no arrangement of
    /// them has smaller maxima.
    pub fn add(&mut self, now_ns: u64, bytes: u64) {
        let now = now_ns / BASE_NS;
        if now < self.piece {
            return;
        }
        let pieces = now - self.piece + 1;
        let share = bytes / pieces;
        self.piece_bytes += bytes - share * (pieces - 1);
        // Longer gaps than the longest window leave nothing in any window but what is spread over it.
        let skipped = (pieces - 1).saturating_sub(1 << LEVELS);
        self.piece += skipped;
        while self.piece < now {
            let whole = self.piece_bytes;
            self.end_piece(whole);
            self.piece += 1;
            self.piece_bytes = share;
        }
    }

    fn end_piece(&mut self, bytes: u64) {
        self.levels[0].max_bytes = self.levels[0].max_bytes.max(Some(bytes));
        let mut window_bytes = bytes;
        for level in 0..LEVELS - 1 {
            let Some(before) = self.levels[level].last_bytes.replace(window_bytes) else { return };
            // Any two neighbours are a window of the next length; every other two are one that the next level takes
            // over, so that those of a level do not overlap.
            let pair_bytes = before + window_bytes;
            self.levels[level + 1].max_bytes = self.levels[level + 1].max_bytes.max(Some(pair_bytes));
            self.levels[level].is_second = !self.levels[level].is_second;
            if !self.levels[level].is_second {
                return;
            }
            window_bytes = pair_bytes;
        }
    }

    /// Forgets the maxima, not what they are made from: windows that end from now on count.
    pub fn begin_interval(&mut self) {
        self.levels.iter_mut().for_each(|level| level.max_bytes = None);
    }

    /// Length of the window, ns, and the most bytes that came within one that ended in this interval; lengths of which
    /// none did are left out.
    #[must_use]
    pub fn maxima(&self) -> Vec<(u64, u64)> {
        let lengths = (0..).map(|level| BASE_NS << level);
        lengths.zip(&self.levels).filter_map(|(length, level)| Some((length, level.max_bytes?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_has_its_largest_window() {
        let mut arrivals = Arrivals::new(BASE_NS - 1);
        for piece in 1..=8 {
            arrivals.add(piece * BASE_NS + 2, 0);
            let bytes = if piece == 4 || piece == 5 { 100 } else { 1 };
            arrivals.add(piece * BASE_NS + 3, bytes);
        }
        arrivals.add(9 * BASE_NS, 0);
        let lengths: Vec<(u64, u64)> = arrivals.maxima();
        assert_eq!(lengths[0], (BASE_NS, 100));
        assert_eq!(lengths[1], (2 * BASE_NS, 200), "the two neighbours are no pair of the next level");
        assert_eq!(lengths[2], (4 * BASE_NS, 202), "pieces 3 to 6");
        assert_eq!(lengths[3], (8 * BASE_NS, 206));
        assert_eq!(lengths.len(), 4);
    }

    #[test]
    fn a_window_counts_where_it_ends() {
        let mut arrivals = Arrivals::new(BASE_NS - 1);
        arrivals.add(BASE_NS + 1, 100);
        arrivals.add(2 * BASE_NS + 1, 0);
        arrivals.begin_interval();
        assert!(arrivals.maxima().is_empty());
        arrivals.add(2 * BASE_NS + 2, 7);
        arrivals.add(3 * BASE_NS, 0);
        assert_eq!(arrivals.maxima(), [(BASE_NS, 7), (2 * BASE_NS, 107)]);
    }

    #[test]
    fn what_came_in_a_gap_is_spread() {
        let mut arrivals = Arrivals::new(BASE_NS - 1);
        arrivals.add(BASE_NS + 1, 0);
        arrivals.add(8 * BASE_NS + 1, 800);
        arrivals.add(9 * BASE_NS, 0);
        assert_eq!(arrivals.maxima()[0], (BASE_NS, 100));
        assert_eq!(arrivals.maxima()[3], (8 * BASE_NS, 800));
    }

    #[test]
    fn a_long_sleep_costs_no_time_and_invents_nothing() {
        let mut arrivals = Arrivals::new(0);
        arrivals.add(BASE_NS, 1);
        arrivals.add(u64::MAX / 2, 1000);
        assert!(arrivals.maxima().iter().all(|(_, bytes)| *bytes <= 1001));
        assert!(Arrivals::new(0).maxima().is_empty());
    }
}
