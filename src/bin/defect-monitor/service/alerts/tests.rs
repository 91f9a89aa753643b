// SPDX-License-Identifier: MPL-2.0
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};

use super::*;
use crate::service::http::tests::made;

mod broker;

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

fn config(text: &str, spool: &Path) -> Config {
    Config {
        spool: Some(spool.to_owned()),
        ..toml::from_str(text).unwrap()
    }
}

fn event(stream: &str, kind: &str, severity: &str) -> Event {
    made::event(stream, kind, severity, "begin", 5, Duration::from_secs(2))
}

fn wait(what: &str, until: impl Fn() -> bool) {
    let start = Instant::now();
    while !until() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

type Came = Arc<Mutex<Vec<(String, serde_json::Value)>>>;

/// A server that gives these answers, then 200; what came with them, by its key.
fn server(runtime: &tokio::runtime::Runtime, answers: &[u16]) -> (String, Came) {
    let came = Came::default();
    let answers = Arc::new(Mutex::new(answers.to_vec()));
    let kept = Arc::clone(&came);
    let take = move |headers: HeaderMap, body: String| async move {
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        lock(&kept).push((key, serde_json::from_str(&body).unwrap()));
        let mut answers = lock(&answers);
        let code = if answers.is_empty() {
            200
        } else {
            answers.remove(0)
        };
        (StatusCode::from_u16(code).unwrap(), [("retry-after", "0")])
    };
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    (
        format!("type = \"webhook\"\nurl = \"http://{address}/\""),
        came,
    )
}

#[test]
fn a_webhook_gets_every_event_in_order_however_often_it_fails() {
    let runtime = runtime();
    let (text, came) = server(&runtime, &[500, 503, 429]);
    let parts = Parts::default();
    let config = config(&text, &folder("order"));
    let alerts = Alerts::start(&[config], "a", &parts, runtime.handle()).unwrap();
    for stream in ["a", "b", "c"] {
        alerts.send(&event(stream, "black", "error"));
    }
    wait("all three", || lock(&came).len() >= 6);
    alerts.close();
    let came = lock(&came);
    let streams: Vec<_> = came
        .iter()
        .map(|(_, body)| body["stream"].as_str().unwrap())
        .collect();
    assert_eq!(streams, ["a", "a", "a", "a", "b", "c"]);
    assert!(came[..4].iter().all(|(key, _)| *key == came[0].0));
    assert!(came[0].0.ends_with("/begin\"") && came[0].0 != came[4].0);
    let numbers = parts.numbers();
    assert_eq!(numbers["defect_alerts_sent"].values["alerts: webhook"], 3.0);
    assert_eq!(
        numbers["defect_alerts_failures"].values["alerts: webhook"],
        3.0
    );
}

#[test]
fn an_event_that_is_refused_for_good_does_not_hold_up_the_others() {
    let runtime = runtime();
    let (text, came) = server(&runtime, &[400; 5]);
    let parts = Parts::default();
    let config = config(&text, &folder("refused"));
    let alerts = Alerts::start(&[config], "a", &parts, runtime.handle()).unwrap();
    alerts.send(&event("a", "black", "error"));
    alerts.send(&event("b", "black", "error"));
    wait("the second", || {
        lock(&came).iter().any(|(_, body)| body["stream"] == "b")
    });
    alerts.close();
    assert_eq!(
        parts.numbers()["defect_alerts_dropped"].values["alerts: webhook"],
        1.0
    );
}

#[test]
fn what_was_not_delivered_goes_out_at_the_next_start() {
    let (runtime, spool) = (runtime(), folder("again"));
    let nobody = config("type = \"webhook\"\nurl = \"http://127.0.0.1:9/\"", &spool);
    let parts = Parts::default();
    let alerts = Alerts::start(&[nobody], "a", &parts, runtime.handle()).unwrap();
    alerts.send(&event("a", "freeze", "error"));
    let is_degraded = || {
        parts
            .list()
            .iter()
            .any(|p| matches!(p.health, Health::Degraded(_)))
    };
    wait("degraded", is_degraded);
    alerts.close();
    drop(alerts);
    let (text, came) = server(&runtime, &[]);
    let alerts = Alerts::start(&[config(&text, &spool)], "a", &parts, runtime.handle()).unwrap();
    wait("delivered", || lock(&came).len() == 1);
    alerts.close();
}

#[test]
fn a_disk_that_takes_nothing_keeps_no_alarm_from_who_is_there() {
    let (runtime, spool) = (runtime(), folder("full"));
    let (text, came) = server(&runtime, &[500]);
    let parts = Parts::default();
    let config = config(&text, &spool);
    let alerts = Alerts::start(&[config], "a", &parts, runtime.handle()).unwrap();
    // As good as full: no file can be made of that name.
    let own = spool.join("a").join(place::file_name("alerts: webhook"));
    assert!(own.is_dir(), "{own:?}");
    for number in 0..3 {
        std::fs::create_dir(own.join(format!("{number:020}.part"))).unwrap();
    }
    for stream in ["a", "b", "c"] {
        alerts.send(&event(stream, "black", "error"));
    }
    wait("all three", || lock(&came).len() >= 4);
    alerts.close();
    assert!(!parts.numbers().contains_key("defect_alerts_dropped"));
}

#[test]
fn two_processes_dont_share_a_spool() {
    let (runtime, spool) = (runtime(), folder("shared"));
    let (text, _) = server(&runtime, &[]);
    let start = || {
        let config = config(&text, &spool);
        Alerts::start(&[config], "a", &Parts::default(), runtime.handle())
    };
    let first = start().unwrap();
    let why = start().err().unwrap_or_default();
    assert!(why.contains("is used by another process"), "{why}");
    first.close();
    drop(first);
    wait("free again", || start().is_ok());
}

#[test]
fn filters_are_by_kind_and_severity() {
    let runtime = runtime();
    let (text, came) = server(&runtime, &[]);
    let text = format!("kinds = [\"black\", \"silence\"]\nseverity = \"error\"\n{text}");
    let alerts = Alerts::start(
        &[config(&text, &folder("filter"))],
        "a",
        &Parts::default(),
        runtime.handle(),
    )
    .unwrap();
    alerts.send(&event("a", "freeze", "critical"));
    alerts.send(&event("b", "black", "warning"));
    alerts.send(&event("c", "silence", "error"));
    alerts.close();
    let streams: Vec<_> = lock(&came)
        .iter()
        .map(|(_, body)| body["stream"].clone())
        .collect();
    assert_eq!(streams, ["c"]);
}

#[test]
fn what_can_never_work_is_refused_with_what_there_is() {
    let runtime = runtime();
    let why = |text: &str| {
        let config = config(text, &folder("wrong"));
        Alerts::start(&[config], "a", &Parts::default(), runtime.handle())
            .err()
            .unwrap_or_default()
    };
    for (text, part) in [
        (
            "type = \"stdout\"\nseverity = \"bad\"",
            "there are info, warning, error, critical",
        ),
        (
            "type = \"stdout\"\nkinds = [\"blak\"]",
            "there is no \"blak\"; there are av-sync, black, ",
        ),
        ("type = \"webhook\"\nurl = \"x\"", "url: relative URL"),
        (
            "type = \"webhook\"\nurl = \"ftp://x/\"",
            "there are https://... and http://...",
        ),
        (
            "type = \"webhook\"\nurl = \"https://x/\"\nca-file = \"/no/ca.pem\"",
            "ca-file /no/ca.pem",
        ),
        (
            "type = \"webhook\"\nurl = \"https://x/\"\nheaders = { Authorization = { env = \"NO_SUCH_VARIABLE\" } }",
            "NO_SUCH_VARIABLE",
        ),
        (
            "type = \"mqtt\"\nhost = \"x\"\nca-file = \"/no/ca.pem\"",
            "ca-file /no/ca.pem",
        ),
        ("type = \"mqtt\"\nhost = \"x\"\ntopic = \"a/#\"", "patterns"),
    ] {
        let why = why(text);
        assert!(
            why.starts_with("[[alerts]] ") && why.contains(part),
            "{text}: {why}"
        );
    }
    let twice = [
        config("type = \"stdout\"", &folder("twice")),
        config("type = \"stdout\"", &folder("twice")),
    ];
    let why = Alerts::start(&twice, "a", &Parts::default(), runtime.handle())
        .err()
        .unwrap_or_default();
    assert!(why.contains("two of that name"), "{why}");
}
