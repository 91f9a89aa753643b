// SPDX-License-Identifier: MPL-2.0
//! One stream's chain: `queue ! convert ! defectbin ! fakesink`, with the detectors of sound and picture [`together`] before the sink.
//!
//! The converter only works on formats that no detector reads (8-bit sound, 12-bit pictures, ...); all others pass it untouched.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gst::prelude::*;

use super::choice::Choice;
use super::coded;
use super::fill::{self, Holes, StreamGroup};
use super::format;
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
    /// How it was coded, if known.
    pub codec: Option<String>,
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

/// What went through a chain.
#[derive(Debug, Default)]
pub struct Seen {
    format: Mutex<Option<gst::Caps>>,
    /// First and last instant, in stream time.
    first: AtomicU64,
    last: AtomicU64,
    /// End of the last buffer, on its own timeline.
    position: AtomicU64,
    buffers: AtomicU64,
    /// The source has sent all.
    ended: AtomicBool,
    /// The chain is being taken out.
    leaving: AtomicBool,
    over: AtomicBool,
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
            Some(_) => choice.timestamps(is_video)?,
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
        watch_entry(&queue, pace.limit, (&seen, is_video), group);
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
        self.seen.leaving.store(true, Ordering::Release);
        // The state first: a chain outside of the pipeline has no bus to report to.
        let _ = self.bin.set_state(gst::State::Null);
        let _ = pipeline.remove(&self.bin);
        self.seen.over.store(true, Ordering::Release);
    }
}

impl Seen {
    /// Format of the stream as it came.
    pub fn format(&self) -> Option<gst::Caps> {
        lock(&self.format).clone()
    }

    /// How much of the stream went through, and its latest instant, in ns.
    pub fn extent(&self) -> Option<(u64, u64)> {
        let (first, last) = (
            self.first.load(Ordering::Acquire),
            self.last.load(Ordering::Acquire),
        );
        (self.buffers() > 0).then(|| (last.saturating_sub(first), last))
    }

    /// How many buffers came.
    pub fn buffers(&self) -> u64 {
        self.buffers.load(Ordering::Acquire)
    }

    /// End of the last buffer, in ns on the timeline of the buffers.
    pub fn position(&self) -> Option<u64> {
        (self.buffers() > 0).then(|| self.position.load(Ordering::Acquire))
    }

    /// Whether the source has sent all.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether the chain is being taken out.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    fn note(&self, from: u64, to: u64) {
        if self.buffers() == 0 {
            self.first.store(from, Ordering::Release);
        }
        self.first.fetch_min(from, Ordering::AcqRel);
        self.last.fetch_max(to, Ordering::AcqRel);
        self.buffers.fetch_add(1, Ordering::AcqRel);
    }
}

/// Notes what comes in, lets nothing pass that lies behind the limit, announces holes, and goes on behind the end of the stream as long as
/// the others do.
fn watch_entry(
    queue: &gst::Element,
    limit: Option<Duration>,
    (seen, is_video): (&Arc<Seen>, bool),
    group: &Arc<StreamGroup>,
) {
    let Some(pad) = queue.static_pad("src") else {
        return;
    };
    let (seen, group) = (Arc::clone(seen), Arc::clone(group));
    let latest = Mutex::new(None);
    let holes = Mutex::new(Holes::default());
    let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    pad.add_probe(kinds, move |pad, info| match &info.data {
        Some(gst::PadProbeData::Event(event)) => {
            match event.view() {
                gst::EventView::Caps(caps) => *lock(&seen.format) = Some(caps.caps_owned()),
                gst::EventView::Segment(_) => lock(&holes).reset(),
                gst::EventView::StreamStart(_) => seen.ended.store(false, Ordering::Release),
                gst::EventView::Eos(_) => {
                    seen.ended.store(true, Ordering::Release);
                    let last: Option<gst::Buffer> = lock(&latest).take();
                    if !is_video || last.is_some() {
                        group.fill_to_common_end(&seen, pad, last.as_ref());
                    }
                }
                _ => {}
            }
            gst::PadProbeReturn::Ok
        }
        Some(gst::PadProbeData::Buffer(buffer)) => {
            let Some((from, to)) = stream_time(pad, buffer) else {
                return gst::PadProbeReturn::Ok;
            };
            let beyond = |limit: Duration| {
                let first = match seen.buffers() {
                    0 => from,
                    _ => seen.first.load(Ordering::Acquire),
                };
                u128::from(from.saturating_sub(first)) >= limit.as_nanos()
            };
            if limit.is_some_and(beyond) {
                seen.over.store(true, Ordering::Release);
                return gst::PadProbeReturn::Handled;
            }
            seen.note(from, to);
            let start = buffer.pts().map_or(0, gst::ClockTime::nseconds);
            let end = start.saturating_add(to - from);
            seen.position.store(end, Ordering::Release);
            let hole = lock(&holes).next(start, end);
            if let Some((hole, sink)) = hole.zip(pad.peer()) {
                fill::announce_gap(&sink, hole);
            }
            if is_video {
                *lock(&latest) = Some(buffer.clone());
            }
            gst::PadProbeReturn::Ok
        }
        _ => gst::PadProbeReturn::Ok,
    });
}

/// Notes the end, when the last detector has had its say.
fn watch_end(pad: &gst::Pad, seen: &Arc<Seen>) {
    let seen = Arc::clone(seen);
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(gst::PadProbeData::Event(event)) = &info.data
            && event.type_() == gst::EventType::Eos
        {
            seen.over.store(true, Ordering::Release);
        }
        gst::PadProbeReturn::Ok
    });
}

/// First and last instant of a buffer.
fn stream_time(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<(u64, u64)> {
    let event = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = event.segment().downcast_ref::<gst::ClockTime>()?;
    let start = segment.to_stream_time(buffer.pts()?)?.nseconds();
    let duration = buffer.duration().map_or(0, gst::ClockTime::nseconds);
    Some((start, start.saturating_add(duration)))
}

/// An element of GStreamer's own.
pub fn make(factory: &str) -> Result<gst::Element, String> {
    gst::ElementFactory::make(factory)
        .build()
        .map_err(|_| format!("GStreamer's element {factory} is missing; is it fully installed?"))
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
