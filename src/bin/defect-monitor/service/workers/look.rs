// SPDX-License-Identifier: MPL-2.0
//! Checks the workers once a second: whether they live, grow, and are still needed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::process::Process;
use super::watched::{AfterStop, Placement, Watched};
use super::{Inner, Workers};
use crate::lock::lock;
use crate::machine::{process_cpu, resident};
use crate::service::board::{State, WorkerStatus};
use crate::service::log;
use crate::service::parts::Parts;
use crate::service::protocol::Command;
use crate::service::stream::Reason;

/// Time between two checks.
const LOOK: Duration = Duration::from_secs(1);
/// Silence after which a worker hangs.
const SILENCE: Duration = Duration::from_secs(20);
/// Silence after which a stream hangs; it reports every second.
const STREAM_SILENCE: Duration = Duration::from_secs(60);
/// Age below which a worker isn't replaced: it is still growing to what its streams need.
const YOUNG: Duration = Duration::from_secs(10);
/// Most threads, and descriptors, that any stream needs.
const MOST_EACH: u64 = 500;
/// How often workers are told that somebody looks at a stream: they make pictures for 30 s after it.
const VIEW: Duration = Duration::from_secs(10);

impl Workers {
    /// To be called several times a second.
    pub fn look(self: &Arc<Self>) {
        let mut guard = lock(&self.state);
        let inner = &mut *guard;
        self.place_waiting(inner);
        let now = Instant::now();
        let last = inner.looked.map(|at| now.saturating_duration_since(at));
        if last.is_some_and(|since| since < LOOK) {
            return;
        }
        inner.looked = Some(now);
        if last.is_some_and(|since| since > SILENCE / 2) {
            // A delay of this thread has delayed the reports of the workers, too.
            inner.processes.values_mut().for_each(|p| p.heard = now);
            inner.streams.values_mut().for_each(|s| s.heard = now);
        }
        inner.end_hanging(now);
        inner.replace_grown(now, &self.parts);
        inner.close_idle();
        self.care_for_streams(inner);
        self.outlets.board.set_workers(inner.status());
        let cpu: Duration = inner.processes.values().map(|p| p.footprint.cpu).sum();
        let memory: u64 = inner.processes.values().map(|p| p.footprint.memory).sum();
        let (cpu, memory) = (
            process_cpu() + inner.cpu + cpu,
            resident().saturating_add(memory),
        );
        drop(guard);
        self.gate.look(&self.parts, cpu, memory);
    }

    /// Passes changes to the workers of streams, and writes the records of quarantined streams.
    fn care_for_streams(&self, inner: &mut Inner) {
        for (id, stream) in &mut inner.streams {
            if let Placement::Aside(aside) = &mut stream.place {
                for record in aside.records() {
                    self.outlets.publish(record);
                }
            }
            let Placement::In(serial) = stream.place else {
                continue;
            };
            let Some(process) = inner.processes.get_mut(&serial) else {
                continue;
            };
            let late_reason = stream.ticket.over_capacity();
            if late_reason != stream.late_reason {
                stream.late_reason.clone_from(&late_reason);
                let (stream, why) = (Arc::clone(id), late_reason);
                process.tell(&Command::LateReason { stream, why });
            }
            let is_told = stream.viewed.is_some_and(|at| at.elapsed() < VIEW);
            if !is_told && self.outlets.board.wants_thumbnail(id) {
                stream.viewed = Some(Instant::now());
                let stream = Arc::clone(id);
                process.tell(&Command::View { stream });
            }
        }
    }
}

impl Inner {
    fn streams_of(&self, serial: u64) -> impl Iterator<Item = &Watched> {
        let streams = self.streams.values();
        streams.filter(move |stream| stream.worker() == Some(serial))
    }

