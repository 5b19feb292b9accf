//! The agent's pages: `/metrics`, `/healthz`, `/readyz`, `/`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use prometheus::{Encoder as _, Registry, TextEncoder};
use tokio::{net::TcpListener, sync::watch};

use super::collector::{SampleCollector, Setup};
use crate::{sample::Sample, sys::clock};

/// What the pages are made of.
struct Pages {
    registry: Registry,
    collector: SampleCollector,
    samples: watch::Receiver<Arc<Sample>>,
    interval: Duration,
}

/// A sample older than this many intervals means that the agent no longer samples.
const STALE_INTERVALS: u32 = 3;

/// The routes.
///
/// # Errors
///
/// When the metrics cannot be registered.
pub fn router(
    samples: watch::Receiver<Arc<Sample>>,
    setup: Setup,
    interval: Duration,
) -> prometheus::Result<Router> {
    let collector = SampleCollector::new(samples.clone(), setup)?;
    let registry = Registry::new();
    registry.register(Box::new(collector.clone()))?;
    let pages = Arc::new(Pages { registry, collector, samples, interval });
    Ok(Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/", get(landing))
        .with_state(pages))
}

/// Serves until `stop` resolves and the requests under way are answered.
///
/// # Errors
///
/// When accepting fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

async fn metrics(State(pages): State<Arc<Pages>>) -> Response {
    let start = Instant::now();
    let mut page = Vec::with_capacity(16 * 1024);
    let encoder = TextEncoder::new();
    if let Err(error) = encoder.encode(&pages.registry.gather(), &mut page) {
        return (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response();
    }
    pages.collector.scraped_in(start.elapsed());
    ([(CONTENT_TYPE, encoder.format_type().to_owned())], page).into_response()
}

async fn ready(State(pages): State<Arc<Pages>>) -> (StatusCode, String) {
    let sampled_ns = pages.samples.borrow().clock.monotonic_ns;
    let age = Duration::from_nanos(clock::monotonic_ns().saturating_sub(sampled_ns));
    readiness(age, pages.interval)
}

fn readiness(age: Duration, interval: Duration) -> (StatusCode, String) {
    if age < STALE_INTERVALS * interval {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("the newest sample is {:.1} s old\n", age.as_secs_f64()))
    }
}

async fn landing() -> Html<&'static str> {
    Html(include_str!("landing.html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_sample_is_not_ready() {
        let second = Duration::from_secs(1);
        assert_eq!(readiness(Duration::from_millis(2_999), second).0, StatusCode::OK);
        let (status, text) = readiness(3 * second, second);
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(text, "the newest sample is 3.0 s old\n");
    }
}
