// SPDX-License-Identifier: MPL-2.0
//! A stream's ticket to the gate; its place is free when the ticket is dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::admission::{Answer, Policy};
use super::{CapacityGate, GatedStream};
use crate::lock::lock;

/// Time that an admitted stream gets to show what it costs.
const TRIAL: Duration = Duration::from_secs(10);

/// A stream's ticket. Its place is free when the ticket is dropped.
#[derive(Debug)]
pub struct Ticket {
    gate: Arc<CapacityGate>,
    number: u64,
}

impl Ticket {
    /// With that number.
    pub(super) fn new(gate: Arc<CapacityGate>, number: u64) -> Self {
        Self { gate, number }
    }

    /// Whether the stream may start. Once admitted it may start again.
    pub fn may_start(&self) -> Answer {
        let mut inner = lock(&self.gate.0);
        let is_learning = |g: &&GatedStream| {
            let is_young = |(_, at): (u64, Instant)| at.elapsed() < TRIAL;
            g.place.is_some() && (g.is_watching || g.place.is_some_and(is_young))
        };
        let learning = inner.streams.values().filter(is_learning).count();
        let is_in = inner
            .streams
            .get(&self.number)
            .is_none_or(|g| g.place.is_some());
        let answer = match inner.policy {
            _ if is_in => Answer::Start,
            Policy::Refuse => inner.load.may_start(inner.admitted(), learning),
            Policy::Off | Policy::Flag => Answer::Start,
        };
        let place = inner.numbers.1;
        if let Some(stream) = inner.streams.get_mut(&self.number) {
            stream.is_refused = matches!(answer, Answer::Refuse(_));
            if !is_in && answer == Answer::Start {
                stream.place = Some((place, Instant::now()));
                inner.numbers.1 += 1;
            }
        }
        answer
    }

    /// Adds watched stream time, and sets the lag.
    pub fn note(&self, watched: Duration, lag: Duration) {
        let mut inner = lock(&self.gate.0);
        inner.watched += watched;
        if let Some(stream) = inner.streams.get_mut(&self.number) {
            (stream.is_watching, stream.lag) = (true, lag);
        }
    }

    /// Notes that nothing is watched now.
    pub fn pause(&self) {
        if let Some(stream) = lock(&self.gate.0).streams.get_mut(&self.number) {
            (stream.is_watching, stream.lag) = (false, Duration::ZERO);
        }
    }

    /// Why the stream may come late, if it may.
    pub fn over_capacity(&self) -> Option<Arc<str>> {
        let inner = lock(&self.gate.0);
        inner.streams.get(&self.number)?.over_capacity.clone()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.gate.0).streams.remove(&self.number);
    }
}
