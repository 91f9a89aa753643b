// SPDX-License-Identifier: MPL-2.0
//! One stream's chain: `queue ! convert ! defectbin ! fakesink`, with the detectors of sound and picture [`together`] before the sink.
//!
//! The converter only works on formats that no detector reads (8-bit sound, 12-bit pictures, ...); all others pass it untouched.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gst::prelude::*;

use super::choice::Choice;
use super::coded;
use super::fill::StreamGroup;
use super::format;
use super::passage::{Seen, watch_end, watch_entry};
use super::together;
use crate::lock::lock;

/// What the detectors read.
const VIDEO: &str = "GRAY8, I420, YV12, NV12, NV21, NV16, Y42B, Y444, YUY2, UYVY, AYUV, RGB, BGR, RGBA, BGRA, RGBx, BGRx, \
    GRAY16_LE, I420_10LE, I422_10LE, Y444_10LE, P010_10LE, v210";
/// What the detectors listen to.
const AUDIO: &str = "S16LE, S24LE, S32LE, F32LE, F64LE";

/// How streams are played.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// In real time, rather than as fast as the data comes.
    pub realtime: bool,
    /// Only so much of each stream.
    pub limit: Option<Duration>,
}

/// The chain of one stream.
#[derive(Debug)]
pub struct Chain {
    /// Name of the stream and of the bin, e.g. `video-0`.
    pub name: String,
    /// Whether it is pictures.
    pub is_video: bool,
    /// The stream's identity in the collection.
    pub id: String,
    /// How it was coded, if the source said.
    codec: Option<String>,
    /// What went through it.
    pub seen: Arc<Seen>,
    bin: gst::Bin,
    end: gst::Pad,
    ears: Vec<gst::Pad>,
    /// Where its stream comes from, or since when it has none.
    source: Mutex<Result<gst::Pad, Instant>>,
    /// Judges the timestamps before the decoder.
    timestamps: Option<gst::Element>,
}

impl Chain {
    /// A chain for a stream, playing in the pipeline, yet to be linked.
    pub fn new(
        pipeline: &gst::Pipeline,
        choice: &Choice,
        pace: Pace,
        (name, is_video): (String, bool),
        source: &gst::Pad,
        group: &Arc<StreamGroup>,
    ) -> Result<Self, String> {
        let stream = source.stream();
        let coded = coded::before_decoder(source);
        let (converter, caps) = if is_video {
            let caps = format!(
                "video/x-raw, format={{ {VIDEO} }}; video/x-raw(format:Interlaced), format={{ {VIDEO} }}"
            );
            ("videoconvert", caps)
        } else {
            ("audioconvert", format!("audio/x-raw, format={{ {AUDIO} }}"))
        };
        let caps: gst::Caps = caps.parse().map_err(said)?;
        let queue = make("queue")?;
        let filter = make("capsfilter")?;
        filter.set_property("caps", &caps);
        let sink = make("fakesink")?;
        let is_live = super::source::is_live(pipeline);
        // What is live comes in its own time.
        sink.set_property("sync", pace.realtime && !is_live);
        // Streams start when they like; none waits for another.
        sink.set_property("async", false);
        sink.set_property("enable-last-sample", false);
        let mut elements = vec![queue.clone(), make(converter)?, filter];
        let detectors = choice.element(is_video, pace.realtime || is_live, coded.is_some())?;
        detectors.set_property("programme", pipeline.name());
        elements.push(detectors);
        let timestamps = match coded {
            Some(_) => choice.timestamps(is_video, pace.realtime || is_live)?,
            None => None,
        };
        let pairs = match together::is_picture(&name) {
            true => choice.pairs()?,
            false => Vec::new(),
        };

        let bin = gst::Bin::with_name(&name);
        let all = elements.iter().chain(&pairs).chain(&timestamps);
        bin.add_many(all).map_err(said)?;
        bin.add(&sink).map_err(said)?;
        gst::Element::link_many(&elements).map_err(said)?;
        let (mut last, mut src) = (elements.last().ok_or("no elements")?, "src");
        for pair in &pairs {
            last.link_pads(Some(src), pair, Some("video_sink"))
                .map_err(said)?;
            (last, src) = (pair, "video_src");
        }
        last.link_pads(Some(src), &sink, None).map_err(said)?;
        let ears = pairs
            .iter()
            .map(|pair| together::ear(pair, "audio_sink", "audio_src"));
        let ears = ears.collect::<Result<_, _>>()?;
        let seen = Arc::new(Seen::default());
        group.join(Arc::clone(&seen));
        let has_holes = !(is_video && choice.is_sparse());
        watch_entry(&queue, pace.limit, (&seen, is_video, has_holes), group);
        let end = sink.static_pad("sink").ok_or("fakesink without sink")?;
        watch_end(&end, &seen);
        let target = queue.static_pad("sink").ok_or("queue without sink")?;
        let pad = gst::GhostPad::with_target(&target).map_err(said)?;
        pad.set_active(true).map_err(said)?;
        bin.add_pad(&pad).map_err(said)?;
        pipeline.add(&bin).map_err(said)?;
        bin.sync_state_with_parent().map_err(said)?;
        Ok(Self {
            name,
            is_video,
            id: stream
                .as_ref()
                .and_then(gst::Stream::stream_id)
                .map(|id| id.to_string())
                .unwrap_or_default(),
            codec: stream.as_ref().and_then(format::codec),
            seen,
            bin,
            end,
            ears,
            source: Mutex::new(Err(Instant::now())),
            timestamps,
        })
    }

