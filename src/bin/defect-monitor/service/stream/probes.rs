// SPDX-License-Identifier: MPL-2.0
//! Probes on the elements of a pipeline: the clock of each track, its latest picture, and which pictures are decoded and analysed.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::prelude::*;
use gstdefect::DefectMessage;

use super::adaptive::{self, Decoding, Pictures};
use super::clock::TrackClock;
use super::sparse::{AnalysedShare, Sparse};
use crate::buffer_time::running_time;
use crate::chain::Chain;
use crate::coded;
use crate::decoder;
use crate::lock::lock;
use crate::service::config::Analyse;
use crate::service::outcome::{Analysed, Mode};

/// The probes of one pipeline.
#[derive(Debug)]
pub struct Probes {
    analyse: Analyse,
    /// The programme of a transport stream that is played; the first by default.
    program: Option<NonZeroU16>,
    /// Where running time begins on the monotonic clock, in ns; `None` if the stream is played in real time.
    begin: Option<i64>,
    tracks: Mutex<BTreeMap<String, Arc<Track>>>,
    /// Coded pictures, and those that are decoded.
    coded: Arc<AnalysedShare>,
    /// The decoders whose key frames alone are decoded at times, by the pad where coded pictures go in.
    decodings: Decodings,
    /// Open episodes, by track, element and number, of detectors that need all pictures.
    open_consecutive: Mutex<BTreeSet<(String, String, u64)>>,
}

/// See [`Probes`].
type Decodings = Arc<Mutex<Vec<(gst::Pad, Arc<Decoding>)>>>;

/// A track of the pipeline.
#[derive(Debug)]
pub struct Track {
    /// Its running time on the monotonic clock.
    pub clock: Mutex<TrackClock>,
    /// Pictures that came out of the decoder, and those that are analysed.
    share: Arc<AnalysedShare>,
    /// The decoder of an adaptive stream.
    decoding: Mutex<Option<Arc<Decoding>>>,
    sink: Mutex<Option<gst::Element>>,
}

impl Probes {
    /// Adds probes to the elements that are added to that pipeline from now on. `begin`: where running time begins on the monotonic
    /// clock, in ns; `None` if the times when data comes tell it.
    pub fn install(
        pipeline: &gst::Pipeline,
        analyse: Analyse,
        program: Option<NonZeroU16>,
        begin: Option<i64>,
    ) -> Arc<Self> {
        let probes = Arc::new(Self {
            analyse,
            program,
            begin,
            tracks: Mutex::default(),
            coded: Arc::default(),
            decodings: Arc::default(),
            open_consecutive: Mutex::default(),
        });
        let follower = Arc::clone(&probes);
        pipeline
            .connect_deep_element_added(move |_, bin, element| follower.add_element(bin, element));
        probes
    }

    /// A track by its name.
    pub fn track(&self, name: &str) -> Option<Arc<Track>> {
        lock(&self.tracks).get(name).cloned()
    }

    /// All tracks.
    pub fn tracks(&self) -> BTreeMap<String, Arc<Track>> {
        lock(&self.tracks).clone()
    }

    /// How much of a track was analysed at that stream time, in ns; at present if that isn't known.
    pub fn analysed(&self, name: &str, at: Option<u64>) -> Analysed {
        let Some(track) = self.track(name).filter(|_| name.starts_with("video")) else {
            return Analysed::ALL;
        };
        let (share, mode) = match self.analyse {
            Analyse::All => return Analysed::ALL,
            Analyse::Keyframes => (self.coded.value(), Mode::Keyframes),
            Analyse::Every(_) => (track.share.value(), Mode::Every),
            Analyse::Adaptive => match track.decoding().filter(|decoding| match at {
                Some(at) => decoding.was_sparse(at),
                None => decoding.is_sparse(),
            }) {
                Some(decoding) => (decoding.share(), Mode::Keyframes),
                None => return Analysed::ALL,
            },
        };
        Analysed { share, mode }
    }

    /// Time since the last coded picture of which it isn't said that it is decoded.
    pub fn idle(&self) -> Option<Duration> {
        let decodings = lock(&self.decodings);
        decodings.iter().filter_map(|(_, d)| d.idle()).min()
    }

    /// Has all pictures of an adaptive stream decoded from the begin of any defect on, for a while, and as long as detectors that need
    /// them have open episodes.
    pub fn note_defect(&self, track: &str, defect: &DefectMessage) {
        let is_open = self.note_consecutive(track, defect);
        for (_, decoding) in lock(&self.decodings).iter() {
            decoding.set_open(is_open);
            if defect.state == "begin" {
                decoding.suspect();
            }
        }
    }

    /// Returns whether a detector that needs all pictures has an open episode.
    fn note_consecutive(&self, track: &str, defect: &DefectMessage) -> bool {
        let mut open = lock(&self.open_consecutive);
        if adaptive::judges_consecutive(&defect.element) {
            let episode = (track.to_owned(), defect.element.clone(), defect.id);
            match defect.state.as_str() {
                "end" => open.remove(&episode),
                _ => open.insert(episode),
            };
        }
        !open.is_empty()
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
        if is_video && self.analyse == Analyse::Adaptive {
            for pad in decoder.sink_pads() {
                let decoding = Arc::new(Decoding::default());
                decoding.watch(&pad);
                let mut decodings = lock(&self.decodings);
                decodings.retain(|(pad, _)| pad.parent().is_some());
                decodings.push((pad, decoding));
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
                Analyse::Adaptive => self.add_adaptive(&track, &pad, queue),
            }
        }
        let is_realtime = self.begin.is_none();
        // After the probes that drop buffers.
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let Some(gst::PadProbeData::Buffer(buffer)) = &info.data
                && let Some(time) = running_time(pad, buffer)
            {
                lock(&track.clock).note_buffer(time.start, time.end, is_realtime);
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn add_adaptive(&self, track: &Arc<Track>, pad: &gst::Pad, queue: &gst::Element) {
        let parent = queue.parent().and_downcast::<gst::Bin>();
        let (Some(bin), Some(src)) = (parent, queue.static_pad("src")) else {
            return;
        };
        let (decodings, track) = (Arc::clone(&self.decodings), Arc::clone(track));
        adaptive::switch_detectors(&src, &bin);
        let bin = bin.downgrade();
        let find = move || {
            let source = bin.upgrade()?.static_pad("sink")?.peer()?;
            let entry = coded::before_decoder(&source)?.peer()?;
            let decodings = lock(&decodings);
            let (_, decoding) = decodings.iter().find(|(pad, _)| *pad == entry)?;
            *lock(&track.decoding) = Some(Arc::clone(decoding));
            Some(Arc::clone(decoding))
        };
        Arc::new(Pictures::default()).watch(pad, find);
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
                decoding: Mutex::default(),
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

    fn decoding(&self) -> Option<Arc<Decoding>> {
        lock(&self.decoding).clone()
    }
}
