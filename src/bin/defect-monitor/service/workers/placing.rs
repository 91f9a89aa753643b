// SPDX-License-Identifier: MPL-2.0
//! Which worker gets which stream.

use std::sync::Arc;
use std::time::Instant;

use super::crashes::Company;
use super::process::Process;
use super::watched::{Place, Watched};
use super::{Known, PAUSE, Workers};
use crate::service::log;
use crate::service::protocol::{Assignment, Command};

impl Workers {
    /// Gives a worker to each stream that waits for one.
    pub(super) fn place_waiting(self: &Arc<Self>, known: &mut Known) {
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
    pub(super) fn assign(&self, known: &mut Known, id: &str, serial: u64) {
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
}
