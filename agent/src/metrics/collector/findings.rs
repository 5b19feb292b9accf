//! Series of findings.

use prometheus::proto::MetricFamily;

use super::{float, labelled};
use crate::{diagnose::standing::Standing, metrics::names};

/// Renders them: what stands now, and how often each was made.
pub(super) fn families(standing: &Standing) -> Vec<MetricFamily> {
    let active = standing.active().map(|(tool, code, severity)| {
        let values = [tool, code.as_str(), code.name(), severity.as_str()];
        (values.map(str::to_owned).to_vec(), 1.0)
    });
    let made = standing
        .made()
        .map(|(tool, code, count)| (vec![tool.to_owned(), code.as_str().to_owned()], float(count)));
    let mut families =
        vec![labelled(names::FINDINGS, made.collect()), labelled(names::FINDING_ACTIVE, active.collect())];
    families.retain(|family| !family.get_metric().is_empty());
    families
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Code, Confidence, Finding, Severity};

    #[test]
    fn what_stands_is_one_and_what_was_made_is_counted() {
        let mut standing = Standing::default();
        assert!(families(&standing).is_empty());
        let finding = Finding::new(Code::OwnOverrun, Severity::Warning, Confidence::High, String::new());
        standing.know("falco");
        standing.look(1, &[finding]);
        let families = families(&standing);
        let labels = |family: &MetricFamily, index: usize| {
            let series = &family.get_metric()[index];
            series.get_label().iter().map(|pair| pair.value().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(families[0].get_metric().len(), Code::ALL.len(), "a known source starts at 0");
        assert_eq!(labels(&families[0], 0), ["dropctl", "DC901"]);
        assert_eq!(families[0].get_metric()[0].get_counter().get_value().to_bits(), 1_f64.to_bits());
        assert_eq!(families[1].get_metric().len(), 1);
        assert_eq!(labels(&families[1], 0), ["dropctl", "DC901", "own-overrun", "warning"]);
    }
}
