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
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use prometheus::{Encoder as _, Registry, TextEncoder};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};

use super::collector::SampleCollector;
use crate::{diagnose::standing::Standing, sample::Sample, setup::Setup, sys::clock};

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
    standing: watch::Receiver<Arc<Standing>>,
    setup: Setup,
    interval: Duration,
) -> prometheus::Result<Router> {
    let collector = SampleCollector::new(samples.clone(), standing, setup)?;
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

/// Connections served at once. More are closed as they come: whoever reaches the port must not reach our memory.
const CONNECTIONS: usize = 256;
/// Time in which a request must come, also the first on a connection and the next on one that is kept.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves until `stop` resolves and the requests under way are answered.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(REQUEST_TIMEOUT);
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    let under_way = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // No file descriptor is left, most likely: give the connections that hold them time to end.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&free).try_acquire_owned() else { continue };
        let service = TowerToHyperService::new(router.clone());
        let connection = under_way.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that breaks off is its own affair.
            let _ = connection.await;
            drop(place);
        });
    }
    under_way.shutdown().await;
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
