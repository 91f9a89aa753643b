// SPDX-License-Identifier: MPL-2.0
//! A service in a folder of its own, and what it left behind.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gst::prelude::*;
use serde_json::Value;

/// A service that hangs fails the test instead.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of its own for each test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("defect-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// A configuration with a store in the folder.
    pub fn config(&self, text: &str) -> String {
        let (store, spool) = (self.path("store"), self.path("spool"));
        let path = self.path("config.toml");
        let text = format!(
            "[results]\nurl = \"file://{store}\"\nspool = \"{spool}\"\nbatch-seconds = 1\n{text}"
        );
        replace(&path, &text);
        path
    }

    /// Four seconds of moving pictures with a key picture each second, and a tone.
    pub fn film(&self, name: &str) -> String {
        self.film_of(name, 4)
    }

    /// The same for so many seconds.
    pub fn film_of(&self, name: &str, seconds: u32) -> String {
        let path = self.path(name);
        let (pictures, sounds) = (25 * seconds, 47 * seconds);
        play(&format!(
            "webmmux name=m ! filesink location={path} \
             videotestsrc pattern=ball num-buffers={pictures} ! video/x-raw,format=I420,width=160,height=120,framerate=25/1 \
             ! vp8enc keyframe-max-dist=25 deadline=1 ! m. \
             audiotestsrc num-buffers={sounds} ! audio/x-raw,rate=48000,channels=2 ! vorbisenc ! m."
        ));
        path
    }

    /// All files in a folder of the store.
    pub fn files(&self, section: &str) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.0.join("store").join(section), &mut files);
        let files = files.into_iter();
        files
            .map(|path| path.to_str().unwrap().to_owned())
            .collect()
    }

    /// All lines of a section of the store, in no particular order.
    pub fn stored(&self, section: &str) -> Vec<Value> {
        let mut lines = Vec::new();
        // What is still being written has another name.
        let files = self.files(section).into_iter();
        for file in files.filter(|file| file.ends_with(".gz")) {
            let mut text = String::new();
            let file = std::fs::File::open(file).unwrap();
            flate2::read::MultiGzDecoder::new(file)
                .read_to_string(&mut text)
                .unwrap();
            lines.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<Value>(line).expect(line)),
            );
        }
        lines
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Writes a file in one step, as who changes one that is watched should.
pub fn replace(path: &str, text: &str) {
    let new = format!("{path}.new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, path).unwrap();
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

/// Runs a pipeline to its end.
pub fn play(description: &str) {
    gst::init().unwrap();
    let pipeline = gst::parse::launch(description).expect(description);
    pipeline.set_state(gst::State::Playing).unwrap();
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    let bus = pipeline.bus().unwrap();
    let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &ends);
    let message = message.expect("no end");
    assert_eq!(message.type_(), gst::MessageType::Eos, "{message:?}");
    pipeline.set_state(gst::State::Null).unwrap();
}

/// The seconds of each detector of each track: no two may be the same, and none may be missing.
pub fn without_holes(records: &[Value], stream: &str) -> BTreeMap<(String, String), Vec<i64>> {
    let mut seconds: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for record in records.iter().filter(|r| r["stream"] == stream) {
        let time: jiff::Timestamp = record["time"].as_str().unwrap().parse().unwrap();
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let key = (text("track"), text("detector"));
        seconds.entry(key).or_default().push(time.as_second());
    }
    assert!(!seconds.is_empty(), "no record of {stream}");
    for (key, seconds) in &mut seconds {
        seconds.sort_unstable();
        for pair in seconds.windows(2) {
            assert_eq!(pair[1] - pair[0], 1, "{stream} {key:?}: {seconds:?}");
        }
    }
    seconds
}

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_defect-monitor"));
    command.arg("serve").args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What `--check` says of a text.
pub fn check(path: &str) -> Output {
    command(&["--check", path]).output().unwrap()
}

/// Whether a process hasn't ended.
pub fn is_there(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// A service that runs.
pub struct Running {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    pub fn start(config: &str) -> Self {
        Self::start_with(&[config])
    }

    pub fn start_with(args: &[&str]) -> Self {
        Self::start_in(args, &[])
    }

    /// With environment variables.
    pub fn start_in(args: &[&str], variables: &[(&str, &str)]) -> Self {
        // What waits to be sent lies beside the configuration, so that services of several tests don't share it.
        let config = args.iter().find(|arg| arg.ends_with(".toml"));
        let folder = config.and_then(|path| std::path::Path::new(path).parent());
        let mut child = command(args)
            .envs(folder.map(|folder| ("XDG_STATE_HOME", folder.join("state"))))
            .envs(variables.iter().copied())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                lines.lock().unwrap().push(line);
            }
        });
        let reader = Some(reader);
        Self { child, log, reader }
    }

    /// Whether it hasn't ended.
    pub fn is_there(&self) -> bool {
        is_there(self.child.id())
    }

    /// What it has said.
    pub fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// How many lines there are with that in them.
    pub fn count(&self, text: &str) -> usize {
        let log = self.log.lock().unwrap();
        log.iter().filter(|line| line.contains(text)).count()
    }

    /// Waits until there are so many.
    pub fn wait(&self, text: &str, times: usize) {
        let start = Instant::now();
        while self.count(text) < times {
            let log = self.log.lock().unwrap().join("\n");
            assert!(start.elapsed() < PATIENCE, "no {text:?} in:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let done = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(done.unwrap().success());
    }

    /// How many threads and descriptors it has, with its workers.
    pub fn size(&self) -> (usize, usize) {
        let own = self.child.id().to_string();
        let is_worker = |process: &String| {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
            let parent = stat.ok().and_then(|stat| {
                let (_, fields) = stat.rsplit_once(')')?;
                Some(fields.split_whitespace().nth(1)?.to_owned())
            });
            parent.as_ref() == Some(&own)
        };
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let all = all.filter_map(|entry| entry.file_name().into_string().ok());
        let mut family: Vec<String> = all.filter(is_worker).collect();
        family.push(own.clone());
        let count = |name: &str| {
            let folders = family
                .iter()
                .map(|process| format!("/proc/{process}/{name}"));
            folders
                .map(|path| std::fs::read_dir(path).map_or(0, Iterator::count))
                .sum()
        };
        (count("task"), count("fd"))
    }

    /// Ends it as a power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as a service manager does; its exit status.
    pub fn stop(self) -> Option<i32> {
        self.signal("TERM");
        self.ended()
    }

    /// Ends it as a service manager does; what it has printed.
    pub fn stop_and_read(mut self) -> String {
        let mut output = self.child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).map(|_| text)
        });
        assert_eq!(self.stop(), Some(0));
        reader.join().unwrap().unwrap()
    }

    /// Its exit status, when it ends.
    pub fn ended(mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.reader.take().unwrap().join().unwrap();
                return status.code();
            }
            assert!(start.elapsed() < PATIENCE, "doesn't stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
