//! What a version of Falco understands of its configuration.
//!
//! Read in its sources at the last release of each minor version from 0.35 to 0.44.

/// Falco's rules for its configuration, by minor version. The default is the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// 44 for 0.44.1.
    minor: u32,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { minor: u32::MAX }
    }
}

impl Dialect {
    /// Of a version such as `0.44.1` or `0.41.0-100+334ca42`; `None` where it is none.
    #[must_use]
    pub fn of(falco_version: &str) -> Option<Self> {
        let mut numbers = falco_version.trim_start_matches('v').split('.');
        let major: u32 = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        Some(if major == 0 { Self { minor } } else { Self::default() })
    }

    /// `${NAME}` in values (0.36).
    #[must_use]
    pub fn substitutes_environment(self) -> bool {
        self.minor >= 36
    }

    /// Drivers are chosen by command line and `syscall_buf_size_preset` and its like count (up to 0.37).
    #[must_use]
    pub fn has_legacy_engine_keys(self) -> bool {
        self.minor <= 37
    }

    /// `engine.*` (0.37).
    #[must_use]
    pub fn has_engine_keys(self) -> bool {
        self.minor >= 37
    }

    /// `config_files`, and `key[]=value` on the command line (0.38).
    #[must_use]
    pub fn includes_files(self) -> bool {
        self.minor >= 38
    }

    /// `-o 'key={...}'` is YAML (0.39).
    #[must_use]
    pub fn has_objects(self) -> bool {
        self.minor >= 39
    }

    /// `strategy` of an included file, with lists appended by default (0.41); before, every key is replaced.
    #[must_use]
    pub fn has_strategies(self) -> bool {
        self.minor >= 41
    }

    /// A constant 0 stands for drops of enter events in /metrics (0.42).
    #[must_use]
    pub fn fakes_enter_drops(self) -> bool {
        self.minor >= 42
    }

    /// `\.` in keys on the command line (0.44).
    #[must_use]
    pub fn has_escapes(self) -> bool {
        self.minor >= 44
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(Dialect::of("0.44.1"), Some(Dialect { minor: 44 }));
        assert_eq!(Dialect::of("v0.41.0-100+334ca42"), Some(Dialect { minor: 41 }));
        assert_eq!(Dialect::of("1.0.0"), Some(Dialect::default()));
        for none in ["", "0", "x.y", "0.", "0.99999999999"] {
            assert_eq!(Dialect::of(none), None, "{none}");
        }
    }

    #[test]
    fn what_came_when() {
        let of = |version: &str| Dialect::of(version).unwrap();
        assert!(!of("0.37.1").includes_files() && of("0.38.2").includes_files());
        assert!(!of("0.40.0").has_strategies() && of("0.41.3").has_strategies());
        assert!(of("0.37.1").has_legacy_engine_keys() && !of("0.38.2").has_legacy_engine_keys());
        assert!(!of("0.43.1").has_escapes() && of("0.44.1").has_escapes());
        assert!(!of("0.41.3").fakes_enter_drops() && of("0.42.1").fakes_enter_drops());
    }
}
