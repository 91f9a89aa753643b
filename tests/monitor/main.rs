// SPDX-License-Identifier: MPL-2.0
//! The command `defect-monitor`, run as users run it.
#![cfg(feature = "monitor")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use gst::prelude::*;
use gstdefect::{DefectMessage, MeasurementMessage};

mod capacity;
mod captions;
mod damage;
#[path = "../common/ports.rs"]
mod ports;
mod refusals;
mod report;
mod sources;
mod times;
mod watching;

/// A monitor that hangs fails the test instead.
const PATIENCE: Duration = Duration::from_secs(120);

struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl Ran {
    fn defects(&self) -> Vec<DefectMessage> {
        let parse = |line| serde_json::from_str(line).expect(line);
        self.out.lines().map(parse).collect()
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_defect-monitor"));
    command.args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn monitor(args: &[&str]) -> Ran {
    let child = command(args).spawn().expect("runs");
    let id = child.id();
    let (done, ended) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    let output = child.wait_with_output().expect("ends");
    drop(done);
    guard.join().expect("guard");
    ran(output)
}

fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("defect-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, data: &[u8]) -> String {
        let path = self.file(name);
        std::fs::write(&path, data).unwrap();
        path
    }

    /// Four seconds of black in six of picture, and a tone.
    fn film(&self, name: &str, muxer: &str, coding: (&str, &str)) -> String {
        let path = self.file(name);
        let (picture, sound) = coding;
        let caps = "video/x-raw,format=I420,width=320,height=240,framerate=25/1";
        play(
            &format!(
                "concat name=c ! {picture} ! {muxer} name=m ! filesink name=file \
             videotestsrc num-buffers=25 ! {caps} ! c. \
             videotestsrc pattern=black num-buffers=100 ! {caps} ! c. \
             videotestsrc num-buffers=25 ! {caps} ! c. \
             audiotestsrc num-buffers=282 ! audio/x-raw,rate=48000,channels=2 ! {sound} ! m."
            ),
            &path,
        );
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const JPEG: (&str, &str) = ("jpegenc", "queue");

/// Runs a pipeline to its end; the element `file` writes to that path.
fn play(description: &str, path: &str) {
    play_without(description, path, 0..0);
}

/// The same; the element `hole` lets no buffer pass whose time, in ms, is in that range.
fn play_without(description: &str, path: &str, hole: std::ops::Range<u64>) {
    gst::init().unwrap();
    let pipeline = gst::parse::launch(description).expect(description);
    let bin = pipeline.downcast_ref::<gst::Bin>().unwrap();
    if let Some(file) = bin.by_name("file") {
        file.set_property("location", path);
    }
    if let Some(element) = bin.by_name("hole") {
        let src = element.static_pad("src").unwrap();
        src.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let pts = info.buffer().and_then(|b| b.pts()).map(|t| t.mseconds());
            match pts.is_some_and(|pts| hole.contains(&pts)) {
                true => gst::PadProbeReturn::Drop,
                false => gst::PadProbeReturn::Ok,
            }
        });
    }
    finish(&pipeline);
}

/// Runs it to its end.
fn finish(pipeline: &gst::Element) {
    pipeline.set_state(gst::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &ends);
    let message = message.expect("no end");
    pipeline.set_state(gst::State::Null).unwrap();
    assert_eq!(message.type_(), gst::MessageType::Eos, "{message:?}");
}
