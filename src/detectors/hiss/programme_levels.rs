// SPDX-License-Identifier: MPL-2.0
//! Tells whether a varying programme is heard above the noise floor. If not, the noise is itself the programme.

use crate::media::{
    dsp::sliding_window::SlidingWindow,
    sound::{Meter, power_db},
};

/// Steps of a quarter of a second that are kept: 8 s.
const STEPS: usize = 32;
/// Steps needed for a result.
const FEWEST: usize = 12;
/// Least distance of the loud tenth of the steps from the floor, in dB ...
const OVER: f64 = 8.0;
/// ... and from the soft tenth. Rain, waterfalls and fans have less than 2 dB.
const RANGE: f64 = 3.0;

/// The level of one channel over the last seconds.
#[derive(Debug)]
pub struct ProgrammeLevels {
    step: Meter,
    levels: SlidingWindow,
}

impl ProgrammeLevels {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            step: Meter::default(),
            levels: SlidingWindow::new(STEPS),
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

    /// Ends a step.
    pub fn end_step(&mut self) {
        self.levels.push(power_db(self.step.ac_power()));
        self.step = Meter::default();
    }

    /// Whether the programme varies and stands above `floor` (dBFS).
    pub fn stands_above(&self, floor: f64) -> bool {
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
