// SPDX-License-Identifier: MPL-2.0
//! The peaks of the waveform between the samples (BS.1770-5, Annex 2): interpolated four times at up to 48 kHz, twice at 96 kHz.

use crate::media::sound::Block;

/// Samples from which a value between two of them is interpolated. The standard's example has 12 for each phase; 20 stay
/// within 0.05 dB up to 0.42 of the rate (20 kHz at 48 kHz; see the test).
const TAPS: usize = 20;

/// Shape of the Kaiser window around the sinc; chosen with [`TAPS`] for that flatness.
const BETA: f64 = 5.0;

/// Values that are computed side by side.
const LANES: usize = 16;

/// Finds the largest values between samples.
#[derive(Debug)]
pub struct TruePeak {
    /// One filter for each place between two samples.
    phases: Vec<[f32; TAPS]>,
    /// By how much an interpolated value can exceed the samples around it, at most.
    excess: f32,
    channels: Vec<Channel>,
    /// The samples that a filter needs from before the block, and the block.
    line: Vec<f32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Channel {
    /// The samples before the block; none at the beginning and after a gap.
    past: Option<[f32; TAPS - 1]>,
    largest: f32,
}

impl TruePeak {
    /// For that many channels.
    pub fn new(rate: u32, channels: usize) -> Self {
        let factor = match rate {
            ..80_000 => 4,
            80_000..160_000 => 2,
            _ => 1,
        };
        let phases: Vec<_> = (1..factor)
            .map(|p| filter(f64::from(p) / f64::from(factor)))
            .collect();
        let sum = |taps: &[f32; TAPS]| taps.iter().map(|t| t.abs()).sum::<f32>();
        Self {
            excess: phases.iter().map(sum).fold(1.0, f32::max) * 1.001,
            phases,
            channels: vec![Channel::default(); channels],
            line: Vec::new(),
        }
    }

    /// Forgets all that came before.
    pub fn reset(&mut self) {
        self.channels.fill(Channel::default());
    }

    /// Sound is missing: no value is interpolated across it.
    pub fn interrupt(&mut self) {
        self.channels.iter_mut().for_each(|c| c.past = None);
    }

    /// The largest value so far, of all channels.
    pub fn largest(&self) -> f32 {
        self.channels.iter().map(|c| c.largest).fold(0.0, f32::max)
    }

    /// The largest value of a channel in this block. What can neither exceed `limit` nor the largest so far isn't computed, but
    /// given as the largest sample: most of a programme stays far below both.
    pub fn push(&mut self, channel: usize, block: &Block<'_>, limit: f32) -> f32 {
        let samples = block.channel(channel);
        let Some(state) = self.channels.get_mut(channel) else {
            return 0.0;
        };
        self.line.clear();
        // Without a past the first sample is taken to have been there before: a step from silence would ring.
        let held = || [samples.first().copied().unwrap_or(0.0); TAPS - 1];
        self.line
            .extend_from_slice(&state.past.unwrap_or_else(held));
        self.line.extend_from_slice(samples);
        state.past = self.line.last_chunk().copied();
        let mut peak = magnitude(samples);
        let could_be = magnitude(&self.line) * self.excess;
        if could_be > limit || could_be > state.largest {
            for taps in &self.phases {
                peak = peak.max(largest_between(&self.line, taps));
            }
        }
        state.largest = state.largest.max(peak);
        peak
    }
}

fn magnitude(samples: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    let chunks = samples.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = lane.max(x.abs());
        }
    }
    lanes
        .iter()
        .copied()
        .chain(rest.iter().map(|x| x.abs()))
        .fold(0.0, f32::max)
}

/// The largest magnitude that a filter gives along the line.
fn largest_between(line: &[f32], taps: &[f32; TAPS]) -> f32 {
    let count = (line.len() + 1).saturating_sub(TAPS);
    let mut lanes = [0f32; LANES];
    let mut at = |start: usize| {
        let Some(window) = line[start..].first_chunk::<{ LANES + TAPS - 1 }>() else {
            return;
        };
        let mut values = [0f32; LANES];
        for (k, tap) in taps.iter().enumerate() {
            for (lane, value) in values.iter_mut().enumerate() {
                *value += tap * window[k + lane];
            }
        }
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane = lane.max(value.abs());
        }
    };
    for start in (0..count / LANES * LANES).step_by(LANES) {
        at(start);
    }
    // The rest as a last full step that overlaps the one before; blocks of less than one (under 1.6 kHz) don't occur.
    if !count.is_multiple_of(LANES) && count >= LANES {
        at(count - LANES);
    }
    lanes.into_iter().fold(0.0, f32::max)
}

/// A sinc in a Kaiser window that gives the value at `phase` between the two samples in the middle.
fn filter(phase: f64) -> [f32; TAPS] {
    let half = TAPS as f64 / 2.0;
    let taps: [f64; TAPS] = std::array::from_fn(|k| {
        let x = k as f64 - (half - 1.0) - phase;
        let sinc = if x == 0.0 {
            1.0
        } else {
            (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
        };
        sinc * bessel(BETA * (1.0 - (x / half).powi(2)).max(0.0).sqrt()) / bessel(BETA)
    });
    let sum: f64 = taps.iter().sum();
    taps.map(|t| (t / sum) as f32)
}

/// The modified Bessel function of the first kind, order 0.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each filter does to a sine, against the value that the sine has there.
    #[test]
    fn is_flat_up_to_the_edge_of_hearing() {
        for phase in [0.25, 0.5, 0.75] {
            let taps = filter(phase);
            for step in 1..=42 {
                let w = std::f64::consts::TAU * f64::from(step) / 100.0;
                let (mut re, mut im) = (0.0, 0.0);
                for (k, tap) in taps.iter().enumerate() {
                    let x = k as f64 - (TAPS as f64 / 2.0 - 1.0) - phase;
                    re += f64::from(*tap) * (w * x).cos();
                    im += f64::from(*tap) * (w * x).sin();
                }
                let db = 10.0 * (re * re + im * im).log10();
                assert!(db.abs() < 0.05, "phase {phase}, 0.{step:02}: {db}");
            }
        }
    }
}
