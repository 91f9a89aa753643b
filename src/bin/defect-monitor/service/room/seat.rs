// SPDX-License-Identifier: MPL-2.0
//! A stream's place in the room.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::admission::{Answer, Policy};
use super::{Guest, Room};
use crate::lock::lock;

/// So long a stream that was let in may take to show what it takes.
const TRIAL: Duration = Duration::from_secs(10);

/// A stream's seat. It is free when this is dropped.
#[derive(Debug)]
pub struct Seat {
    room: Arc<Room>,
    number: u64,
}

impl Seat {
    /// Of that number.
    pub(super) fn new(room: Arc<Room>, number: u64) -> Self {
        Self { room, number }
    }

    /// Whether the stream may start. Once it was let in it may start again.
    pub fn ask(&self) -> Answer {
        let mut known = lock(&self.room.0);
        let is_learning = |g: &&Guest| {
            let is_young = |(_, at): (u64, Instant)| at.elapsed() < TRIAL;
            g.place.is_some() && (g.is_watching || g.place.is_some_and(is_young))
        };
        let learning = known.guests.values().filter(is_learning).count();
        let is_in = known
            .guests
            .get(&self.number)
            .is_none_or(|g| g.place.is_some());
        let answer = match known.policy {
            _ if is_in => Answer::Start,
            Policy::Refuse => known.admission.ask(known.admitted(), learning),
            Policy::Off | Policy::Flag => Answer::Start,
        };
        let place = known.numbers.1;
        if let Some(guest) = known.guests.get_mut(&self.number) {
            guest.is_refused = matches!(answer, Answer::Refuse(_));
            if !is_in && answer == Answer::Start {
                guest.place = Some((place, Instant::now()));
                known.numbers.1 += 1;
            }
        }
        answer
    }

    /// So much more was watched, so late.
    pub fn note(&self, watched: Duration, lag: Duration) {
        let mut known = lock(&self.room.0);
        known.watched += watched;
        if let Some(guest) = known.guests.get_mut(&self.number) {
            (guest.is_watching, guest.lag) = (true, lag);
        }
    }

    /// Nothing is watched at the moment.
    pub fn rest(&self) {
        if let Some(guest) = lock(&self.room.0).guests.get_mut(&self.number) {
            (guest.is_watching, guest.lag) = (false, Duration::ZERO);
        }
    }

    /// Why the stream may come late, if it may.
    pub fn beyond(&self) -> Option<Arc<str>> {
        let known = lock(&self.room.0);
        known.guests.get(&self.number)?.beyond.clone()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.room.0).guests.remove(&self.number);
    }
}
