//! Series of the threads that drain rings.

use prometheus::proto::MetricFamily;

use super::{labelled, rings::Numbering};
use crate::{metrics::names, sample::ConsumerSample, timeline::seconds};

/// Time in each state; `None` without a consumer. One whose rings are gone has no number, and no series.
pub(super) fn family(numbering: &Numbering, consumers: &[ConsumerSample]) -> Option<MetricFamily> {
    let mut series = Vec::new();
    for consumer in consumers {
        let Some(instance) = numbering.instance(&consumer.tool, consumer.tgid) else { continue };
        let states = &consumer.states;
        for (state, time_ns) in [
            ("running", states.running_ns),
            ("waiting", states.waiting_ns),
            ("throttled", states.throttled_ns),
            ("blocked", states.blocked_ns),
            ("idle", states.idle_ns),
        ] {
            let labels = vec![consumer.tool.clone(), instance.to_string(), state.to_owned()];
            series.push((labels, seconds(time_ns)));
        }
    }
    (!series.is_empty()).then(|| labelled(names::CONSUMER_SECONDS, series))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{ConsumerStates, RingOwner, RingSample};

    #[test]
    fn states_of_the_thread_of_a_tool_with_rings() {
        let owner = RingOwner { tgid: 50, comm: "falco".to_owned(), tool: "falco".to_owned() };
        let mut numbering = Numbering::default();
        numbering.families(
            &[RingSample { map_id: 1, owner: Some(owner), ..RingSample::default() }],
            &[],
            &[],
            &[],
        );
        let states =
            ConsumerStates { running_ns: 2_000_000_000, idle_ns: 500_000_000, ..ConsumerStates::default() };
        let consumer =
            ConsumerSample { tgid: 50, tool: "falco".to_owned(), states, ..ConsumerSample::default() };
        let gone = ConsumerSample { tgid: 60, ..consumer.clone() };
        let family = family(&numbering, &[consumer, gone.clone()]).unwrap();
        let series: Vec<(String, f64)> = family
            .get_metric()
            .iter()
            .map(|series| (series.get_label()[2].value().to_owned(), series.get_counter().get_value()))
            .collect();
        let expected =
            [("running", 2.0), ("waiting", 0.0), ("throttled", 0.0), ("blocked", 0.0), ("idle", 0.5)];
        assert_eq!(series, expected.map(|(state, value)| (state.to_owned(), value)));
        assert!(super::family(&numbering, &[gone]).is_none());
    }
}
