// SPDX-License-Identifier: MPL-2.0
//! How long to wait before the next try.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// At most.
const MOST: Duration = Duration::from_secs(60);
/// Who lasts so long is healthy: it starts from the first again.
pub const HEALTHY: Duration = Duration::from_secs(60);

/// Waits that double, each shortened by chance by up to half, so that streams of one server don't come back all at once.
#[derive(Debug)]
pub struct Backoff {
    failures: u32,
    dice: oorandom::Rand32,
}

impl Backoff {
    /// For a stream of that name.
    pub fn new(id: &str) -> Self {
        let seed = id.bytes().fold(u64::from(std::process::id()), |seed, b| {
            seed.wrapping_mul(31).wrapping_add(u64::from(b))
        });
        Self {
            failures: 0,
            dice: oorandom::Rand32::new(seed),
        }
    }

    /// After a failure; `lasted`: how long it went well before.
    pub fn wait(&mut self, lasted: Duration) -> Duration {
        if lasted >= HEALTHY {
            self.failures = 0;
        }
        let whole = FIRST * (1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        whole.min(MOST).mul_f32(1.0 - self.dice.rand_float() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_begin_anew_after_one() {
        let mut backoff = Backoff::new("a");
        for whole in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
            let wait = backoff.wait(Duration::from_secs(59)).as_secs_f32();
            assert!(wait > whole * 0.499 && wait <= whole, "{wait} of {whole}");
        }
        assert!(backoff.wait(HEALTHY) <= FIRST);
        assert_ne!(Backoff::new("a").wait(FIRST), Backoff::new("b").wait(FIRST));
    }
}
