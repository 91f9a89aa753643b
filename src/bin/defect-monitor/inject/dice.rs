// SPDX-License-Identifier: MPL-2.0
//! Chance that is the same every time.

use oorandom::Rand64;

/// A pair of dice.
#[derive(Debug)]
pub struct Dice(Rand64);

impl Dice {
    /// That begin there.
    pub fn new(seed: u64) -> Self {
        Self(Rand64::new(u128::from(seed)))
    }

    /// True that often.
    pub fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.0.rand_float() < probability
    }

    /// How many tries fail before the first that succeeds with that probability.
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