    /// Ends workers that hang, and those of streams that do.
    fn end_hanging(&mut self, now: Instant) {
        let silent = |at: Instant| now.saturating_duration_since(at);
        for process in self.processes.values_mut() {
            if silent(process.heard) > SILENCE {
                process.kill("it hangs");
            }
        }
        let mut hanging = Vec::new();
        for (id, stream) in &mut self.streams {
            if let Some(serial) = stream.worker()
                && silent(stream.heard) > STREAM_SILENCE
            {
                hanging.push((Arc::clone(id), serial));
            }
        }
        for (id, serial) in hanging {
            // Only this stream is to blame.
            for other in self.streams.values_mut() {
                if other.worker() == Some(serial) && other.plan.id != id {
                    other.state = Some(State::Waiting);
                }
            }
            if let Some(process) = self.processes.get_mut(&serial) {
                log::error(&id, "it hangs");
                process.kill("a stream hangs");
            }
        }
    }

    /// Moves the streams of workers that leak to others.
    fn replace_grown(&mut self, now: Instant, parts: &Parts) {
        let limit = self.config.memory_limit_bytes;
        let mut grown = Vec::new();
        let serials: Vec<u64> = self.processes.keys().copied().collect();
        for serial in serials {
            let streams = self.streams_of(serial).count() as u64;
            let watched = self.streams_of(serial);
            let watched = watched.filter(|s| s.state == Some(State::Watching)).count();
            let Some(process) = self.processes.get_mut(&serial) else {
                continue;
            };
            if process.leaves || now.saturating_duration_since(process.started) < YOUNG {
                continue;
            }
            let (has, reconnects) = (process.footprint, process.reconnects);
            let most = MOST_EACH * (streams + 1);
            let why = match has {
                _ if has.memory > limit => Some(format!(
                    "it has {} MB, more than the {} of memory-limit-bytes",
                    has.memory / 1_000_000,
                    limit / 1_000_000
                )),
                _ if has.threads > most => Some(format!("it has {} threads", has.threads)),
                _ if has.descriptors > most => {
                    Some(format!("it has {} descriptors", has.descriptors))
                }
                _ => process.growth.note(now, watched, reconnects, has),
            };
            if let Some(why) = why {
                let number = process.number;
                log::warn("workers", format!("worker {number} is replaced: {why}"));
                process.leaves = true;
                grown.push(serial);
            }
        }
        for serial in grown {
            let help = "Workers that were replaced, since they had too much or leaked.";
            parts.add("defect_worker_replacements_total", help, "workers", 1.0);
            self.move_away(serial);
        }
    }

    /// Moves the streams of a worker to others.
    fn move_away(&mut self, serial: u64) {
        let Some(process) = self.processes.get_mut(&serial) else {
            return;
        };
        let reason = Reason::Moved;
        for stream in self.streams.values_mut() {
            if matches!(stream.place, Placement::In(in_serial) if in_serial == serial) {
                stream.place = Placement::Ending(serial, AfterStop::Again);
                let stream = Arc::clone(&stream.plan.id);
                process.tell(&Command::Stop { stream, reason });
            }
        }
    }

    /// Ends workers that have no streams.
    fn close_idle(&mut self) {
        let streams = &self.streams;
        let is_idle = |process: &Process| {
            let mut streams = streams.values();
            streams.all(|stream| stream.worker() != Some(process.serial))
        };
        for process in self.processes.values_mut().filter(|p| !p.is_closed) {
            if is_idle(process) {
                (process.leaves, process.is_closed) = (true, true);
                process.tell(&Command::Close);
            }
        }
    }

    fn status(&self) -> Vec<WorkerStatus> {
        let status = |process: &Process| WorkerStatus {
            number: process.number,
            process: process.id(),
            streams: self
                .streams_of(process.serial)
                .map(|stream| Arc::clone(&stream.plan.id))
                .collect(),
            footprint: process.footprint,
            reconnects: process.reconnects,
            lived: process.started.elapsed(),
        };
        let mut all: Vec<_> = self.processes.values().map(status).collect();
        all.sort_by_key(|status| status.number);
        all
    }
}
