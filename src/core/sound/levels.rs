// SPDX-License-Identifier: MPL-2.0
//! The level of each channel over an interval: RMS, sample peak and mean, as several detectors report them.

use super::{Block, amplitude_db, power_db};
use crate::core::Measure;

/// The measures that [`Levels::measure`] fills in.
pub const LEVEL_MEASURES: [Measure; 3] = [
    Measure {
        name: "rms",
        per_channel: true,
        doc: "RMS in dBFS (a full-scale square wave has 0 dBFS)",
    },
    Measure {
        name: "peak",
        per_channel: true,
        doc: "largest sample, in dBFS",
    },
    Measure {
        name: "dc",
        per_channel: true,
        doc: "mean, as a signed fraction of full scale",
    },
];

/// What samples add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Level {
    /// Sum of the samples.
    pub sum: f64,
    /// Sum of their squares.
    pub squares: f64,
    /// The largest magnitude.
    pub peak: f32,
    /// How many there were.
    pub count: u64,
}

impl Level {
    /// Of these samples.
    pub fn of(samples: &[f32]) -> Self {
        // Eight of each, so that the compiler can keep them in vector registers.
        let (mut sum, mut squares, mut peak) = ([0.0f32; 8], [0.0f32; 8], [0.0f32; 8]);
        let chunks = samples.chunks_exact(8);
        let mut rest = Self::default();
        for &x in chunks.remainder() {
            rest.sum += f64::from(x);
            rest.squares += f64::from(x) * f64::from(x);
            rest.peak = rest.peak.max(x.abs());
        }
        for chunk in chunks {
            for (i, &x) in chunk.iter().enumerate() {
                sum[i] += x;
                squares[i] += x * x;
                peak[i] = peak[i].max(x.abs());
            }
        }
        Self {
            sum: rest.sum + sum.iter().copied().map(f64::from).sum::<f64>(),
            squares: rest.squares + squares.iter().copied().map(f64::from).sum::<f64>(),
            peak: peak.into_iter().fold(rest.peak, f32::max),
            count: samples.len() as u64,
        }
    }

    /// Together with further samples.
    pub fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        self.squares += other.squares;
        self.peak = self.peak.max(other.peak);
        self.count += other.count;
    }

    /// Mean square; 0 if there were no samples.
    pub fn power(&self) -> f64 {
        self.squares / self.count.max(1) as f64
    }

    /// Mean; 0 if there were no samples.
    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}

/// The levels of all channels since they were last asked for.
#[derive(Debug, Clone)]
pub struct Levels(Vec<Level>);

impl Levels {
    /// For that many channels.
    pub fn new(channels: usize) -> Self {
        Self(vec![Level::default(); channels])
    }

    /// Takes what was found in a channel.
    pub fn add(&mut self, channel: usize, level: &Level) {
        if let Some(sum) = self.0.get_mut(channel) {
            sum.add(level);
        }
    }

    /// Takes a block.
    pub fn push(&mut self, block: Block<'_>) {
        for (level, samples) in self.0.iter_mut().zip(block.iter()) {
            level.add(&Level::of(samples));
        }
    }

    /// Writes [`LEVEL_MEASURES`] of all channels in the order of a measurement, and begins anew.
    pub fn measure(&mut self, values: &mut [f64]) {
        let n = self.0.len();
        for (c, level) in self.0.iter_mut().enumerate() {
            if level.count > 0 {
                let all = [
                    power_db(level.power()),
                    amplitude_db(level.peak.into()),
                    level.mean(),
                ];
                for (i, value) in all.into_iter().enumerate() {
                    if let Some(slot) = values.get_mut(i * n + c) {
                        *slot = value;
                    }
                }
            }
            *level = Level::default();
        }
    }
}
