// SPDX-License-Identifier: MPL-2.0
//! Unix time for a live stream: the monotonic clock plus an offset, which follows the system's clock when that is set.
//!
//! A stream is dated by the monotonic clock plus an offset. The offset is compared with the system's clock every 200 ms. A small
//! difference, as NTP makes it, is followed slowly; a step is taken at once and reported, so that the stream's records can say so.

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Difference from which the clock counts as set, not corrected; in ns.
const STEP: i64 = 1_000_000_000;
/// Largest correction at each comparison, in ns: half a percent of the 200 ms between two comparisons.
const FOLLOW: i64 = 1_000_000;

/// Longest time between the readings of two clocks that count as one moment, in ns.
const LONGEST_READING: i64 = 5_000_000;
/// Most tries to read two clocks at one moment.
const TRIES: u32 = 10;

/// The system's clocks at one moment, in ns.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// The monotonic clock.
    pub monotonic: i64,
    /// Unix time.
    pub unix: i64,
}

impl Reading {
    /// The clocks now. They are read again if the process was paused in between: that would look like a clock that was set.
    fn now() -> Self {
        let read = || {
            let before = monotonic();
            let unix = Timestamp::now().as_nanosecond() as i64;
            let took = monotonic() - before;
            let monotonic = before + took / 2;
            (took, Self { monotonic, unix })
        };
        let mut tries = (0..TRIES).map(|_| read());
        let quick = tries.find(|(took, _)| *took < LONGEST_READING);
        quick.map_or_else(|| read().1, |(_, reading)| reading)
    }
}

/// The monotonic clock, in ns.
pub fn monotonic() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// Unix time by the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    /// Unix time less the monotonic clock, in ns.
    offset: i64,
}

impl WallClock {
    /// Starts with the time of the system's clock.
    pub fn new() -> Self {
        Self::of(Reading::now())
    }

    fn of(reading: Reading) -> Self {
        Self {
            offset: reading.unix - reading.monotonic,
        }
    }

    /// Unix time now, in ns.
    pub fn now(&self) -> i64 {
        self.unix(monotonic())
    }

    /// Unix time of an instant of the monotonic clock, in ns.
    pub fn unix(&self, monotonic: i64) -> i64 {
        monotonic.saturating_add(self.offset)
    }

    /// The instant of the monotonic clock at that Unix time, in ns.
    pub fn monotonic(&self, unix: i64) -> i64 {
        unix.saturating_sub(self.offset)
    }

    /// Compares with the system's clock, and follows it. Returns by how many ns that clock was set, if it was.
    pub fn follow(&mut self) -> Option<i64> {
        self.compare(Reading::now())
    }

    fn compare(&mut self, reading: Reading) -> Option<i64> {
        let apart = reading.unix - self.unix(reading.monotonic);
        if apart.abs() < STEP {
            self.offset += apart.clamp(-FOLLOW, FOLLOW);
            return None;
        }
        self.offset += apart;
        Some(apart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_step_is_told_once_and_time_goes_on_from_there() {
        for step in [120, -600, 25 * 3600] {
            let start = 1_700_000_000 * SECOND;
            let reading = |seconds: i64, set: i64| Reading {
                monotonic: 7 + seconds * SECOND,
                unix: start + (seconds + set) * SECOND,
            };
            let mut wall = WallClock::of(reading(0, 0));
            assert_eq!(wall.compare(reading(1, 0)), None);
            assert_eq!(wall.compare(reading(2, step)), Some(step * SECOND));
            assert_eq!(wall.compare(reading(3, step)), None);
            assert_eq!(wall.unix(7 + 4 * SECOND), start + (4 + step) * SECOND);
        }
    }

    #[test]
    fn small_corrections_are_followed_without_a_jump() {
        let mut wall = WallClock::of(Reading {
            monotonic: 0,
            unix: 0,
        });
        for look in 1..=1000 {
            let monotonic = look * SECOND / 5;
            let before = wall.unix(monotonic);
            let unix = monotonic + SECOND / 2;
            assert_eq!(wall.compare(Reading { monotonic, unix }), None);
            assert!(wall.unix(monotonic) - before <= FOLLOW);
        }
        assert_eq!(wall.unix(0), SECOND / 2);
    }
}
