//! `cargo xtask docs`: regenerates the generated part of `docs/` from the program's own types.

use std::process::ExitCode;

use anyhow::Result;

use crate::{command, tools};

pub(crate) fn run() -> Result<ExitCode> {
    tools::for_build()?;
    command::run(command::cargo().args(["run", "-q", "-p", "dropctl", "--example", "docs", "--", "docs/"]))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde_json::Value;

    use crate::workspace;

    fn read(path: &Path) -> Value {
        serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
    }

    /// The reports that the tests of dropctl accept, all modes.
    #[test]
    fn reports_fit_the_schema() {
        let schema = read(&workspace::root().join("docs/report.schema.json"));
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let folder = workspace::root().join("agent/tests/golden");
        for name in ["stream.json", "count.json", "passive.json"] {
            let mut report = read(&folder.join(name));
            let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
            report["loss"]["overrun_count"] = "many".into();
            assert!(!validator.is_valid(&report), "the schema must be able to refuse");
        }
    }
}
