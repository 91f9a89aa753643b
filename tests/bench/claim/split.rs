// SPDX-License-Identifier: MPL-2.0
//! The process that decodes and puts pictures and seconds of sound into the store, for a process of each detector.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use gst::prelude::*;
use gst_base::UniqueAdapter;
use gstdefect::detectors::Input;

use super::{play, store::Client, ways};

/// Objects under way at a time; after that their keys are used again.
const KEYS: u64 = 32;

/// Plays the URI through the store. Sends the requests and bytes that the store had to standard output.
pub fn run(uri: &str, coding: &str, port: &str) {
    let port = port.to_owned();
    let pictures = match coding {
        "raw" => "",
        encoder => encoder,
    }
    .to_owned();
    play::decode(uri, &["video", "audio"], move |medium| {
        let filter = match (medium, pictures.as_str()) {
            ("video", "") => "videoconvert ! video/x-raw,format=I420".to_owned(),
            ("video", encoder) => format!("videoconvert ! {encoder}"),
            _ => "audioconvert ! audio/x-raw,format=S16LE,layout=interleaved".to_owned(),
        };
        let bin = play::bin(&format!(
            "queue ! {filter} ! fakesink name=end async=false sync=false"
        ));
        let pad = bin.by_name("end").unwrap().static_pad("sink").unwrap();
        let line = Mutex::new(None::<Line>);
        let port = port.clone();
        let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(kinds, move |_, info| {
            let mut line = line.lock().unwrap();
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => line.as_mut().unwrap().take(buffer),
                Some(gst::PadProbeData::Event(event)) => match event.view() {
                    gst::EventView::Caps(caps) => {
                        *line = Some(Line::new(medium, caps.caps(), &port))
                    }
                    gst::EventView::Eos(_) => drop(line.take()),
                    _ => {}
                },
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
        bin
    });
}

/// From a decoder through the store to detectors.
struct Line {
    medium: &'static str,
    /// Bytes of a second of sound; none of pictures, which go one by one.
    second: Option<usize>,
    waiting: UniqueAdapter,
    store: Client,
    detectors: Vec<(Child, BufReader<ChildStdout>)>,
    sent: u64,
    bytes: u64,
}

impl Line {
    fn new(medium: &'static str, caps: &gst::CapsRef, port: &str) -> Self {
        let input = match medium {
            "video" => Input::Pictures,
            _ => Input::Sound,
        };
        let entries = ways::watching().filter(|e| e.input == input);
        let start = |element: &str| {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["fetch", element, &caps.to_string(), port])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let answers = BufReader::new(child.stdout.take().unwrap());
            (child, answers)
        };
        let s = caps.structure(0).unwrap();
        let second = (medium == "audio")
            .then(|| s.get::<i32>("rate").unwrap() * s.get::<i32>("channels").unwrap() * 2);
        Self {
            medium,
            second: second.map(|bytes| bytes as usize),
            waiting: UniqueAdapter::new(),
            store: Client::new(port),
            detectors: entries.map(|e| start(e.info.element)).collect(),
            sent: 0,
            bytes: 0,
        }
    }

    fn take(&mut self, buffer: &gst::Buffer) {
        let Some(second) = self.second else {
            let duration = buffer.duration().unwrap();
            return self.send(&buffer.map_readable().unwrap(), duration);
        };
        self.waiting.push(buffer.clone());
        while self.waiting.available() >= second {
            let whole = self.waiting.take_buffer(second).unwrap();
            self.send(&whole.map_readable().unwrap(), gst::ClockTime::SECOND);
        }
    }

    fn send(&mut self, object: &[u8], duration: gst::ClockTime) {
        if self.sent >= KEYS {
            self.hear();
        }
        let key = format!("{}-{}", self.medium, self.sent % KEYS);
        self.store.put(&key, object);
        for (child, _) in &mut self.detectors {
            let inbox = child.stdin.as_mut().unwrap();
            writeln!(inbox, "{key} {}", duration.nseconds()).unwrap();
        }
        self.sent += 1;
        self.bytes += object.len() as u64;
    }

    /// Waits until every detector is done with one more object.
    fn hear(&mut self) {
        let mut line = String::new();
        for (_, answers) in &mut self.detectors {
            answers.read_line(&mut line).unwrap();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let rest = self.waiting.available();
        if let (1.., Some(second)) = (rest, self.second) {
            let last = self.waiting.take_buffer(rest).unwrap();
            let duration = gst::ClockTime::SECOND.mul_div_floor(rest as u64, second as u64);
            self.send(&last.map_readable().unwrap(), duration.unwrap());
        }
        (0..self.sent.min(KEYS)).for_each(|_| self.hear());
        for (child, _) in &mut self.detectors {
            drop(child.stdin.take());
            assert!(child.wait().unwrap().success());
        }
        let times = 1 + self.detectors.len() as u64;
        println!("{} {}", self.sent * times, self.bytes * times);
    }
}
