//! Falco's pages: /metrics, /versions, /healthz. A thread of their own, as in Falco.

use std::{
    net::{IpAddr, SocketAddr},
    thread,
};

use super::{identity, metrics::Metrics};
use anyhow::{Context as _, Result};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::get,
};

/// Serves from here on, until the process ends.
pub(super) fn start(address: IpAddr, port: u16, metrics: Metrics) -> Result<()> {
    let routes = Router::new()
        .route("/metrics", get(page))
        .route("/versions", get(|| async { json(identity::VERSIONS) }))
        .route("/healthz", get(|| async { json(r#"{"status":"ok"}"#) }))
        .with_state(metrics);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let address = SocketAddr::new(address, port);
    let listening = tokio::net::TcpListener::bind(address);
    let listener = runtime.block_on(listening).with_context(|| format!("listen on {address}"))?;
    let serve = move || runtime.block_on(async { axum::serve(listener, routes).await });
    thread::Builder::new().name("webserver".to_owned()).spawn(serve)?;
    Ok(())
}

fn json(text: &'static str) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

async fn page(State(metrics): State<Metrics>) -> Response {
    match metrics.page() {
        Ok(page) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
    }
}
