// SPDX-License-Identifier: MPL-2.0
//! What it costs to watch one stream with all detectors, by how they get at it: `cargo bench --bench claim [-- CLIP]`; without a
//! clip it makes its own. `cargo bench --features service --bench claim -- analyse PROGRAMME`: what it costs if not all pictures are
//! decoded; how much that is depends on the programme, which should have some minutes. The tables are Markdown.
//!
//! - In one process: decoded once, handed from detector to detector in memory.
//! - A process for each detector, each of which decodes the stream.
//! - A process for each detector and an object store between: one process decodes, puts each picture and each second of sound into
//!   the store, and tells the detectors its key; each of them gets it from there.
//!
//! The store is nginx with its DAV module (Debian: `nginx-light`) on loopback, without TLS, signatures or checksums, in memory where
//! there is `/dev/shm`; keys are used again, so that it doesn't grow; and detectors learn of keys through pipes. Real object stores and
//! queues cost more in each of these. CPU time is user and system time of all processes that take part, the store's included.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

mod clip;
#[path = "../common/mod.rs"]
mod common;
mod fetch;
mod play;
mod split;
mod store;
mod ways;

use std::path::PathBuf;

use ways::{Spent, Way};

/// The clip's and the store's folder: in memory if the system has such a place.
fn folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let base = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let folder = base.join(format!("defect-claim-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find(|l| l.starts_with("model name"));
    let model = model.and_then(|l| l.split_once(": ")).map(|m| m.1);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", model.unwrap_or("unknown processor"))
}

fn main() {
    common::init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // This program is also every process of the comparison.
    match arguments[..] {
        ["idle"] => return,
        ["watch", uri, medium, detectors] => return play::watch(uri, medium, detectors),
        ["split", uri, coding, port] => return split::run(uri, coding, port),
        ["fetch", detector, caps, port] => return fetch::run(detector, caps, port),
        _ => {}
    }
    let folder = folder();
    let named: Vec<&str> = arguments
        .into_iter()
        .filter(|a| !a.starts_with('-'))
        .collect();
    let (clip, ways) = match named[..] {
        ["analyse", programme] => (PathBuf::from(programme), Way::LONG.as_slice()),
        [clip] => (PathBuf::from(clip), Way::ALL.as_slice()),
        _ => (clip::make(&folder), Way::ALL.as_slice()),
    };
    let clip = clip.canonicalize().unwrap();
    println!(
        "{}; {}; store: {} in {}",
        machine(),
        gst::version_string(),
        store::version()
            .unwrap_or_else(|| "nginx isn't installed (Debian: nginx-light)".to_owned()),
        folder.display()
    );
    let uri = gst::glib::filename_to_uri(&clip, None).unwrap();
    let about = play::about(&uri);
    println!("{}: {about}", clip.file_name().unwrap().display());

    let mut one = None;
    println!(
        "\n| the same {} detectors, per hour of the stream | CPU s | times as much | GB between processes | requests to the store |",
        ways::watching().count()
    );
    println!("|---|--:|--:|--:|--:|");
    for way in ways {
        if way.needs_store() && store::version().is_none() {
            println!("| {} | - | - | - | - |", way.words());
            continue;
        }
        let Spent {
            cpu,
            bytes,
            requests,
        } = way.run(&uri, &folder, clip.metadata().unwrap().len());
        let per_hour = 3600.0 / about.seconds;
        if *way == Way::Together {
            one = Some(cpu);
        }
        let times = one.map_or_else(|| "-".to_owned(), |one| format!("{:.1}", cpu / one));
        println!(
            "| {} | {:.0} | {times} | {:.1} | {:.0} |",
            way.words(),
            cpu * per_hour,
            bytes as f64 * per_hour / 1e9,
            requests as f64 * per_hour
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}
