// SPDX-License-Identifier: MPL-2.0
//! The page, the metrics, health, and the API that adds and removes streams.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::board::Board;
use super::config::{Secret, StreamConfig};
use super::parts::Parts;

mod access;
mod api;
mod card;
mod events;
mod health;
mod listener;
mod metrics;
mod page;
mod process;
mod reply;
#[cfg(test)]
pub mod tests;
#[cfg(test)]
pub use tests::made;

use access::Access;
use listener::{IDLE, Limited};
use reply::{Fault, TEXT, body};

/// The largest body that is read: a stream's configuration is a few hundred bytes.
const LARGEST: usize = 64 * 1024;
/// An answer takes no longer.
const LONGEST: Duration = Duration::from_secs(30);
/// Those that are being answered get so long at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// The section `[http]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where it listens, e.g. `127.0.0.1:9464`.
    pub listen: SocketAddr,
    /// Who has it may add and remove streams (`Authorization: Bearer ...`). Without it only on a loopback address.
    #[serde(default)]
    pub api_token: Option<Secret>,
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
struct Served {
    board: Arc<Board>,
    parts: Parts,
    control: Arc<dyn Control>,
    access: Access,
}

/// The server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    address: SocketAddr,
    runtime: Handle,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens from now on, or does nothing without a configuration. An error says why it can't.
    pub fn start(
        config: Option<&Config>,
        board: Arc<Board>,
        parts: Parts,
        control: Arc<dyn Control>,
        runtime: &Handle,
    ) -> Result<Self, String> {
        let Some(config) = config else {
            return Ok(Self { running: None });
        };
        let (listener, address) = listen(config.listen, runtime)
            .map_err(|e| format!("http.listen: can't listen on {}: {e}", config.listen))?;
        let access = Access::of(config, address)?;
        let router = router(Arc::new(Served {
            board,
            parts,
            control,
            access,
        }));
        let (stop, mut stopped) = watch::channel(());
        let task = runtime.spawn(async move {
            // It ends by being told to, or when the sender is dropped.
            let end = async move {
                let _ = stopped.changed().await;
            };
            let _ = axum::serve(Limited::new(listener, IDLE), router)
                .with_graceful_shutdown(end)
                .await;
        });
        Ok(Self {
            running: Some(Running {
                address,
                runtime: runtime.clone(),
                stop,
                task,
            }),
        })
    }

    /// Where it listens; another port than configured if that was 0.
    pub fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|running| running.address)
    }

    /// Answers what has been asked, for 2 s at most, and ends. Not from an asynchronous task.
    pub fn close(&mut self) {
        let Some(Running {
            runtime,
            stop,
            mut task,
            ..
        }) = self.running.take()
        else {
            return;
        };
        drop(stop);
        if runtime
            .block_on(async { timeout(FAREWELL, &mut task).await })
            .is_err()
        {
            task.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.task.abort();
        }
    }
}

fn listen(
    address: SocketAddr,
    runtime: &Handle,
) -> std::io::Result<(tokio::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let _entered = runtime.enter();
    Ok((tokio::net::TcpListener::from_std(listener)?, address))
}

fn router(served: Arc<Served>) -> Router {
    Router::new()
        .merge(page::routes())
        .route("/metrics", get(metrics))
        .route(
            "/healthz",
            get(async || ([("content-type", TEXT)], "alive\n")),
        )
        .route("/readyz", get(ready))
        .nest("/api/v1", api::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(async || {
            let what = "this path doesn't take that method; see the header Allow";
            Fault(StatusCode::METHOD_NOT_ALLOWED, what.to_owned())
        })
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(from_fn(in_time))
        .layer(from_fn(reply::with_headers))
        .with_state(served)
}

async fn unknown(request: Request) -> Fault {
    let path = request.uri().path();
    let what = format!(
        "there is nothing at {path}; there are /, /metrics, /healthz, /readyz, and under /api/v1: streams, events, board, days"
    );
    Fault(StatusCode::NOT_FOUND, what)
}

async fn in_time(request: Request, next: Next) -> Response {
    match timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let what = format!("it took more than {} s", LONGEST.as_secs());
            Fault(StatusCode::SERVICE_UNAVAILABLE, what).into_response()
        }
    }
}

async fn metrics(State(served): State<Arc<Served>>, asked: HeaderMap) -> Result<Response, Fault> {
    let (board, parts) = (served.board.clone(), served.parts.clone());
    blocking(move || match metrics::metrics(board, parts) {
        Ok(text) => body(&asked, metrics::TYPE, text.into_bytes()),
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
    (status, [("content-type", TEXT)], text)
}

/// Does what may take its time elsewhere, so that no other request waits for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| Fault(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))
}
