// SPDX-License-Identifier: MPL-2.0
//! Handles the reports of workers, and moves their streams when they end.

use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::crashes::{self, Sharing};
use super::watched::{AfterStop, Ending, Placement};
use super::{PAUSE, Workers};
use crate::lock::lock;
use crate::service::board::State;
use crate::service::log;
use crate::service::protocol::{self, Command, Report, StreamReport};
use crate::service::stream::Reason;

/// The counter of reports that were lost.
pub const LOST: &str = "defect_worker_reports_lost_total";
/// What it says.
pub const LOST_HELP: &str = "Reports of workers that the supervisor couldn't take in time.";
/// Age below which a worker that failed isn't replaced at once.
const SOON: Duration = Duration::from_secs(5);

impl Workers {
    /// Reads the reports of a worker, to its end.
    pub(super) fn read(self: Arc<Self>, serial: u64, mut reports: BufReader<UnixStream>) {
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
            Report::Stream {
                stream,
                run,
                report,
            } => self.take_report(serial, &stream, run, report),
            Report::Alive(footprint) => {
                if let Some(process) = lock(&self.state).processes.get_mut(&serial) {
                    (process.heard, process.footprint) = (Instant::now(), footprint);
                }
            }
            Report::Overrun(lost) => {
                self.parts.add(LOST, LOST_HELP, "workers", lost as f64);
                log::error("workers", format!("{lost} reports of one were lost"));
            }
        }
    }

    fn take_report(&self, serial: u64, id: &Arc<str>, run: u64, report: StreamReport) {
        let mut guard = lock(&self.state);
        let inner = &mut *guard;
        let Some(stream) = inner.streams.get_mut(id) else {
            return;
        };
        stream.heard = Instant::now();
        let is_current = stream.run == run;
        let (board, labels) = (&self.outlets.board, &stream.plan.labels);
        match report {
            StreamReport::Outcome(mut outcome) => {
                outcome.source_mut().labels = Arc::clone(labels);
                stream.note(&outcome);
                drop(guard);
                self.outlets.publish(outcome);
            }
            StreamReport::Alarm(mut event) => {
                event.source.labels = Arc::clone(labels);
                stream.note_alarm(&event);
                drop(guard);
                self.outlets.send_alarm(&event);
            }
            StreamReport::State(state, why) if is_current => {
                stream.state = Some(state);
                board.set_state(id, state, why);
            }
            StreamReport::Tracks(tracks) if is_current => board.set_tracks(id, tracks),
            StreamReport::Usage(usage, watched) if is_current => {
                let reconnects = stream.new_restarts(usage);
                let total = stream.add_usage(usage);
                if let Some(process) = inner.processes.get_mut(&serial) {
                    process.reconnects += reconnects;
                }
                let lag = Duration::try_from_secs_f64(usage.lag_seconds).unwrap_or_default();
                stream.ticket.note(watched, lag);
                board.set_usage(id, total);
            }
            StreamReport::Idle if is_current => stream.ticket.pause(),
            StreamReport::Thumbnail(jpeg) => board.set_thumbnail(id, jpeg),
            StreamReport::Admission if is_current => {
                let (answer, stream) = (stream.ticket.may_start(), Arc::clone(id));
                if let Some(process) = inner.processes.get_mut(&serial) {
                    process.tell(&Command::Admission { stream, answer });
                }
            }
            StreamReport::NotStarted(why)
                if is_current && matches!(stream.place, Placement::In(_)) =>
            {
                stream.ticket.pause();
                stream.place = Placement::Waiting(Instant::now() + PAUSE);
                let why = format!("it can't be started: {why}");
                board.set_state(id, State::Waiting, Some(why));
            }
            StreamReport::Ended | StreamReport::NotStarted(_) if is_current => match stream.place {
                Placement::Ending(_, AfterStop::Gone) => {
                    let ended = stream.end_open(Ending::Stop(Reason::Stopped));
                    inner.streams.remove(id);
                    drop(guard);
                    self.tell_ended(ended);
                }
                Placement::Ending(_, AfterStop::Again) => {
                    stream.place = Placement::Waiting(Instant::now())
                }
                Placement::In(_) => stream.place = Placement::Over,
                _ => {}
            },
            _ => {}
        }
    }

    /// Handles the end of a worker: its streams go to others.
    fn ended(self: &Arc<Self>, serial: u64) {
        let mut guard = lock(&self.state);
        let inner = &mut *guard;
        let Some(process) = inner.processes.remove(&serial) else {
            return;
        };
        inner.cpu += process.footprint.cpu;
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
        let streams = inner.streams.iter_mut();
        for (id, stream) in streams.filter(|(_, s)| s.worker() == Some(serial)) {
            if matches!(stream.place, Placement::Ending(_, AfterStop::Gone)) {
                ended.extend(stream.end_open(Ending::Stop(Reason::Stopped)));
                gone.push(Arc::clone(id));
                continue;
            }
            ids.push(Arc::clone(id));
            stream.ticket.pause();
            ended.extend(stream.end_open(Ending::Restart));
            if is_failure && stream.is_in_progress() {
                stream.crashes.note(now);
            }
            stream.place = Placement::Waiting(later);
            let why = Some("its worker failed, another takes over".to_owned());
            self.outlets.board.set_state(id, State::Connecting, why);
            if stream.crashes.sharing(now) == Sharing::SetAside {
                self.set_aside(stream, &crashes::words(status));
            }
        }
        gone.iter().for_each(|id| {
            inner.streams.remove(id);
        });
        let is_expected = inner.is_closed || (ids.is_empty() && status.success());
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
        self.place_waiting(inner);
    }
}
