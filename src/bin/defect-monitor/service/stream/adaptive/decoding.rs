// SPDX-License-Identifier: MPL-2.0
//! Before the decoder: holds coded pictures, and decodes them if need be.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gst::prelude::*;
use gstdefect::media::push_latest;

use super::super::sparse::AnalysedShare;
use super::policy::{Coded, Policy, Step};
use crate::buffer_time::segment;
use crate::evidence::NEW_START;
use crate::lock::lock;

/// Most changes that are remembered: those for which results are still to come.
const MOST_SWITCHES: usize = 256;

type Flow = Result<gst::FlowSuccess, gst::FlowError>;

/// What is decoded of the pictures of one decoder.
#[derive(Debug, Default)]
pub struct Decoding {
    policy: Mutex<Policy>,
    /// Coded pictures since the last key frame that weren't decoded.
    held: Mutex<Vec<gst::Buffer>>,
    /// The key frame that is held is in the decoder, which waits for what may be its second field.
    is_pending: AtomicBool,
    /// Held pictures are being decoded: all that come may pass.
    passes: AtomicBool,
    /// Pictures were dropped since the last one that was decoded.
    has_hole: AtomicBool,
    /// All pictures are to be decoded.
    suspicious: AtomicBool,
    /// Consecutive pictures have to go on coming.
    open: AtomicBool,
    /// Only key frames are decoded.
    is_sparse: AtomicBool,
    /// The latest changes of that: from which stream time (ns), and to what.
    switches: Mutex<VecDeque<(u64, bool)>>,
    /// Fields may be coded one by one.
    is_interlaced: AtomicBool,
    /// When the last coded picture came.
    arrived: Mutex<Option<Instant>>,
    share: AnalysedShare,
}

impl Decoding {
    /// Whether only key frames are decoded at present.
    pub fn is_sparse(&self) -> bool {
        self.is_sparse.load(Ordering::Relaxed)
    }

    /// Whether only key frames were decoded at that stream time, in ns.
    pub fn was_sparse(&self, at: u64) -> bool {
        let switches = lock(&self.switches);
        let last = switches.iter().rfind(|(from, _)| *from <= at);
        last.is_some_and(|(_, is_sparse)| *is_sparse)
    }

    /// Share of the latest pictures that were decoded, 0 to 1.
    pub fn share(&self) -> f64 {
        self.share.value()
    }

    /// Time since the last coded picture; `None` while all are decoded.
    pub fn idle(&self) -> Option<Duration> {
        let arrived = lock(&self.arrived).filter(|_| self.is_sparse());
        arrived.map(|at| at.elapsed())
    }

    /// All pictures are to be decoded from now on, for a while.
    pub fn suspect(&self) {
        self.suspicious.store(true, Ordering::Relaxed);
    }

