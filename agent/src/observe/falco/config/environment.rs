//! `${NAME}` in the values of a file, from the environment that the process was started with.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

/// Longest value after substitution, bytes.
const MOST_BYTES: usize = 1 << 16;
/// Most substitutions in one value: what is put in is looked at again.
const MOST_STEPS: usize = 1000;

/// A value that grows or turns forever. Falco would hang on it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the environment makes a value endless: {start:?}")]
pub struct Endless {
    /// The value's start.
    start: String,
}

/// An environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Reads what /proc/PID/environ has: entries separated by zero bytes. The first of a name counts, as in getenv.
    #[must_use]
    pub fn parse(environ: &[u8]) -> Self {
        let mut variables = BTreeMap::new();
        for entry in String::from_utf8_lossy(environ).split('\0') {
            if let Some((name, value)) = entry.split_once('=') {
                variables.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        Self { variables }
    }

    /// A variable's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Substitutes in each value below `node`, not in keys.
    ///
    /// # Errors
    ///
    /// [`Endless`].
    pub fn fill(&self, node: &mut Value) -> Result<(), Endless> {
        match node {
            Value::String(text) if text.contains('$') => *text = self.substitute(text)?,
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.fill(item))?,
            Value::Object(map) => map.values_mut().try_for_each(|value| self.fill(value))?,
            _ => {}
        }
        Ok(())
    }

    /// As Falco does it (`pre_process_env_vars`, userspace/engine/yaml_helper.h): an unknown name is empty, `$${` is
    /// a literal `${`, what was put in is scanned again, and a `$` without brace ends the scan.
    fn substitute(&self, text: &str) -> Result<String, Endless> {
        let mut text = text.to_owned();
        let mut at = 0;
        for _ in 0..MOST_STEPS {
            let Some(found) = text.get(at..).and_then(|rest| rest.find('$')) else { return Ok(text) };
            at += found;
            let rest = &text[at..];
            let Some(end) = rest.find('}') else { return Ok(text) };
            if let Some(name) = rest.get(2..end).filter(|_| rest.starts_with("${")) {
                let value = self.get(name).unwrap_or_default().to_owned();
                text.replace_range(at..=at + end, &value);
            } else if rest.starts_with("$${") {
                text.remove(at);
                at += 1;
            } else {
                return Ok(text);
            }
            if text.len() > MOST_BYTES {
                break;
            }
        }
        Err(Endless { start: text.chars().take(40).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substitute(text: &str) -> String {
        let environment =
            Environment::parse(b"ENV_VAR=envVarValue\0EMBEDDED=${ENV_VAR}\0EMPTY=\0ENV_VAR=second\0junk\0");
        let mut node = serde_json::json!([{ "key": text }]);
        environment.fill(&mut node).unwrap();
        node[0]["key"].as_str().unwrap().to_owned()
    }

    /// The cases of Falco's own test_configuration_env_vars.cpp.
    #[test]
    fn as_falco_does_it() {
        for (text, expected) in [
            ("$ENV_VAR", "$ENV_VAR"),
            ("${ENV_VAR}", "envVarValue"),
            ("$${ENV_VAR}", "${ENV_VAR}"),
            ("$$ENV_VAR", "$$ENV_VAR"),
            ("$${ENV_VAR}$${ENV_VAR}", "${ENV_VAR}${ENV_VAR}"),
            ("$${${ENV_VAR}}", "${envVarValue}"),
            ("$${ENV_VAR}${ENV_VAR}", "${ENV_VAR}envVarValue"),
            ("${UNSET}", ""),
            (" ${ENV_VAR} ", " envVarValue "),
            ("/${ENV_VAR}/${ENV_VAR}${ENV_VAR}/foo", "/envVarValue/envVarValueenvVarValue/foo"),
            ("${EMBEDDED}/foo", "envVarValue/foo"),
            ("${EMPTY}", ""),
            ("${OPEN", "${OPEN"),
            ("${}", ""),
        ] {
            assert_eq!(substitute(text), expected, "{text}");
        }
    }

    #[test]
    fn a_lone_dollar_ends_the_scan() {
        assert_eq!(substitute("cost $5 ${ENV_VAR}"), "cost $5 ${ENV_VAR}");
        assert_eq!(substitute("é$é}${ENV_VAR}"), "é$é}${ENV_VAR}");
    }

    #[test]
    fn what_never_ends_is_an_error() {
        let environment = Environment::parse(b"A=${A}\0B=${B}${B}\0C=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx${C}");
        for text in ["${A}", "${B}", "${C}"] {
            assert!(environment.fill(&mut Value::String(text.to_owned())).is_err(), "{text}");
        }
        let long = Environment::parse(format!("L={}", "x".repeat(MOST_BYTES / 2 + 1)).as_bytes());
        assert!(long.fill(&mut Value::String("${L}".to_owned())).is_ok());
        assert!(long.fill(&mut Value::String("${L}${L}".to_owned())).is_err(), "ends, but too late");
    }
}
