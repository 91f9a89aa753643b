// SPDX-License-Identifier: MPL-2.0
//! Plays one URI: its pipeline from start to end, and its events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gst::prelude::*;
use gstdefect::{DefectMessage, MeasurementMessage};

use super::ending::{Ending, Pulse};
use super::evidence;
use super::source::{self, Streams};

mod failure;
mod messages;
mod origin;

pub use messages::stream;

use failure::Failure;
use origin::Origin;

/// An event of a play.
#[derive(Debug)]
pub enum PlayEvent {
    /// A defect of that stream.
    Defect(String, DefectMessage),
    /// A measurement of that stream.
    Measurement(String, MeasurementMessage),
    /// Another message of an element of that stream.
    #[cfg_attr(
        not(feature = "service"),
        expect(dead_code, reason = "the service asks for it")
    )]
    Element(String, gst::Structure),
    /// Something that a person should know, once.
    Warning(String),
    /// It can't be played, or not further.
    Failed(String),
}

/// A pipeline on its way from start to end.
pub struct Play {
    /// The chains of its streams.
    pub streams: Arc<Streams>,
    /// Names of the decoders that are missing.
    pub missing: Vec<String>,
    uri: String,
    pipeline: gst::Pipeline,
    bus: gst::Bus,
    ending: Ending,
    started: Instant,
    /// The warnings that were passed on, without their numbers.
    warned: Vec<String>,
    failure: Failure,
    stopped: bool,
    origin: Origin,
}

/// A pipeline that is given up while it plays complains, and its threads may still be in it.
impl Drop for Play {
    fn drop(&mut self) {
        if !self.stopped {
            self.stop();
        }
    }
}

impl Play {
    /// Starts to play what `source` puts into the pipeline for that URI.
    pub fn start(
        uri: &str,
        streams: Streams,
        timeout: Option<Duration>,
        source: impl FnOnce(&gst::Pipeline, &Arc<Streams>) -> Result<(), String>,
    ) -> Result<Self, String> {
        let pipeline = gst::Pipeline::new();
        // What chains say on their way down is still read.
        pipeline.set_auto_flush_bus(false);
        let bus = pipeline.bus().ok_or("a pipeline without a bus")?;
        let streams = Arc::new(streams);
        source(&pipeline, &streams)?;
        // After the source's own probes: coded pictures that these leave out aren't damaged.
        evidence::listen(&pipeline);
        let mut play = Self {
            streams,
            missing: Vec::new(),
            uri: uri.to_owned(),
            pipeline,
            bus,
            ending: Ending::new(timeout),
            started: Instant::now(),
            warned: Vec::new(),
            failure: Failure::default(),
            stopped: false,
            origin: Origin::default(),
        };
        if play.pipeline.set_state(gst::State::Playing).is_err() {
            // The reason should be on the bus.
            play.ending.fail();
            play.failure.add_unexplained("GStreamer can't play it");
        }
        Ok(play)
    }

    /// The events so far; waits for one for a while.
    pub fn events(&mut self, wait: Duration) -> Vec<PlayEvent> {
        let mut events = Vec::new();
        let mut wait = gst::ClockTime::try_from(wait).unwrap_or_default();
        while let Some(message) = self.bus.timed_pop(wait) {
            self.read(&message, &mut events);
            wait = gst::ClockTime::ZERO;
        }
        if self.ending.is_idle() && source::is_live(&self.pipeline) {
            self.ending.set_live(!self.warned.is_empty());
        }
        self.streams.sweep(&self.pipeline);
        let pulse = self.pulse();
        if pulse.barren && !self.missing.is_empty() && !self.ending.has_failed() {
            self.ending.fail();
            self.failure.add_unexplained("");
        }
        events.extend(self.ending.check(&pulse));
        if self.ending.is_over() {
            let why = self.failure.why(&self.missing, self.watched());
            events.extend(why.map(PlayEvent::Failed));
        }
        self.place(events)
    }

    /// Makes stream times count from the first picture.
    fn place(&mut self, events: Vec<PlayEvent>) -> Vec<PlayEvent> {
        let may_wait = !self.is_over() && !self.stopped;
        self.origin
            .place(events, (&self.pipeline, &self.streams), may_wait)
    }

    /// Where times count from, in ns of stream time; 0 before that is known, and where they need no shift.
    pub fn origin(&self) -> u64 {
        self.origin.time()
    }

