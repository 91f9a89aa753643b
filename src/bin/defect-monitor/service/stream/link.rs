// SPDX-License-Identifier: MPL-2.0
//! A stream's line to the supervisor: what it reports, and what it is told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::service::admission::Answer;
use crate::service::outcome::{Event, Outcome};
use crate::service::protocol::{News, Report};

/// Reports that may wait for the supervisor to read them: some seconds of many streams.
const QUEUE: usize = 1 << 14;
/// Thumbnails are made for so long after somebody looked.
const VIEWED: Duration = Duration::from_secs(30);

/// Takes the reports of all streams of a worker; nobody who reports waits. Clones are the same.
#[derive(Debug, Clone)]
pub struct Reports {
    queue: SyncSender<Report>,
    lost: Arc<AtomicU64>,
}

impl Reports {
    /// Where reports go in, and where they come out.
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

    /// How many were lost since this was asked last.
    pub fn lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

/// What a stream is told while it runs.
#[derive(Debug)]
struct Told {
    answer: Answer,
    beyond: Option<Arc<str>>,
    viewed: Option<Instant>,
}

/// The line of one stream. Clones are the same.
#[derive(Debug, Clone)]
pub struct Link {
    stream: Arc<str>,
    run: u64,
    reports: Reports,
    told: Arc<Mutex<Told>>,
}

impl Link {
    /// For that run of a stream; `answer`: whether it may start, as far as that is known.
    pub fn new(stream: Arc<str>, run: u64, reports: Reports, answer: Answer) -> Self {
        let told = Told {
            answer,
            beyond: None,
            viewed: None,
        };
        Self {
            stream,
            run,
            reports,
            told: Arc::new(Mutex::new(told)),
        }
    }

    /// Reports something.
    pub fn send(&self, news: News) {
        self.reports.send(Report::Stream {
            stream: Arc::clone(&self.stream),
            run: self.run,
            news,
        });
    }

    /// Reports something that is to be shown and stored.
    pub fn outcome(&self, outcome: Outcome) {
        self.send(News::Outcome(outcome));
    }

    /// Reports something that people are to be alarmed of.
    pub fn alarm(&self, event: &Event) {
        self.send(News::Alarm(Box::new(event.clone())));
    }

    /// Whether the stream may start, as it was told last; asks again if it may not.
    pub fn admission(&self) -> Answer {
        let answer = lock(&self.told).answer.clone();
        if answer != Answer::Start {
            self.send(News::Admission);
        }
        answer
    }

    /// Why the stream may come late, if it may.
    pub fn beyond(&self) -> Option<Arc<str>> {
        lock(&self.told).beyond.clone()
    }

    /// Whether somebody looks at its thumbnail.
    pub fn is_viewed(&self) -> bool {
        let viewed = lock(&self.told).viewed;
        viewed.is_some_and(|at| at.elapsed() < VIEWED)
    }

    /// The supervisor says whether it may start.
    pub fn set_admission(&self, answer: Answer) {
        lock(&self.told).answer = answer;
    }

    /// The supervisor says whether it may come late.
    pub fn set_beyond(&self, why: Option<Arc<str>>) {
        lock(&self.told).beyond = why;
    }

    /// Somebody looks at it.
    pub fn view(&self) {
        lock(&self.told).viewed = Some(Instant::now());
    }
}
