//! DC104 consumer-blocked: the thread that drains the rings slept although there was something to drain.
//!
//! It is this when the draining thread was asleep or in uninterruptible sleep with a ring that was not empty, for longer than its own
//! pause between looks (Falco: 0.5 to 30 ms). The finding names the syscall and the kernel's wait channel: fsync and page faults of a
//! slow disk, a look-up over the network, a lock, a signal that stopped it.
//!
//! Take the blocking work out of that thread: outputs to a file on a slow disk, plugins and enrichment that ask a server, `program_output`
//! that waits. A larger ring helps as far as it holds what arrives in one block.
//!
//! Ruled out: saturation and starvation, because it did not want a CPU; a pause between looks, because that ends after 30 ms.

use crate::{
    diagnose::{
        case::Case,
        finding::{Confidence, Fact, Remedy},
        verdict::{Claim, Verdict},
        words,
    },
    number::seconds,
    sample::BlockedIn,
    syscall,
    timeline::seconds as from_ns,
};

/// Less of the time than this is no cause.
const LEAST_SHARE: f64 = 0.15;
/// Places that are named.
const PLACES_NAMED: usize = 3;

/// Whether the draining thread slept with something to drain.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let (Some(shares), Some(consumer)) = (case.shares(), &case.consumer) else {
        return Verdict::Unknown(words::NO_THREAD);
    };
    if shares.blocked < LEAST_SHARE {
        return Verdict::Silent(format!("it was blocked for {}", words::of_the_time(shares.blocked)));
    }
    let place = consumer.blocked_in.first();
    let summary = format!(
        "{} lost {}: the thread that drains slept for {}{}.",
        words::name(case),
        words::lost(case),
        words::of_the_time(shares.blocked),
        place.map_or_else(String::new, |place| format!(", {}", in_words(place)))
    );
    let mut evidence = vec![words::times(&shares)];
    evidence.extend(consumer.blocked_in.iter().take(PLACES_NAMED).map(|place| {
        Fact::estimated(format!("{} for {}, by looks", in_words(place), seconds(from_ns(place.time_ns))))
    }));
    evidence.extend(words::flow(case));
    Verdict::Fires(Claim {
        strength: shares.blocked,
        confidence: if shares.blocked >= 0.4 { Confidence::High } else { Confidence::Medium },
        summary,
        evidence,
        larger_rings: None,
        remedies: vec![Remedy::advice(advice(place))],
    })
}

/// Where it slept: state, syscall, wait channel.
pub(in crate::diagnose) fn in_words(place: &BlockedIn) -> String {
    let state = match place.state {
        'D' => "in uninterruptible sleep",
        'T' => "stopped by a signal",
        't' => "stopped by a tracer",
        _ => "asleep",
    };
    let number = place.syscall.and_then(|number| u16::try_from(number).ok());
    let syscall = number.map_or_else(String::new, |slot| format!(" in {}", syscall::name(slot)));
    let channel = place.wchan.as_deref().map_or_else(String::new, |wchan| format!(" ({wchan})"));
    format!("{state}{syscall}{channel}")
}

fn advice(place: Option<&BlockedIn>) -> String {
    let number = place.and_then(|place| u16::try_from(place.syscall?).ok());
    let name = number.map(|slot| syscall::name(slot).into_owned()).unwrap_or_default();
    match (place.map(|place| place.state), name.as_str()) {
        (Some('T' | 't'), _) => {
            "find who stopped it (SIGSTOP, a debugger, a frozen cgroup) and let it go on".to_owned()
        }
        (_, "fsync" | "fdatasync" | "sync" | "write" | "pwrite64" | "writev" | "msync") => {
            "take the writing out of the draining thread, or to a faster disk: file_output, log files, \
             buffered_outputs"
                .to_owned()
        }
        (_, "recvfrom" | "recvmsg" | "connect" | "sendto" | "sendmsg" | "read" | "poll" | "ppoll") => {
            "take what it asks a server for out of the draining thread: plugins, enrichment, http_output"
                .to_owned()
        }
        (_, "futex") => {
            "a lock that another thread of the tool holds: report it to its maintainers with this page"
                .to_owned()
        }
        _ => "take the work that sleeps out of the draining thread: outputs, plugins, enrichment".to_owned(),
    }
}
