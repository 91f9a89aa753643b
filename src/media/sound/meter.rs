// SPDX-License-Identifier: MPL-2.0
//! Level, peak and mean of the samples of one channel.

use super::{amplitude_db, power_db};

/// The measures of some samples; measures of two pieces can be added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meter {
    count: u64,
    sum: f64,
    squares: f64,
    min: f32,
    max: f32,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            count: 0,
            sum: 0.0,
            squares: 0.0,
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
        }
    }
}

/// Samples that are handled side by side, which the compiler turns into vector instructions.
const LANES: usize = 8;

impl Meter {
    /// Of these samples, full scale = 1.
    pub fn of(samples: &[f32]) -> Self {
        // In f64, otherwise the rounding of the mean of a large offset would be left in the variance: -120 dBFS of it
        // in f32.
        let (mut sum, mut squares) = ([0f64; LANES], [0f64; LANES]);
        let (mut min, mut max) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let mut add = |i: usize, x: f32| {
            let wide = f64::from(x);
            sum[i] += wide;
            squares[i] += wide * wide;
            min[i] = if x < min[i] { x } else { min[i] };
            max[i] = if x > max[i] { x } else { max[i] };
        };
        let (chunks, rest) = samples.as_chunks::<LANES>();
        for chunk in chunks {
            for (i, &x) in chunk.iter().enumerate() {
                add(i, x);
            }
        }
        for (i, &x) in rest.iter().enumerate() {
            add(i, x);
        }
        Self {
            count: samples.len() as u64,
            sum: sum.iter().sum(),
            squares: squares.iter().sum(),
            min: min.into_iter().fold(f32::INFINITY, f32::min),
            max: max.into_iter().fold(f32::NEG_INFINITY, f32::max),
        }
    }

    /// Adds the samples of another stretch.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean: the DC offset, as a fraction of full scale.
    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// The mean square, offset included.
    pub fn power(&self) -> f64 {
        self.squares / self.count.max(1) as f64
    }

    /// The mean square without the mean: the audible part.
    pub fn ac_power(&self) -> f64 {
        if self.constant().is_some() {
            return 0.0;
        }
        (self.power() - self.mean().powi(2)).max(0.0)
    }

    /// The value that all samples have, if they do.
    pub fn constant(&self) -> Option<f32> {
        (self.count > 0 && self.min == self.max).then_some(self.min)
    }

    /// The level in dBFS (a full-scale square wave has 0), offset included; `None` without samples.
    pub fn rms_db(&self) -> Option<f64> {
        (self.count > 0).then(|| power_db(self.power()))
    }

    /// The largest magnitude of a sample in dBFS; `None` without samples.
    pub fn peak_db(&self) -> Option<f64> {
        (self.count > 0).then(|| amplitude_db(f64::from(self.max.abs().max(self.min.abs()))))
    }

    /// The mean, as a fraction of full scale; `None` without samples.
    pub fn dc(&self) -> Option<f64> {
        (self.count > 0).then(|| self.mean())
    }
}
