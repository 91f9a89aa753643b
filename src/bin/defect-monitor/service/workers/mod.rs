// SPDX-License-Identifier: MPL-2.0
//! The worker processes: which stream is in which, and what becomes of streams whose worker fails or leaks.
//!
//! A worker has all of a stream, from source to verdict; events, records and small pictures are all that leaves it. What makes one fail
//! disturbs the others of that worker for seconds, and nobody else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

mod aside;
mod crashes;
mod growth;
mod look;
mod placing;
mod process;
mod reports;
mod watched;

use aside::Aside;
use process::Process;
use watched::{Ending, Place, Then, Watched};

use super::board::State;
use super::config::Plan;
use super::config::workers::Config;
use super::log;
use super::outcome::Event;
use super::outlets::Outlets;
use super::parts::Parts;
use super::protocol::Command;
use super::room::Room;
use super::stream::{self, Reason};
use super::turns::Turns;
use crate::lock::lock;

/// Workers have so long to end in good order.
const FAREWELL: Duration = Duration::from_secs(25);
/// Those that were killed then have so long to be gone: one that the system doesn't let go isn't waited for.
const LAST: Duration = Duration::from_secs(5);
/// What can't be started is tried again so much later.
const PAUSE: Duration = Duration::from_secs(2);

/// All workers.
#[derive(Debug)]
pub struct Workers {
    outlets: Outlets,
    parts: Parts,
    /// Which streams there is room for.
    pub room: Arc<Room>,
    turns: Turns,
    /// What workers are told on their command line.
    arguments: Vec<String>,
    state: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    config: Config,
    processes: BTreeMap<u64, Process>,
    streams: BTreeMap<Arc<str>, Watched>,
    /// Of the latest process, and of the latest assignment.
    serial: u64,
    run: u64,
    /// CPU time of processes that have ended.
    cpu: Duration,
    looked: Option<Instant>,
    is_closed: bool,
}

impl Workers {
    /// None yet; `arguments` are for the command line of each.
    pub fn new(outlets: Outlets, parts: Parts, arguments: Vec<String>) -> Arc<Self> {
        Arc::new(Self {
            outlets,
            parts,
            room: Arc::default(),
            turns: Turns::default(),
            arguments,
            state: Mutex::default(),
        })
    }

    /// How streams are shared from now on.
    pub fn set(&self, config: &Config) {
        lock(&self.state).config = config.clone();
    }

    /// Watches a stream, or goes on with it as that plan says.
    pub fn watch(self: &Arc<Self>, plan: Plan) {
        let id = Arc::clone(&plan.id);
        let choice = match stream::choice(&plan) {
            Ok(choice) => choice,
            Err(why) => {
                log::error(&id, &why);
                self.outlets.board.set_state(&id, State::Refused, Some(why));
                return;
            }
        };
        let detectors = stream::names(&choice);
        let (uri, labels) = (&plan.uri.shown, Arc::clone(&plan.labels));
        let board = &self.outlets.board;
        board.register(&id, uri, labels, detectors.clone());
        let mut known = lock(&self.state);
        if known.is_closed {
            return;
        }
        let stream = known
            .streams
            .entry(Arc::clone(&id))
            .or_insert_with(|| Watched::new(plan.clone(), detectors.clone(), self.room.seat(&id)));
        (stream.plan, stream.detectors) = (plan, detectors);
        match stream.place {
            // The worker ends one before it starts the other.
            Place::In(serial) => self.assign(&mut known, &id, serial),
            Place::Ending(serial, _) => stream.place = Place::Ending(serial, Then::Again),
            Place::Waiting(_) | Place::Over => stream.place = Place::Waiting(Instant::now()),
            Place::Aside(_) => self.release(stream, Reason::Changed),
        }
        self.place_waiting(&mut known);
    }

