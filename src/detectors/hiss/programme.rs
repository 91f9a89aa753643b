// SPDX-License-Identifier: MPL-2.0
//! Whether a programme lies over a noise floor: else the noise is the programme.

use crate::media::{
    dsp::sliding::Sliding,
    sound::{Meter, power_db},
};

/// Steps of a quarter of a second that are looked at: 8 s.
const STEPS: usize = 32;
/// And the least of them.
const FEWEST: usize = 12;
/// The loud tenth of them lies so far over the floor, in dB ...
const OVER: f64 = 8.0;
/// ... and over the soft tenth. Rain, waterfalls and fans have less than 2 dB.
const RANGE: f64 = 3.0;

/// The level of one channel over the last seconds.
#[derive(Debug)]
pub struct Programme {
    step: Meter,
    levels: Sliding,
}

impl Programme {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            step: Meter::default(),
            levels: Sliding::new(STEPS),
        }
    }

    /// Forgets the sound so far.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Takes samples.
    pub fn push(&mut self, samples: &[f32]) {
        self.step.add(&Meter::of(samples));
    }

    /// A step is over.
    pub fn end_step(&mut self) {
        self.levels.push(power_db(self.step.ac_power()));
        self.step = Meter::default();
    }

    /// Whether it comes and goes over a floor of that level in dBFS.
    pub fn is_over(&self, floor: f64) -> bool {
        let mut levels = [0.0; STEPS];
        let n = self.levels.len();
        levels[..n].copy_from_slice(self.levels.values());
        let levels = &mut levels[..n];
        levels.sort_unstable_by(f64::total_cmp);
        if n < FEWEST {
            return false;
        }
        let (soft, loud) = (levels[n / 10], levels[n - 1 - n / 10]);
        loud >= floor + OVER && loud >= soft + RANGE
    }
}
