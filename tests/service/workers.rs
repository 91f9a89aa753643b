// SPDX-License-Identifier: MPL-2.0
//! Worker processes that fail, grow, hang, or lose their supervisor.

use std::process::Command;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::client::get;
use super::ports::free_port;
use super::running::{Folder, Running, is_there, replace, without_holes};

/// Four looped streams in real time, two in a worker.
fn four(folder: &Folder, port: u16, more: &str) -> Running {
    let film = folder.film("film.webm");
    let streams = ["a", "b", "c", "d"]
        .map(|id| format!("[[streams]]\nid = \"{id}\"\nuri = \"{film}\"\nloop = true\n"));
    let config = folder.config(&format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\n\
         [defaults]\nprofile = \"none\"\ndetectors = \"black, silence\"\n\
         [workers]\nstreams-per-worker = 2\n{more}\n{}",
        streams.concat()
    ));
    let service = Running::start(&config);
    service.wait(": watching", 4);
    service
}

/// The process id of the worker of a stream, once it has one.
fn worker(port: u16, stream: &str) -> u32 {
    let start = Instant::now();
    loop {
        let full: Value = get(port, &format!("/api/v1/streams/{stream}")).json();
        if let Some(process) = full["worker"]["process"].as_u64() {
            return u32::try_from(process).unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{full}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The process id of the worker of a stream, once it isn't that one.
fn next_worker(port: u16, stream: &str, before: u32) -> u32 {
    let start = Instant::now();
    loop {
        let now = worker(port, stream);
        let full: Value = get(port, &format!("/api/v1/streams/{stream}")).json();
        if now != before && full["state"] == "watching" {
            return now;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{full}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn signal(process: u32, name: &str) {
    let args = [format!("-{name}"), process.to_string()];
    assert!(Command::new("kill").args(args).status().unwrap().success());
}

/// How many seconds of its detectors weren't analysed.
fn not_analysed(full: &Value) -> u64 {
    let verdicts = full["verdicts"].as_array().unwrap().iter();
    let seconds = verdicts.map(|verdict| verdict["seconds"]["not-analysed"].as_u64().unwrap());
    seconds.sum()
}

/// The records of a stream's picture within some time.
fn within<'a>(
    records: &'a [Value],
    stream: &str,
    from: Timestamp,
    until: Timestamp,
) -> Vec<&'a Value> {
    let time = |r: &Value| r["time"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let within = records.iter().filter(|r| {
        r["stream"] == stream
            && r["track"] == "video-0"
            && r["detector"] == "blackdetect"
            && (from..until).contains(&time(r))
    });
    within.collect()
}

/// Waits for the first record of a time or later: on a busy machine records are written seconds
/// after their time.
fn wait_for_records(folder: &Folder, stream: &str, from: Timestamp) {
    let start = Instant::now();
    while within(&folder.stored("records"), stream, from, Timestamp::MAX).is_empty() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "no record of {stream} from {from}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_worker_that_is_killed_costs_its_own_streams_seconds_and_the_others_nothing() {
    let (folder, port) = (Folder::new("killed"), free_port());
    let service = four(&folder, port, "");
    let (first, other) = (worker(port, "a"), worker(port, "c"));
    assert_eq!(worker(port, "b"), first);
    assert_ne!(first, other);
    std::thread::sleep(Duration::from_secs(3));
    let killed = Timestamp::now();
    signal(first, "KILL");
    let second = next_worker(port, "a", first);
    assert_eq!(worker(port, "c"), other);
    // Not because of the streams: it doesn't count.
    assert_eq!(service.count("process"), 1, "{:?}", service.lines());
    let until = killed + SignedDuration::from_secs(10);
    for stream in ["a", "b", "c", "d"] {
        wait_for_records(&folder, stream, until);
    }
    let metrics = get(port, "/metrics").text();
    for line in [
        "defect_worker_failures_total{part=\"workers\"} 1",
        "defect_streams_configured 4",
        "defect_worker_streams{worker=\"0\"} 2",
    ] {
        assert!(metrics.contains(line), "no {line} in:\n{metrics}");
    }
    let stopped = Timestamp::now();
    assert_eq!(service.stop(), Some(0));
    assert!(!is_there(second) && !is_there(other));
    let records = folder.stored("records");
    for (stream, is_hit) in [("a", true), ("b", true), ("c", false), ("d", false)] {
        without_holes(&records, stream);
        let seen = within(&records, stream, killed, until).len();
        assert!(seen >= 9, "{stream}: {seen} records");
        // A second or two that the worker hadn't told of are lost as well.
        let from = killed - SignedDuration::from_secs(2);
        let since = within(&records, stream, from, stopped);
        let is_lost = since.iter().any(|r| r["reason"] == "monitor-restarted");
        assert_eq!(is_lost, is_hit, "{stream}: {since:?}");
        let since = within(&records, stream, killed, stopped);
        assert!(since.iter().any(|r| r["status"] == "ok"), "{stream}");
        // Normally 3 to 6 seconds are lost of those that are hit, and none of the others.
        let lost = since.iter().filter(|r| r["status"] == "not-analysed");
        let (lost, most) = (lost.count(), if is_hit { 12 } else { 3 });
        assert!(lost <= most, "{stream}: {lost} records: {since:?}");
    }
}

#[test]
fn a_stream_that_makes_workers_fail_runs_alone_and_is_set_aside_then() {
    let (folder, port) = (Folder::new("faults"), free_port());
    let service = four(&folder, port, "[[alerts]]\ntype = \"stdout\"\n");
    let other = worker(port, "c");
    let first = worker(port, "a");
    signal(first, "SEGV");
    let second = next_worker(port, "a", first);
    assert_eq!(worker(port, "b"), second);
    signal(second, "SEGV");
    let (alone, innocent) = (
        next_worker(port, "a", second),
        next_worker(port, "b", second),
    );
    assert_ne!(alone, innocent);
    signal(alone, "SEGV");
    service.wait("a: set aside", 1);
    let full: Value = get(port, "/api/v1/streams/a").json();
    assert_eq!(full["state"], "quarantined", "{full}");
    assert_eq!(full["open"][0]["kind"], "quarantined", "{full}");
    let metrics = get(port, "/metrics").text();
    assert!(
        metrics.contains("defect_streams_quarantined 1"),
        "{metrics}"
    );
    assert_eq!((worker(port, "b"), worker(port, "c")), (innocent, other));
    // Two seconds of two detectors.
    let most = not_analysed(&full) + 4;
    let start = Instant::now();
    loop {
        let full: Value = get(port, "/api/v1/streams/a").json();
        if not_analysed(&full) >= most {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{full}");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Somebody has mended it.
    service.signal("HUP");
    next_worker(port, "a", alone);
    std::thread::sleep(Duration::from_secs(3));
    let printed = service.stop_and_read();
    let told = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<_> = told
        .filter(|event| event["kind"] == "quarantined")
        .collect();
    let states: Vec<_> = told
        .iter()
        .map(|event| event["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["begin", "end"], "{told:#?}");
    assert_eq!(told[0]["severity"], "critical");
    let records = folder.stored("records");
    for stream in ["a", "b", "c", "d"] {
        without_holes(&records, stream);
    }
    let aside = records.iter().filter(|r| r["reason"] == "quarantined");
    assert!(aside.count() >= 4);
}

#[test]
fn workers_end_when_their_supervisor_is_killed() {
    let (folder, port) = (Folder::new("orphans"), free_port());
    let service = four(&folder, port, "");
    let workers = [worker(port, "a"), worker(port, "c")];
    service.kill();
    let start = Instant::now();
    while workers.into_iter().any(is_there) {
        assert!(start.elapsed() < Duration::from_secs(30), "{workers:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_worker_with_too_much_memory_is_replaced_and_one_that_hangs_as_well() {
    let (folder, port) = (Folder::new("grown"), free_port());
    let service = four(&folder, port, "memory-limit-bytes = 1000000");
    let first = worker(port, "a");
    service.wait("is replaced: it has", 2);
    next_worker(port, "a", first);
    let start = Instant::now();
    while is_there(first) {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
    // With enough of it, nothing is replaced any more.
    let text = std::fs::read_to_string(folder.path("config.toml")).unwrap();
    let text = text.replace("memory-limit-bytes = 1000000", "");
    replace(&folder.path("config.toml"), &text);
    service.signal("HUP");
    service.wait("SIGHUP: ", 1);
    let hanging = worker(port, "a");
    signal(hanging, "STOP");
    service.wait("was ended, since it hangs", 1);
    next_worker(port, "a", hanging);
    assert_eq!(service.stop(), Some(0));
    let records = folder.stored("records");
    for stream in ["a", "b", "c", "d"] {
        without_holes(&records, stream);
    }
}
