// SPDX-License-Identifier: MPL-2.0
//! A clock that is set while streams are watched.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ports::free_port;
use super::running::{Folder, Running, replace};
use super::transport::{Piece, send};

/// The library that sets the clock of a process; none if it isn't installed.
fn library() -> Option<String> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let paths = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let path = paths
        .into_iter()
        .find(|path: &std::path::PathBuf| path.exists())?;
    Some(path.to_str()?.to_owned())
}

fn time(record: &Value) -> Timestamp {
    record["time"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_clock_that_is_set_is_one_record_and_the_watch_goes_on() {
    let Some(library) = library() else {
        eprintln!("left out: there is no libfaketime");
        return;
    };
    for (name, step) in [("ahead", 120), ("back", -600), ("day", 25 * 3600)] {
        watched_while_set(&library, name, step);
    }
}

fn watched_while_set(library: &str, name: &str, step: i64) {
    let folder = Folder::new(&format!("clock-{name}"));
    let piece = Piece {
        at: 0,
        seconds: 22,
        width: 160,
        sound: "",
        version: 0,
    };
    let packets = piece.make(&folder, "piece.ts");
    let port = free_port();
    let config = folder.config(&format!(
        "[defaults]\nprofile = \"none\"\ndetectors = \"black, stall\"\n\
         [[streams]]\nid = \"live\"\nuri = \"udp://127.0.0.1:{port}\"\n"
    ));
    let set = folder.path("faketime");
    std::fs::write(&set, "+0s").unwrap();
    let service = Running::start_in(
        &[&config],
        &[
            ("LD_PRELOAD", library),
            ("FAKETIME_TIMESTAMP_FILE", &set),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ],
    );
    let sender = std::thread::spawn(move || send(port, &packets, 22));
    service.wait("live: watching", 1);
    std::thread::sleep(Duration::from_secs(5));
    replace(&set, &format!("{step:+}s"));
    let at = Timestamp::now();
    std::thread::sleep(Duration::from_secs(8));
    assert_eq!(service.stop(), Some(0));
    sender.join().unwrap();
    let records = folder.stored("records");
    let of_black = records.iter().filter(|r| r["detector"] == "blackdetect");
    let of_black: Vec<&Value> = of_black.filter(|r| r["track"] == "video-0").collect();
    let steps = of_black.iter().filter(|r| r["reason"] == "clock-step");
    assert_eq!(steps.count(), 1, "{name}: {of_black:#?}");
    assert!(of_black.len() < 40, "{name}: {} records", of_black.len());
    let after = at + SignedDuration::from_secs(step);
    let is_after = |r: &&&Value| {
        let since = time(r).duration_since(after).as_secs();
        r["status"] == "ok" && (-2..20).contains(&since)
    };
    let after = of_black.iter().filter(is_after).count();
    // A busy machine may miss some.
    assert!(
        after >= 3,
        "{name}: {after} after the step in {of_black:#?}"
    );
    let lost = folder.stored("events");
    assert!(
        lost.iter().all(|e| e["kind"] != "lost"),
        "{name}: {lost:#?}"
    );
}
