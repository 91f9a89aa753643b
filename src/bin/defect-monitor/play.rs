// SPDX-License-Identifier: MPL-2.0
//! One URI being played: its pipeline, and what the bus says in words of the monitor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gst::prelude::*;
use gstdefect::{DefectMessage, MeasurementMessage};

use super::chain::Chain;
use super::ending::{Ending, Pulse};
use super::problem;
use super::source::{self, Streams};

/// What there is to tell.
#[derive(Debug)]
pub enum News {
    /// A defect of that stream.
    Defect(String, DefectMessage),
    /// A measurement of that stream.
    Measurement(String, MeasurementMessage),
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
    pipeline: gst::Pipeline,
    bus: gst::Bus,
    ending: Ending,
    started: Instant,
    warned: Vec<String>,
    ahead: Vec<News>,
}

impl Play {
    /// Starts to play what `source` puts into the pipeline.
    pub fn start(
        streams: Streams,
        timeout: Option<Duration>,
        source: impl FnOnce(&gst::Pipeline, &Arc<Streams>) -> Result<(), String>,
    ) -> Result<Self, String> {
        let pipeline = gst::Pipeline::new();
        let bus = pipeline.bus().ok_or("a pipeline without a bus")?;
        let streams = Arc::new(streams);
        source(&pipeline, &streams)?;
        let mut play = Self {
            streams,
            missing: Vec::new(),
            pipeline,
            bus,
            ending: Ending::new(timeout),
            started: Instant::now(),
            warned: Vec::new(),
            ahead: Vec::new(),
        };
        match play.pipeline.set_state(gst::State::Playing) {
            // The reason is on the bus.
            Err(_) => play.ending.eos(),
            Ok(gst::StateChangeSuccess::NoPreroll) => play.ending.set_live(),
            Ok(_) => {}
        }
        Ok(play)
    }

    /// What has happened, waiting for it for a while.
    pub fn news(&mut self, wait: Duration) -> Vec<News> {
        let mut news = std::mem::take(&mut self.ahead);
        let mut wait = gst::ClockTime::try_from(wait).unwrap_or_default();
        while let Some(message) = self.bus.timed_pop(wait) {
            self.read(&message, &mut news);
            wait = gst::ClockTime::ZERO;
        }
        news.extend(self.ending.check(&self.pulse()));
        news
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

    /// Stops: open episodes are closed on the way. What comes back is the last news.
    pub fn stop(&mut self) -> Vec<News> {
        // In a thread of its own, since sources have been seen to hang on their way down.
        let (done, stopped) = std::sync::mpsc::channel();
        let pipeline = self.pipeline.clone();
        std::thread::spawn(move || {
            let _ = pipeline.set_state(gst::State::Ready);
            let _ = done.send(());
        });
        let hangs = stopped.recv_timeout(Duration::from_secs(10)).is_err();
        let mut news = Vec::new();
        while let Some(message) = self.bus.pop() {
            self.read(&message, &mut news);
        }
        // Errors of a pipeline that is being torn down mean nothing.
        news.retain(|n| !matches!(n, News::Failed(_)));
        if hangs {
            news.push(News::Warning(
                "the source doesn't stop; left as it is".to_owned(),
            ));
        } else {
            let _ = self.pipeline.set_state(gst::State::Null);
        }
        news
    }

    fn extents(&self) -> impl Iterator<Item = (u64, u64)> {
        self.streams
            .chains()
            .into_iter()
            .filter_map(|c| c.seen.extent())
    }

    fn pulse(&self) -> Pulse {
        let chains = self.streams.chains();
        let offered = self.streams.offered();
        let watched = offered.iter().filter(|s| source::is_watched(s)).count();
        Pulse {
            buffers: chains.iter().map(|c| c.seen.buffers()).sum(),
            over: !chains.is_empty() && chains.iter().all(|c| c.seen.is_over()),
            complete: chains.len() + self.missing.len() >= watched,
            barren: !offered.is_empty() && watched == 0,
        }
    }

    fn read(&mut self, message: &gst::Message, news: &mut Vec<News>) {
        use gst::MessageView;
        match message.view() {
            MessageView::Element(e) => {
                if let Ok(defect) = DefectMessage::try_from(message.as_ref()) {
                    news.push(News::Defect(stream(message), defect));
                } else if let Ok(measurement) = MeasurementMessage::try_from(message.as_ref()) {
                    news.push(News::Measurement(stream(message), measurement));
                } else if let Some(name) = e.structure().and_then(problem::missing)
                    && !self.missing.contains(&name)
                {
                    self.missing.push(name);
                }
            }
            MessageView::StreamCollection(m) => self.streams.set_collection(m.stream_collection()),
            MessageView::Warning(w) => {
                let text = problem::text(&w.error(), w.debug().as_deref());
                self.warn(&stream(message), text, news);
            }
            MessageView::Error(e) => {
                if self.ending.fail() {
                    news.push(News::Failed(self.why(e)));
                }
            }
            MessageView::Eos(_) => self.ending.eos(),
            MessageView::Latency(_) => {
                let _ = self.pipeline.recalculate_latency();
            }
            _ => {}
        }
    }

    fn why(&self, error: &gst::message::Error) -> String {
        if self.missing.is_empty() {
            return problem::text(&error.error(), error.debug().as_deref());
        }
        format!("GStreamer has no plugin for: {}", self.missing.join(", "))
    }

    fn warn(&mut self, stream: &str, text: String, news: &mut Vec<News>) {
        let text = match stream {
            "" => text,
            stream => format!("{stream}: {text}"),
        };
        if !self.warned.contains(&text) && self.warned.len() < MOST_WARNINGS {
            self.warned.push(text.clone());
            news.push(News::Warning(text));
        }
    }
}

/// Broken streams have ever new things to warn of.
const MOST_WARNINGS: usize = 50;

/// Name of the chain that a message comes from; empty if it comes from elsewhere.
fn stream(message: &gst::Message) -> String {
    let mut object = message.src().cloned();
    while let Some(o) = object {
        if o.is::<gst::Pipeline>() {
            break;
        }
        if o.is::<gst::Bin>() && Chain::is_name(&o.name()) {
            return o.name().to_string();
        }
        object = o.parent();
    }
    String::new()
}
