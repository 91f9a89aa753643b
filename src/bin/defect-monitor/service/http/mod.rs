// SPDX-License-Identifier: MPL-2.0
//! The page, the metrics, health, and the API that adds and removes streams.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use super::alerts::{Alerts, Operations};
use super::board::Board;
use super::cluster::Cluster;
use super::config::StreamConfig;
use super::config::check::{errors, first};
use super::config::http::Config;
use super::log;
use super::parts::Parts;
use super::results::Writer;
use super::state::StateStore;

mod access;
mod api;
mod card;
mod connections;
mod encryption;
mod events;
mod health;
mod listener;
mod metrics;
mod mutes;
mod operations;
mod others;
mod page;
mod reply;
#[cfg(test)]
pub mod tests;
mod token;
mod unique_keys;
mod words;
#[cfg(test)]
pub use tests::made;

use access::{Access, Peer};
use connections::Connections;
use others::Others;
use reply::{Fault, TEXT};

/// The largest body that is read: a stream's configuration is a few hundred bytes.
const LARGEST: usize = 64 * 1024;
/// An answer takes no longer.
const LONGEST: Duration = Duration::from_secs(30);
/// Those that are being answered get so long at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Whether the section can work, as far as that is known before it listens.
pub fn check(config: &Config) -> Vec<String> {
    let listens = match config.listen.is_none() && config.socket.is_none() {
        true => Err("say where it listens, with `listen`, `socket` or both".to_owned()),
        false => Ok(()),
    };
    let encryption = encryption::acceptor(config).map(drop);
    let tokens = access::check(config);
    errors([listens, encryption].into_iter().chain(tokens))
}

/// What the API changes. Calls may take their time; none is made from an asynchronous task.
pub trait Control: Send + Sync {
    /// Adds a stream, or replaces the one of that id; an error says what is wrong with it.
    fn add(&self, stream: StreamConfig) -> Result<(), String>;
    /// Removes a stream; an error if there is none of that id.
    fn remove(&self, id: &str) -> Result<(), String>;
    /// All streams of this process.
    fn list(&self) -> Vec<StreamConfig>;
}

/// What requests are answered from.
#[derive(Clone)]
pub struct Sources {
    /// What is known now.
    pub board: Arc<Board>,
    /// How the parts of the process are.
    pub parts: Parts,
    /// What changes streams.
    pub control: Arc<dyn Control>,
    /// What was before.
    pub state: StateStore,
    /// What operators say of alarms.
    pub operations: Arc<Operations>,
    /// Who is alarmed.
    pub alerts: Arc<Alerts>,
    /// Where pictures of defects are.
    pub results: Arc<Writer>,
    /// Who watches the streams that this process doesn't.
    pub cluster: Option<Arc<Cluster>>,
}

/// The same, and who may have it.
struct Served {
    sources: Sources,
    access: Access,
    others: Others,
}

impl std::ops::Deref for Served {
    type Target = Sources;

    fn deref(&self) -> &Sources {
        &self.sources
    }
}

/// The server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    address: Option<SocketAddr>,
    runtime: Handle,
    /// Each connection has a receiver, and so have the listeners.
    stop: watch::Sender<()>,
    socket: Option<listener::SocketFile>,
}

