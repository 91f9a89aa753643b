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
use crate::service::config::Secret;
use crate::service::http::tests::made;
use crate::service::outcome::{Event, Moment, Snapshot, Status};
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

fn config(url: String, spool: &Path) -> ResultsConfig {
    ResultsConfig {
        url,
        batch_seconds: 1,
        object_minutes: 0,
        spool: Some(spool.to_owned()),
        spool_limit_bytes: 1 << 30,
        retention_days: None,
        retention_bytes: None,
        endpoint: None,
        region: Some("eu-central-1".to_owned()),
        access_key: None,
        secret_key: None,
        allow_http: true,
        ca_file: None,
    }
}

/// A bucket of that store.
fn bucket(endpoint: String, spool: &Path) -> ResultsConfig {
    let key = spool.with_extension("key");
    std::fs::write(&key, "secret\n").unwrap();
    ResultsConfig {
        endpoint: Some(endpoint),
        access_key: Some(Secret::File(key.clone())),
        secret_key: Some(Secret::File(key)),
        ..config("s3://bucket/channels".to_owned(), spool)
    }
}

fn start(config: &ResultsConfig, parts: &Parts, runtime: &Handle) -> Result<Writer, String> {
    let state = StateStore::in_memory("", parts);
    Writer::start(Some(config), "a", &state, parts, runtime)
}

/// At a time that is the same in each run, so that no full hour falls between two of them.
fn say(writer: &Writer, stream: &str) {
    let lasted = Duration::from_secs(2);
    let event = Event {
        time: "2026-01-01T12:00:00Z".parse().unwrap(),
        ..made::event(stream, "black", "error", "begin", 5, lasted)
    };
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
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            // The writer may move or remove it at this moment.
            let Ok(content) = std::fs::read(&path) else {
                continue;
            };
            let name = path.strip_prefix(folder).unwrap();
            found.insert(name.display().to_string(), content);
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

/// How many lines a file has that may be in the middle of a write;
/// `None` until its last batch is whole.
fn lines_so_far(file: &[u8]) -> Option<usize> {
    let mut text = String::new();
    let read = MultiGzDecoder::new(file).read_to_string(&mut text);
    read.ok().map(|_| text.lines().count())
}

fn health(parts: &Parts) -> PartHealth {
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
        let writer = start(&config, &parts, runtime.handle()).unwrap();
        say(&writer, "one");
        say(&writer, "two");
        writer.close();
        std::thread::sleep(Duration::from_millis(2));
    }
    let found = files(&store);
    let of = |start: &str| -> Vec<(&String, &Vec<u8>)> {
        found
            .iter()
            .filter(|(path, _)| path.starts_with(start))
            .collect()
    };
    let [events, records] = ["events/date=20", "records/date=20"].map(of);
    // Two runs said the same of two streams: two files each, one a run, and a picture of each episode.
    assert_eq!((events.len(), records.len()), (2, 2), "{:?}", found.keys());
    assert!(!of("pictures/stream=one/date=20").is_empty());
    assert_eq!(lines(events[0].1).len(), 2);
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
    let config = bucket(endpoint, &spool);
    let parts = Parts::default();
    let writer = start(&config, &parts, runtime.handle()).unwrap();
    say(&writer, "one");
    wait("degraded", || {
        matches!(health(&parts), PartHealth::Degraded(_))
    });
    wait("spooled", || results_in(&spool) >= 3);
    away.store(false, Ordering::Release);
    wait("taken", || {
        lock(&kept).len() >= 3 && health(&parts) == PartHealth::Fine
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
    assert_eq!(results_in(&spool), 0);
}

#[test]
fn of_what_a_store_answers_status_and_code_alone_are_told() {
    let (runtime, spool) = (runtime(), folder("refusing-spool"));
    let answer = "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>It: is wrong</Message>\
        <AWSAccessKeyId>AKIA</AWSAccessKeyId><StringToSign>AWS4</StringToSign></Error>";
    let refuse = move || async move { (StatusCode::FORBIDDEN, answer) };
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(refuse)).await });
    let parts = Parts::default();
    let writer = start(&bucket(endpoint, &spool), &parts, runtime.handle()).unwrap();
    say(&writer, "one");
    wait("degraded", || health(&parts) != PartHealth::Fine);
    let PartHealth::Degraded(why) = health(&parts) else {
        panic!("{:?}", health(&parts));
    };
    let end = ": the store answers 403 Forbidden (SignatureDoesNotMatch)";
    assert!(why.ends_with(end), "{why}");
    writer.close();
}

