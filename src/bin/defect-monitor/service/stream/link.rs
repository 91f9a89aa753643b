// SPDX-License-Identifier: MPL-2.0
//! The channel between a stream and the supervisor: reports one way, instructions the other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::service::admission::Answer;
use crate::service::outcome::{Event, Outcome};
use crate::service::protocol::{Report, StreamReport};

/// Reports that may wait for the supervisor to read them: some seconds of many streams.
const QUEUE: usize = 1 << 14;
/// How long thumbnails are made after a client last asked for them.
const VIEWED: Duration = Duration::from_secs(30);

/// Queue of the reports of all streams of a worker; senders never wait. Clones share the queue.
#[derive(Debug, Clone)]
pub struct Reports {
    queue: SyncSender<Report>,
    lost: Arc<AtomicU64>,
}

impl Reports {
    /// Both ends of the queue.
    pub fn channel() -> (Self, Receiver<Report>) {
        let (queue, reports) = sync_channel(QUEUE);
        let lost = Arc::default();
        (Self { queue, lost }, reports)
    }

    /// Passes a report on, or counts it as lost.
    pub fn send(&self, report: Report) {
        if self.queue.try_send(report).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Number of reports lost since the last call.
    pub fn lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

/// What the supervisor has told a running stream.
#[derive(Debug)]
struct Instructions {
    answer: Answer,
    late_reason: Option<Arc<str>>,
    viewed: Option<Instant>,
}

/// The channel of one stream. Clones share it.
#[derive(Debug, Clone)]
pub struct Link {
    stream: Arc<str>,
    run: u64,
    reports: Reports,
    instructions: Arc<Mutex<Instructions>>,
}

impl Link {
    /// A channel for that run of a stream; `answer`: whether the stream may start, as far as that is known.
    pub fn new(stream: Arc<str>, run: u64, reports: Reports, answer: Answer) -> Self {
        let instructions = Instructions {
            answer,
            late_reason: None,
            viewed: None,
        };
        Self {
            stream,
            run,
            reports,
            instructions: Arc::new(Mutex::new(instructions)),
        }
    }

    /// Sends a report.
    pub fn send(&self, report: StreamReport) {
        self.reports.send(Report::Stream {
            stream: Arc::clone(&self.stream),
            run: self.run,
            report,
        });
    }

    /// Reports an outcome that is to be shown and stored.
    pub fn outcome(&self, outcome: Outcome) {
        self.send(StreamReport::Outcome(outcome));
    }

    /// Reports an event that receivers of alarms are to be sent.
    pub fn alarm(&self, event: &Event) {
        self.send(StreamReport::Alarm(Box::new(event.clone())));
    }

    /// The latest answer whether the stream may start; asks the supervisor again if it may not.
    pub fn admission(&self) -> Answer {
        let answer = lock(&self.instructions).answer.clone();
        if answer != Answer::Start {
            self.send(StreamReport::Admission);
        }
        answer
    }

    /// Why the stream may come late, if it may.
    pub fn late_reason(&self) -> Option<Arc<str>> {
        lock(&self.instructions).late_reason.clone()
    }

    /// Whether a client asked for the thumbnail within [`VIEWED`].
    pub fn is_viewed(&self) -> bool {
        let viewed = lock(&self.instructions).viewed;
        viewed.is_some_and(|at| at.elapsed() < VIEWED)
    }

    /// Sets whether the stream may start.
    pub fn set_admission(&self, answer: Answer) {
        lock(&self.instructions).answer = answer;
    }

    /// Sets why the stream may come late, if it may.
    pub fn set_late_reason(&self, why: Option<Arc<str>>) {
        lock(&self.instructions).late_reason = why;
    }

    /// Notes that a client asks for the thumbnail.
    pub fn view(&self) {
        lock(&self.instructions).viewed = Some(Instant::now());
    }
}
