// SPDX-License-Identifier: MPL-2.0
//! Seeded random numbers.

use oorandom::Rand64;

/// A random number generator.
#[derive(Debug)]
pub struct Dice(Rand64);

impl Dice {
    /// A generator with that seed.
    pub fn new(seed: u64) -> Self {
        Self(Rand64::new(u128::from(seed)))
    }

    /// True with that probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.0.rand_float() < probability
    }

    /// Number of failures before the first success with that probability.
    pub fn failures(&mut self, probability: f64) -> u64 {
        if probability >= 1.0 {
            return 0;
        }
        if probability <= 0.0 {
            return u64::MAX;
        }
        let u = 1.0 - self.0.rand_float();
        // Saturates where it is beyond counting.
        (u.ln() / (-probability).ln_1p()) as u64
    }
}
