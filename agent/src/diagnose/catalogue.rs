//! All findings: code, name, role and page. Codes and names are public interface: never reused, never renamed.
//!
//! A rule's own `//!` text is its page: `dropctl explain DC102` and docs/findings.md print what stands in its file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of statement a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The cause of a loss: each window of loss has exactly one.
    Cause,
    /// It made a loss larger.
    Contributor,
    /// Something is not configured as its owner thinks.
    Configuration,
    /// About dropctl itself: what it lost, cannot see, or costs.
    Own,
}

/// One kind of finding.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $role:ident, $file:literal;)*) => {
        /// Which finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl Code {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Such as `DC102`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Such as `consumer-throttled`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What kind of statement it is.
            #[must_use]
            pub fn role(self) -> Role {
                match self { $(Self::$variant => Role::$role,)* }
            }

            /// The file of its rule: its page is what stands at the top of it.
            fn source(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("rules/", $file, ".rs")),)* }
            }
        }
    };
}

catalogue! {
    /// The draining thread works all the time and is not enough.
    ConsumerSaturated = "DC101", "consumer-saturated", Cause, "consumer_saturated";
    /// A CPU quota stops it.
    ConsumerThrottled = "DC102", "consumer-throttled", Cause, "consumer_throttled";
    /// It waits for a CPU.
    ConsumerStarved = "DC103", "consumer-starved", Cause, "consumer_starved";
    /// It sleeps with a ring that is not empty.
    ConsumerBlocked = "DC104", "consumer-blocked", Cause, "consumer_blocked";
    /// More came at once than the ring holds.
    BurstExceedsBuffer = "DC105", "burst-exceeds-buffer", Cause, "burst_exceeds_buffer";
    /// One ring is full while others are near empty.
    UnevenRings = "DC106", "uneven-rings", Cause, "uneven_rings";
    /// A record that is not committed holds the ring.
    PendingRecord = "DC107", "pending-record", Cause, "pending_record";
    /// The consumer waits for a wakeup that does not come.
    MissedWakeup = "DC108", "missed-wakeup", Cause, "missed_wakeup";
    /// Events are larger than the probe can build.
    OversizedEvents = "DC109", "oversized-events", Cause, "oversized_events";
    /// The tool had just started, or loaded its configuration anew.
    StartupOrReload = "DC110", "startup-or-reload", Cause, "startup_or_reload";
    /// The tool's outputs are blocked.
    OutputBackpressure = "DC111", "output-backpressure", Cause, "output_backpressure";
    /// The node or the cgroup is short of memory.
    MemoryPressure = "DC112", "memory-pressure", Cause, "memory_pressure";
    /// Each event costs more and more.
    StateGrowth = "DC113", "state-growth", Cause, "state_growth";
    /// Kernel and driver do not fit, or counters contradict each other.
    DriverDefect = "DC114", "driver-defect", Cause, "driver_defect";
    /// The kernel skipped runs of the tool's programs.
    ProgramSkipped = "DC115", "program-skipped", Cause, "program_skipped";
    /// The tool did not run.
    ToolNotRunning = "DC116", "tool-not-running", Cause, "tool_not_running";
    /// The tool runs and sees nothing.
    ToolBlind = "DC117", "tool-blind", Cause, "tool_blind";
    /// No rule explains it.
    Unexplained = "DC199", "unexplained", Cause, "unexplained";
    /// One syscall makes most of the arrivals.
    NoisySyscall = "DC201", "noisy-syscall", Contributor, "noisy_syscall";
    /// One workload makes most of the arrivals or drops.
    NoisyWorkload = "DC202", "noisy-workload", Contributor, "noisy_workload";
    /// The tool runs with other settings than its configuration has.
    ConfigNotApplied = "DC301", "config-not-applied", Configuration, "config_not_applied";
    /// Loss that no alert shows.
    SilentLoss = "DC302", "silent-loss", Configuration, "silent_loss";
    /// An alert's numbers are not of the time that it names.
    AlertWindow = "DC303", "alert-window", Configuration, "alert_window";
    /// Limits cannot carry the load.
    OversubscribedLimits = "DC304", "oversubscribed-limits", Configuration, "oversubscribed_limits";
    /// dropctl's own ring dropped.
    OwnOverrun = "DC901", "own-overrun", Own, "own_overrun";
    /// Something hides what dropctl looks for.
    ReducedVisibility = "DC902", "reduced-visibility", Own, "reduced_visibility";
    /// Another program sits on the same hook.
    SharedHook = "DC903", "shared-hook", Own, "shared_hook";
}

impl Code {
    /// The page: Markdown, without its title.
    #[must_use]
    pub fn page(self) -> String {
        let lines = self.source().lines().map_while(|line| line.strip_prefix("//!"));
        let text: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        text.join("\n").trim().to_owned()
    }

    /// By code or name, however it is written.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let is_it =
            |code: &&Self| text.eq_ignore_ascii_case(code.as_str()) || text.eq_ignore_ascii_case(code.name());
        Self::ALL.iter().find(is_it).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_in_order() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn every_page_begins_with_its_code_and_name() {
        for code in Code::ALL {
            let page = code.page();
            let title = format!("{} {}: ", code.as_str(), code.name());
            assert!(page.starts_with(&title), "{title}{page}");
            assert!(page.lines().count() > 2, "{} has a page", code.as_str());
        }
    }

    #[test]
    fn a_finding_is_found_by_code_or_name() {
        assert_eq!(Code::find("dc102"), Some(Code::ConsumerThrottled));
        assert_eq!(Code::find("Consumer-Throttled"), Some(Code::ConsumerThrottled));
        assert_eq!(Code::find("DC1"), None);
    }
}
