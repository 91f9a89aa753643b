// SPDX-License-Identifier: MPL-2.0
//! Where a track is on the monotonic clock.
//!
//! Its first buffer pins it there. A stream in real time is pinned anew where its time jumps, as it does when a sender is started
//! again. One that isn't (a file that is read as fast as can be) goes on from where the stream was before.

use std::time::{Duration, Instant};

use super::lag::Lag;
use super::wall::monotonic;

/// Times of more than this are no jitter of a network, in ns.
const JUMP: i64 = 2_000_000_000;
/// What has sent nothing for so long is away, not late.
const GONE: Duration = Duration::from_secs(5);

/// Running time on the monotonic clock.
#[derive(Debug, Default)]
pub struct Clock {
    /// Running time from which it counts, and what to add to get the monotonic clock, both in ns; the two latest.
    pins: Vec<(u64, i64)>,
    /// End of the last buffer in running time, and when it came.
    last: Option<(u64, Instant)>,
    /// How late it is, and when that was asked last.
    late: (Lag, Option<Instant>),
}

impl Clock {
    /// A buffer passes.
    pub fn pass(&mut self, from: u64, to: u64, bound: bool) {
        let now = Instant::now();
        let jumped = self.last.is_some_and(|(end, at)| {
            let waited = now.duration_since(at).as_nanos() as i64;
            let apart = from as i64 - end as i64;
            // What waited in a network comes all at once: time goes on faster than the clock, but not further than it stood still.
            bound && (apart < -JUMP || apart > waited + JUMP)
        });
        if self.pins.is_empty() || jumped {
            let offset = monotonic() - from as i64;
            self.pins.push((from, offset));
            self.late = Default::default();
            if self.pins.len() > 2 {
                self.pins.remove(0);
            }
        }
        self.last = Some((to.max(from), now));
    }

    /// Pins the start of running time to that instant, in ns.
    pub fn begin_at(&mut self, offset: i64) {
        if self.pins.is_empty() {
            self.pins.push((0, offset));
        }
    }

    /// The instant at that running time, in ns; none before anything came.
    pub fn at(&self, running: u64) -> Option<i64> {
        let pin = self.pins.iter().rfind(|(from, _)| running >= *from);
        let (_, offset) = pin.or(self.pins.first())?;
        Some(running as i64 + offset)
    }

    /// Running time that has come.
    pub fn position(&self) -> Option<u64> {
        self.last.map(|(end, _)| end)
    }

    /// How far the last buffer is late, in seconds; none if nothing has come for a while.
    pub fn lag(&mut self) -> Option<f64> {
        let (end, _) = self.last.filter(|(_, at)| at.elapsed() < GONE)?;
        let late = (monotonic() - self.at(end)?) as f64 / 1e9;
        let asked = self.late.1.replace(Instant::now());
        let since = asked.map_or(Duration::ZERO, |asked| asked.elapsed());
        Some(self.late.0.note(late, since).max(0.0))
    }

    /// How long nothing has come, in seconds.
    pub fn idle(&self) -> Option<f64> {
        self.last.map(|(_, at)| at.elapsed().as_secs_f64())
    }
}