/// How many files of results are in there.
fn results_in(folder: &Path) -> usize {
    files(folder)
        .keys()
        .filter(|path| path.contains("date="))
        .count()
}

#[test]
fn an_object_is_an_hour_of_all_streams_and_what_was_killed_is_brought_without_its_torn_end() {
    let (runtime, spool) = (runtime(), folder("hour-spool"));
    let (endpoint, away, kept) = store(&runtime);
    away.store(false, Ordering::Release);
    let config = ResultsConfig {
        object_minutes: 1_000_000,
        ..bucket(endpoint, &spool)
    };
    let parts = Parts::default();
    let writer = start(&config, &parts, runtime.handle()).unwrap();
    let growing = || files(&spool.join("a").join("growing"));
    for (n, stream) in ["one", "two", "three"].into_iter().enumerate() {
        say(&writer, stream);
        wait("on the disk", || {
            growing()
                .values()
                .map(|file| lines_so_far(file))
                .sum::<Option<usize>>()
                == Some(2 * (n + 1))
        });
    }
    // Pictures go at once, the others when their time is over.
    wait("three pictures", || lock(&kept).len() == 3);
    assert_eq!(growing().len(), 2, "{:?}", growing().keys());
    // As after a power cut: half a batch at the end, and nothing was closed.
    let copy = folder("hour-copy");
    for (path, mut content) in growing() {
        let torn = content[..content.len() / 2].to_vec();
        content.extend(torn);
        let to = copy.join("a").join("growing").join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, content).unwrap();
    }
    let after = start(
        &ResultsConfig {
            spool: Some(copy.clone()),
            ..config.clone()
        },
        &parts,
        runtime.handle(),
    );
    wait("brought", || lock(&kept).len() == 5);
    // A file is removed once the store has answered.
    wait("removed", || results_in(&copy) == 0);
    after.unwrap().close();
    writer.close();
    wait("brought at the end", || lock(&kept).len() == 7);
}

#[test]
fn what_is_too_old_or_too_much_goes_from_a_folder_and_nothing_else() {
    let place = folder("retention");
    let today = jiff::Timestamp::now();
    let file = |section: &str, days: i64, name: &str| {
        let time = today - jiff::SignedDuration::from_hours(24 * days);
        let path = place.join(place::partition(section, time)).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, vec![0; 1000]).unwrap();
        path
    };
    let all: Vec<PathBuf> = [
        ("records", 9),
        ("events", 8),
        ("records", 3),
        ("pictures/stream=a", 2),
        ("events", 0),
    ]
    .map(|(section, days)| file(section, days, "x"))
    .into();
    std::fs::write(place.join("other"), b"not ours").unwrap();
    let there = || all.iter().map(|path| path.exists()).collect::<Vec<_>>();
    let retention = |days, bytes| Retention { days, bytes }.apply(&place);
    assert_eq!(retention(None, None), 0);
    assert_eq!(
        (retention(Some(7), None), there()),
        (2, vec![false, false, true, true, true])
    );
    assert_eq!(
        (retention(None, Some(2000)), there()),
        (1, vec![false, false, false, true, true])
    );
    assert!(place.join("other").exists() && !all[0].parent().unwrap().exists());
    // A full disk takes the oldest as well, if anything may be deleted.
    let lacking = |days, bytes| Retention { days, bytes: None }.delete(&place, bytes);
    assert_eq!((lacking(None, 500), lacking(Some(7), 500)), (0, 1));
    // What other files take can't be had so.
    assert_eq!(lacking(Some(7), 900), 0);
    assert_eq!(there(), vec![false, false, false, false, true]);
}

