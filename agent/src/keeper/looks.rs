//! When the agent looks for findings: at once when something is lost, else now and then.

/// A verdict waits so long after the first loss: one second of it tells too little, ns.
const GRACE_NS: u64 = 1_800_000_000;
/// A loss is over so long after the last one, ns: findings join what is nearer (`diagnose::losses`).
const OVER_NS: u64 = 3_000_000_000;
/// Between looks while it goes on, ns: a look at a minute in which hundreds lose events takes 25 ms.
const AGAIN_NS: u64 = 4_800_000_000;
/// Between looks while nothing is lost, ns.
const QUIET_NS: u64 = 10_000_000_000;

/// Keeps the time of the last look, and of the loss that goes on. All times are `CLOCK_MONOTONIC`, ns.
#[derive(Debug, Default)]
pub(super) struct Looks {
    looked_ns: u64,
    loss: Option<Loss>,
}

#[derive(Clone, Copy, Debug)]
struct Loss {
    first_ns: u64,
    last_ns: u64,
}

impl Looks {
    /// Whether to look now, a second after the last time that this was asked; `loses`: something was lost in that second.
    pub(super) fn is_due(&mut self, now_ns: u64, loses: bool) -> bool {
        if loses {
            let loss = self.loss.get_or_insert(Loss { first_ns: now_ns, last_ns: now_ns });
            loss.last_ns = now_ns;
        }
        let is_due = match self.loss {
            Some(loss) if now_ns.saturating_sub(loss.last_ns) > OVER_NS => {
                self.loss = None;
                // The last look of it saw all of it.
                true
            }
            Some(loss) => {
                let from_ns = loss.first_ns.saturating_add(GRACE_NS);
                now_ns >= from_ns
                    && (self.looked_ns < from_ns || now_ns.saturating_sub(self.looked_ns) >= AGAIN_NS)
            }
            None => now_ns.saturating_sub(self.looked_ns) >= QUIET_NS,
        };
        if is_due {
            self.looked_ns = now_ns;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds at which it looks, given those that lose something.
    fn looks(lossy: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut looks = Looks::default();
        (100..140).filter(|second| looks.is_due(second * 1_000_000_000, lossy(*second))).collect()
    }

    #[test]
    fn quiet_nodes_are_looked_at_now_and_then() {
        assert_eq!(looks(|_| false), [100, 110, 120, 130]);
    }

    #[test]
    fn a_loss_is_looked_at_after_two_seconds_now_and_then_and_when_it_is_over() {
        assert_eq!(looks(|second| second == 103), [100, 105, 107, 117, 127, 137]);
        let at_a_look = looks(|second| second == 109);
        assert_eq!(at_a_look, [100, 111, 113, 123, 133], "the one in the grace would tell too little");
        let long = looks(|second| (103..=108).contains(&second));
        assert_eq!(long, [100, 105, 110, 112, 122, 132]);
    }

    #[test]
    fn each_loss_has_its_grace() {
        let two = looks(|second| second == 103 || second == 108);
        assert_eq!(two, [100, 105, 107, 110, 112, 122, 132]);
    }
}