impl Server {
    /// Listens from now on, or does nothing without a configuration. An error says why it can't.
    pub fn start(
        config: Option<&Config>,
        sources: Sources,
        runtime: &Handle,
    ) -> Result<Self, String> {
        if let Some(cluster) = &sources.cluster {
            others::answer(cluster, &sources);
        }
        let Some(config) = config else {
            return Ok(Self { running: None });
        };
        let _entered = runtime.enter();
        let wrong = |why| format!("[http] {why}");
        first(check(config)).map_err(wrong)?;
        let tcp = config.listen.map(listener::tcp).transpose()?;
        let unix = config.socket.as_deref().map(listener::unix).transpose()?;
        let access = Access::of(config).map_err(wrong)?;
        let encryption = encryption::acceptor(config).map_err(wrong)?;
        let others = Others::new(sources.cluster.clone());
        let router = router(Arc::new(Served {
            sources,
            access,
            others,
        }));
        if let Some((_, address)) = &tcp
            && config.viewer_token.is_none()
            && !address.ip().is_loopback()
        {
            let text = "everybody who reaches it may read, since there is no `viewer-token`";
            log::warn("http", format!("{address}: {text}"));
        }
        let (stop, stopped) = watch::channel(());
        let connections = Arc::new(Connections::default());
        let address = tcp.as_ref().map(|(_, address)| *address);
        let shared = || (Arc::clone(&connections), router.clone(), stopped.clone());
        if let Some((listener, _)) = tcp {
            let (connections, router, stopped) = shared();
            let peer = |from: &SocketAddr| Peer::Remote(from.ip().to_canonical());
            match encryption {
                Some(tls) => runtime.spawn(listener::accept(
                    listener,
                    peer,
                    move |stream| tls.accept(stream),
                    connections,
                    router,
                    stopped,
                )),
                None => runtime.spawn(listener::accept(
                    listener,
                    peer,
                    |stream| std::future::ready(Ok(stream)),
                    connections,
                    router,
                    stopped,
                )),
            };
        }
        let socket = unix.map(|(listener, file)| {
            let (connections, router, stopped) = shared();
            let peer = |_: &_| Peer::Local;
            let plain = |stream| std::future::ready(Ok(stream));
            runtime.spawn(listener::accept(
                listener,
                peer,
                plain,
                connections,
                router,
                stopped,
            ));
            file
        });
        Ok(Self {
            running: Some(Running {
                address,
                runtime: runtime.clone(),
                stop,
                socket,
            }),
        })
    }

    /// The address where it listens; another port than configured if that was 0.
    pub fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref().and_then(|running| running.address)
    }

    /// Answers what has been asked, for 2 s at most, and ends. Not from an asynchronous task.
    pub fn close(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        running.stop.send_replace(());
        let closed = running.stop.closed();
        let _ = running
            .runtime
            .block_on(async { timeout(FAREWELL, closed).await });
        drop(running.socket);
    }
}

fn router(served: Arc<Served>) -> Router {
    Router::new()
        .merge(page::routes())
        .route("/metrics", get(metrics))
        .route(
            "/healthz",
            get(async || ([(CONTENT_TYPE, TEXT)], "alive\n")),
        )
        .route("/readyz", get(ready))
        .nest("/api/v1", api::routes().merge(operations::routes(&served)))
        .fallback(unknown)
        .method_not_allowed_fallback(async || {
            let what = "this path doesn't take that method; see the header Allow";
            Fault(StatusCode::METHOD_NOT_ALLOWED, what.to_owned())
        })
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(from_fn_with_state(Arc::clone(&served), access::guard))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            LONGEST,
        ))
        .layer(from_fn(reply::with_headers))
        .with_state(served)
}

async fn unknown(request: Request) -> Fault {
    let path = request.uri().path();
    let what = format!(
        "there is nothing at {path}; there are /, /metrics, /healthz, /readyz, and under /api/v1: streams, events, episodes, mutes, \
        alerts/undelivered, board, days, words"
    );
    Fault(StatusCode::NOT_FOUND, what)
}

async fn metrics(State(served): State<Arc<Served>>) -> Result<Response, Fault> {
    let (board, parts) = (served.board.clone(), served.parts.clone());
    blocking(move || match metrics::metrics(board, parts) {
        Ok(text) => ([(CONTENT_TYPE, metrics::TYPE)], text).into_response(),
        Err(e) => Fault(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    })
    .await
}

async fn ready(State(served): State<Arc<Served>>) -> impl IntoResponse {
    let (ready, text) = health::ready(&served.board, &served.parts);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(CONTENT_TYPE, TEXT)], text)
}

/// Does what may take its time elsewhere, so that no other request waits for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| Fault(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))
}
