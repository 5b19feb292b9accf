//! DC108 missed-wakeup: the consumer waits to be woken while its ring is full.
//!
//! It is this when the draining thread sleeps in epoll or poll on the very ring that is full. A producer that never asks for a wakeup
//! (`BPF_RB_NO_WAKEUP`), or one that lost a race with a consumer going to sleep, leaves it there until something else wakes it.
//!
//! The remedy is in the tool: wait with a time limit, look at the ring once more before sleeping, or ask for wakeups when the backlog
//! crosses a mark. A restart helps until it happens again.
//!
//! Ruled out: other sleep (DC104), because of what it sleeps in.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact, Remedy},
        rules::consumer_blocked::in_words,
        verdict::{Claim, Verdict},
        words,
    },
    number::{percent, seconds, share},
    sample::BlockedIn,
    syscall,
    timeline::seconds as from_ns,
};

/// Less of the time than this is no cause.
const LEAST_SHARE: f64 = 0.15;
/// Functions of the kernel that a thread sleeps in while it waits for files (fs/eventpoll.c, fs/select.c).
const CHANNELS: [&str; 4] = ["ep_poll", "do_epoll_wait", "do_poll", "do_select"];
const SYSCALLS: [&str; 7] =
    ["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6"];

/// Whether the draining thread waited for a wakeup with its ring full.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let (Some(shares), Some(consumer)) = (case.shares(), &case.consumer) else {
        return Verdict::Unknown(words::NO_THREAD);
    };
    let all_ns: u64 = consumer.blocked_in.iter().map(|place| place.time_ns).sum();
    let waiting: Vec<&BlockedIn> = consumer.blocked_in.iter().filter(|place| is_for_files(place)).collect();
    let waiting_ns: u64 = waiting.iter().map(|place| place.time_ns).sum();
    if all_ns == 0 || waiting_ns == 0 {
        return Verdict::Silent("it did not wait in epoll or poll".to_owned());
    }
    let strength = shares.blocked * share(waiting_ns, all_ns);
    if strength < LEAST_SHARE {
        return Verdict::Silent(format!("it waited in epoll or poll for {}", words::of_the_time(strength)));
    }
    let full_ns: u64 = case.rings.iter().map(|ring| ring.full_ns).sum();
    if full_ns == 0 {
        return Verdict::Silent("no ring was full while it waited".to_owned());
    }
    let summary = format!(
        "{} lost {}: the thread that drains waited to be woken for {} while its ring was full.",
        words::name(case),
        words::lost(case),
        percent(strength)
    );
    let mut evidence = vec![words::times(&shares)];
    evidence.extend(waiting.iter().take(2).map(|place| {
        Fact::estimated(format!("{} for {}, by looks", in_words(place), seconds(from_ns(place.time_ns))))
    }));
    evidence.push(Fact::exact(format!("its rings had no room for {} together", seconds(from_ns(full_ns)))));
    Verdict::Fires(Claim {
        strength,
        confidence: Confidence::Medium,
        summary,
        evidence,
        larger_rings: None,
        remedies: vec![Remedy::advice(
            "in the tool: wait with a time limit, look at the ring once more before sleeping, or let the producer wake \
             it when the backlog crosses a mark; a restart helps until it happens again"
                .to_owned(),
        )],
    })
}

fn is_for_files(place: &BlockedIn) -> bool {
    let number = place.syscall.and_then(|number| u16::try_from(number).ok());
    let by_syscall = number.is_some_and(|slot| SYSCALLS.contains(&&*syscall::name(slot)));
    by_syscall || place.wchan.as_deref().is_some_and(|wchan| CHANNELS.iter().any(|name| wchan.contains(name)))
}
