// SPDX-License-Identifier: MPL-2.0
//! Watches a programme as the monitor does, and measures what the process takes for it.

use std::sync::Arc;
use std::time::Duration;

use super::super::address::Address;
use super::super::analysis::{Analysis, OnDefect};
use super::super::chain::Pace;
use super::super::choice::Choice;
use super::super::machine::{process_cpu, resident};
use super::super::play::{Play, PlayEvent};
use super::super::source::Streams;

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
    /// How much of it is analysed.
    pub analysis: Analysis,
    /// Each detector is also measured alone.
    pub measures_alone: bool,
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
    /// Starts to watch it, with these detectors.
    pub fn start(&self, choice: &Arc<Choice>) -> Result<Watching, String> {
        let pace = Pace {
            realtime: false,
            limit: Some(self.length),
        };
        let (uri, streams) = (&self.address.uri, Streams::new(Arc::clone(choice), pace));
        let (play, on_defect) = self.analysis.play(uri, streams, Some(PATIENCE))?;
        Ok(Watching { play, on_defect })
    }

    /// Watches it with these detectors, so many times at once.
    pub fn watch(&self, choice: &Arc<Choice>, times: usize) -> Result<Taken, String> {
        let before = process_cpu();
        let all: Result<Vec<Watching>, String> = (0..times).map(|_| self.start(choice)).collect();
        let mut all = all?;
        let mut memory = 0;
        while !all.iter().all(|one| one.play.is_over()) {
            for one in all.iter_mut().filter(|one| !one.play.is_over()) {
                one.read_messages(TICK)?;
            }
            memory = memory.max(resident());
        }
        let watched: u64 = all.iter().map(|one| one.play.watched()).sum();
        for one in &mut all {
            one.stop()?;
        }
        if let Some(missing) = all.iter().find_map(|one| one.play.missing.first()) {
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

/// A programme that is being watched.
pub struct Watching {
    /// Its pipeline.
    pub play: Play,
    on_defect: OnDefect,
}

impl Watching {
    /// Takes what the pipeline says, or waits for that long; an error if something hinders it.
    pub fn read_messages(&mut self, wait: Duration) -> Result<(), String> {
        let events = self.play.events(wait);
        self.handle(events)
    }

    /// Stops it; an error if something hindered it.
    pub fn stop(&mut self) -> Result<(), String> {
        let events = self.play.stop();
        self.handle(events)
    }

    fn handle(&self, events: Vec<PlayEvent>) -> Result<(), String> {
        for event in events {
            match event {
                PlayEvent::Failed(why) => return Err(why),
                PlayEvent::Defect(track, defect) => (self.on_defect)(&track, &defect),
                _ => {}
            }
        }
        Ok(())
    }
}
