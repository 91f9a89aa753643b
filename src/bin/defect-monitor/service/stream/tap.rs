// SPDX-License-Identifier: MPL-2.0
//! Probes on the elements of a pipeline: the clock of each track, its latest picture, and which pictures are decoded and analysed.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use super::clock::TrackClock;
use super::sparse::{AnalysedShare, Sparse};
use crate::chain::Chain;
use crate::decoder;
use crate::lock::lock;
use crate::service::config::{Analyse, Plan};

/// The probes of one pipeline.
#[derive(Debug)]
pub struct Tap {
    analyse: Analyse,
    /// The programme of a transport stream that is played; the first by default.
    program: Option<NonZeroU16>,
    /// Where running time begins on the monotonic clock, in ns; `None` if the stream is played in real time.
    begin: Option<i64>,
    tracks: Mutex<BTreeMap<String, Arc<Track>>>,
    /// Coded pictures, and those that are decoded.
    coded: Arc<AnalysedShare>,
}

/// A track of the pipeline.
#[derive(Debug)]
pub struct Track {
    /// Its running time on the monotonic clock.
    pub clock: Mutex<TrackClock>,
    /// Pictures that came out of the decoder, and those that are analysed.
    share: Arc<AnalysedShare>,
    sink: Mutex<Option<gst::Element>>,
}

impl Tap {
    /// Adds probes to the elements that are added to that pipeline from now on.
    pub fn install(pipeline: &gst::Pipeline, plan: &Plan, begin: Option<i64>) -> Arc<Self> {
        let tap = Arc::new(Self {
            analyse: plan.analyse,
            program: plan.config.program,
            begin,
            tracks: Mutex::default(),
            coded: Arc::default(),
        });
        let follower = Arc::clone(&tap);
        pipeline
            .connect_deep_element_added(move |_, bin, element| follower.add_element(bin, element));
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
            Analyse::Keyframes => self.coded.value(),
            Analyse::Every(_) => track.share.value(),
        }
    }

    fn add_element(&self, bin: &gst::Bin, element: &gst::Element) {
        let Some(factory) = element.factory() else {
            return;
        };
        if let Some(program) = self.program
            && factory.name() == "tsdemux"
        {
            element.set_property("program-number", i32::from(program.get()));
        }
        if let Some(is_video) = decoder::kind(element) {
            self.add_decoder(element, is_video);
        } else if Chain::is_name(&bin.name()) {
            match factory.name().as_str() {
                "queue" => self.add_queue(&bin.name(), element),
                "fakesink" => self.add_sink(&bin.name(), element),
                _ => {}
            }
        }
    }

    fn add_decoder(&self, decoder: &gst::Element, is_video: bool) {
        decoder::use_one_thread(decoder);
        if is_video && self.analyse == Analyse::Keyframes {
            for pad in decoder.sink_pads() {
                Sparse::keyframes(&pad, &self.coded);
            }
        }
    }

    fn add_queue(&self, name: &str, queue: &gst::Element) {
        let Some(pad) = queue.static_pad("sink") else {
            return;
        };
        let track = self.track_or_new(name);
        if name.starts_with("video") {
            match self.analyse {
                Analyse::All => {}
                Analyse::Keyframes => Sparse::every(&pad, 1, &track.share),
                Analyse::Every(n) => Sparse::every(&pad, n, &track.share),
            }
        }
        let is_realtime = self.begin.is_none();
        // After the probes that drop buffers.
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let Some(gst::PadProbeData::Buffer(buffer)) = &info.data
                && let Some((from, to)) = running_time(pad, buffer)
            {
                lock(&track.clock).note_buffer(from, to, is_realtime);
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn add_sink(&self, name: &str, sink: &gst::Element) {
        if name.starts_with("video") {
            sink.set_property("enable-last-sample", true);
            *lock(&self.track_or_new(name).sink) = Some(sink.clone());
        }
    }

    fn track_or_new(&self, name: &str) -> Arc<Track> {
        let mut tracks = lock(&self.tracks);
        let track = tracks.entry(name.to_owned()).or_insert_with(|| {
            let mut clock = TrackClock::default();
            if let Some(begin) = self.begin {
                clock.pin_start(begin);
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

/// Start and end of a buffer, in ns of running time.
pub fn running_time(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<(u64, u64)> {
    let event = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = event.segment().downcast_ref::<gst::ClockTime>()?;
    let start = segment.to_running_time(buffer.pts()?)?.nseconds();
    let duration = buffer.duration().map_or(0, gst::ClockTime::nseconds);
    Some((start, start.saturating_add(duration)))
}
