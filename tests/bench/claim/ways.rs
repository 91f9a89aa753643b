// SPDX-License-Identifier: MPL-2.0
//! The ways to get a stream to its detectors, and what each takes.

use std::path::Path;
use std::process::{Command, Stdio};

use gstdefect::detectors::{Entry, Input};

use super::store::Store;

/// Others disturb on a busy machine; of so many rounds the best counts.
const ROUNDS: usize = 2;

/// A way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// No detector at all.
    Decoding,
    /// All in one process.
    Together,
    /// As `defect-monitor serve` does it, with that `analyse`.
    Analysed(&'static str),
    /// A process for each, each of which decodes.
    Copies,
    /// A process for each, and a store between; pictures coded by that element, or raw.
    Store(&'static str),
}

/// What a round takes.
pub struct Spent {
    /// Seconds of CPU time.
    pub cpu: f64,
    /// What goes into processes, over a file, a store or a network.
    pub bytes: u64,
    /// To the store.
    pub requests: u64,
}

impl Way {
    /// For streams of any length.
    pub const ALL: [Self; 6] = [
        Self::Together,
        Self::Decoding,
        Self::Copies,
        Self::Store("raw"),
        Self::Store("jpegenc"),
        Self::Store("pngenc compression-level=1"),
    ];

    /// For programmes of many minutes: what is decoded depends on what came before.
    pub const LONG: [Self; 4] = [
        Self::Together,
        Self::Decoding,
        Self::Analysed("adaptive"),
        Self::Analysed("keyframes"),
    ];

    pub fn words(self) -> &'static str {
        match self {
            Self::Decoding => "decoding alone",
            Self::Together => "**one process, decoded once**",
            Self::Analysed("adaptive") => "one process, `analyse = \"adaptive\"`",
            Self::Analysed(_) => "one process, `analyse = \"keyframes\"`",
            Self::Copies => "a process each, each decodes",
            Self::Store("raw") => "a process each, pictures through the store as I420",
            Self::Store("jpegenc") => "a process each, pictures through the store as JPEG",
            Self::Store(_) => "a process each, pictures through the store as PNG",
        }
    }

    pub fn needs_store(self) -> bool {
        matches!(self, Self::Store(_))
    }

    /// Processes that load GStreamer.
    fn processes(self) -> usize {
        match self {
            Self::Decoding | Self::Together | Self::Analysed(_) => 1,
            Self::Copies => watching().count(),
            Self::Store(_) => watching().count() + 1,
        }
    }

    /// Watches the stream this way; `coded`: its bytes. What it takes to start each process is left out, as a stream goes on for long.
    pub fn run(self, uri: &str, folder: &Path, coded: u64) -> Spent {
        if let Self::Analysed(analyse) = self {
            return Spent {
                cpu: cpu_of_command(uri, analyse),
                bytes: coded,
                requests: 0,
            };
        }
        let start = |_| cpu_of(|| drop(ended(&["idle"]))).0;
        let start = (0..5).map(start).min_by(f64::total_cmp).unwrap();
        let rounds = (0..ROUNDS).map(|_| {
            let (cpu, (requests, bytes)) = cpu_of(|| self.round(uri, folder, coded));
            Spent {
                cpu: cpu - start * self.processes() as f64,
                bytes,
                requests,
            }
        });
        rounds.min_by(|a, b| a.cpu.total_cmp(&b.cpu)).unwrap()
    }

    fn round(self, uri: &str, folder: &Path, coded: u64) -> (u64, u64) {
        match self {
            Self::Decoding => {
                ended(&["watch", uri, "both", ""]);
                (0, coded)
            }
            Self::Together => {
                let all: Vec<_> = watching().map(|e| e.info.element).collect();
                ended(&["watch", uri, "both", &all.join(", ")]);
                (0, coded)
            }
            Self::Analysed(_) => unreachable!("measured by a command of its own"),
            Self::Copies => {
                let copies = watching().map(|entry| {
                    let medium = match entry.input {
                        Input::Pictures | Input::Captions => "video",
                        _ => "audio",
                    };
                    ended(&["watch", uri, medium, entry.info.element]);
                });
                (0, coded * copies.count() as u64)
            }
            Self::Store(coding) => {
                let folder = folder.join("store");
                let store = Store::start(&folder);
                let said = ended(&["split", uri, coding, &store.port.to_string()]);
                drop(store);
                std::fs::remove_dir_all(&folder).unwrap();
                let mut sum = (0, coded);
                for line in said.lines() {
                    let (requests, bytes) = line.split_once(' ').unwrap();
                    sum.0 += requests.parse::<u64>().unwrap();
                    sum.1 += bytes.parse::<u64>().unwrap();
                }
                sum
            }
        }
    }
}

/// Detectors of pictures and of sound; not `stalldetect`, which has nothing to do when a file is read.
pub fn watching() -> impl Iterator<Item = Entry> {
    let all = gstdefect::detectors::all().into_iter();
    all.filter(|e| matches!(e.input, Input::Pictures | Input::Sound))
}

/// What children take while something is done, and its result.
fn cpu_of<T>(act: impl FnOnce() -> T) -> (f64, T) {
    let before = cpu_of_children();
    let result = act();
    (cpu_of_children() - before, result)
}

/// Seconds of CPU time for the stream, as `defect-monitor capacity` measures them.
fn cpu_of_command(uri: &str, analyse: &str) -> f64 {
    let all: Vec<_> = watching().map(|entry| entry.info.element).collect();
    let Some(monitor) = option_env!("CARGO_BIN_EXE_defect-monitor") else {
        panic!("it needs --features service");
    };
    let detectors = all.join(", ");
    let arguments = [
        "--duration",
        "100000",
        "--analyse",
        analyse,
        "--detectors",
        &detectors,
        uri,
    ];
    super::common::capacity(monitor, &arguments) / 1000.0 * super::play::about(uri).seconds
}

/// Runs this program with those arguments; what it said.
fn ended(arguments: &[&str]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let child = command.args(arguments).stdout(Stdio::piped()).spawn();
    let output = child.unwrap().wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// User and system time of all children that have ended and of theirs, in seconds: proc(5), fields 16 and 17.
fn cpu_of_children() -> f64 {
    /// `USER_HZ` of every Linux.
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = text.rsplit(')').next().unwrap().split_whitespace();
    let ticks: f64 = fields
        .skip(13)
        .take(2)
        .map(|f| f.parse::<f64>().unwrap())
        .sum();
    ticks / TICKS
}
