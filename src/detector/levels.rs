// SPDX-License-Identifier: MPL-2.0
//! The level of each channel over an interval: RMS, sample peak and mean, as several detectors report them.

use crate::media::sound::{Block, Meter};

crate::measures! {
    /// The level of each channel.
    pub struct LevelMeasures {
        /// RMS in dBFS (a full-scale square wave has 0 dBFS)
        "rms" rms: Vec<f64> => "dBFS",
        /// largest sample, in dBFS
        "peak" peak: Vec<f64> => "dBFS",
        /// mean, as a signed fraction of full scale
        "dc" dc: Vec<f64>,
    }
}

/// The meters of all channels since the last measurement.
#[derive(Debug, Clone)]
pub struct ChannelMeters(Vec<Meter>);

impl ChannelMeters {
    /// For `channels` channels.
    pub fn new(channels: usize) -> Self {
        Self(vec![Meter::default(); channels])
    }

    /// Adds the measures of a channel.
    pub fn add(&mut self, channel: usize, meter: &Meter) {
        if let Some(sum) = self.0.get_mut(channel) {
            sum.add(meter);
        }
    }

    /// Adds a block.
    pub fn push(&mut self, block: Block<'_>) {
        for (sum, samples) in self.0.iter_mut().zip(block.iter()) {
            sum.add(&Meter::of(samples));
        }
    }

    /// The levels of all channels; the next interval begins. NaN for a channel without samples.
    pub fn measure(&mut self) -> LevelMeasures {
        let of = |value: fn(&Meter) -> Option<f64>| {
            self.0
                .iter()
                .map(|meter| value(meter).unwrap_or(f64::NAN))
                .collect()
        };
        let measures = LevelMeasures {
            rms: of(Meter::rms_db),
            peak: of(Meter::peak_db),
            dc: of(Meter::dc),
        };
        self.0.fill(Meter::default());
        measures
    }
}
