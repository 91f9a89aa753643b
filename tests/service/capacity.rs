// SPDX-License-Identifier: MPL-2.0
//! What becomes of streams that don't fit.

use std::process::Command;
use std::time::{Duration, Instant};

use super::client;
use super::ports::free_port;
use super::running::{Folder, Running};

/// What takes longer doesn't come.
const PATIENCE: Duration = Duration::from_secs(10);

fn get(port: u16, path: &str) -> String {
    client::get(port, path).text()
}

/// Whether a stream is refused, by the metrics.
fn has_refused(metrics: &str) -> bool {
    let is_refused = |line: &str| {
        line.starts_with("defect_stream_state{")
            && line.contains("\"refused\"")
            && line.ends_with(" 1.0")
    };
    metrics.lines().any(is_refused)
}

/// Waits until something that is asked for says so; all that it says.
fn until(port: u16, path: &str, says: impl Fn(&str) -> bool) -> String {
    let start = Instant::now();
    loop {
        let said = get(port, path);
        if says(&said) {
            return said;
        }
        assert!(start.elapsed() < PATIENCE, "{said}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// So many streams in real time on a machine of which next to nothing may be used.
fn config(folder: &Folder, port: u16, admission: &str, streams: usize) -> String {
    let film = folder.film("film.webm");
    let streams = (0..streams)
        .map(|n| format!("[[streams]]\nid = \"s{n}\"\nuri = \"{film}\"\nloop = true\n"));
    folder.config(&format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\n\
         [capacity]\nadmission = \"{admission}\"\nheadroom = 0.0001\n\
         [defaults]\nprofile = \"none\"\ndetectors = \"black\"\n{}",
        streams.collect::<String>()
    ))
}

#[test]
fn what_does_not_fit_is_refused_and_that_is_seen() {
    let (folder, port) = (Folder::new("refused"), free_port());
    // As many as there are cores are let in, to learn from.
    let cores = std::thread::available_parallelism().unwrap().get();
    let service = Running::start(&config(&folder, port, "refuse", cores + 1));
    service.wait("capacity: not watched, no room: ", 1);
    // The stream hears of it at its next look.
    let metrics = until(port, "/metrics", has_refused);
    let load = |l: &str| l.starts_with("defect_capacity_load_ratio{part=\"capacity\"} ");
    assert!(metrics.lines().any(load), "{metrics}");
    let ready = get(port, "/readyz");
    assert!(
        ready.contains("capacity: not watched, no room: s"),
        "{ready}"
    );
    let streams = get(port, "/api/v1/streams");
    assert!(streams.contains("no room: "), "{streams}");
    // Nobody watches them, and everybody is told.
    service.wait("the stream is lost", 1);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(service.stop(), Some(0));
    let records = folder.stored("records");
    assert!(records.iter().any(|r| r["reason"] == "no-room"));
    assert!(
        records.iter().any(|r| r["status"] == "ok"),
        "none is watched"
    );
    let events = folder.stored("events");
    let begins = |e: &&serde_json::Value| e["kind"] == "lost" && e["state"] == "begin";
    let lost = events.iter().find(begins).unwrap();
    assert!(
        lost["detail"].as_str().unwrap().starts_with("no room: "),
        "{lost}"
    );
}

#[test]
fn what_does_not_fit_is_watched_and_flagged_unless_told_otherwise() {
    let (folder, port) = (Folder::new("flagged"), free_port());
    let path = config(&folder, port, "flag", 2);
    let service = Running::start(&path);
    service.wait("may come late: ", 1);
    // Each stream hears of it at its next look.
    until(port, "/api/v1/streams", |streams| {
        streams.contains("it may come late: ")
    });
    let metrics = get(port, "/metrics");
    assert!(!has_refused(&metrics), "{metrics}");
    assert_eq!(service.stop(), Some(0));

    let output = Command::new(env!("CARGO_BIN_EXE_defect-monitor"))
        .args(["capacity", "--duration", "1", "--config", &path])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}{wrong}");
    assert!(
        said.contains("all 2 streams: ") && said.contains("they don't fit"),
        "{said}"
    );
}
