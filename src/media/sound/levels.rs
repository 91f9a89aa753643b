// SPDX-License-Identifier: MPL-2.0
//! The level of each channel over an interval: RMS, sample peak and mean, as several detectors report them.

use super::{Block, Meter};
use crate::detector::Measure;

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

/// The levels of all channels since they were last asked for.
#[derive(Debug, Clone)]
pub struct Levels(Vec<Meter>);

impl Levels {
    /// For that many channels.
    pub fn new(channels: usize) -> Self {
        Self(vec![Meter::default(); channels])
    }

    /// Takes what was found in a channel.
    pub fn add(&mut self, channel: usize, meter: &Meter) {
        if let Some(sum) = self.0.get_mut(channel) {
            sum.add(meter);
        }
    }

    /// Takes a block.
    pub fn push(&mut self, block: Block<'_>) {
        for (sum, samples) in self.0.iter_mut().zip(block.iter()) {
            sum.add(&Meter::of(samples));
        }
    }

    /// Writes [`LEVEL_MEASURES`] of all channels in the order of a measurement, and begins anew.
    pub fn measure(&mut self, values: &mut [f64]) {
        let n = self.0.len();
        for (c, meter) in self.0.iter_mut().enumerate() {
            let all = [meter.rms_db(), meter.peak_db(), meter.dc()];
            for (i, value) in all.into_iter().enumerate() {
                if let (Some(slot), Some(value)) = (values.get_mut(i * n + c), value) {
                    *slot = value;
                }
            }
            *meter = Meter::default();
        }
    }
}
