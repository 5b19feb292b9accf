//! Series of tools as processes.

use prometheus::proto::MetricFamily;

use super::{float, labelled};
use crate::{metrics::names, sample::ToolSample};

/// Renders them. A command that is done is not down: it has no series any more.
pub(super) fn families(tools: &[ToolSample]) -> Vec<MetricFamily> {
    let shown = || tools.iter().filter(|tool| tool.is_running || tool.is_service);
    let labels = |tool: &ToolSample| vec![tool.tool.clone(), tool.instance.to_string()];
    let up = shown().map(|tool| (labels(tool), f64::from(u8::from(tool.is_running))));
    let restarts = shown().map(|tool| (labels(tool), float(tool.restarts)));
    let mut families =
        vec![labelled(names::TOOL_UP, up.collect()), labelled(names::TOOL_RESTARTS, restarts.collect())];
    families.retain(|family| !family.get_metric().is_empty());
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_may_be_down_and_a_command_is_done() {
        let tool = |name: &str, is_service, is_running| ToolSample {
            tool: name.to_owned(),
            is_service,
            is_running,
            restarts: 3,
            ..ToolSample::default()
        };
        let tools =
            [tool("falco", true, false), tool("tetragon", true, true), tool("bpftrace", false, false)];
        let families = families(&tools);
        let of = |family: &MetricFamily| -> Vec<(String, f64, f64)> {
            let series = family.get_metric().iter();
            let value = |series: &prometheus::proto::Metric| {
                let tool = series.get_label()[0].value().to_owned();
                (tool, series.get_gauge().get_value(), series.get_counter().get_value())
            };
            series.map(value).collect()
        };
        let expected = |values: [(f64, f64); 2]| {
            let names = ["falco", "tetragon"].map(str::to_owned);
            names
                .into_iter()
                .zip(values)
                .map(|(name, (up, restarts))| (name, up, restarts))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&families[0]), expected([(0.0, 0.0), (1.0, 0.0)]));
        assert_eq!(of(&families[1]), expected([(0.0, 3.0), (0.0, 3.0)]));
        assert!(super::families(&[]).is_empty());
    }
}
