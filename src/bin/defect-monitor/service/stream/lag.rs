// SPDX-License-Identifier: MPL-2.0
//! How late a stream comes, with a clock that isn't ours.

use std::time::Duration;

/// Clocks of senders deviate by up to 30 ppm (ISO/IEC 13818-1, 2.4.2.1); ours by as much again. In an hour that is 0.2 s.
const DRIFT: f64 = 60e-6;

/// What is on time follows the stream, but no faster than clocks deviate, so that days aren't taken for lag.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lag {
    on_time: f64,
}

impl Lag {
    /// How late it is, in seconds, if it has come so many seconds after it was pinned to our clock; `since`: the last time of asking.
    pub fn note(&mut self, late: f64, since: Duration) -> f64 {
        let step = since.as_secs_f64() * DRIFT;
        self.on_time += (late - self.on_time).clamp(-step, step);
        late - self.on_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviating_clocks_are_no_lag_and_lag_is() {
        for ppm in [-30.0, 30.0] {
            let mut lag = Lag::default();
            let mut late = 0.0;
            // Ten days.
            for _ in 0..14_400 {
                late += 60.0 * ppm * 1e-6;
                let said = lag.note(late, Duration::from_secs(60));
                assert!(said.abs() < 0.01, "{said}");
            }
            let said = lag.note(late + 7.0, Duration::from_secs(1));
            assert!((said - 7.0).abs() < 0.01, "{said}");
            let hour = (0..3600).map(|_| lag.note(late + 7.0, Duration::from_secs(1)));
            let left = hour.last().unwrap();
            assert!(left > 6.7, "{left}");
        }
    }
}
