// SPDX-License-Identifier: MPL-2.0
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use ports::free_port;

use super::notice::Notice;
use super::operations::{Acknowledgement, Mute};
use super::*;
use crate::service::config::load;
use crate::service::http::tests::made;
use crate::service::parts::PartHealth;

mod alertmanager;
mod broker;
mod grouping;
#[path = "../../../../../tests/common/ports.rs"]
mod ports;
mod receivers;
mod reload;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("defect-alerts-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Receivers with all that they need; the state stays when it is dropped.
struct Rig {
    alerts: Alerts,
    operations: Arc<Operations>,
    state: StateStore,
    parts: Parts,
}

impl Rig {
    fn start(text: &str, folder: &std::path::Path, runtime: &Handle) -> Result<Self, String> {
        let text = if text.contains("[[alerts]]") {
            text.to_owned()
        } else {
            format!("[[alerts]]\n{text}")
        };
        let alerts = load::parse(&text).unwrap().config.alerts;
        let parts = Parts::default();
        let state = StateStore::open(folder, Duration::from_secs(86_400), &parts).unwrap();
        let operations = Arc::new(Operations::load(&state, Timestamp::MIN));
        let context = Context {
            member: "a".to_owned(),
            monitor: "all".to_owned(),
            state: state.clone(),
            operations: Arc::clone(&operations),
            parts: parts.clone(),
            runtime: runtime.clone(),
        };
        let alerts = Alerts::start(&alerts, context)?;
        Ok(Self {
            alerts,
            operations,
            state,
            parts,
        })
    }

    /// Applies another configuration while these defects are open; what that changed: receivers added, changed, removed.
    fn apply(&self, text: &str, open: &[Event], is_asked: bool) -> (usize, usize, usize) {
        let configs = load::parse(text).unwrap().config.alerts;
        let open = || open.iter().cloned().map(Arc::new).collect();
        let (changes, wrong) = self.alerts.apply(&configs, open, is_asked);
        assert_eq!(wrong, Vec::<String>::new());
        (changes.added, changes.changed, changes.removed)
    }

    /// Ends it as a process ends.
    fn close(self) {
        self.alerts.close();
        self.state.close();
    }

    /// Ends it without a word, but for what the writer has done by then.
    fn kill(self) {
        self.alerts.looking.abort();
        self.state.flush().unwrap();
        self.state.close();
    }

    fn number(&self, name: &str, part: &str) -> f64 {
        let numbers = self.parts.numbers();
        let number = numbers.get(name).and_then(|number| number.values.get(part));
        number.copied().unwrap_or(0.0)
    }

    fn degraded(&self) -> Option<String> {
        self.parts
            .list()
            .into_iter()
            .find_map(|part| match part.health {
                PartHealth::Degraded(why) if part.name.starts_with("alerts") => Some(why),
                _ => None,
            })
    }
}

fn event(stream: &str, kind: &str, severity: &str) -> Event {
    made::event(stream, kind, severity, "begin", 5, Duration::from_secs(2))
}

/// The n-th episode of black in a stream begins or ends.
fn episode(stream: &str, n: usize, state: &str) -> Event {
    Event {
        episode: format!("{stream}.{n}").into(),
        ..made::event(stream, "black", "error", state, 5, Duration::from_secs(2))
    }
}

fn wait(what: &str, until: impl Fn() -> bool) {
    let start = Instant::now();
    while !until() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A request: path, key, body.
type Came = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A server that answers as told: by path and body, and how many came before.
fn server(
    runtime: &tokio::runtime::Runtime,
    answer: impl Fn(&str, &Value, usize) -> u16 + Clone + Send + Sync + 'static,
) -> (String, Came) {
    let came = Came::default();
    let kept = Arc::clone(&came);
    let take = move |uri: Uri, headers: HeaderMap, body: String| async move {
        let key = headers
            .get("idempotency-key")
            .map(|key| key.to_str().unwrap().to_owned());
        let body: Value = serde_json::from_str(&body).unwrap();
        let mut kept = lock(&kept);
        let code = answer(uri.path(), &body, kept.len());
        kept.push((uri.to_string(), key.unwrap_or_default(), body));
        (StatusCode::from_u16(code).unwrap(), "")
    };
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    (format!("http://{address}/"), came)
}

fn webhook(url: &str) -> String {
    format!("type = \"webhook\"\nurl = \"{url}\"")
}

/// Stream and state of what came.
fn states(came: &Came) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lock(came)
        .iter()
        .map(|(_, _, body)| (text(&body["stream"]), text(&body["state"])))
        .collect()
}

fn count(came: &Came, stream: &str, state: &str) -> usize {
    states(came)
        .iter()
        .filter(|(of, is)| of == stream && is == state)
        .count()
}
