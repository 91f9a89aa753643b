// SPDX-License-Identifier: MPL-2.0
//! Converts the running time of a track to the monotonic clock.
//!
//! The first buffer sets the offset between the two. In real time the offset is set again at each jump of running time, for instance
//! when a sender is started again. A file that is read as fast as possible continues where the stream was before.

use std::time::{Duration, Instant};

use super::lag::LagMeter;
use super::wall::monotonic;

/// Difference of running time, in ns, from which it is a jump and not the jitter of a network.
const JUMP: i64 = 2_000_000_000;
/// Time without a buffer after which a track has no lag: it is absent, not late.
const GONE: Duration = Duration::from_secs(5);

/// Running time on the monotonic clock.
#[derive(Debug, Default)]
pub struct TrackClock {
    /// The two latest offsets: running time from which each holds, and what to add to get the monotonic clock, both in ns.
    pins: Vec<(u64, i64)>,
    /// End of the last buffer in running time (ns), and when the buffer came.
    last: Option<(u64, Instant)>,
    /// The lag, and when it was updated last.
    late: (LagMeter, Option<Instant>),
}

impl TrackClock {
    /// Notes a buffer that covers `from..to` in running time (ns).
    pub fn note_buffer(&mut self, from: u64, to: u64, is_realtime: bool) {
        let now = Instant::now();
        let jumped = self.last.is_some_and(|(end, at)| {
            let waited = now.duration_since(at).as_nanos() as i64;
            let apart = from as i64 - end as i64;
            // After a stall of the network buffers come in a burst: running time catches up, by at most the length of the stall.
            is_realtime && (apart < -JUMP || apart > waited + JUMP)
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

    /// Sets the instant of the monotonic clock, in ns, at which running time starts, unless an offset is known.
    pub fn pin_start(&mut self, offset: i64) {
        if self.pins.is_empty() {
            self.pins.push((0, offset));
        }
    }

    /// The instant of the monotonic clock at that running time, both in ns; `None` before the first buffer.
    pub fn at(&self, running: u64) -> Option<i64> {
        let pin = self.pins.iter().rfind(|(from, _)| running >= *from);
        let (_, offset) = pin.or(self.pins.first())?;
        Some(running as i64 + offset)
    }

    /// End of the last buffer in running time, in ns.
    pub fn position(&self) -> Option<u64> {
        self.last.map(|(end, _)| end)
    }

    /// How late the last buffer is, in seconds; `None` if nothing has come for [`GONE`].
    pub fn lag(&mut self) -> Option<f64> {
        let (end, _) = self.last.filter(|(_, at)| at.elapsed() < GONE)?;
        let late = (monotonic() - self.at(end)?) as f64 / 1e9;
        let asked = self.late.1.replace(Instant::now());
        let since = asked.map_or(Duration::ZERO, |asked| asked.elapsed());
        Some(self.late.0.update(late, since).max(0.0))
    }

    /// Time since the last buffer, in seconds.
    pub fn idle(&self) -> Option<f64> {
        self.last.map(|(_, at)| at.elapsed().as_secs_f64())
    }
}
