// SPDX-License-Identifier: MPL-2.0
//! Delay before the next try of something that failed.

use std::time::Duration;

/// Delay after the first failure.
const FIRST: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1000 });
/// Longest delay, without the random part.
pub const LONGEST: Duration = Duration::from_secs(60);

/// The delay after that many consecutive failures: it doubles, up to a minute, plus up to a quarter at random, so
/// that many processes don't retry at once.
pub fn retry_delay(failures: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(LONGEST).mul_f64(super::chance(1.0, 1.25))
}
