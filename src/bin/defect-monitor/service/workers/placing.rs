// SPDX-License-Identifier: MPL-2.0
//! Assigns streams to workers.

use std::sync::Arc;
use std::time::Instant;

use super::crashes::Sharing;
use super::process::Process;
use super::watched::{Placement, Watched};
use super::{Inner, PAUSE, Workers};
use crate::service::log;
use crate::service::protocol::{Assignment, Command};

impl Workers {
    /// Gives a worker to each stream that waits for one.
    pub(super) fn place_waiting(self: &Arc<Self>, inner: &mut Inner) {
        if inner.is_closed {
            return;
        }
        let now = Instant::now();
        let is_due = |stream: &Watched| matches!(stream.place, Placement::Waiting(at) if at <= now);
        let due = inner.streams.iter().filter(|(_, stream)| is_due(stream));
        let due: Vec<Arc<str>> = due.map(|(id, _)| Arc::clone(id)).collect();
        for id in due {
            let sharing = inner.streams.get_mut(&id).map(|s| s.crashes.sharing(now));
            let is_alone = sharing == Some(Sharing::Alone);
            let serial = match self.worker_with_room(inner, is_alone) {
                Ok(serial) => serial,
                Err(why) => {
                    log::error("workers", format!("no process for {id}: {why}"));
                    if let Some(stream) = inner.streams.get_mut(&id) {
                        stream.place = Placement::Waiting(now + PAUSE);
                    }
                    return;
                }
            };
            self.assign(inner, &id, serial);
        }
    }

    /// The first worker that has room for one more stream, or a new one.
    fn worker_with_room(
        self: &Arc<Self>,
        inner: &mut Inner,
        is_alone: bool,
    ) -> Result<u64, String> {
        let most = inner.config.streams_per_worker.get();
        let has_room = |process: &&Process| {
            let streams = inner.streams.values();
            let taken = streams.filter(|s| s.worker() == Some(process.serial));
            !process.leaves && !process.is_alone && taken.count() < most
        };
        let found = inner.processes.values().find(has_room);
        if let Some(process) = found.filter(|_| !is_alone) {
            return Ok(process.serial);
        }
        let is_taken = |number: &usize| inner.processes.values().any(|p| p.number == *number);
        let number = (0..).find(|number| !is_taken(number)).unwrap_or(0);
        inner.serial += 1;
        let serial = inner.serial;
        let started = Process::start(serial, (number, is_alone), &self.arguments);
        let (process, reports) = started.map_err(|e| e.to_string())?;
        inner.processes.insert(serial, process);
        let workers = Arc::clone(self);
        let thread = std::thread::Builder::new().name(format!("worker {number}"));
        let reading = thread.spawn(move || workers.read(serial, reports));
        if let Err(e) = reading {
            if let Some(process) = inner.processes.remove(&serial) {
                let _ = process.wait();
            }
            return Err(format!("no thread to read its reports: {e}"));
        }
        Ok(serial)
    }

    /// Has a worker watch a stream.
    pub(super) fn assign(&self, inner: &mut Inner, id: &str, serial: u64) {
        inner.run += 1;
        let run = inner.run;
        let Some(stream) = inner.streams.get_mut(id) else {
            return;
        };
        let delay = self.start_pacing.next_start();
        let assignment = Assignment {
            plan: stream.plan.clone(),
            run,
            delay: delay.saturating_duration_since(Instant::now()),
            resume: stream.resume(),
        };
        stream.begin_run(run);
        stream.place = Placement::In(serial);
        let answer = stream.ticket.may_start();
        if let Some(process) = inner.processes.get_mut(&serial) {
            process.tell(&Command::Watch {
                assignment: Box::new(assignment),
                answer,
            });
        }
    }
}
