//! Scripts of looks at one thread, and where its time must have gone.

use super::*;

const MS: u64 = 1_000_000;

/// Looks at a thread, all times in ms since the one before.
#[derive(Clone, Default)]
struct Script {
    look: Look,
    account: Option<Account>,
}

impl Script {
    fn new() -> Self {
        let look = Look { voluntary: Some(0), throttled_ns: Some(0), ..Look::default() };
        Self { account: Some(Account::new(look.clone(), 2)), look }
    }

    fn account(&self) -> &Account {
        self.account.as_ref().unwrap()
    }

    /// `pressed` of the time its rings were held.
    fn step(&mut self, time: u64, run: u64, delay: u64, throttled: u64, pressed: u64) -> &mut Self {
        self.look.time_ns += time * MS;
        self.look.run_ns += run * MS;
        self.look.delay_ns += delay * MS;
        self.look.throttled_ns = self.look.throttled_ns.map(|ns| ns + throttled * MS);
        self.look.pressed_ns += pressed * MS;
        self.look.free_ns += (time - pressed) * MS;
        self.account.as_mut().unwrap().add(self.look.clone());
        let account = self.account();
        let ConsumerStates { running_ns, waiting_ns, throttled_ns, blocked_ns, idle_ns } = account.states();
        let sum = running_ns + waiting_ns + throttled_ns + blocked_ns + idle_ns + account.unplaced_ns();
        assert_eq!(sum, self.look.time_ns, "{account:?}");
        let (least, most) = account.throttled_range_ns();
        assert!(least <= throttled_ns && throttled_ns <= most, "{account:?}");
        self
    }

    fn sleeps(&mut self, state: char, wchan: Option<&str>) -> &mut Self {
        self.look.voluntary = self.look.voluntary.map(|count| count + 1);
        self.look.place = Some(Place { state, wchan: wchan.map(str::to_owned), syscall: Some(230) });
        self
    }

    fn runs(&mut self) -> &mut Self {
        self.look.place = None;
        self
    }

    /// Running, waiting, throttled, blocked, idle, in ms; and the time in none.
    fn times(&self) -> ([u64; 5], u64) {
        let ConsumerStates { running_ns, waiting_ns, throttled_ns, blocked_ns, idle_ns } =
            self.account().states();
        let all = [running_ns, waiting_ns, throttled_ns, blocked_ns, idle_ns];
        (all.map(|ns| ns / MS), self.account().unplaced_ns() / MS)
    }
}

#[test]
fn a_busy_thread_runs() {
    let mut script = Script::new();
    script.runs().step(1000, 996, 3, 0, 1000).step(1000, 1000, 1, 0, 1000);
    assert_eq!(script.times(), ([1996, 4, 0, 0, 0], 0));
}

#[test]
fn sleep_with_empty_rings_is_idle_and_with_held_ones_blocked() {
    let mut script = Script::new();
    script.sleeps('S', Some("hrtimer_nanosleep")).step(1000, 100, 0, 0, 0);
    assert_eq!(script.times(), ([100, 0, 0, 0, 900], 0));
    script.sleeps('D', Some("folio_wait_bit")).step(1000, 10, 0, 0, 990);
    assert_eq!(script.times(), ([110, 0, 0, 980, 910], 0));
    let place = BlockedIn {
        state: 'D',
        wchan: Some("folio_wait_bit".to_owned()),
        syscall: Some(230),
        time_ns: 980 * MS,
    };
    assert_eq!(script.account().blocked_in(), [place]);
}

/// Looks at rings and at threads do not fall together: now more of the one, now of the other.
#[test]
fn the_share_of_the_time_counts() {
    let mut script = Script::new();
    script.sleeps('S', None);
    for pressed in [18, 22, 18, 22, 18, 22] {
        script.look.time_ns += 20 * MS;
        script.look.pressed_ns += pressed * MS;
        script.account.as_mut().unwrap().add(script.look.clone());
    }
    assert_eq!(script.times(), ([0, 0, 0, 120, 0], 0));
}

#[test]
fn a_sleep_is_placed_when_it_is_clear_whether_rings_were_held() {
    let mut script = Script::new();
    script.sleeps('S', None);
    script.look.time_ns += 20 * MS;
    script.account.as_mut().unwrap().add(script.look.clone());
    assert_eq!(script.times(), ([0; 5], 20));
    script.step(20, 0, 0, 0, 20);
    assert_eq!(script.times(), ([0, 0, 0, 40, 0], 0));
}

