// SPDX-License-Identifier: MPL-2.0
//! Watches a programme as the monitor does, and measures what the process takes for it.

use std::sync::Arc;
use std::time::Duration;

use gst::prelude::*;

use super::super::address::Address;
use super::super::chain::Pace;
use super::super::choice::Choice;
use super::super::decoder;
use super::super::machine::{process_cpu, resident};
use super::super::play::{Play, PlayEvent};
use super::super::source::{self, Streams};

/// How long to wait for an event of one stream.
const TICK: Duration = Duration::from_millis(20);
/// Time without data after which the stream has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A programme to watch.
pub struct Subject {
    /// For people.
    pub label: String,
    /// Where it comes from.
    pub address: Address,
    /// What watches it.
    pub choice: Arc<Choice>,
    /// How much of it is watched.
    pub length: Duration,
    /// Told of the pipeline before anything is in it.
    pub prepare: Box<dyn Fn(&gst::Pipeline)>,
    /// Takes passwords out of a text.
    pub redact: Box<dyn Fn(&str) -> String>,
}

/// The measured costs.
pub struct Taken {
    /// CPU time of the process for a second of stream, in ms.
    pub cpu: f64,
    /// The most bytes of memory that the process had meanwhile.
    pub memory: u64,
}

impl Subject {
    /// Whether it can be read at any speed, and repeatedly.
    pub fn is_file(&self) -> bool {
        self.address.uri.starts_with("file:")
    }

    /// Starts to watch it, with these detectors.
    pub fn start(&self, choice: &Arc<Choice>) -> Result<Play, String> {
        let pace = Pace {
            realtime: false,
            limit: Some(self.length),
        };
        let (uri, streams) = (&self.address.uri, Streams::new(Arc::clone(choice), pace));
        Play::start(uri, streams, Some(PATIENCE), |pipeline, streams| {
            (self.prepare)(pipeline);
            source::uri(pipeline, uri, streams)
        })
    }

    /// Watches it with these detectors, so many times at once.
    pub fn watch(&self, choice: &Arc<Choice>, times: usize) -> Result<Taken, String> {
        let before = process_cpu();
        let plays: Result<Vec<Play>, String> = (0..times).map(|_| self.start(choice)).collect();
        let mut plays = plays?;
        let mut memory = 0;
        while !plays.iter().all(Play::is_over) {
            for play in plays.iter_mut().filter(|play| !play.is_over()) {
                trouble(play.events(TICK))?;
            }
            memory = memory.max(resident());
        }
        let watched: u64 = plays.iter().map(Play::watched).sum();
        for play in &mut plays {
            trouble(play.stop())?;
        }
        if let Some(missing) = plays.iter().find_map(|play| play.missing.first()) {
            return Err(format!("GStreamer has no plugin for: {missing}"));
        }
        if watched == 0 {
            return Err("there is nothing in it to watch".to_owned());
        }
        let cpu = process_cpu().saturating_sub(before);
        Ok(Taken {
            cpu: cpu.as_secs_f64() * 1e12 / watched as f64,
            memory,
        })
    }
}

/// Settings of the service: one thread for each decoder.
pub fn one_thread(pipeline: &gst::Pipeline) {
    pipeline.connect_deep_element_added(|_, _, element| {
        if decoder::kind(element).is_some() {
            decoder::use_one_thread(element);
        }
    });
}

/// Whatever it is that hinders; defects don't matter here.
pub fn trouble(events: Vec<PlayEvent>) -> Result<(), String> {
    let failed = events.into_iter().find_map(|event| match event {
        PlayEvent::Failed(why) => Some(why),
        _ => None,
    });
    failed.map_or(Ok(()), Err)
}
