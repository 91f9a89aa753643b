// SPDX-License-Identifier: MPL-2.0
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod disk;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use flate2::read::MultiGzDecoder;

use super::*;
use crate::service::http::tests::made;
use crate::service::outcome::{Moment, Snapshot, Status};
use crate::service::parts::Part;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("defect-results-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn config(url: String, spool: &Path) -> Config {
    Config {
        url,
        batch_seconds: 1,
        spool: Some(spool.to_owned()),
        spool_limit_bytes: 1 << 30,
        endpoint: None,
        region: Some("eu-central-1".to_owned()),
        access_key: None,
        secret_key: None,
        allow_http: true,
        ca_file: None,
    }
}

fn say(writer: &Writer, stream: &str) {
    let event = made::event(stream, "black", "error", "begin", 5, Duration::from_secs(2));
    let episode = Arc::clone(&event.episode);
    writer.put(Outcome::Defect(event.clone().into()));
    writer.put(Outcome::Second(made::record(
        stream,
        "video-0",
        "blackdetect",
        Status::Defect,
        event.time,
    )));
    writer.put(Outcome::Picture(Snapshot {
        source: event.source.clone(),
        episode,
        time: event.time,
        moment: Moment::Begin,
        jpeg: made::picture(0),
    }));
}

/// All files in there, by path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            match entry.metadata().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => {
                    let name = entry
                        .path()
                        .strip_prefix(folder)
                        .unwrap()
                        .display()
                        .to_string();
                    found.insert(name, std::fs::read(entry.path()).unwrap());
                }
            }
        }
    }
    found
}