/// It runs when there is work: 400 ms of the 500 that its rings were held it worked, and slept while they were empty.
#[test]
fn work_comes_before_blocking() {
    let mut script = Script::new();
    script.sleeps('S', None).step(1000, 500, 0, 0, 500);
    assert_eq!(script.times(), ([500, 0, 0, 0, 500], 0));
}

#[test]
fn run_delay_is_throttled_as_far_as_a_cgroup_was() {
    let mut script = Script::new();
    script.runs().step(100, 40, 60, 50, 100);
    assert_eq!(script.times(), ([40, 10, 50, 0, 0], 0));
    // On two CPUs at once it may have been half as long.
    assert_eq!(script.account().throttled_range_ns(), (25 * MS, 50 * MS));
    script.step(100, 40, 60, 0, 100);
    assert_eq!(script.times(), ([80, 70, 50, 0, 0], 0));
}

#[test]
fn throttling_of_others_is_not_kept_for_later() {
    let mut script = Script::new();
    script.sleeps('S', None).step(100, 0, 0, 80, 0).runs().step(100, 40, 60, 0, 100);
    assert_eq!(script.times(), ([40, 60, 0, 0, 100], 0));
}

#[test]
fn without_cgroups_it_may_be_all_or_none() {
    let mut script = Script::new();
    script.look.throttled_ns = None;
    script.account = Some(Account::new(script.look.clone(), 2));
    script.runs().step(100, 40, 60, 0, 100);
    assert_eq!(script.times(), ([40, 60, 0, 0, 0], 0));
    let (least, most) = script.account().throttled_range_ns();
    assert_eq!((least, most), (0, 60 * MS));
}

/// The kernel tells of a wait when it is over; until then the time is nowhere, and never where it must be taken back.
#[test]
fn a_wait_that_goes_on_stays_open() {
    let mut script = Script::new();
    script.sleeps('S', None).step(100, 0, 0, 0, 0);
    // It woke, and waits.
    script.runs().step(20, 0, 0, 0, 10).step(20, 0, 0, 0, 20);
    assert_eq!(script.times(), ([0, 0, 0, 0, 100], 40));
    script.step(20, 10, 40, 30, 20);
    assert_eq!(script.times(), ([10, 10, 30, 0, 100], 10));
    script.sleeps('S', None).step(20, 0, 0, 0, 0);
    assert_eq!(script.times(), ([10, 10, 30, 0, 130], 0));
}

#[test]
fn a_long_wait_counts_before_it_is_over_and_not_twice() {
    let mut script = Script::new();
    script.runs();
    for _ in 0..30 {
        script.step(100, 0, 0, 0, 100);
    }
    let ([_, waiting, ..], open) = script.times();
    assert_eq!((waiting + open, waiting >= 2000), (3000, true));
    script.step(100, 50, 3050, 0, 100);
    assert_eq!(script.times(), ([50, 3050, 0, 0, 0], 0));
    script.step(100, 50, 50, 0, 100);
    assert_eq!(script.times(), ([100, 3100, 0, 0, 0], 0));
}

#[test]
fn the_end_leaves_nothing_open() {
    let mut script = Script::new();
    script.runs().step(100, 60, 0, 30, 100);
    script.account.as_mut().unwrap().close();
    assert_eq!(script.times(), ([60, 10, 30, 0, 0], 0));
}

#[test]
fn few_places_are_kept_and_the_time_of_all() {
    let mut script = Script::new();
    for place in 0..40 {
        script.sleeps('S', Some(&format!("place_{place}"))).step(10, 0, 0, 0, 10);
    }
    assert_eq!(script.times().0[3], 400);
    assert_eq!(script.account().blocked_in().len(), PLACES_KEPT);
}

/// Any looks whatever: states only grow, and add up to the time.
#[test]
fn states_never_shrink_and_always_add_up() {
    let mut random = 12345_u64;
    let mut below = |limit: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % limit
    };
    for _ in 0..200 {
        let mut script = Script::new();
        let mut before = [0; 5];
        for _ in 0..50 {
            if below(2) == 0 {
                script.runs()
            } else {
                script.sleeps('S', Some("x"))
            };
            let time = below(1200);
            script.step(time, below(1300), below(1300), below(2000), below(time + 1));
            let (now, _) = script.times();
            assert!(now.iter().zip(before).all(|(now, before)| *now >= before));
            before = now;
        }
    }
}
