//! DC105 burst-exceeds-buffer: more came at once than the ring holds, and the consumer keeps up on average.
//!
//! It is this when the arrivals of a longer time are well below the speed at which the consumer drains, the ring went from near empty to
//! full and back, and the loss was over within the time in which the consumer works off a full ring. The first burst after a quiet time
//! finds Falco's consumer in its pause of up to 30 ms: what arrives then must fit.
//!
//! This is the case in which a larger ring helps: `engine.modern_ebpf.buf_size_preset`, or more rings (`cpus_for_each_buffer`). The finding
//! says how much arrived and so how large the ring must be.
//!
//! Ruled out: saturation, by arrivals over a longer time; blocking, because the consumer ran or was in its known pause.

use crate::{
    diagnose::{
        advice::LargerRings,
        case::Case,
        finding::{Confidence, Fact},
        rules::consumer_saturated::SATURATED,
        verdict::{Claim, Verdict},
        words,
    },
    number::{bytes, percent},
    remedies::LARGEST_BYTES,
};

/// Whether more came at once than the ring holds.
pub(in crate::diagnose) fn check(case: &Case<'_>) -> Verdict {
    let Some(shares) = case.shares() else { return Verdict::Unknown(words::NO_THREAD) };
    let needed = case.flow_in_all.and_then(|flow| flow.needed_share());
    let Some((needed, flow)) = needed.zip(case.flow) else {
        return Verdict::Unknown("how fast the draining thread works: a longer look");
    };
    if needed >= SATURATED {
        return Verdict::Silent(format!(
            "over all that was recorded, draining takes {} of one CPU",
            percent(needed)
        ));
    }
    let Some(ring) = case.rings.iter().max_by_key(|ring| (ring.backlog_max_bytes, ring.produced_bytes))
    else {
        return Verdict::Unknown("the tool's rings: CAP_BPF and CAP_PERFMON");
    };
    let capacity_bytes = ring.last.capacity_bytes;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of bytes, rounded")]
    let wanted_bytes = capacity_bytes + flow.dropped_bytes.max(0.0) as u64;
    if wanted_bytes > LARGEST_BYTES {
        return Verdict::Silent(format!("no ring holds the {} that came", bytes(wanted_bytes)));
    }
    // It got no CPU for most of the time, and whether a quota was why is not visible: that is more than a burst.
    let has_limits = case.consumer.as_ref().is_some_and(|consumer| consumer.limits.is_some());
    if !has_limits && 2.0 * shares.waiting > 1.0 - shares.idle {
        return Verdict::Unknown(words::NO_LIMITS);
    }
    let held = shares.waiting + shares.throttled + shares.blocked;
    let summary = format!(
        "{} lost {}: more came at once than a ring of {} holds, while on average draining takes {} of one CPU.",
        words::name(case),
        words::lost(case),
        bytes(capacity_bytes),
        percent(needed)
    );
    let mut evidence = vec![words::times(&shares)];
    evidence.extend(words::flow(case));
    evidence.push(Fact::exact(format!(
        "the fullest ring held {} of {}",
        bytes(ring.backlog_max_bytes),
        bytes(capacity_bytes)
    )));
    if let Some((length_ns, most)) = ring.arrivals.iter().find(|(_, most)| 2 * most > capacity_bytes) {
        let within = crate::number::seconds(crate::timeline::seconds(*length_ns));
        evidence.push(Fact::exact(format!("{} or more were taken in within {within}", bytes(*most))));
    }
    let larger = LargerRings { at_least_bytes: wanted_bytes.max(2 * capacity_bytes), shared: false };
    Verdict::Fires(Claim {
        // Idle is a pause with empty rings, or within what is known of the tool; states are read as seldom as once a second,
        // so that it is most of the time beside a short loss. It says nothing for or against.
        strength: 1.0 - held / (1.0 - shares.idle).max(held).max(f64::EPSILON),
        confidence: if held < 0.25 && needed < 0.7 { Confidence::High } else { Confidence::Medium },
        summary,
        evidence,
        remedies: Vec::new(),
        larger_rings: Some(larger),
    })
}
