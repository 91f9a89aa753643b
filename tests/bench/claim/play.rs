// SPDX-License-Identifier: MPL-2.0
//! Playing the stream: decoding what is wanted of it, once per process.

use std::fmt;
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use super::common::to_the_end;

/// What is played.
pub struct About {
    pub seconds: f64,
    pub formats: Vec<String>,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s, {}", self.seconds, self.formats.join(", "))
    }
}

/// Decodes those media of a URI, and gives each stream to the bin that `branch` makes for it.
pub fn decode(
    uri: &str,
    wanted: &'static [&'static str],
    branch: impl Fn(&'static str) -> gst::Bin + Send + Sync + 'static,
) {
    let pipeline = gst::Pipeline::new();
    let source = gst::ElementFactory::make("uridecodebin3")
        .property("uri", uri)
        .build()
        .unwrap();
    source.connect("select-stream", false, move |args| {
        let stream = args[2].get::<gst::Stream>().unwrap();
        let medium = medium(stream.stream_type());
        Some(i32::from(medium.is_some_and(|m| wanted.contains(&m))).to_value())
    });
    let weak = pipeline.downgrade();
    source.connect_pad_added(move |_, pad| {
        let pipeline = weak.upgrade().unwrap();
        let bin = branch(medium(pad.stream().unwrap().stream_type()).unwrap());
        pipeline.add(&bin).unwrap();
        bin.sync_state_with_parent().unwrap();
        pad.link(&bin.static_pad("sink").unwrap()).unwrap();
    });
    pipeline.add(&source).unwrap();
    to_the_end(&pipeline);
}

fn medium(kind: gst::StreamType) -> Option<&'static str> {
    if kind.contains(gst::StreamType::VIDEO) {
        Some("video")
    } else {
        kind.contains(gst::StreamType::AUDIO).then_some("audio")
    }
}

/// A bin from a description, with a sink pad.
pub fn bin(description: &str) -> gst::Bin {
    gst::parse::bin_from_description(description, true).expect(description)
}

/// Length and formats of what is played.
pub fn about(uri: &str) -> About {
    let found = Arc::new(Mutex::new((0, Vec::new())));
    let noted = Arc::clone(&found);
    decode(uri, &["video", "audio"], move |_| {
        let bin = bin("queue ! fakesink name=end async=false sync=false");
        let pad = bin.by_name("end").unwrap().static_pad("sink").unwrap();
        let noted = Arc::clone(&noted);
        pad.add_probe(gst::PadProbeType::DATA_DOWNSTREAM, move |_, info| {
            let mut noted = noted.lock().unwrap();
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    let end = buffer.pts().unwrap() + buffer.duration().unwrap_or_default();
                    noted.0 = noted.0.max(end.nseconds());
                }
                Some(gst::PadProbeData::Event(event)) => {
                    if let gst::EventView::Caps(caps) = event.view() {
                        noted.1.push(words(caps.caps()));
                    }
                }
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
        bin
    });
    let (end, formats) = std::mem::take(&mut *found.lock().unwrap());
    About {
        seconds: end as f64 / 1e9,
        formats,
    }
}

fn words(caps: &gst::CapsRef) -> String {
    let s = caps.structure(0).unwrap();
    let format: String = s.get("format").unwrap();
    match s.get::<i32>("width") {
        Ok(width) => {
            let (height, rate) = (
                s.get::<i32>("height").unwrap(),
                s.get::<gst::Fraction>("framerate"),
            );
            format!("{width}x{height} {format} at {} Hz", rate.unwrap())
        }
        Err(_) => format!("{} channels {format}", s.get::<i32>("channels").unwrap()),
    }
}

/// The process that decodes and watches: `detectors` in the words of `defectbin`, nothing for decoding alone.
pub fn watch(uri: &str, medium: &str, detectors: &str) {
    let wanted: &[&str] = match medium {
        "video" => &["video"],
        "audio" => &["audio"],
        _ => &["video", "audio"],
    };
    let middle = match detectors {
        "" => "identity".to_owned(),
        text => format!("defectbin profile=none detectors=\"{text}\""),
    };
    decode(uri, wanted, move |_| {
        bin(&format!(
            "queue ! {middle} ! fakesink async=false sync=false"
        ))
    });
}
