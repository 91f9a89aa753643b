// SPDX-License-Identifier: MPL-2.0
//! How long to wait before the next try of what failed.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1000 });
/// At most, but for what is added by chance.
pub const LONGEST: Duration = Duration::from_secs(60);

/// The wait after so many failures in a row: it doubles, up to a minute, and is longer by up to a quarter by chance, so that many
/// processes don't come back at once.
pub fn pause(failures: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(LONGEST).mul_f64(super::chance(1.0, 1.25))
}
