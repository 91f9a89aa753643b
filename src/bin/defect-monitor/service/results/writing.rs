// SPDX-License-Identifier: MPL-2.0
//! The work of the thread that writes: outcomes become batches, and objects are finished at their times.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::batch::Batch;
use crate::service::outcome::Outcome;

/// How often the clock is checked.
const TICK: Duration = Duration::from_millis(250);

/// How much time there is in what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intervals {
    /// Until a batch is handed over.
    pub(super) batch: Duration,
    /// What an object covers; zero: each batch is an object.
    pub(super) object: Duration,
}

impl Intervals {
    /// The time until objects are finished: they are at the full hour, or at full parts of it.
    fn until_finished(self) -> Duration {
        let length = i64::try_from(self.object.as_secs())
            .unwrap_or(i64::MAX)
            .max(1);
        let now = jiff::Timestamp::now().as_second();
        Duration::from_secs(u64::try_from(length - now.rem_euclid(length)).unwrap_or(1))
    }
}

/// Makes batches of what comes until nothing can come any more; `handed_over`: called after each but the last.
pub(super) fn write(
    outcomes: &Receiver<Outcome>,
    mut batch: Batch,
    intervals: Intervals,
    handed_over: impl Fn(),
) {
    let mut due = Instant::now() + intervals.batch;
    let mut finished = Instant::now() + intervals.until_finished();
    loop {
        match outcomes.recv_timeout(TICK) {
            Ok(outcome) => batch.add(outcome),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = Instant::now();
        if now >= due || batch.is_full() {
            batch.hand_over();
            handed_over();
            due = now + intervals.batch;
            if intervals.object.is_zero() || now >= finished {
                batch.finish_objects();
                finished = now + intervals.until_finished();
            }
        }
    }
    batch.hand_over();
    batch.finish_objects();
}