#[test]
fn results_leave_room_for_alarms_on_a_full_disk() {
    use crate::service::state::tests::Disk;
    let Some(disk) = Disk::mount("results", "8m") else {
        return;
    };
    let (runtime, parts) = (runtime(), Parts::default());
    let config = config(
        format!("file://{}", disk.0.join("results").display()),
        &folder("room-spool"),
    );
    let writer = start(&config, &parts, runtime.handle()).unwrap();
    // Pictures that hardly get smaller: 20 MB.
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    for n in 0..100 {
        let event = made::event(
            &format!("s{n}"),
            "black",
            "error",
            "begin",
            5,
            Duration::from_secs(2),
        );
        writer.put(Outcome::Picture(Snapshot {
            source: event.source,
            episode: event.episode,
            time: event.time,
            moment: Moment::Begin,
            jpeg: noise.clone().into(),
        }));
    }
    let is_visible = || {
        parts
            .list()
            .into_iter()
            .any(|part| part.name == SPOOL && part.health != PartHealth::Fine)
    };
    wait("visible", is_visible);
    std::thread::sleep(Duration::from_millis(500));
    let left = rustix::fs::statvfs(&disk.0).unwrap();
    assert!(left.f_bavail * left.f_frsize > 150_000);
    let state = StateStore::open(&disk.0.join("state"), Duration::from_secs(60), &parts).unwrap();
    state.flush().unwrap();
    state.close();
    writer.close();
}

#[test]
fn what_came_too_fast_is_said_until_a_batch_lost_nothing() {
    let (store, folder, runtime) = (folder("fast"), folder("fast-spool"), runtime());
    let config = config(format!("file://{}", store.display()), &folder);
    let parts = Parts::default();
    let writer = start(&config, &parts, runtime.handle()).unwrap();
    let queue = || {
        let mut parts = parts.list().into_iter();
        parts.find(|p| p.name == QUEUE_PART).map(|p| p.health)
    };
    // Each picture is a file of its own: they keep the writer busy while records come.
    (0..200).for_each(|_| say(&writer, "one"));
    let time = jiff::Timestamp::now();
    let record = || made::record("one", "video-0", "blackdetect", Status::Ok, time);
    let start = Instant::now();
    while !matches!(queue(), Some(PartHealth::Broken(_))) {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", queue());
        writer.put(Outcome::Second(record()));
    }
    assert!(parts.numbers()["defect_results_dropped"].values[PART] >= 1.0);
    wait("mended", || queue() == Some(PartHealth::Fine));
    writer.close();
}

#[test]
fn what_can_never_work_is_refused_with_what_there_is() {
    let (runtime, spool) = (runtime(), folder("wrong-spool"));
    let start = |config: ResultsConfig| start(&config, &Parts::default(), runtime.handle());
    let plain = |url: &str| config(url.to_owned(), &spool);
    let not_pem = spool.join("no.pem");
    std::fs::write(&not_pem, "x").unwrap();
    let cases = [
        (
            plain("ftp://x"),
            "there are file:///FOLDER and s3://BUCKET/PREFIX",
        ),
        (plain("file://results"), "an absolute path is needed"),
        (plain("file:///proc/no"), "/proc/no"),
        (
            ResultsConfig {
                retention_days: Some(7),
                ..bucket("http://127.0.0.1:9".to_owned(), &spool)
            },
            "retention-days: is for a folder",
        ),
        (
            ResultsConfig {
                ca_file: Some("/no/ca.pem".into()),
                ..plain("s3://b")
            },
            "ca-file /no/ca.pem: ",
        ),
        (
            ResultsConfig {
                ca_file: Some(not_pem),
                ..plain("s3://b")
            },
            "no certificate",
        ),
        (
            ResultsConfig {
                access_key: Some(Secret::Env("NO_SUCH_VARIABLE".into())),
                ..plain("s3://b")
            },
            "NO_SUCH_VARIABLE",
        ),
        (
            ResultsConfig {
                spool: Some("/proc/no".into()),
                ..bucket("http://127.0.0.1:9".to_owned(), &spool)
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
