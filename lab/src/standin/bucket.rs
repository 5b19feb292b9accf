//! A token bucket that lives in event time.

/// Tokens that come back at a rate, up to a burst.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    last_ns: u64,
}

impl Bucket {
    /// A full one. `rate` is per second.
    pub(super) fn new(rate: f64, burst: f64) -> Self {
        Self { rate, burst, tokens: burst, last_ns: 0 }
    }

    /// Takes a token if there is one.
    pub(super) fn take(&mut self, now_ns: u64) -> bool {
        let seconds = now_ns.saturating_sub(self.last_ns) as f64 / 1e9;
        self.tokens = (self.tokens + seconds * self.rate).min(self.burst);
        self.last_ns = now_ns;
        let has_one = self.tokens >= 1.0;
        if has_one {
            self.tokens -= 1.0;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back() {
        let second = 1_000_000_000;
        let mut bucket = Bucket::new(0.5, 2.0);
        assert!(bucket.take(10 * second) && bucket.take(10 * second));
        assert!(!bucket.take(11 * second));
        assert!(bucket.take(12 * second));
    }
}
