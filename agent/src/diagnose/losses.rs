//! The windows in which a tool lost events: each gets exactly one cause.

use super::finding::Subject;
use crate::timeline::{
    Slice, Step,
    source::{Pair, Source as _},
};

/// Losses that are no further apart than this are one window: a saw of overruns has one cause.
const APART_NS: u64 = 2_500_000_000;

/// What kind of loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A ring had no room.
    Buffer,
    /// Events were too large.
    Oversized,
}

/// One window of loss of one tool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loss {
    pub(super) subject: Subject,
    pub(super) kind: Kind,
    /// Start of the first step in which something was lost, `CLOCK_MONOTONIC` ns.
    pub(super) from_ns: u64,
    /// End of the last one.
    pub(super) to_ns: u64,
    /// Events, by the tool's own counter.
    pub(super) drops: u64,
}

/// What a tool lost in one step.
struct Piece {
    subject: Subject,
    kind: Kind,
    drops: u64,
}

/// All windows of loss, in order of time.
pub(super) fn find(slice: &Slice<'_>) -> Vec<Loss> {
    let mut losses: Vec<Loss> = Vec::new();
    for step in slice.steps() {
        let (from_ns, to_ns) = (step.from.clock.monotonic_ns, step.to.clock.monotonic_ns);
        for piece in pieces(&step) {
            let open = losses.iter_mut().rev().find(|loss| {
                loss.kind == piece.kind
                    && loss.subject.tgid == piece.subject.tgid
                    && from_ns.saturating_sub(loss.to_ns) <= APART_NS
            });
            match open {
                Some(loss) => {
                    loss.to_ns = to_ns;
                    loss.drops += piece.drops;
                }
                None => losses.push(Loss {
                    subject: piece.subject,
                    kind: piece.kind,
                    from_ns,
                    to_ns,
                    drops: piece.drops,
                }),
            }
        }
    }
    losses
}

fn pieces(step: &Step<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for pair in step.falcos() {
        let (before, falco) = match pair {
            Pair::Both(from, to) => (&from.now, to),
            Pair::Began(to) => (&to.before, to),
            Pair::Ended(_) | Pair::Unknown(_) => continue,
        };
        let Some(grown) = falco.now.grown_since(before) else { continue };
        let subject = || Subject { tool: falco.tool.clone(), comm: falco.comm.clone(), tgid: falco.id().0 };
        let counts = [
            (Kind::Buffer, grown.n_drops_buffer),
            (Kind::Oversized, grown.n_drops_max_event_size.unwrap_or(0)),
        ];
        for (kind, drops) in counts.into_iter().filter(|(_, drops)| *drops > 0) {
            pieces.push(Piece { subject: subject(), kind, drops });
        }
    }
    pieces
}
