//! `dropctl top`: what its arguments mean.

use std::time::Duration;

use super::{ConfigError, LONGEST_INTERVAL, Limits, ReportConfig, check_time};
use crate::{
    cli::{ProbeArgs, TopArgs},
    setup::Mode,
};

/// The view is made of a sample a second, as the agent's memory is.
const SHORTEST: Duration = Duration::from_secs(1);

/// How to look, an interval long. It shows counts and no records, so that nothing is streamed unless asked for.
///
/// # Errors
///
/// [`ConfigError`].
pub fn config(args: &TopArgs, limits: Limits) -> Result<ReportConfig, ConfigError> {
    check_time("interval", args.interval, SHORTEST, LONGEST_INTERVAL)?;
    let probe = ProbeArgs { mode: args.probe.mode.or(Some(Mode::Count)), ..args.probe.clone() };
    let mut config = ReportConfig::checked(args.interval, args.whose, &probe, limits)?;
    // Nobody reads which processes made the records.
    config.request.processes = 0;
    Ok(config)
}
