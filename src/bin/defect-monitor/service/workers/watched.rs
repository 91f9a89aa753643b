// SPDX-License-Identifier: MPL-2.0
//! What the supervisor knows of a stream that a worker watches.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::aside::Aside;
use super::crashes::Crashes;
use crate::service::board::{State, Usage};
use crate::service::config::Plan;
use crate::service::outcome::{Event, Outcome};
use crate::service::room::Seat;
use crate::service::stream::{LOST, Next, RESTARTED, Reason, Resume, STREAM};

/// Where a stream is.
#[derive(Debug)]
pub enum Place {
    /// Waiting for a worker, until that instant at least.
    Waiting(Instant),
    /// In the worker of that serial number.
    In(u64),
    /// In that worker, which was told to stop it; what then.
    Ending(u64, Then),
    /// It was a file, which has ended.
    Over,
    /// Set aside.
    Aside(Box<Aside>),
}

/// What becomes of a stream that a worker was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is forgotten.
    Gone,
    /// It goes on in another worker.
    Again,
}

/// A stream.
#[derive(Debug)]
pub struct Watched {
    /// What is to be done with it.
    pub plan: Plan,
    /// All its detectors.
    pub detectors: Vec<Arc<str>>,
    /// Number of its assignment.
    pub run: u64,
    /// Where it is.
    pub place: Place,
    /// Whether there is room for it.
    pub seat: Seat,
    /// When workers failed with it.
    pub crashes: Crashes,
    /// How it is, as far as that was reported in this run.
    pub state: Option<State>,
    /// When it reported something last.
    pub heard: Instant,
    /// Why it may come late, as the worker was told last.
    pub beyond: Option<Arc<str>>,
    /// When the worker was told last that somebody looks.
    pub viewed: Option<Instant>,
    /// What earlier runs have used, and this one so far.
    usage: (Usage, Usage),
    /// The second of each detector of each track that is to come next.
    next: BTreeMap<(Arc<str>, Arc<str>), i64>,
    /// Episodes that are open, and whether people were alarmed of them.
    open: BTreeMap<Arc<str>, (Box<Event>, bool)>,
}

/// Why the supervisor ends episodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The stream goes on in another worker. If it is lost it stays so.
    Restart,
    /// It is set aside, of which everybody is told.
    SetAside,
    /// It isn't watched any more.
    Stop(Reason),
}

/// Open episodes of a stream that are known; more than any stream has.
const MANY: usize = 1024;

impl Watched {
    /// A stream that waits for a worker.
    pub fn new(plan: Plan, detectors: Vec<Arc<str>>, seat: Seat) -> Self {
        let now = Instant::now();
        Self {
            plan,
            detectors,
            run: 0,
            place: Place::Waiting(now),
            seat,
            crashes: Crashes::default(),
            state: None,
            heard: now,
            beyond: None,
            viewed: None,
            usage: Default::default(),
            next: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// The worker that it is in.
    pub fn worker(&self) -> Option<u64> {
        match self.place {
            Place::In(serial) | Place::Ending(serial, _) => Some(serial),
            _ => None,
        }
    }

    /// Whether something of it may have made its worker fail.
    pub fn is_in_progress(&self) -> bool {
        matches!(self.state, None | Some(State::Connecting | State::Watching))
    }

    /// How often it was started again in this run since that was reported last.
    pub fn new_restarts(&self, usage: Usage) -> u64 {
        usage.restarts.saturating_sub(self.usage.1.restarts)
    }

    /// What it has used in all, this run included.
    pub fn add_usage(&mut self, usage: Usage) -> Usage {
        self.usage.1 = usage;
        usage.after(&self.usage.0)
    }

    /// The next run begins.
    pub fn begin_run(&mut self, run: u64) {
        let (before, last) = std::mem::take(&mut self.usage);
        self.usage.0 = last.after(&before);
        (self.run, self.state, self.heard) = (run, None, Instant::now());
        (self.beyond, self.viewed) = (None, None);
    }

    /// Takes note of what its worker reports.
    pub fn note(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Second(record) => {
                let key = (
                    Arc::clone(&record.source.track),
                    Arc::clone(&record.detector),
                );
                // Once tracks are known there is nothing more to say of the stream as a whole.
                if !key.0.is_empty() {
                    self.next.retain(|(track, _), _| !track.is_empty());
                }
                self.next.insert(key, record.time.as_second() + 1);
            }
            Outcome::Defect(event) if event.defect.state == "end" => {
                self.open.remove(&event.episode);
            }
            Outcome::Defect(event) => {
                let alarmed = self.open.get(&event.episode).is_some_and(|(_, is)| *is);
                if alarmed || self.open.len() < MANY {
                    let episode = Arc::clone(&event.episode);
                    self.open.insert(episode, (event.clone(), alarmed));
                }
            }
            Outcome::Picture(_) => {}
        }
    }

    /// Takes note that people are alarmed.
    pub fn note_alarm(&mut self, event: &Event) {
        if let Some((_, alarmed)) = self.open.get_mut(&event.episode) {
            *alarmed = true;
        }
    }

    /// Where its detectors go on.
    pub fn seconds(&self) -> Vec<Next> {
        let next = |((track, detector), at): (&(Arc<str>, Arc<str>), &i64)| Next {
            track: Arc::clone(track),
            detector: Arc::clone(detector),
            at: *at,
        };
        self.next.iter().map(next).collect()
    }

    /// Its detectors go on there.
    pub fn set_seconds(&mut self, seconds: Vec<Next>) {
        let next = seconds.into_iter();
        self.next = next.map(|n| ((n.track, n.detector), n.at)).collect();
    }

    /// What the next worker goes on with.
    pub fn resume(&self) -> Resume {
        let lost = self.open.values().find(|(event, _)| is_lost(event));
        Resume {
            seconds: self.seconds(),
            lost: lost.cloned(),
        }
    }

    /// Ends the episodes that no worker will end, since the worker is gone; gives them, and whether people are to be told.
    pub fn end_open(&mut self, ending: Ending) -> Vec<(Box<Event>, bool)> {
        let is_ended = |event: &Event| ending != Ending::Restart || !is_lost(event);
        let (reason, is_told) = match ending {
            Ending::Restart | Ending::SetAside => (RESTARTED, true),
            // Nobody watches any more: who knows of it isn't told that it is over.
            Ending::Stop(reason) => (reason.name(), false),
        };
        let now = Timestamp::now();
        let ended = self.open.extract_if(.., |_, (event, _)| is_ended(event));
        ended
            .map(|(_, (mut event, alarmed))| {
                let lasted = now.duration_since(event.time).as_nanos();
                let lasted = u64::try_from(lasted).unwrap_or(0);
                event.defect.duration = event.defect.duration.max(lasted);
                event.defect.state = "end".to_owned();
                event.defect.reason = Some(reason.to_owned());
                (event, alarmed && is_told)
            })
            .collect()
    }
}

/// That the stream is lost outlasts its worker.
fn is_lost(event: &Event) -> bool {
    event.defect.element == STREAM && event.defect.kind == LOST
}
