// SPDX-License-Identifier: MPL-2.0
//! For each detector, a stream with a defect that it reports: recorded from its example in `pipelines/`, or made.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use gst::prelude::*;
use gstdefect::detectors::Entry;

use super::{Example, Pictures, SECOND, init, show::Show};

/// Buffers in order, and what is to be found in them.
pub struct Faulty {
    /// The detector, with its settings, as in a launch line.
    pub detector: String,
    pub caps: gst::Caps,
    pub buffers: Vec<gst::Buffer>,
    /// Kinds that the detector must report.
    pub kinds: Vec<String>,
}

static KNOWN: Mutex<BTreeMap<&'static str, Arc<Faulty>>> = Mutex::new(BTreeMap::new());

impl Faulty {
    /// Of that detector; made once in a process.
    pub fn of(entry: &Entry) -> Arc<Self> {
        init();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            Arc::new(match entry.info.element {
                "stutterdetect" => Self::stutter(),
                "stalldetect" => Self::hole(),
                name => Self::record(name),
            })
        };
        known.entry(entry.info.element).or_insert_with(make).clone()
    }

    /// An element of the detector.
    pub fn element(&self) -> gst::Element {
        gst::parse::launch(&self.detector).unwrap()
    }

    /// The example's pipeline, with the detectors left out and an appsink at its end.
    fn record(name: &str) -> Self {
        let all = Example::all();
        let example = all.iter().find(|e| e.name == name);
        let example = example.unwrap_or_else(|| panic!("pipelines/{name}.launch is missing"));
        let is_detector = |part: &&str| {
            let word = part.split_whitespace().next();
            word.is_some_and(|w| w.ends_with("detect"))
        };
        let parts: Vec<&str> = example.line.split('!').map(str::trim).collect();
        let own = parts.iter().find(|part| part.starts_with(name)).unwrap();
        let rest: Vec<&str> = parts.iter().copied().filter(|p| !is_detector(p)).collect();
        let line = rest
            .join(" ! ")
            .replace("fakesink sync=false", "appsink name=recorder sync=false");
        let (caps, buffers) = recorded(&line);
        let entry = gstdefect::detectors::all();
        let own_kinds = |kind: &String| {
            let info = entry.iter().find(|e| e.info.element == name).unwrap().info;
            info.kinds.iter().any(|k| k.name == kind)
        };
        let kinds = example.expect.iter().map(|(kind, _)| kind.clone());
        Self {
            detector: (*own).to_owned(),
            caps,
            buffers,
            kinds: kinds.filter(own_kinds).collect(),
        }
    }

    /// Every sixth picture is the one before again, and its own is left out.
    fn stutter() -> Self {
        let show = Show::new(320, 180);
        let caps = "video/x-raw,format=I420,width=320,height=180,framerate=25/1,interlace-mode=progressive";
        let buffers = (0..150u64).map(|n| {
            let shown = if n >= 50 && n.is_multiple_of(6) {
                n - 1
            } else {
                n
            };
            let buffer = gst::Buffer::from_slice(show.scene(shown as f64 * 0.5));
            timed(buffer, n * SECOND / 25, SECOND / 25)
        });
        Self {
            detector: "stutterdetect".to_owned(),
            caps: caps.parse().unwrap(),
            buffers: buffers.collect(),
            kinds: vec!["stutter".to_owned()],
        }
    }

    /// A fifth of a second is missing.
    fn hole() -> Self {
        let mut pictures = Pictures::new("I420", 64, 48);
        let mut buffers = Vec::new();
        for n in 0..75 {
            if n == 50 {
                pictures.time += SECOND / 5;
            }
            buffers.push(pictures.buffer(super::Look::Noise));
        }
        Self {
            detector: "stalldetect".to_owned(),
            caps: pictures.caps(),
            buffers,
            kinds: vec!["timestamp-gap".to_owned()],
        }
    }
}

/// The same memory, at another time.
pub fn timed(mut buffer: gst::Buffer, pts: u64, duration: impl Into<Option<u64>>) -> gst::Buffer {
    let b = buffer.make_mut();
    b.set_pts(gst::ClockTime::from_nseconds(pts));
    b.set_dts(None);
    b.set_duration(duration.into().map(gst::ClockTime::from_nseconds));
    buffer
}

/// Caps and buffers that a pipeline makes, from 0 on.
fn recorded(line: &str) -> (gst::Caps, Vec<gst::Buffer>) {
    let pipeline = gst::parse::launch(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
    let sink = pipeline.by_name("recorder").unwrap();
    let sink = sink.downcast::<gst_app::AppSink>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let (mut caps, mut buffers) = (None, Vec::new());
    // Nothing is left of clips that were joined but the times at which they play.
    while let Ok(sample) = sink.pull_sample() {
        let segment = sample.segment().unwrap();
        let segment = segment.downcast_ref::<gst::ClockTime>().unwrap();
        let buffer = sample.buffer_owned().unwrap();
        let time = segment.to_running_time(buffer.pts()).unwrap();
        let duration = buffer.duration().map(gst::ClockTime::nseconds);
        buffers.push(timed(buffer, time.nseconds(), duration));
        caps = sample.caps_owned();
    }
    pipeline.set_state(gst::State::Null).unwrap();
    (caps.unwrap_or_else(|| panic!("{line}: nothing")), buffers)
}
