//! One visit to a process: who it is, what its files say, what its pages say. May hang in the file system of another.

use std::{net::SocketAddr, path::Path};

use tokio::runtime::Runtime;

use super::{
    configuration,
    reason::{self, PageError},
};
use crate::{
    observe::falco::{
        command_line::CommandLine,
        config::{Effective, Environment, Settings, Start},
        dialect::Dialect,
        endpoint::{self, Network, Unreachable},
        http,
        metrics::FalcoMetrics,
        process::{Identity, Program},
        root::Root,
        versions::Versions,
    },
    sample::{FalcoFacts, MetricsFacts, PageFacts, PageStatus, VersionFacts},
    sys::clock,
};

/// Plugins that are named.
const MOST_PLUGINS: usize = 32;

/// What a process is asked for, and what is known from before.
pub(super) struct Visit<'a> {
    /// The /proc that shows it.
    pub(super) proc: &'a Path,
    /// Its id there.
    pub(super) pid: u32,
    /// CPUs that are online.
    pub(super) cpus_online: Option<u64>,
    /// `n_evts` of its maps at this moment.
    pub(super) n_evts: &'a dyn Fn() -> u64,
    /// For its pages.
    pub(super) runtime: &'a Runtime,
}

impl Visit<'_> {
    /// Asks for everything. `before`: what the last visit found; a version that was once told stays.
    pub(super) fn run(&self, before: &FalcoFacts) -> FalcoFacts {
        let identity = Identity::read(self.proc, self.pid);
        let mut facts = FalcoFacts {
            program: identity.program().map(|program| name(program).to_owned()),
            in_root_pid_namespace: identity.in_root_pid_namespace,
            version: before.version.clone(),
            ..FalcoFacts::default()
        };
        match identity.program() {
            Some(Program::Falco) => self.ask_falco(&identity, &mut facts),
            // It has neither a falco.yaml nor a web server.
            Some(Program::Sysdig) => {}
            None => facts
                .not_visible
                .push("its configuration: its executable is none that dropctl knows to have one".to_owned()),
        }
        facts
    }

    fn ask_falco(&self, identity: &Identity, facts: &mut FalcoFacts) {
        let known = facts.version.as_ref().and_then(dialect);
        let settings = self.configure(identity, known.unwrap_or_default(), facts);
        let Some(settings) = settings else {
            facts.not_visible.push("its pages: where they are is in its configuration".to_owned());
            return;
        };
        self.ask_versions(identity, &settings, facts);
        let told = facts.version.as_ref().and_then(dialect);
        let settings = match told {
            Some(told) if Some(told) != known => self.configure(identity, told, facts).unwrap_or(settings),
            Some(_) => settings,
            None => {
                facts.not_visible.push(
                    "its version: its configuration is read as the newest Falco would read it".to_owned(),
                );
                settings
            }
        };
        self.ask_metrics(identity, &settings, facts);
    }

    /// Reads its configuration as that version does.
    fn configure(&self, identity: &Identity, dialect: Dialect, facts: &mut FalcoFacts) -> Option<Settings> {
        const WHAT: &str = "its configuration: ";
        let process = self.proc.join(self.pid.to_string());
        facts.not_visible.retain(|reason| !reason.starts_with(WHAT));
        let mut fail = |why: &str| {
            (facts.configuration, facts.comparison) = (None, Default::default());
            facts.not_visible.push(format!("{WHAT}{why}"));
        };
        let Some(command_line) = identity.cmdline.as_deref().and_then(CommandLine::parse) else {
            fail("its command line cannot be read");
            return None;
        };
        let root = match Root::open(&process.join("root")) {
            Ok(root) => root,
            Err(_) => {
                fail("its files cannot be read; CAP_SYS_PTRACE would allow it");
                return None;
            }
        };
        let start = Start {
            command_line,
            environment: identity.environ.as_deref().map(Environment::parse).unwrap_or_default(),
            working_directory: identity.working_directory.clone().unwrap_or_else(|| "/".into()),
            dialect,
        };
        match Effective::read(&root, &start) {
            Ok(effective) => {
                if identity.environ.is_none() {
                    facts
                        .not_visible
                        .push(format!("{WHAT}its environment cannot be read, so that ${{NAME}} is empty"));
                }
                let (configuration, comparison) = configuration::facts(&effective, self.cpus_online);
                (facts.configuration, facts.comparison) = (Some(configuration), comparison);
                Some(effective.settings())
            }
            Err(error) => {
                fail(&reason::of_config(&error));
                None
            }
        }
    }

    fn ask_versions(&self, identity: &Identity, settings: &Settings, facts: &mut FalcoFacts) {
        let place = network(identity).map(|network| endpoint::versions(&settings.webserver, network));
        let (page, versions) = self.ask(place, |address| {
            let body = self.runtime.block_on(http::get(address, "/versions"))?;
            Ok(Versions::parse(&body)?)
        });
        facts.versions_page = Some(page);
        facts.version = versions.map(version).or_else(|| facts.version.take());
    }

    fn ask_metrics(&self, identity: &Identity, settings: &Settings, facts: &mut FalcoFacts) {
        let place = network(identity).map(|network| endpoint::metrics(settings, network));
        let n_evts_before = (self.n_evts)();
        let (page, metrics) = self.ask(place, |address| {
            let body = self.runtime.block_on(http::get(address, "/metrics"))?;
            Ok(FalcoMetrics::parse(&body)?)
        });
        facts.metrics_page = Some(page);
        facts.metrics = metrics.map(|metrics| MetricsFacts {
            // Whether it is below what the maps say later is seen later.
            agrees_with_maps: metrics.n_evts.filter(|n_evts| *n_evts < n_evts_before).map(|_| false),
            ..numbers(&metrics)
        });
    }

    fn ask<T>(
        &self,
        place: Option<Result<SocketAddr, Unreachable>>,
        get: impl FnOnce(SocketAddr) -> Result<T, PageError>,
    ) -> (PageFacts, Option<T>) {
        let page = |status, why: String| PageFacts { status, why: Some(why) };
        match place {
            None => (page(PageStatus::Unreachable, "its network namespace cannot be read".to_owned()), None),
            Some(Err(error @ (Unreachable::Off | Unreachable::NoMetrics))) => {
                (page(PageStatus::Off, reason::of_place(&error)), None)
            }
            Some(Err(error)) => (page(PageStatus::Unreachable, reason::of_place(&error)), None),
            Some(Ok(address)) => match get(address) {
                Ok(answer) => (PageFacts { status: PageStatus::Answered, why: None }, Some(answer)),
                Err(error) => (page(PageStatus::Unreachable, reason::of_page(&error)), None),
            },
        }
    }
}

