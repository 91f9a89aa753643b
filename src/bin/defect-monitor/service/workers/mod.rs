// SPDX-License-Identifier: MPL-2.0
//! The worker processes: which stream is in which, and how streams go on whose worker fails or leaks.
//!
//! A worker does everything for its streams, from source to verdict; it sends only events, records and small
//! pictures. A failure disturbs only the streams of that worker, for seconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

mod crashes;
mod growth;
mod look;
mod placing;
mod process;
mod quarantined;
mod reports;
mod watched;

use process::Process;
use quarantined::Quarantined;
use reports::{LOST, LOST_HELP};
use watched::{AfterStop, Ending, Placement, Watched};

use super::board::State;
use super::config::Plan;
use super::config::workers::Config;
use super::gate::CapacityGate;
use super::log;
use super::outcome::Event;
use super::outlets::Outlets;
use super::parts::Parts;
use super::protocol::Command;
use super::start_pacing::StartPacing;
use super::stream::{self, Reason};
use crate::lock::lock;

/// Time that workers get to end in good order.
const FAREWELL: Duration = Duration::from_secs(25);
/// Time to wait for killed workers; one that the system doesn't release isn't waited for longer.
const LAST: Duration = Duration::from_secs(5);
/// Time after which a start that failed is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// All workers.
#[derive(Debug)]
pub struct Workers {
    outlets: Outlets,
    parts: Parts,
    /// Admits streams by capacity.
    pub gate: Arc<CapacityGate>,
    start_pacing: StartPacing,
    /// The command-line arguments of workers.
    arguments: Vec<String>,
    state: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    config: Config,
    processes: BTreeMap<u64, Process>,
    streams: BTreeMap<Arc<str>, Watched>,
    /// Numbers of the latest process, and of the latest assignment.
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
        // From the start: of a counter that isn't there before it counts, Prometheus doesn't see the first loss.
        parts.add(LOST, LOST_HELP, "workers", 0.0);
        Arc::new(Self {
            outlets,
            parts,
            gate: Arc::default(),
            start_pacing: StartPacing::default(),
            arguments,
            state: Mutex::default(),
        })
    }

    /// Sets how streams are shared from now on.
    pub fn set(&self, config: &Config) {
        lock(&self.state).config = config.clone();
    }

    /// Watches a stream, or continues it with another plan.
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
        self.outlets.alerts.add_stream(&id);
        let mut inner = lock(&self.state);
        if inner.is_closed {
            return;
        }
        let stream = inner.streams.entry(Arc::clone(&id)).or_insert_with(|| {
            Watched::new(plan.clone(), detectors.clone(), self.gate.ticket(&id))
        });
        (stream.plan, stream.detectors) = (plan, detectors);
        match stream.place {
            // The worker ends one before it starts the other.
            Placement::In(serial) => self.assign(&mut inner, &id, serial),
            Placement::Ending(serial, _) => {
                stream.place = Placement::Ending(serial, AfterStop::Again)
            }
            Placement::Waiting(_) | Placement::Over => {
                stream.place = Placement::Waiting(Instant::now())
            }
            Placement::Aside(_) => self.release(stream, Reason::Changed),
        }
        self.place_waiting(&mut inner);
    }

    /// Stops watching a stream. One that another process has isn't removed: its alarms go on there.
    pub fn stop(&self, id: &str, reason: Reason) {
        if reason == Reason::Stopped {
            self.outlets.alerts.remove_stream(id);
        }
        let mut guard = lock(&self.state);
        let inner = &mut *guard;
        let Some(stream) = inner.streams.get_mut(id) else {
            return;
        };
        if let Placement::Aside(_) = stream.place {
            self.release(stream, reason);
        }
        match stream.place {
            Placement::In(serial) => {
                stream.place = Placement::Ending(serial, AfterStop::Gone);
                let stream = Arc::clone(&stream.plan.id);
                if let Some(process) = inner.processes.get_mut(&serial) {
                    process.tell(&Command::Stop { stream, reason });
                }
            }
            Placement::Ending(serial, _) => {
                stream.place = Placement::Ending(serial, AfterStop::Gone)
            }
            _ => {
                let ended = stream.end_open(Ending::Stop(reason));
                inner.streams.remove(id);
                self.tell_ended(ended);
            }
        }
    }

    /// Watches quarantined streams again.
    pub fn release_all(self: &Arc<Self>) {
        let mut inner = lock(&self.state);
        for stream in inner.streams.values_mut() {
            if let Placement::Aside(_) = stream.place {
                self.release(stream, Reason::Changed);
            }
        }
        self.place_waiting(&mut inner);
    }

    /// Ends all workers, for good: their streams' episodes are closed.
    pub fn close(&self) {
        {
            let mut guard = lock(&self.state);
            let inner = &mut *guard;
            inner.is_closed = true;
            for stream in inner.streams.values_mut() {
                if let Placement::Aside(_) = stream.place {
                    self.release(stream, Reason::Stopped);
                }
                if let Some(serial) = stream.worker() {
                    stream.place = Placement::Ending(serial, AfterStop::Gone);
                }
            }
            let processes = inner.processes.values_mut();
            processes.for_each(|process| process.tell(&Command::Close));
        }
        if !self.has_ended(FAREWELL) {
            let mut inner = lock(&self.state);
            let processes = inner.processes.values_mut();
            processes.for_each(|process| process.kill("it doesn't end"));
            drop(inner);
            self.has_ended(LAST);
        }
        let mut inner = lock(&self.state);
        for stream in std::mem::take(&mut inner.streams).values_mut() {
            self.tell_ended(stream.end_open(Ending::Stop(Reason::Stopped)));
        }
    }

    /// Waits for the end of all workers; false if they don't end within that time.
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

    /// Quarantines a stream, since workers fail with it.
    fn set_aside(&self, stream: &mut Watched, how: &str) {
        let id = Arc::clone(&stream.plan.id);
        let why = format!(
            "set aside: three workers in an hour failed with it, the last of them {how}; \
             SIGHUP or a change of its configuration has it watched again"
        );
        let detectors = stream.detectors.clone();
        let aside = Quarantined::new(&stream.plan, detectors, &stream.seconds(), &why);
        self.tell(aside.begin());
        self.tell_ended(stream.end_open(Ending::SetAside));
        let board = &self.outlets.board;
        board.set_state(&id, State::Quarantined, Some(why.clone()));
        stream.place = Placement::Aside(Box::new(aside));
        log::error(&id, &why);
    }

    /// Ends the quarantine of a stream: it waits for a worker again.
    fn release(&self, stream: &mut Watched, reason: Reason) {
        let waiting = Placement::Waiting(Instant::now());
        if let Placement::Aside(mut aside) = std::mem::replace(&mut stream.place, waiting) {
            for record in aside.records() {
                self.outlets.publish(record);
            }
            let (event, seconds) = aside.end(reason.name());
            stream.set_seconds(seconds);
            stream.crashes = Default::default();
            let is_told = reason == Reason::Changed;
            self.tell_ended(vec![(event, is_told)]);
        }
    }

    /// Publishes an event of a stream that no worker watches.
    fn tell(&self, event: Box<Event>) {
        self.outlets
            .publish(super::outcome::Outcome::Defect(event.clone()));
        if !event.maintenance {
            self.outlets.send_alarm(&event);
        }
    }

    /// Publishes the ends of episodes, and sends them to receivers if these are to know.
    fn tell_ended(&self, ended: Vec<(Box<Event>, bool)>) {
        for (event, is_told) in ended {
            self.outlets
                .publish(super::outcome::Outcome::Defect(event.clone()));
            if is_told {
                self.outlets.send_alarm(&event);
            }
        }
    }
}