    /// How it was coded, if known: by what the source or else the stream itself said.
    pub fn codec(&self) -> Option<String> {
        self.codec.clone().or_else(|| self.seen.codec())
    }

    /// Whether a bin of that name is a chain.
    pub fn is_name(name: &str) -> bool {
        let number = name
            .strip_prefix("video-")
            .or_else(|| name.strip_prefix("audio-"));
        number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Where the stream goes in.
    pub fn pad(&self) -> Option<gst::Pad> {
        self.bin.static_pad("sink")
    }

    /// Takes the stream that comes out of that pad.
    pub fn take(&self, source: &gst::Pad) -> Result<(), String> {
        let target = self.pad().ok_or("chain without pad")?;
        let coded = coded::before_decoder(source);
        if let Some((coded, timestamps)) = coded.zip(self.timestamps.as_ref()) {
            coded::watch(&coded, timestamps)?;
        }
        *lock(&self.source) = Ok(source.clone());
        source.link(&target).map_err(said)?;
        Ok(())
    }

    /// Its stream is gone; another may take its place.
    pub fn leave(&self) {
        *lock(&self.source) = Err(Instant::now());
    }

    /// Where its stream comes from.
    pub fn source(&self) -> Option<gst::Pad> {
        lock(&self.source).as_ref().ok().cloned()
    }

    /// For how long it has had no stream.
    pub fn vacant_for(&self) -> Option<Duration> {
        lock(&self.source).as_ref().err().map(Instant::elapsed)
    }

    /// Where the stream comes to its end.
    pub fn end(&self) -> &gst::Pad {
        &self.end
    }

    /// Where its detectors hear the sound that goes with it.
    pub fn ears(&self) -> &[gst::Pad] {
        &self.ears
    }

    /// Ends it, with all episodes, and takes it out of the pipeline.
    pub fn remove(&self, pipeline: &gst::Pipeline) {
        self.seen.leave();
        take_out(pipeline, self.bin.upcast_ref());
        self.seen.finish();
    }
}

/// An element of GStreamer's own.
pub fn make(factory: &str) -> Result<gst::Element, String> {
    gst::ElementFactory::make(factory)
        .build()
        .map_err(|_| format!("GStreamer's element {factory} is missing; is it fully installed?"))
}

/// Stops an element and takes it out of its pipeline, which may be changing its own state meanwhile.
pub fn take_out(pipeline: &gst::Pipeline, element: &gst::Element) {
    // Else the pipeline starts it again.
    element.set_locked_state(true);
    // The state first: outside of the pipeline there is no bus to report to.
    let _ = element.set_state(gst::State::Null);
    let _ = pipeline.remove(element);
}

/// A sink for what nobody plays: it doesn't wait for the clock, and no change of state waits for it.
pub fn discarding_sink() -> Result<gst::Element, String> {
    let sink = make("fakesink")?;
    sink.set_property("async", false);
    sink.set_property("sync", false);
    Ok(sink)
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