fn name(program: Program) -> &'static str {
    match program {
        Program::Falco => "falco",
        Program::Sysdig => "sysdig",
    }
}

fn network(identity: &Identity) -> Option<Network> {
    identity.network
}

fn dialect(version: &VersionFacts) -> Option<Dialect> {
    Dialect::of(version.falco.as_deref()?)
}

fn version(versions: Versions) -> VersionFacts {
    let clean = |text: Option<String>| text.as_deref().map(reason::clean);
    let plugins = versions.plugin_versions.iter().take(MOST_PLUGINS);
    VersionFacts {
        falco: clean(versions.falco_version),
        libs: clean(versions.libs_version),
        driver_api: clean(versions.driver_api_version),
        driver_schema: clean(versions.driver_schema_version),
        default_driver: clean(versions.default_driver_version),
        rules_engine: clean(versions.engine_version_semver),
        plugins: plugins.map(|(name, version)| (reason::clean(name), reason::clean(version))).collect(),
    }
}

fn numbers(metrics: &FalcoMetrics) -> MetricsFacts {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes the nearest integer that there is, a negative one 0"
    )]
    let ppm = |ratio: f64| (ratio * 1e6) as u64;
    MetricsFacts {
        time_ns: clock::monotonic_ns(),
        agrees_with_maps: None,
        n_evts: metrics.n_evts,
        n_drops: metrics.n_drops,
        outputs_queue_num_drops: metrics.outputs_queue_num_drops,
        memory_rss_bytes: metrics.memory_rss_bytes,
        cpu_usage_ppm: metrics.cpu_usage_ratio.filter(|ratio| *ratio >= 0.0).map(ppm),
        start_ns: metrics.start_ns,
        reload_ns: metrics.reload_ns,
        n_threads: metrics.n_threads,
        n_fds: metrics.n_fds,
        n_failed_thread_lookups: metrics.n_failed_thread_lookups,
        n_failed_fd_lookups: metrics.n_failed_fd_lookups,
        n_drops_full_threadtable: metrics.n_drops_full_threadtable,
        malformed_lines: metrics.malformed_lines as u64,
    }
}

#[cfg(test)]
mod tests;
