// SPDX-License-Identifier: MPL-2.0
//! What the service needs of the elements of a play: where each track is on the clock, its latest picture, and that only those
//! pictures are decoded and analysed that shall be.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use super::clock::Clock;
use super::sparse::{Share, Sparse};
use crate::chain::Chain;
use crate::decoder;
use crate::lock::lock;
use crate::service::config::{Analyse, Plan};

/// The elements of one play.
#[derive(Debug)]
pub struct Tap {
    analyse: Analyse,
    /// Which programme of a transport stream; the first by default.
    program: Option<NonZeroU16>,
    /// Where running time begins on the monotonic clock, in ns, unless the stream goes at the pace of that clock.
    begin: Option<i64>,
    tracks: Mutex<BTreeMap<String, Arc<Track>>>,
    /// Of the pictures as they are coded.
    coded: Arc<Share>,
}

/// A track of it.
#[derive(Debug)]
pub struct Track {
    /// Where it is on the monotonic clock.
    pub clock: Mutex<Clock>,
    /// Pictures that came out of the decoder, and those that are analysed.
    share: Arc<Share>,
    sink: Mutex<Option<gst::Element>>,
}

impl Tap {
    /// Watches what comes into that pipeline from now on.
    pub fn install(pipeline: &gst::Pipeline, plan: &Plan, begin: Option<i64>) -> Arc<Self> {
        let tap = Arc::new(Self {
            analyse: plan.analyse,
            program: plan.config.program,
            begin,
            tracks: Mutex::default(),
            coded: Arc::default(),
        });
        let follower = Arc::clone(&tap);
        pipeline.connect_deep_element_added(move |_, bin, element| follower.meet(bin, element));
        tap
    }

    /// A track by its name.
    pub fn track(&self, name: &str) -> Option<Arc<Track>> {
        lock(&self.tracks).get(name).cloned()
    }

    /// All tracks.
    pub fn tracks(&self) -> BTreeMap<String, Arc<Track>> {
        lock(&self.tracks).clone()
    }

    /// Share of a track that is analysed, 0 to 1.
    pub fn analysed(&self, name: &str) -> f64 {
        let Some(track) = self.track(name).filter(|_| name.starts_with("video")) else {
            return 1.0;
        };
        match self.analyse {
            Analyse::All => 1.0,
            Analyse::Keyframes => self.coded.of_all(),
            Analyse::Every(_) => track.share.of_all(),
        }
    }

    fn meet(&self, bin: &gst::Bin, element: &gst::Element) {
        let Some(factory) = element.factory() else {
            return;
        };
        if let Some(program) = self.program
            && factory.name() == "tsdemux"
        {
            element.set_property("program-number", i32::from(program.get()));
        }
        if let Some(is_video) = decoder::kind(element) {
            self.meet_decoder(element, is_video);
        } else if Chain::is_name(&bin.name()) {
            match factory.name().as_str() {
                "queue" => self.meet_entry(&bin.name(), element),
                "fakesink" => self.meet_end(&bin.name(), element),
                _ => {}
            }
        }
    }

    fn meet_decoder(&self, decoder: &gst::Element, is_video: bool) {
        decoder::use_one_thread(decoder);
        if is_video && self.analyse == Analyse::Keyframes {
            for pad in decoder.sink_pads() {
                Sparse::keyframes(&pad, &self.coded);
            }
        }
    }

    fn meet_entry(&self, name: &str, queue: &gst::Element) {
        let Some(pad) = queue.static_pad("sink") else {
            return;
        };
        let track = self.entry(name);
        if name.starts_with("video") {
            match self.analyse {
                Analyse::All => {}
                Analyse::Keyframes => Sparse::every(&pad, 1, &track.share),
                Analyse::Every(n) => Sparse::every(&pad, n, &track.share),
            }
        }
        let bound = self.begin.is_none();
        // After those that leave buffers out.
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let Some(gst::PadProbeData::Buffer(buffer)) = &info.data
                && let Some((from, to)) = running_time(pad, buffer)
            {
                lock(&track.clock).pass(from, to, bound);
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn meet_end(&self, name: &str, sink: &gst::Element) {
        if name.starts_with("video") {
            sink.set_property("enable-last-sample", true);
            *lock(&self.entry(name).sink) = Some(sink.clone());
        }
    }

    fn entry(&self, name: &str) -> Arc<Track> {
        let mut tracks = lock(&self.tracks);
        let track = tracks.entry(name.to_owned()).or_insert_with(|| {
            let mut clock = Clock::default();
            if let Some(begin) = self.begin {
                clock.begin_at(begin);
            }
            Arc::new(Track {
                clock: Mutex::new(clock),
                share: Arc::default(),
                sink: Mutex::default(),
            })
        });
        Arc::clone(track)
    }
}

impl Track {
    /// The latest picture.
    pub fn picture(&self) -> Option<gst::Sample> {
        let sink = lock(&self.sink).clone()?;
        sink.property::<Option<gst::Sample>>("last-sample")
    }
}

/// First and last instant of a buffer, in running time.
pub fn running_time(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<(u64, u64)> {
    let event = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = event.segment().downcast_ref::<gst::ClockTime>()?;
    let start = segment.to_running_time(buffer.pts()?)?.nseconds();
    let duration = buffer.duration().map_or(0, gst::ClockTime::nseconds);
    Some((start, start.saturating_add(duration)))
}