    /// Stops watching a stream.
    pub fn stop(&self, id: &str, reason: Reason) {
        let mut guard = lock(&self.state);
        let known = &mut *guard;
        let Some(stream) = known.streams.get_mut(id) else {
            return;
        };
        if let Place::Aside(_) = stream.place {
            self.release(stream, reason);
        }
        match stream.place {
            Place::In(serial) => {
                stream.place = Place::Ending(serial, Then::Gone);
                let stream = Arc::clone(&stream.plan.id);
                if let Some(process) = known.processes.get_mut(&serial) {
                    process.tell(&Command::Stop { stream, reason });
                }
            }
            Place::Ending(serial, _) => stream.place = Place::Ending(serial, Then::Gone),
            _ => {
                let ended = stream.end_open(Ending::Stop(reason));
                known.streams.remove(id);
                self.tell_ended(ended);
            }
        }
    }

    /// Watches again what was set aside.
    pub fn release_all(self: &Arc<Self>) {
        let mut known = lock(&self.state);
        for stream in known.streams.values_mut() {
            if let Place::Aside(_) = stream.place {
                self.release(stream, Reason::Changed);
            }
        }
        self.place_waiting(&mut known);
    }

    /// Ends all workers, for good: their streams' episodes are closed.
    pub fn close(&self) {
        {
            let mut guard = lock(&self.state);
            let known = &mut *guard;
            known.is_closed = true;
            for stream in known.streams.values_mut() {
                if let Place::Aside(_) = stream.place {
                    self.release(stream, Reason::Stopped);
                }
                if let Some(serial) = stream.worker() {
                    stream.place = Place::Ending(serial, Then::Gone);
                }
            }
            let processes = known.processes.values_mut();
            processes.for_each(|process| process.tell(&Command::Close));
        }
        if !self.has_ended(FAREWELL) {
            let mut known = lock(&self.state);
            let processes = known.processes.values_mut();
            processes.for_each(|process| process.kill("it doesn't end"));
            drop(known);
            self.has_ended(LAST);
        }
        let mut known = lock(&self.state);
        for stream in std::mem::take(&mut known.streams).values_mut() {
            self.tell_ended(stream.end_open(Ending::Stop(Reason::Stopped)));
        }
    }

    /// Whether all workers end within that time.
    fn has_ended(&self, limit: Duration) -> bool {
        let start = Instant::now();
        while !lock(&self.state).processes.is_empty() {
            if start.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// A stream isn't watched any more, since workers fail with it.
    fn set_aside(&self, stream: &mut Watched, how: &str) {
        let id = Arc::clone(&stream.plan.id);
        let why = format!(
            "set aside: three workers in an hour failed with it, the last of them {how}; \
             SIGHUP or a change of its configuration has it watched again"
        );
        log::error(&id, &why);
        let detectors = stream.detectors.clone();
        let aside = Aside::new(&stream.plan, detectors, &stream.seconds(), &why);
        self.tell(aside.begin());
        self.tell_ended(stream.end_open(Ending::SetAside));
        let board = &self.outlets.board;
        board.set_state(&id, State::Quarantined, Some(why));
        stream.place = Place::Aside(Box::new(aside));
    }

    /// Ends that a stream is set aside: it waits for a worker again.
    fn release(&self, stream: &mut Watched, reason: Reason) {
        let waiting = Place::Waiting(Instant::now());
        if let Place::Aside(mut aside) = std::mem::replace(&mut stream.place, waiting) {
            for record in aside.records() {
                self.outlets.tell(record);
            }
            let (event, seconds) = aside.end(reason.name());
            stream.set_seconds(seconds);
            stream.crashes = Default::default();
            let is_told = reason == Reason::Changed;
            self.tell_ended(vec![(event, is_told)]);
        }
    }

    /// An event of a stream that no worker watches.
    fn tell(&self, event: Box<Event>) {
        self.outlets
            .tell(super::outcome::Outcome::Defect(event.clone()));
        if !event.maintenance {
            self.outlets.alarm(&event);
        }
    }

    /// Episodes that were ended, and whether people are to know.
    fn tell_ended(&self, ended: Vec<(Box<Event>, bool)>) {
        for (event, is_told) in ended {
            self.outlets
                .tell(super::outcome::Outcome::Defect(event.clone()));
            if is_told {
                self.outlets.alarm(&event);
            }
        }
    }
}
