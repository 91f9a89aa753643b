// SPDX-License-Identifier: MPL-2.0
//! How long to wait before the next try.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// At most.
const MOST: Duration = Duration::from_secs(60);
/// A source that was there for so long is there again when it is asked again.
pub const HEALTHY: Duration = Duration::from_secs(2);
/// The wait before a source that was there is asked again: enough for many that break off at the same instant.
const AGAIN: Duration = Duration::from_millis(200);

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

    /// After a failure; `lasted`: how long data came before.
    pub fn wait(&mut self, lasted: Duration) -> Duration {
        let whole = if lasted >= HEALTHY {
            self.failures = 0;
            AGAIN
        } else {
            let doubled = FIRST * (1 << self.failures.min(10));
            self.failures = self.failures.saturating_add(1);
            doubled.min(MOST)
        };
        whole.mul_f32(1.0 - self.dice.rand_float() / 2.0)
    }
}

/// Whether a source waits for others to send to it. Its socket stays open: there is nobody to be spared by closing it.
pub fn listens(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return false;
    };
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    match scheme.to_ascii_lowercase().as_str() {
        "udp" | "rtp" | "rist" => true,
        "srt" => {
            let mode = query.split('&').find_map(|pair| pair.strip_prefix("mode="));
            mode.map_or_else(|| authority.starts_with(':'), |mode| mode == "listener")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_a_source_that_was_there_is_asked_at_once() {
        let mut backoff = Backoff::new("a");
        for whole in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
            let wait = backoff.wait(Duration::from_secs(1)).as_secs_f32();
            assert!(wait > whole * 0.499 && wait <= whole, "{wait} of {whole}");
        }
        assert!(backoff.wait(HEALTHY) <= AGAIN);
        assert!(backoff.wait(Duration::ZERO) <= FIRST);
        assert_ne!(
            Backoff::new("a").wait(Duration::ZERO),
            Backoff::new("b").wait(Duration::ZERO)
        );
    }

    #[test]
    fn what_others_send_to_is_known_by_its_uri() {
        for (uri, is) in [
            ("udp://239.0.0.1:5000", true),
            ("rtp://0.0.0.0:5004", true),
            ("RIST://0.0.0.0:5004", true),
            ("srt://:7001", true),
            ("srt://0.0.0.0:7001?latency=200&mode=listener", true),
            ("srt://host:7001", false),
            ("srt://:7001?mode=caller", false),
            ("rtsp://camera/", false),
            ("/films/udp.ts", false),
        ] {
            assert_eq!(listens(uri), is, "{uri}");
        }
    }
}
