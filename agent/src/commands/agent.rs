//! `dropctl agent`: sample all the time and serve the newest.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tokio::{net::TcpListener, sync::oneshot};

use super::{
    limits, log,
    remember::{Remembering, listen},
    sampler::{Kept, Sampler},
    sensors::Sensors,
    stop::StopSignals,
};
use crate::{
    cli::AgentArgs,
    config::{AgentConfig, File},
    metrics::server,
    observe::capability,
    sample::Sample,
};

/// Runs the command.
pub fn run(args: &AgentArgs) -> Result<()> {
    let file = args.config.as_deref().map_or_else(|| Ok(File::default()), File::read)?;
    let config = configure(args, &file)?;
    capability::check()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("start tokio")?;
    let last = runtime.block_on(serve(&config))?;
    // An answer over the socket that is under way need not hold us.
    runtime.shutdown_timeout(Duration::from_secs(1));
    log::say(&in_one_line(&last));
    Ok(())
}

/// An error names the file if it would not be there without it.
fn configure(args: &AgentArgs, file: &File) -> Result<AgentConfig> {
    let config = AgentConfig::new(args, file, limits());
    match &args.config {
        Some(path) if AgentConfig::new(args, &File::default(), limits()).is_ok() => {
            config.with_context(|| path.display().to_string())
        }
        _ => Ok(config?),
    }
}

async fn serve(config: &AgentConfig) -> Result<Sample> {
    let mut stop = StopSignals::new()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {} (--listen)", config.listen))?;
    let address = listener.local_addr().context("read the address listened on")?;
    let sensors = Sensors::start(&config.request, config.whose)?;
    let socket = listen(config)?;
    let setup = sensors.setup(config.interval);
    let place = setup.hook.map_or_else(String::new, |hook| format!(" at {}", hook.as_str()));
    let (kept, samples) = Kept::new();
    let (remembering, standing) = Remembering::start(config, setup.clone(), samples)?;
    let (sampler, newest) = Sampler::start(sensors, config.interval, kept)?;
    let router = server::router(newest, standing, setup, config.interval).context("register metrics")?;
    let (stop_server, server_stops) = oneshot::channel::<()>();
    let server = tokio::spawn(server::serve(listener, router, async {
        let _ = server_stops.await;
    }));
    let answers = socket.map(|socket| tokio::spawn(socket.serve(Arc::clone(&remembering.shared))));
    let mode = config.request.mode.as_str();
    log::say(&format!("{mode}{place}, serving http://{address}/metrics"));

    stop.wait().await;
    answers.iter().for_each(tokio::task::JoinHandle::abort);
    let last = sampler.stop()?;
    remembering.end();
    // A scrape under way ends within milliseconds; a client that holds its connection open must not hold us.
    drop(stop_server);
    let _ = tokio::time::timeout(Duration::from_secs(1), server).await;
    Ok(last)
}

fn in_one_line(last: &Sample) -> String {
    let Some(last) = &last.probe else { return "ended".to_owned() };
    let events = &last.events;
    let missed = last.missed.map_or_else(|| "an unknown number".to_owned(), |missed| missed.to_string());
    let counted = format!("detached; {} syscall exits counted, {missed} missed", events.seen);
    match &last.stream {
        None => counted,
        Some(stream) => format!(
            "{counted}; {} records attempted = {} consumed + {} dropped + {} bytes in flight",
            events.attempted,
            stream.consumed,
            events.dropped,
            stream.producer_bytes.saturating_sub(stream.consumer_bytes)
        ),
    }
}
