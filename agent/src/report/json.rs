//! JSON, and its schema.

use super::model::Report;

/// The report as JSON, indented so that two reports can be compared.
///
/// # Errors
///
/// None in practice: the types have no map with other keys than strings.
pub fn render(report: &Report) -> serde_json::Result<String> {
    serde_json::to_string_pretty(report).map(|text| text + "\n")
}

/// The JSON Schema of a report; kept in docs/report.schema.json.
///
/// # Errors
///
/// As [`render`].
pub fn schema() -> serde_json::Result<String> {
    serde_json::to_string_pretty(&schemars::schema_for!(Report)).map(|text| text + "\n")
}