fn lines(file: &[u8]) -> Vec<serde_json::Value> {
    let mut text = String::new();
    MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn health(parts: &Parts) -> Health {
    parts
        .list()
        .into_iter()
        .find(|part| part.name == PART)
        .unwrap()
        .health
}

#[test]
fn all_that_is_said_lands_in_its_partition_under_names_of_its_own() {
    let (store, runtime) = (folder("partitions"), runtime());
    for _ in 0..2 {
        let config = config(
            format!("file://{}", store.display()),
            &folder("partitions-spool"),
        );
        let parts = Parts::default();
        let writer = Writer::start(Some(&config), "0-of-1", &parts, runtime.handle()).unwrap();
        say(&writer, "one");
        writer.close();
        std::thread::sleep(Duration::from_millis(2));
    }
    let found = files(&store);
    let of = |section: &str| -> Vec<(&String, &Vec<u8>)> {
        let start = format!("{section}/stream=one/date=20");
        found
            .iter()
            .filter(|(path, _)| path.starts_with(&start))
            .collect()
    };
    let [events, records, pictures] = ["events", "records", "pictures"].map(of);
    // Two runs said the same: two files each, and one picture of the same episode.
    assert_eq!((events.len(), records.len()), (2, 2), "{:?}", found.keys());
    assert!(!pictures.is_empty());
    assert!(
        events[0].0.contains("/hour=") && events[0].0.ends_with(".jsonl.gz"),
        "{}",
        events[0].0
    );
    let event = &lines(events[0].1)[0];
    assert_eq!(
        (event["stream"].as_str(), event["kind"].as_str()),
        (Some("one"), Some("black"))
    );
    let record = &lines(records[0].1)[0];
    assert_eq!(
        (record["detector"].as_str(), record["status"].as_str()),
        (Some("blackdetect"), Some("defect"))
    );
}

/// A store that speaks enough of S3 to take files, and is away while told so.
fn store(runtime: &tokio::runtime::Runtime) -> (String, Arc<AtomicBool>, Arc<Mutex<Vec<String>>>) {
    let (away, kept) = (
        Arc::new(AtomicBool::new(true)),
        Arc::<Mutex<Vec<String>>>::default(),
    );
    let state = (Arc::clone(&away), Arc::clone(&kept));
    let take = move |uri: Uri, body: Bytes| async move {
        if state.0.load(Ordering::Acquire) {
            return (StatusCode::SERVICE_UNAVAILABLE, [("etag", "")]);
        }
        assert!(!body.is_empty());
        lock(&state.1).push(uri.path().to_owned());
        (StatusCode::OK, [("etag", "\"1\"")])
    };
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    (format!("http://{address}"), away, kept)
}

fn wait(what: &str, until: impl Fn() -> bool) {
    let start = Instant::now();
    while !until() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn nothing_is_lost_or_doubled_while_the_store_is_away() {
    let runtime = runtime();
    let (endpoint, away, kept) = store(&runtime);
    let spool = folder("away-spool");
    let key = spool.with_extension("key");
    std::fs::write(&key, "secret\n").unwrap();
    let config = Config {
        endpoint: Some(endpoint),
        access_key: Some(Secret::File(key.clone())),
        secret_key: Some(Secret::File(key)),
        ..config("s3://bucket/channels".to_owned(), &spool)
    };
    let parts = Parts::default();
    let writer = Writer::start(Some(&config), "a", &parts, runtime.handle()).unwrap();
    say(&writer, "one");
    wait("degraded", || matches!(health(&parts), Health::Degraded(_)));
    wait("spooled", || files(&spool).len() >= 3);
    away.store(false, Ordering::Release);
    wait("taken", || {
        lock(&kept).len() >= 3 && health(&parts) == Health::Fine
    });
    writer.close();
    let mut paths = lock(&kept).clone();
    paths.sort();
    let all = paths.len();
    paths.dedup();
    assert_eq!((all, paths.len()), (3, 3), "{paths:?}");
    assert!(
        paths.iter().all(|p| p.starts_with("/bucket/channels/")),
        "{paths:?}"
    );
    assert!(files(&spool).is_empty());
}

#[test]
fn what_an_earlier_run_left_is_brought_to_the_store() {
    let (store, spool, runtime) = (folder("left"), folder("left-spool"), runtime());
    let left = spool.join("a/events/stream=x/date=2026-01-01/hour=00/a-1-000001.jsonl.gz");
    std::fs::create_dir_all(left.parent().unwrap()).unwrap();
    std::fs::write(&left, b"left").unwrap();
    let config = config(format!("file://{}", store.display()), &spool);
    let parts = Parts::default();
    let writer = Writer::start(Some(&config), "a", &parts, runtime.handle()).unwrap();
    writer.close();
    assert_eq!(files(&store).into_values().collect::<Vec<_>>(), [b"left"]);
    assert!(files(&spool).is_empty());
}

#[test]
fn what_came_too_fast_is_said_until_a_batch_lost_nothing() {
    let (store, folder, runtime) = (folder("fast"), folder("fast-spool"), runtime());
    let config = config(format!("file://{}", store.display()), &folder);
    let parts = Parts::default();
    let writer = Writer::start(Some(&config), "a", &parts, runtime.handle()).unwrap();
    let queue = || {
        let mut parts = parts.list().into_iter();
        parts.find(|p| p.name == QUEUE_PART).map(|p| p.health)
    };
    // Each picture is a file of its own: they keep the writer busy while records come.
    (0..200).for_each(|_| say(&writer, "one"));
    let time = jiff::Timestamp::now();
    let record = || made::record("one", "video-0", "blackdetect", Status::Ok, time);
    let start = Instant::now();
    while !matches!(queue(), Some(Health::Broken(_))) {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", queue());
        writer.put(Outcome::Second(record()));
    }
    assert!(parts.numbers()["defect_results_dropped"].values[PART] >= 1.0);
    wait("mended", || queue() == Some(Health::Fine));
    writer.close();
}

#[test]
fn what_can_never_work_is_refused_with_what_there_is() {
    let (runtime, spool) = (runtime(), folder("wrong-spool"));
    let start =
        |config: Config| Writer::start(Some(&config), "a", &Parts::default(), runtime.handle());
    let plain = |url: &str| config(url.to_owned(), &spool);
    let not_pem = spool.join("no.pem");
    std::fs::write(&not_pem, "x").unwrap();
    let cases = [
        (
            plain("ftp://x"),
            "there are file:///FOLDER and s3://BUCKET/PREFIX",
        ),
        (plain("file://results"), "an absolute path is needed"),
        (plain("file:///proc/no"), "/proc/no: "),
        (
            Config {
                ca_file: Some("/no/ca.pem".into()),
                ..plain("s3://b")
            },
            "ca-file /no/ca.pem: ",
        ),
        (
            Config {
                ca_file: Some(not_pem),
                ..plain("s3://b")
            },
            "no certificate",
        ),
        (
            Config {
                access_key: Some(Secret::Env("NO_SUCH_VARIABLE".into())),
                ..plain("s3://b")
            },
            "NO_SUCH_VARIABLE",
        ),
        (
            Config {
                spool: Some("/proc/no".into()),
                ..plain("file:///tmp")
            },
            "the spool /proc/no",
        ),
    ];
    for (config, part) in cases {
        let url = config.url.clone();
        let why = start(config).err().unwrap_or_default();
        assert!(
            why.starts_with("[results] ") && why.contains(part),
            "{url}: {why}"
        );
    }
}
