// SPDX-License-Identifier: MPL-2.0
//! What the supervisor knows of a stream, and in which worker it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::crashes::Crashes;
use super::quarantined::Quarantined;
use crate::service::board::{State, Usage};
use crate::service::config::Plan;
use crate::service::gate::Ticket;
use crate::service::outcome::{Event, Outcome};
use crate::service::stream::{LOST, NextSecond, RESTARTED, Reason, Resume, STREAM};

/// The placement of a stream.
#[derive(Debug)]
pub enum Placement {
    /// Waiting for a worker, until that instant at least.
    Waiting(Instant),
    /// In the worker of that serial number.
    In(u64),
    /// In that worker, which was told to stop it; and how the stream goes on after that.
    Ending(u64, AfterStop),
    /// A file that has ended.
    Over,
    /// Quarantined.
    Aside(Box<Quarantined>),
}

/// How a stream goes on that a worker was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterStop {
    /// It is forgotten.
    Gone,
    /// It goes on in another worker.
    Again,
}

/// A stream.
#[derive(Debug)]
pub struct Watched {
    /// Its plan.
    pub plan: Plan,
    /// All its detectors.
    pub detectors: Vec<Arc<str>>,
    /// Number of its assignment.
    pub run: u64,
    /// Its placement.
    pub place: Placement,
    /// Its ticket to the gate.
    pub ticket: Ticket,
    /// Failures of workers with it.
    pub crashes: Crashes,
    /// Its state, as reported in this run.
    pub state: Option<State>,
    /// Time of its last report.
    pub heard: Instant,
    /// The reason why it may come late, as the worker was told last.
    pub late_reason: Option<Arc<str>>,
    /// When the worker was last told that somebody looks at it.
    pub viewed: Option<Instant>,
    /// Usage of earlier runs, and of this run so far.
    usage: (Usage, Usage),
    /// The next second of each detector of each track.
    next: BTreeMap<(Arc<str>, Arc<str>), i64>,
    /// Open episodes, and whether receivers were sent them.
    open: BTreeMap<Arc<str>, (Box<Event>, bool)>,
}

/// Why the supervisor ends episodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The stream goes on in another worker. An open `lost` stays open.
    Restart,
    /// It is quarantined, which everybody is told.
    SetAside,
    /// It isn't watched any more.
    Stop(Reason),
}

/// Most open episodes that are known of a stream; more than any stream has.
const MANY: usize = 1024;

impl Watched {
    /// A stream that waits for a worker.
    pub fn new(plan: Plan, detectors: Vec<Arc<str>>, ticket: Ticket) -> Self {
        let now = Instant::now();
        Self {
            plan,
            detectors,
            run: 0,
            place: Placement::Waiting(now),
            ticket,
            crashes: Crashes::default(),
            state: None,
            heard: now,
            late_reason: None,
            viewed: None,
            usage: Default::default(),
            next: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// The worker that it is in.
    pub fn worker(&self) -> Option<u64> {
        match self.place {
            Placement::In(serial) | Placement::Ending(serial, _) => Some(serial),
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

    /// Its usage in all, this run included.
    pub fn add_usage(&mut self, usage: Usage) -> Usage {
        self.usage.1 = usage;
        usage.after(&self.usage.0)
    }

    /// Begins the next run.
    pub fn begin_run(&mut self, run: u64) {
        let (before, last) = std::mem::take(&mut self.usage);
        self.usage.0 = last.after(&before);
        (self.run, self.state, self.heard) = (run, None, Instant::now());
        (self.late_reason, self.viewed) = (None, None);
    }

    /// Handles a report of its worker.
    pub fn note(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Second(record) => {
                let key = (
                    Arc::clone(&record.source.track),
                    Arc::clone(&record.detector),
                );
                // Once tracks are known, nothing more is reported for the stream as a whole.
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

    /// Notes that receivers were sent an event.
    pub fn note_alarm(&mut self, event: &Event) {
        if let Some((_, alarmed)) = self.open.get_mut(&event.episode) {
            *alarmed = true;
        }
    }

    /// The seconds at which its detectors continue.
    pub fn seconds(&self) -> Vec<NextSecond> {
        let next = |((track, detector), at): (&(Arc<str>, Arc<str>), &i64)| NextSecond {
            track: Arc::clone(track),
            detector: Arc::clone(detector),
            at: *at,
        };
        self.next.iter().map(next).collect()
    }

    /// Sets the seconds at which its detectors continue.
    pub fn set_seconds(&mut self, seconds: Vec<NextSecond>) {
        let next = seconds.into_iter();
        self.next = next.map(|n| ((n.track, n.detector), n.at)).collect();
    }

    /// What the next worker needs to continue.
    pub fn resume(&self) -> Resume {
        let lost = self.open.values().find(|(event, _)| is_lost(event));
        Resume {
            seconds: self.seconds(),
            lost: lost.cloned(),
        }
    }

    /// Ends the episodes of a worker that is gone; returns them, and whether receivers are to be told.
    pub fn end_open(&mut self, ending: Ending) -> Vec<(Box<Event>, bool)> {
        let is_ended = |event: &Event| ending != Ending::Restart || !is_lost(event);
        let (reason, is_told) = match ending {
            Ending::Restart | Ending::SetAside => (RESTARTED, true),
            // Watching stops: receivers get no end, since the defect may still be there.
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

/// Whether the episode is `lost`, which outlasts the worker.
fn is_lost(event: &Event) -> bool {
    event.defect.element == STREAM && event.defect.kind == LOST
}
