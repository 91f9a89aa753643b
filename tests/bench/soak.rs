// SPDX-License-Identifier: MPL-2.0
//! Many streams in one process for long: `cargo bench --features service --bench soak -- CLIPS...`
//!
//! Plays the clips as 32 looped streams until the slowest has an hour behind it (`SOAK_SECONDS` of stream time), as fast as they can
//! be watched or, with `SOAK_REALTIME=1`, as fast as they are meant to be seen; the files of four are taken away and given back all
//! the time. Prints the memory of the process as it goes, and at the end how much it grew after the first fifth.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may fail"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const STREAMS: usize = 32;
/// So many of them lose their file again and again.
const SHAKY: usize = 4;

fn main() {
    let clips: Vec<PathBuf> = std::env::args_os()
        .skip(1)
        .filter(|a| !a.to_string_lossy().starts_with("--"))
        .map(PathBuf::from)
        .collect();
    if clips.is_empty() {
        eprintln!("soak: no clips; name some files with picture or sound");
        return;
    }
    let wanted: i64 = std::env::var("SOAK_SECONDS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(3600);
    let folder = std::env::temp_dir().join(format!("defect-soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (store, spool) = (folder.join("store"), folder.join("spool"));
    let realtime = std::env::var_os("SOAK_REALTIME").is_some_and(|v| v == "1");
    let mut text = format!(
        "[defaults]\nprofile = \"playout\"\nrealtime = {realtime}\n[results]\nurl = \"file://{}\"\nspool = \"{}\"\nbatch-seconds = 5\n",
        store.display(),
        spool.display()
    );
    let links: Vec<PathBuf> = (0..STREAMS)
        .map(|n| folder.join(format!("stream-{n:02}")))
        .collect();
    for (n, link) in links.iter().enumerate() {
        give(&clips[n % clips.len()], link);
        text += &format!(
            "[[streams]]\nid = \"stream-{n:02}\"\nuri = \"{}\"\nloop = true\n",
            link.display()
        );
    }
    let config = folder.join("config.toml");
    std::fs::write(&config, text).unwrap();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_defect-monitor"))
        .arg("serve")
        .arg(&config)
        .stderr(Stdio::from(log))
        .spawn()
        .unwrap();
    let start = Instant::now();
    let mut memory: Vec<(i64, f64)> = Vec::new();
    let mut known = Known::default();
    loop {
        for (n, link) in links.iter().enumerate().take(SHAKY) {
            let _ = std::fs::remove_file(link);
            std::thread::sleep(Duration::from_secs(2));
            give(&clips[n % clips.len()], link);
            std::thread::sleep(Duration::from_secs(3));
        }
        assert!(
            child.try_wait().unwrap().is_none(),
            "the monitor ended; see {}",
            folder.display()
        );
        known.read(&store.join("records"));
        let slowest = known.slowest();
        memory.push((slowest, resident(child.id())));
        let (_, now) = memory[memory.len() - 1];
        println!(
            "{:6.0} s  slowest stream at {slowest} s  {now:.1} MiB",
            start.elapsed().as_secs_f64()
        );
        if slowest >= wanted {
            break;
        }
    }
    let id = child.id().to_string();
    Command::new("kill").args(["-TERM", &id]).status().unwrap();
    let status = child.wait().unwrap();
    known.read(&store.join("records"));
    let holes = known.holes();
    let warm = memory
        .iter()
        .find(|(at, _)| *at >= wanted / 5)
        .map_or(f64::NAN, |(_, m)| *m);
    let last = memory[memory.len() - 1].1;
    let most = memory
        .iter()
        .filter(|(at, _)| *at >= wanted / 5)
        .map(|(_, m)| *m)
        .fold(f64::MIN, f64::max);
    println!(
        "{status}; {} lines of seconds, {holes} holes or doubles",
        known.0.len()
    );
    println!(
        "memory after warm-up {warm:.1} MiB, most {most:.1}, at the end {last:.1}: {:+.1} %",
        (last / warm - 1.0) * 100.0
    );
    let _ = std::fs::remove_dir_all(&folder);
}

/// The file, under another name.
fn give(clip: &Path, link: &Path) {
    let clip = std::path::absolute(clip).unwrap();
    std::os::unix::fs::symlink(clip, link).unwrap();
}

/// In MiB.
fn resident(id: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = text.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
}

/// First second, last second, and how many of each stream, track and detector.
#[derive(Default)]
struct Known(BTreeMap<String, (i64, i64, i64)>);

impl Known {
    /// Takes note of what is in the files, and takes those away.
    fn read(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.read(&path);
            } else if path.extension().is_some_and(|e| e == "gz") {
                let mut text = String::new();
                let file = std::fs::File::open(&path).unwrap();
                flate2::read::MultiGzDecoder::new(file)
                    .read_to_string(&mut text)
                    .unwrap();
                text.lines().for_each(|line| self.note(line));
                std::fs::remove_file(&path).unwrap();
            }
        }
    }

    fn note(&mut self, line: &str) {
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| record[key].as_str().unwrap_or_default();
        let time: jiff::Timestamp = text("time").parse().expect("a time");
        let at = time.as_second();
        let key = format!("{} {} {}", text("stream"), text("track"), text("detector"));
        let known = self.0.entry(key).or_insert((at, at, 0));
        *known = (known.0.min(at), known.1.max(at), known.2 + 1);
    }

    /// Stream time of the stream that has least.
    fn slowest(&self) -> i64 {
        let mut streams: BTreeMap<&str, i64> = BTreeMap::new();
        for (key, (first, last, _)) in &self.0 {
            let stream = key.split(' ').next().unwrap_or_default();
            let length = streams.entry(stream).or_default();
            *length = (*length).max(last - first);
        }
        match streams.len() {
            STREAMS => streams.values().copied().min().unwrap_or(0),
            _ => 0,
        }
    }

    /// How many seconds are missing, or there more than once.
    fn holes(&self) -> i64 {
        self.0
            .values()
            .map(|(first, last, count)| (last - first + 1 - count).abs())
            .sum()
    }
}
