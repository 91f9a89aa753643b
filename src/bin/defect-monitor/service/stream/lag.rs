// SPDX-License-Identifier: MPL-2.0
//! The lag of a live stream, corrected for the drift between the sender's clock and ours.

use std::time::Duration;

/// Clocks of senders deviate by up to 30 ppm (ISO/IEC 13818-1, 2.4.2.1); ours by as much again. In an hour that is 0.2 s.
const DRIFT: f64 = 60e-6;

/// The reference for "on time" follows the stream at most as fast as two clocks drift apart, so that drift over days isn't lag.
#[derive(Debug, Clone, Copy, Default)]
pub struct LagMeter {
    /// How late, in seconds, a buffer on time is by now.
    on_time: f64,
}

impl LagMeter {
    /// The lag in seconds; `late`: seconds by which the stream is behind the offset set at its first buffer, `since`: time since the
    /// last call.
    pub fn update(&mut self, late: f64, since: Duration) -> f64 {
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
            let mut lag = LagMeter::default();
            let mut late = 0.0;
            // Ten days.
            for _ in 0..14_400 {
                late += 60.0 * ppm * 1e-6;
                let said = lag.update(late, Duration::from_secs(60));
                assert!(said.abs() < 0.01, "{said}");
            }
            let said = lag.update(late + 7.0, Duration::from_secs(1));
            assert!((said - 7.0).abs() < 0.01, "{said}");
            let hour = (0..3600).map(|_| lag.update(late + 7.0, Duration::from_secs(1)));
            let left = hour.last().unwrap();
            assert!(left > 6.7, "{left}");
        }
    }
}
