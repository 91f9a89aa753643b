// SPDX-License-Identifier: MPL-2.0
//! How long to wait before a source is tried again.

use std::time::Duration;

/// Wait after the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Time for which a source must have given data for its next try to come without a long wait.
pub const HEALTHY: Duration = Duration::from_secs(2);
/// Wait before such a source is tried again: long enough to spread many that break off at the same instant.
const SHORT: Duration = Duration::from_millis(200);

/// Waits that double with each failure, each shortened at random by up to half, so that the streams of a server don't return all at
/// once.
#[derive(Debug)]
pub struct SourceBackoff {
    failures: u32,
    dice: oorandom::Rand32,
}

impl SourceBackoff {
    /// For a stream with that id, which seeds the random part.
    pub fn new(id: &str) -> Self {
        let seed = id.bytes().fold(u64::from(std::process::id()), |seed, b| {
            seed.wrapping_mul(31).wrapping_add(u64::from(b))
        });
        Self {
            failures: 0,
            dice: oorandom::Rand32::new(seed),
        }
    }

    /// The wait after a failure; `lasted`: how long data came before it.
    pub fn wait(&mut self, lasted: Duration) -> Duration {
        let whole = if lasted >= HEALTHY {
            self.failures = 0;
            SHORT
        } else {
            let doubled = FIRST * (1 << self.failures.min(10));
            self.failures = self.failures.saturating_add(1);
            doubled.min(LONGEST)
        };
        whole.mul_f32(1.0 - self.dice.rand_float() / 2.0)
    }
}

/// Whether the source listens for a sender. Its socket should stay open: closing it spares no server.
pub fn is_listener(uri: &str) -> bool {
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
        let mut backoff = SourceBackoff::new("a");
        for whole in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
            let wait = backoff.wait(Duration::from_secs(1)).as_secs_f32();
            assert!(wait > whole * 0.499 && wait <= whole, "{wait} of {whole}");
        }
        assert!(backoff.wait(HEALTHY) <= SHORT);
        assert!(backoff.wait(Duration::ZERO) <= FIRST);
        assert_ne!(
            SourceBackoff::new("a").wait(Duration::ZERO),
            SourceBackoff::new("b").wait(Duration::ZERO)
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
            assert_eq!(is_listener(uri), is, "{uri}");
        }
    }
}
