// SPDX-License-Identifier: MPL-2.0
//! Many streams for long, with a worker killed every minute: `cargo bench --features service --bench soak -- CLIPS...`
//!
//! Plays the clips in real time as looped streams, for `SOAK_SECONDS` (3,600) of wall time and `SOAK_STREAMS` (200)
//! streams. A quarter of them can't be reached, and a tenth flap: their file is taken away and given back all the
//! time. Each minute a worker process is killed (`SOAK_KILL=0`: none is). Prints what the processes have together as
//! it goes, and at the end:
//!
//! - seconds that are missing or there twice, over all detectors of all tracks;
//! - memory, threads and descriptors of the whole family: the median of the last sixth against that of the second;
//! - how long the streams of killed workers were not watched, and whether others noticed anything.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may fail"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

mod family;
mod records;

use family::Footprint;
use records::Records;

/// How often there is a look.
const LOOK: Duration = Duration::from_secs(5);
/// Between two kills.
const KILL: Duration = Duration::from_secs(60);

/// What the source of a stream is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SourceKind {
    Steady,
    Unreachable,
    Flapping,
}

fn source_kind(n: usize) -> SourceKind {
    match n % 20 {
        3 | 7 | 11 | 15 | 19 => SourceKind::Unreachable,
        0 | 10 => SourceKind::Flapping,
        _ => SourceKind::Steady,
    }
}

fn number(name: &str, usual: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(usual, |text| text.parse().expect(name))
}

fn main() {
    let arguments = std::env::args_os().skip(1);
    let clips: Vec<PathBuf> = arguments
        .filter(|a| !a.to_string_lossy().starts_with("--"))
        .map(|clip| std::path::absolute(clip).unwrap())
        .collect();
    if clips.is_empty() {
        eprintln!("soak: no clips; name some files with picture or sound");
        return;
    }
    let seconds = Duration::from_secs(number("SOAK_SECONDS", 3600));
    let streams = usize::try_from(number("SOAK_STREAMS", 200)).unwrap();
    let kills = number("SOAK_KILL", 1) != 0;
    let folder = std::env::temp_dir().join(format!("defect-soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let config = configure(&folder, &clips, streams);
    let log = folder.join("log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_defect-monitor"))
        .arg("serve")
        .arg(&config)
        .env("XDG_STATE_HOME", folder.join("state"))
        .stderr(Stdio::from(std::fs::File::create(&log).unwrap()))
        .spawn()
        .unwrap();
    let mut records = Records::default();
    let mut seen: Vec<(Duration, Footprint)> = Vec::new();
    let (start, mut killed, mut flap) = (Instant::now(), Instant::now(), 0);
    while start.elapsed() < seconds {
        std::thread::sleep(LOOK);
        let status = child.try_wait().unwrap();
        assert!(status.is_none(), "it ended; see {}", folder.display());
        flap += 1;
        for n in (0..streams).filter(|n| source_kind(*n) == SourceKind::Flapping) {
            let link = link(&folder, n);
            let _ = std::fs::remove_file(&link);
            if flap % 4 != 0 {
                give(&clips[n % clips.len()], &link);
            }
        }
        let workers = family::workers(child.id());
        if kills && killed.elapsed() >= KILL && start.elapsed() + KILL / 2 < seconds {
            killed = Instant::now();
            let victim = workers[flap % workers.len()];
            let _ = Command::new("kill")
                .args(["-KILL", &victim.to_string()])
                .status();
        }
        records.read(&folder.join("store/records"));
        let now = family::footprint(child.id(), &workers);
        println!(
            "{:6.0} s  {} workers, {now}",
            start.elapsed().as_secs_f64(),
            workers.len()
        );
        seen.push((start.elapsed(), now));
    }
    let id = child.id().to_string();
    Command::new("kill").args(["-TERM", &id]).status().unwrap();
    let stopping = Instant::now();
    let status = child.wait().unwrap();
    println!("{status} after {:.1} s", stopping.elapsed().as_secs_f64());
    records.read(&folder.join("store/records"));
    family::report(&seen, seconds);
    let kills = records::kills(&std::fs::read_to_string(&log).unwrap());
    let steady = |name: &str| {
        let n = name.rsplit('-').next().and_then(|n| n.parse().ok());
        n.is_some_and(|n| source_kind(n) == SourceKind::Steady)
    };
    records.report(&kills, steady);
    let _ = std::fs::remove_dir_all(&folder);
}

fn link(folder: &Path, n: usize) -> PathBuf {
    folder.join(format!("stream-{n:03}"))
}

/// The file, under another name.
fn give(clip: &Path, link: &Path) {
    std::os::unix::fs::symlink(clip, link).unwrap();
}

fn configure(folder: &Path, clips: &[PathBuf], streams: usize) -> PathBuf {
    let (store, spool) = (folder.join("store"), folder.join("spool"));
    let profile = std::env::var("SOAK_PROFILE").unwrap_or_else(|_| "playout".to_owned());
    let mut text = format!(
        "[defaults]\nprofile = \"{profile}\"\n[results]\nurl = \"file://{}\"\nspool = \"{}\"\nbatch-seconds = 5\n",
        store.display(),
        spool.display()
    );
    for n in 0..streams {
        let link = link(folder, n);
        let uri = match source_kind(n) {
            SourceKind::Unreachable => "uri = \"http://127.0.0.1:1/\"".to_owned(),
            _ => {
                give(&clips[n % clips.len()], &link);
                format!("uri = \"{}\"\nloop = true", link.display())
            }
        };
        text += &format!("[[streams]]\nid = \"stream-{n:03}\"\n{uri}\n");
    }
    let config = folder.join("config.toml");
    std::fs::write(&config, text).unwrap();
    config
}
