// SPDX-License-Identifier: MPL-2.0
//! The worker processes: which stream is in which, and what becomes of streams whose worker fails or leaks.
//!
//! A worker has all of a stream, from source to verdict; events, records and small pictures are all that leaves it. What makes one fail
//! disturbs the others of that worker for seconds, and nobody else.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

mod aside;
mod crashes;
mod growth;
mod look;
mod process;
mod watched;

use aside::Aside;
use crashes::Company;
use process::Process;
use watched::{Ending, Place, Then, Watched};

use super::board::State;
use super::config::Plan;
use super::config::workers::Config;
use super::log;
use super::outcome::Event;
use super::outlets::Outlets;
use super::parts::Parts;
use super::protocol::{self, Assignment, Command, News, Report};
use super::room::Room;
use super::stream::{self, Reason};
use super::turns::Turns;
use crate::lock::lock;

/// Workers have so long to end in good order.
const FAREWELL: Duration = Duration::from_secs(25);
/// A worker that failed so soon isn't followed by the next at once.
const SOON: Duration = Duration::from_secs(5);
/// It is so much later.
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
        let start = Instant::now();
        while !lock(&self.state).processes.is_empty() {
            if start.elapsed() > FAREWELL {
                let mut known = lock(&self.state);
                let processes = known.processes.values_mut();
                processes.for_each(|process| process.kill("it doesn't end"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut known = lock(&self.state);
        for stream in std::mem::take(&mut known.streams).values_mut() {
            self.tell_ended(stream.end_open(Ending::Stop(Reason::Stopped)));
        }
    }

    /// Gives a worker to each stream that waits for one.
    fn place_waiting(self: &Arc<Self>, known: &mut Known) {
        if known.is_closed {
            return;
        }
        let now = Instant::now();
        let is_due = |stream: &Watched| matches!(stream.place, Place::Waiting(at) if at <= now);
        let due = known.streams.iter().filter(|(_, stream)| is_due(stream));
        let due: Vec<Arc<str>> = due.map(|(id, _)| Arc::clone(id)).collect();
        for id in due {
            let company = known.streams.get_mut(&id).map(|s| s.crashes.company(now));
            let is_alone = company == Some(Company::None);
            let serial = match self.worker_with_room(known, is_alone) {
                Ok(serial) => serial,
                Err(why) => {
                    log::error("workers", format!("no process for {id}: {why}"));
                    if let Some(stream) = known.streams.get_mut(&id) {
                        stream.place = Place::Waiting(now + PAUSE);
                    }
                    return;
                }
            };
            self.assign(known, &id, serial);
        }
    }

    /// The first worker that has room for one more stream, or a new one.
    fn worker_with_room(
        self: &Arc<Self>,
        known: &mut Known,
        is_alone: bool,
    ) -> Result<u64, String> {
        let most = known.config.streams_per_worker.get();
        let has_room = |process: &&Process| {
            let streams = known.streams.values();
            let taken = streams.filter(|s| s.worker() == Some(process.serial));
            !process.leaves && !process.is_alone && taken.count() < most
        };
        let found = known.processes.values().find(has_room);
        if let Some(process) = found.filter(|_| !is_alone) {
            return Ok(process.serial);
        }
        let is_taken = |number: &usize| known.processes.values().any(|p| p.number == *number);
        let number = (0..).find(|number| !is_taken(number)).unwrap_or(0);
        known.serial += 1;
        let serial = known.serial;
        let started = Process::start(serial, (number, is_alone), &self.arguments);
        let (process, reports) = started.map_err(|e| e.to_string())?;
        known.processes.insert(serial, process);
        let workers = Arc::clone(self);
        let thread = std::thread::Builder::new().name(format!("worker {number}"));
        let reading = thread.spawn(move || workers.read(serial, reports));
        if let Err(e) = reading {
            if let Some(process) = known.processes.remove(&serial) {
                let _ = process.wait();
            }
            return Err(format!("no thread to read its reports: {e}"));
        }
        Ok(serial)
    }

    /// Has a worker watch a stream.
    fn assign(&self, known: &mut Known, id: &str, serial: u64) {
        known.run += 1;
        let run = known.run;
        let Some(stream) = known.streams.get_mut(id) else {
            return;
        };
        let delay = self.turns.next();
        let assignment = Assignment {
            plan: stream.plan.clone(),
            run,
            delay: delay.saturating_duration_since(Instant::now()),
            resume: stream.resume(),
        };
        stream.begin_run(run);
        stream.place = Place::In(serial);
        let answer = stream.seat.ask();
        if let Some(process) = known.processes.get_mut(&serial) {
            process.tell(&Command::Watch {
                assignment: Box::new(assignment),
                answer,
            });
        }
    }

    /// Reads what a worker reports, to its end.
    fn read(self: Arc<Self>, serial: u64, mut reports: BufReader<UnixStream>) {
        loop {
            match protocol::read(&mut reports) {
                Ok(Some(report)) => self.take(serial, report),
                Ok(None) => break,
                Err(e) => {
                    log::error("workers", format!("a report can't be read: {e}"));
                    break;
                }
            }
        }
        self.ended(serial);
    }

    fn take(&self, serial: u64, report: Report) {
        match report {
            Report::Stream { stream, run, news } => self.take_news(serial, &stream, run, news),
            Report::Alive(footprint) => {
                if let Some(process) = lock(&self.state).processes.get_mut(&serial) {
                    (process.heard, process.footprint) = (Instant::now(), footprint);
                }
            }
            Report::Overrun(lost) => {
                let help = "Reports of workers that the supervisor couldn't take in time.";
                let name = "defect_worker_reports_lost_total";
                self.parts.add(name, help, "workers", lost as f64);
                log::error("workers", format!("{lost} reports of one were lost"));
            }
        }
    }

    fn take_news(&self, serial: u64, id: &Arc<str>, run: u64, news: News) {
        let mut guard = lock(&self.state);
        let known = &mut *guard;
        let Some(stream) = known.streams.get_mut(id) else {
            return;
        };
        stream.heard = Instant::now();
        let is_current = stream.run == run;
        let (board, labels) = (&self.outlets.board, &stream.plan.labels);
        match news {
            News::Outcome(mut outcome) => {
                outcome.source_mut().labels = Arc::clone(labels);
                stream.note(&outcome);
                drop(guard);
                self.outlets.tell(outcome);
            }
            News::Alarm(mut event) => {
                event.source.labels = Arc::clone(labels);
                stream.note_alarm(&event);
                drop(guard);
                self.outlets.alarm(&event);
            }
            News::State(state, why) if is_current => {
                stream.state = Some(state);
                board.set_state(id, state, why);
            }
            News::Tracks(tracks) if is_current => board.set_tracks(id, tracks),
            News::Usage(usage, watched) if is_current => {
                let reconnects = stream.new_restarts(usage);
                let total = stream.add_usage(usage);
                if let Some(process) = known.processes.get_mut(&serial) {
                    process.reconnects += reconnects;
                }
                let lag = Duration::try_from_secs_f64(usage.lag_seconds).unwrap_or_default();
                stream.seat.note(watched, lag);
                board.set_usage(id, total);
            }
            News::Idle if is_current => stream.seat.rest(),
            News::Thumbnail(jpeg) => board.set_thumbnail(id, jpeg),
            News::Admission if is_current => {
                let (answer, stream) = (stream.seat.ask(), Arc::clone(id));
                if let Some(process) = known.processes.get_mut(&serial) {
                    process.tell(&Command::Admission { stream, answer });
                }
            }
            News::Ended if is_current => match stream.place {
                Place::Ending(_, Then::Gone) => {
                    let ended = stream.end_open(Ending::Stop(Reason::Stopped));
                    known.streams.remove(id);
                    drop(guard);
                    self.tell_ended(ended);
                }
                Place::Ending(_, Then::Again) => stream.place = Place::Waiting(Instant::now()),
                Place::In(_) => stream.place = Place::Over,
                _ => {}
            },
            _ => {}
        }
    }

    /// A worker has ended: what it watched is watched by others.
    fn ended(self: &Arc<Self>, serial: u64) {
        let mut guard = lock(&self.state);
        let known = &mut *guard;
        let Some(process) = known.processes.remove(&serial) else {
            return;
        };
        known.cpu += process.footprint.cpu;
        let (number, pid, killed) = (process.number, process.id(), process.killed);
        let lived = process.started.elapsed();
        // It has closed its socket, so it can't take long.
        let Ok(status) = process.wait() else {
            return;
        };
        let is_failure = killed.is_some() || crashes::is_failure(status);
        let now = Instant::now();
        let later = if lived < SOON { now + PAUSE } else { now };
        let (mut ids, mut gone, mut ended) = (Vec::new(), Vec::new(), Vec::new());
        let streams = known.streams.iter_mut();
        for (id, stream) in streams.filter(|(_, s)| s.worker() == Some(serial)) {
            if matches!(stream.place, Place::Ending(_, Then::Gone)) {
                ended.extend(stream.end_open(Ending::Stop(Reason::Stopped)));
                gone.push(Arc::clone(id));
                continue;
            }
            ids.push(Arc::clone(id));
            stream.seat.rest();
            ended.extend(stream.end_open(Ending::Restart));
            if is_failure && stream.is_in_progress() {
                stream.crashes.note(now);
            }
            stream.place = Place::Waiting(later);
            let why = Some("its worker failed, another takes over".to_owned());
            self.outlets.board.set_state(id, State::Connecting, why);
            if stream.crashes.company(now) == Company::SetAside {
                self.set_aside(stream, &crashes::words(status));
            }
        }
        gone.iter().for_each(|id| {
            known.streams.remove(id);
        });
        let is_expected = known.is_closed || (ids.is_empty() && status.success());
        if !is_expected {
            let help = "Workers that failed, or were ended from outside or since they hung.";
            self.parts
                .add("defect_worker_failures_total", help, "workers", 1.0);
            let how = match killed {
                Some(why) => format!("was ended, since {why}"),
                None => crashes::words(status),
            };
            let what = ids.join(", ");
            let text = format!("worker {number} (process {pid}) {how}; it watched {what}");
            log::error("workers", text);
        }
        self.tell_ended(ended);
        self.place_waiting(known);
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