    /// Notes whether detectors of consecutive pictures have open episodes: as long as they have, all pictures are decoded.
    pub fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }

    /// Decides about the pictures that go into a decoder by that pad.
    pub fn watch(self: &Arc<Self>, pad: &gst::Pad) {
        let decoding = Arc::clone(self);
        let kinds = gst::PadProbeType::BUFFER
            | gst::PadProbeType::EVENT_DOWNSTREAM
            | gst::PadProbeType::EVENT_FLUSH;
        pad.add_probe(kinds, move |pad, info| match &info.data {
            Some(gst::PadProbeData::Buffer(buffer)) => {
                if decoding.passes.load(Ordering::Relaxed) {
                    return gst::PadProbeReturn::Ok;
                }
                let step = decoding.decide(pad, buffer);
                let coded = buffer.clone();
                decoding.take(pad, coded, step, info)
            }
            Some(gst::PadProbeData::Event(event)) => {
                decoding.coded_event(pad, event);
                gst::PadProbeReturn::Ok
            }
            _ => gst::PadProbeReturn::Ok,
        });
    }

    fn decide(&self, pad: &gst::Pad, buffer: &gst::BufferRef) -> Step {
        let flags = buffer.flags();
        let time = buffer.dts_or_pts();
        let last = lock(&self.policy).last().map(gst::ClockTime::from_nseconds);
        // Headers belong to no picture.
        let is_header = time.is_none() && flags.contains(gst::BufferFlags::HEADER);
        let Some(at) = time.or(last).filter(|_| !is_header) else {
            return Step::Decode;
        };
        let coded = Coded {
            time: at.nseconds(),
            shown: buffer.pts().unwrap_or(at).nseconds(),
            size: buffer.size(),
            is_key: !flags.contains(gst::BufferFlags::DELTA_UNIT),
            is_damaged: flags.intersects(gst::BufferFlags::DISCONT | gst::BufferFlags::CORRUPTED),
            is_field: self.is_interlaced.load(Ordering::Relaxed),
        };
        *lock(&self.arrived) = Some(Instant::now());
        // Without times nothing can be left out.
        let suspicious = self.suspicious.swap(false, Ordering::Relaxed) || time.is_none();
        let mut policy = lock(&self.policy);
        let step = policy.step(&coded, suspicious || self.open.load(Ordering::Relaxed));
        let is_sparse = policy.is_sparse();
        if self.is_sparse.swap(is_sparse, Ordering::Relaxed) != is_sparse {
            self.note_switch(pad, policy.key_shown(), is_sparse);
        }
        step
    }

    /// Notes that from the picture that is shown then, in ns, only key frames are decoded, or all pictures.
    fn note_switch(&self, pad: &gst::Pad, shown: Option<u64>, is_sparse: bool) {
        let shown = shown.map(gst::ClockTime::from_nseconds);
        let at = segment(pad).and_then(|segment| segment.to_stream_time(shown));
        let Some(at) = at else {
            return;
        };
        let mut switches = lock(&self.switches);
        push_latest(&mut switches, (at.nseconds(), is_sparse), MOST_SWITCHES);
    }

    fn take(
        &self,
        pad: &gst::Pad,
        mut coded: gst::Buffer,
        step: Step,
        info: &mut gst::PadProbeInfo<'_>,
    ) -> gst::PadProbeReturn {
        self.share.note(step != Step::Hold);
        let starts_anew = lock(&self.policy).starts_anew(coded.pts());
        if starts_anew {
            coded.make_mut().set_flags(NEW_START);
        }
        let flow = match step {
            Step::Decode if !starts_anew => return gst::PadProbeReturn::Ok,
            Step::Decode => self.decode(pad, [coded], false),
            Step::DecodeHeld => self
                .decode_held(pad)
                .and_then(|_| self.decode(pad, [coded], false)),
            Step::DropHeld => {
                self.drop_held();
                self.decode(pad, [coded], false)
            }
            Step::Begin => {
                self.drop_held();
                lock(&self.held).push(coded.clone());
                self.is_pending.store(true, Ordering::Relaxed);
                self.decode(pad, [coded], false)
            }
            Step::BeginAndDrain => {
                self.drop_held();
                lock(&self.held).push(coded.clone());
                self.decode_alone(pad, coded)
            }
            Step::HoldAndDrain => {
                lock(&self.held).push(coded.clone());
                self.decode_alone(pad, coded)
            }
            Step::Hold => {
                lock(&self.held).push(coded);
                Ok(gst::FlowSuccess::Ok)
            }
        };
        info.flow_res = flow;
        gst::PadProbeReturn::Handled
    }

    /// Decodes a key frame, or its second field, without what follows.
    fn decode_alone(&self, pad: &gst::Pad, coded: gst::Buffer) -> Flow {
        self.is_pending.store(false, Ordering::Relaxed);
        let shown = coded.pts().map(gst::ClockTime::nseconds);
        let flow = self.decode(pad, [coded], true);
        let mut policy = lock(&self.policy);
        if flow.is_ok() && policy.is_awaited() {
            policy.fail();
            self.is_sparse.store(false, Ordering::Relaxed);
            self.note_switch(pad, shown, false);
            lock(&self.held).clear();
        }
        flow
    }

    fn drop_held(&self) {
        lock(&self.held).clear();
        self.has_hole.store(true, Ordering::Relaxed);
    }

    /// Decodes what is held.
    fn decode_held(&self, pad: &gst::Pad) -> Flow {
        let held = std::mem::take(&mut *lock(&self.held));
        let is_pending = self.is_pending.swap(false, Ordering::Relaxed);
        self.share.note_later(held.len().saturating_sub(1));
        self.decode(pad, held.into_iter().skip(usize::from(is_pending)), false)
    }

    /// Decodes pictures; `drain`: so that they come out of the decoder at once.
    fn decode(
        &self,
        pad: &gst::Pad,
        pictures: impl IntoIterator<Item = gst::Buffer>,
        drain: bool,
    ) -> Flow {
        self.passes.store(true, Ordering::Relaxed);
        let mut flow = Ok(gst::FlowSuccess::Ok);
        for coded in pictures {
            flow = flow.and_then(|_| pad.chain(coded));
        }
        self.passes.store(false, Ordering::Relaxed);
        if drain && flow.is_ok() {
            pad.send_event(gst_video::StillFrameEvent::builder(true).build());
        }
        flow
    }

    fn coded_event(&self, pad: &gst::Pad, event: &gst::EventRef) {
        use gst::EventType;
        let ends = [
            EventType::Eos,
            EventType::Segment,
            EventType::StreamStart,
            EventType::Caps,
        ];
        if ends.contains(&event.type_()) {
            // An error here is also that of the event.
            let _ = self.decode_held(pad);
        }
        match event.type_() {
            EventType::Segment | EventType::FlushStop | EventType::StreamStart => {
                lock(&self.held).clear();
                lock(&self.switches).clear();
                lock(&self.policy).reset();
                self.is_pending.store(false, Ordering::Relaxed);
                self.is_sparse.store(false, Ordering::Relaxed);
            }
            EventType::Caps => {
                self.is_interlaced
                    .store(is_interlaced(event), Ordering::Relaxed);
                self.suspect();
            }
            _ => {}
        }
    }

    /// Whether pictures were dropped before the one that comes out of the decoder now; asked once, when time is missing.
    pub fn take_hole(&self) -> bool {
        self.has_hole.swap(false, Ordering::Relaxed)
    }

    /// Whether a picture that is shown at that time, in ns, refers to pictures that weren't decoded.
    pub fn is_damaged(&self, start: u64) -> bool {
        let joined = lock(&self.policy).joined_at();
        joined.is_some_and(|joined| start < joined)
    }

    /// Notes that a picture that is shown at that time, in ns, came out of the decoder; returns whether it is the last key frame.
    pub fn given_out(&self, start: u64) -> bool {
        lock(&self.policy).given_out(start)
    }
}

/// Whether the two fields of a picture may be coded one after the other, by the caps of a coded stream.
fn is_interlaced(event: &gst::EventRef) -> bool {
    let gst::EventView::Caps(caps) = event.view() else {
        return true;
    };
    let Some(structure) = caps.caps().structure(0) else {
        return true;
    };
    let says = |field, value| structure.get::<&str>(field) == Ok(value);
    let is_progressive =
        says("interlace-mode", "progressive") || says("coded-picture-structure", "frame");
    matches!(structure.name().as_str(), "video/x-h264" | "video/mpeg") && !is_progressive
}
