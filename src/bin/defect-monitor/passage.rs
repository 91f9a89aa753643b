// SPDX-License-Identifier: MPL-2.0
//! Pad probes of a chain: position, time limit, gap filling, end of stream.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::prelude::*;

use super::buffer_time::stream_time;
use super::fill::{self, Holes, StreamGroup};
use super::format;
use crate::lock::lock;

/// The progress of a chain.
#[derive(Debug, Default)]
pub struct Seen {
    format: Mutex<Option<gst::Caps>>,
    codec: Mutex<Option<String>>,
    /// First and last instant, in stream time.
    first: AtomicU64,
    last: AtomicU64,
    /// End of the last buffer, on its own timeline.
    position: AtomicU64,
    buffers: AtomicU64,
    /// Length of the filling after the end, in ns.
    filled: AtomicU64,
    /// Whether the source has sent everything.
    ended: AtomicBool,
    /// Whether the chain is being removed.
    leaving: AtomicBool,
    over: AtomicBool,
}

impl Seen {
    /// Format of the stream as it came.
    pub fn format(&self) -> Option<gst::Caps> {
        lock(&self.format).clone()
    }

    /// How the stream was coded, if its tags said.
    pub fn codec(&self) -> Option<String> {
        lock(&self.codec).clone()
    }

    /// How much of the stream went through, and its latest instant, in ns.
    pub fn extent(&self) -> Option<(u64, u64)> {
        let (first, last) = (
            self.first.load(Ordering::Acquire),
            self.last.load(Ordering::Acquire),
        );
        (self.buffers() > 0).then(|| (last.saturating_sub(first), last))
    }

    /// How much was filled behind its end, in ns.
    pub fn filled(&self) -> u64 {
        self.filled.load(Ordering::Acquire)
    }

    /// So much was filled behind its end, in ns.
    pub fn fill(&self, length: u64) {
        self.filled.store(length, Ordering::Release);
    }

    /// Up to which instant of stream time it is filled, in ns, while that goes on behind its end.
    pub fn filled_to(&self) -> Option<u64> {
        let (_, last) = self
            .extent()
            .filter(|_| self.has_ended() && !self.is_over())?;
        Some(last.saturating_add(self.filled()))
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

    /// The chain is being taken out from now on.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// Nothing more will come.
    pub fn finish(&self) {
        self.over.store(true, Ordering::Release);
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

/// Follows the data that comes in, stops it at the limit, announces holes, and goes on after the end of the stream as
/// long as the others do. `has_holes`: whether missing time is a hole.
pub fn watch_entry(
    queue: &gst::Element,
    limit: Option<Duration>,
    (seen, is_video, has_holes): (&Arc<Seen>, bool, bool),
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
                gst::EventView::Tag(event) => {
                    if let Some(codec) = format::codec_in(event.tag()) {
                        *lock(&seen.codec) = Some(codec);
                    }
                }
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
            let Some(Range {
                start: from,
                end: to,
            }) = stream_time(pad, buffer)
            else {
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
                seen.finish();
                return gst::PadProbeReturn::Handled;
            }
            seen.note(from, to);
            let start = buffer.pts().map_or(0, gst::ClockTime::nseconds);
            let end = start.saturating_add(to - from);
            seen.position.store(end, Ordering::Release);
            let hole = lock(&holes).next(start, end).filter(|_| has_holes);
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

/// Notes the end after the last detector has handled it.
pub fn watch_end(pad: &gst::Pad, seen: &Arc<Seen>) {
    let seen = Arc::clone(seen);
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(gst::PadProbeData::Event(event)) = &info.data
            && event.type_() == gst::EventType::Eos
        {
            seen.finish();
        }
        gst::PadProbeReturn::Ok
    });
}
