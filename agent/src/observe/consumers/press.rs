//! Whether a consumer had something to do. Pure: from looks at its rings to times.
//!
//! Between two looks a ring was surely never empty if the consumer has not even reached what had been produced at the
//! first: then the ring was *held*. A poll back-off is forgiven: a consumer that found all rings empty may sleep for
//! so long, while records come.

/// Sums since the consumer's rings were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Press {
    /// A ring was held, ns.
    pub pressed_ns: u64,
    /// All were empty once, or the consumer made a pause that it is known to make, ns.
    pub free_ns: u64,
    last_ns: Option<u64>,
    /// Held and still since so long: a pause, as far as anybody can tell.
    still_ns: u64,
    /// It has moved since its rings were last empty, or stood still for too long to be in a pause.
    is_awake: bool,
}

impl Press {
    /// Takes in one look at all of its rings.
    pub fn add(&mut self, time_ns: u64, is_held: bool, has_moved: bool, back_off_ns: u64) {
        let passed_ns = time_ns.saturating_sub(self.last_ns.replace(time_ns).unwrap_or(time_ns));
        if !is_held {
            self.free_ns += passed_ns + std::mem::take(&mut self.still_ns);
            self.is_awake = false;
        } else if self.is_awake {
            self.pressed_ns += passed_ns;
        } else if has_moved {
            self.free_ns += std::mem::take(&mut self.still_ns);
            self.pressed_ns += passed_ns;
            self.is_awake = true;
        } else {
            self.still_ns += passed_ns;
            if self.still_ns > back_off_ns {
                self.pressed_ns += std::mem::take(&mut self.still_ns);
                self.is_awake = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::FALCO_BACK_OFF_NS;

    const MS: u64 = 1_000_000;

    /// Looks 5 ms apart, each: held, moved.
    fn press(looks: &[(bool, bool)]) -> (u64, u64) {
        let mut press = Press::default();
        press.add(0, false, false, FALCO_BACK_OFF_NS);
        for (index, (is_held, has_moved)) in (1..).zip(looks) {
            press.add(5 * MS * index, *is_held, *has_moved, FALCO_BACK_OFF_NS);
        }
        (press.pressed_ns / MS, press.free_ns / MS)
    }

    #[test]
    fn a_pause_of_polling_is_free_and_a_longer_one_is_not() {
        let pause = [(true, false); 6];
        assert_eq!(press(&[&pause[..], &[(false, true)]].concat()), (0, 35));
        assert_eq!(press(&[&pause[..], &[(true, true)]].concat()), (5, 30));
        assert_eq!(press(&[(true, false); 7]), (35, 0));
        assert_eq!(press(&pause), (0, 0), "not known yet");
    }

    #[test]
    fn who_has_moved_is_not_in_a_pause() {
        assert_eq!(press(&[(true, true), (true, false), (true, false)]), (15, 0));
        assert_eq!(press(&[(true, true), (false, true), (true, false)]), (5, 5));
    }

    #[test]
    fn without_a_known_pause_all_held_time_counts() {
        let mut press = Press::default();
        press.add(MS, true, false, 0);
        press.add(6 * MS, true, false, 0);
        assert_eq!((press.pressed_ns, press.free_ns), (5 * MS, 0));
    }
}