    /// Whether there is nothing left to wait for.
    pub fn is_over(&self) -> bool {
        self.ending.is_over()
    }

    /// Whether it was given up.
    pub fn has_failed(&self) -> bool {
        self.ending.has_failed()
    }

    /// Latest instant that was watched, in stream time.
    pub fn position(&self) -> u64 {
        let extents = self.extents();
        extents.map(|(_, last)| last).max().unwrap_or(0)
    }

    /// Up to which instant all is done, in stream time: a stream that ended early goes on until the end of the others.
    pub fn progress(&self) -> u64 {
        let chains = self.streams.chains().into_iter();
        let filled = chains.filter_map(|chain| chain.seen.filled_to()).min();
        let position = self.position();
        filled.map_or(position, |filled| filled.min(position))
    }

    /// How much of the longest stream was watched.
    pub fn watched(&self) -> u64 {
        self.extents().map(|(length, _)| length).max().unwrap_or(0)
    }

    /// How long the whole is, if it is known.
    pub fn length(&self) -> Option<u64> {
        let duration = self.pipeline.query_duration::<gst::ClockTime>();
        duration.map(gst::ClockTime::nseconds)
    }

    /// Wall time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// If the file ended well before the length that it gives itself: where it did, and that length.
    pub fn cut_short(&self) -> Option<(u64, u64)> {
        let position = self.position();
        let short = |length: &u64| position + (length / 20).max(MARGIN) < *length;
        let ended = self.ending.is_over() && !self.ending.has_failed() && position > 0;
        let length = (ended && source::tells_its_length(&self.pipeline)).then(|| self.length());
        Some((position, length.flatten().filter(short)?))
    }

    /// Stops: open episodes are closed on the way. Returns the last events.
    pub fn stop(&mut self) -> Vec<PlayEvent> {
        self.stopped = true;
        // In a thread of its own, since sources have been seen to hang on their way down.
        let (done, stopped) = std::sync::mpsc::channel();
        let (pipeline, streams) = (self.pipeline.clone(), Arc::clone(&self.streams));
        std::thread::spawn(move || {
            for chain in streams.chains() {
                chain.remove(&pipeline);
            }
            for subtitles in streams.subtitles() {
                subtitles.remove(&pipeline);
            }
            let _ = done.send(());
            let _ = pipeline.set_state(gst::State::Null);
            let _ = done.send(());
        });
        // First the chains, then the source.
        let hangs = stopped.recv_timeout(PATIENCE).is_err();
        let mut events = Vec::new();
        while let Some(message) = self.bus.pop() {
            self.read(&message, &mut events);
        }
        if hangs || stopped.recv_timeout(PATIENCE).is_err() {
            let text = "the source doesn't stop; left as it is";
            events.push(PlayEvent::Warning(text.to_owned()));
        }
        // Messages hold the pipeline, which holds the bus: what nobody reads would stay for ever.
        self.bus.set_flushing(true);
        self.place(events)
    }

    fn extents(&self) -> impl Iterator<Item = (u64, u64)> {
        self.streams
            .chains()
            .into_iter()
            .filter_map(|c| c.seen.extent())
    }

    fn pulse(&self) -> Pulse {
        let chains = self.streams.chains();
        let is_offered = !self.streams.offered().is_empty();
        let wanted = self.streams.wanted().len();
        Pulse {
            buffers: chains.iter().map(|c| c.seen.buffers()).sum(),
            over: !chains.is_empty() && chains.iter().all(|c| c.seen.is_over()),
            complete: chains.len() >= wanted,
            barren: is_offered && wanted == 0,
            empty: self.why_empty(is_offered),
        }
    }

    /// What is wrong if all was read and no track has come; `None` if more may come.
    fn why_empty(&self, is_offered: bool) -> Option<&'static str> {
        let has_tracks = !self.streams.chains().is_empty();
        let is_barren = is_offered && self.streams.wanted().is_empty();
        if has_tracks || is_barren || !self.ending.is_idle() || !source::is_read(&self.pipeline) {
            return None;
        }
        Some(match is_offered {
            true => "it ends before its first picture or sound",
            false => "no stream can be found in it; is it damaged?",
        })
    }
}

/// How much earlier than its own length a file may end: streams differ a little.
const MARGIN: u64 = 1_000_000_000;

/// Time that chains and sources get to stop.
const PATIENCE: Duration = Duration::from_secs(10);
