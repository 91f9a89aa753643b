// SPDX-License-Identifier: MPL-2.0
//! K-weighting (BS.1770-5, Annex 1) at any sample rate, and the weight of each channel.

use crate::media::sound::{AudioFormat, Block, Position};

/// The two stages of the weighting, as analogue prototypes. BS.1770 lists coefficients for 48 kHz only; these parameters give
/// them back to the last digit (a test holds them against the standard's table).
const SHELF: (f64, f64, f64) = (
    1_681.974_450_955_533,
    0.707_175_236_955_419_6,
    3.999_843_853_973_347,
);
const HIGH_PASS: (f64, f64) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);

/// How the gain of the shelf is divided between its terms, to meet the table of the standard.
const SHELF_EXPONENT: f64 = 0.499_666_774_154_541_6;

/// Below this a filter's memory is nothing, but would make it slow (denormal numbers).
const NOTHING: f64 = 1e-30;

/// Channels that are filtered side by side, so that the processor's vectors are put to use.
const LANES: usize = 2;

/// A second-order section, normalised to a0 = 1.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    b: [f64; 3],
    a: [f64; 2],
}

/// The two sections for a sample rate.
pub fn sections(rate: u32) -> [Section; 2] {
    let rate = f64::from(rate.max(1));
    let (f, q, gain) = SHELF;
    // At low rates the bilinear transform bends the shelf: there it is held at 1 kHz, where loudness is calibrated, instead
    // of its own frequency (at 8 kHz a line-up tone would read 0.2 LU less).
    let held = if rate < 32_000.0 { 1_000.0 } else { f };
    let k = f / held * (std::f64::consts::PI * held / rate).tan();
    let vh = 10f64.powf(gain / 20.0);
    let vb = vh.powf(SHELF_EXPONENT);
    let a0 = 1.0 + k / q + k * k;
    let shelf = Section {
        b: [
            (vh + vb * k / q + k * k) / a0,
            2.0 * (k * k - vh) / a0,
            (vh - vb * k / q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
    };
    let (f, q) = HIGH_PASS;
    let a0_at = |rate: f64| {
        let k = (std::f64::consts::PI * f / rate).tan();
        (k, 1.0 + k / q + k * k)
    };
    let (k, a0) = a0_at(rate);
    // The standard's 1, -2, 1 at 48 kHz let high frequencies pass with a little gain; so they do here at every rate.
    let gain = a0_at(48_000.0).1 / a0;
    let pass = Section {
        b: [gain, -2.0 * gain, gain],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
    };
    [shelf, pass]
}

/// Filters the channels that count and adds up what they weigh.
#[derive(Debug)]
pub struct Weighting {
    sections: [Section; 2],
    groups: Vec<Group>,
}

/// Channels that are filtered side by side; a lane without a channel weighs nothing.
#[derive(Debug, Default)]
struct Group {
    channels: [usize; LANES],
    weights: [f64; LANES],
    memory: [[f64; LANES]; 4],
}

impl Weighting {
    /// For a stream of that format.
    pub fn new(format: &AudioFormat) -> Self {
        let weights = channel_weights(format);
        let counting: Vec<(usize, f64)> = weights
            .into_iter()
            .enumerate()
            .filter(|(_, w)| *w > 0.0)
            .collect();
        let groups = counting
            .chunks(LANES)
            .map(|chunk| {
                let mut group = Group::default();
                for (lane, (channel, weight)) in chunk.iter().enumerate() {
                    group.channels[lane] = *channel;
                    group.weights[lane] = *weight;
                }
                group
            })
            .collect();
        Self {
            sections: sections(format.rate),
            groups,
        }
    }

    /// The weighted sum of the channels' mean squares.
    pub fn push(&mut self, block: &Block<'_>) -> f64 {
        let sections = self.sections;
        self.groups
            .iter_mut()
            .map(|g| g.push(&sections, block))
            .sum()
    }
}

impl Group {
    fn push(&mut self, [shelf, pass]: &[Section; 2], block: &Block<'_>) -> f64 {
        let [left, right] = self.channels.map(|c| block.channel(c));
        let [mut s1, mut s2, mut p1, mut p2] = self.memory;
        let mut energy = [0.0; LANES];
        for (l, r) in left.iter().zip(right) {
            for (lane, x) in [*l, *r].into_iter().map(f64::from).enumerate() {
                let y = shelf.b[0] * x + s1[lane];
                s1[lane] = shelf.b[1] * x - shelf.a[0] * y + s2[lane];
                s2[lane] = shelf.b[2] * x - shelf.a[1] * y;
                let z = pass.b[0] * y + p1[lane];
                p1[lane] = pass.b[1] * y - pass.a[0] * z + p2[lane];
                p2[lane] = pass.b[2] * y - pass.a[1] * z;
                energy[lane] += z * z;
            }
        }
        self.memory = [s1, s2, p1, p2].map(|m| m.map(|v| if v.abs() < NOTHING { 0.0 } else { v }));
        let sum: f64 = energy.iter().zip(&self.weights).map(|(e, w)| e * w).sum();
        sum / block.length() as f64
    }
}

/// Weights by BS.1770-5, Annex 3: 1.41 for channels at the level of the ears and 60 to 120 degrees to the side, 1 for all others, nothing
/// for low-frequency effects. What is called rear is at 110 degrees where it is the only surround (5.1), and at 135 where there are sides,
/// too (7.1). Channels without a known place count as if they were in front.
pub fn channel_weights(format: &AudioFormat) -> Vec<f64> {
    let sides = format
        .positions
        .iter()
        .any(|p| matches!(p, Position::SideLeft | Position::SideRight));
    let weight = |channel| match format.positions.get(channel) {
        Some(Position::Lfe) => 0.0,
        Some(Position::SideLeft | Position::SideRight) => 1.41,
        Some(Position::RearLeft | Position::RearRight) if !sides => 1.41,
        _ => 1.0,
    };
    (0..format.channels).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BS.1770-5, Annex 1, tables 1 and 2.
    #[test]
    fn gives_the_coefficients_of_the_standard() {
        let [shelf, pass] = sections(48_000);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(shelf.b[0], 1.535_124_859_586_97);
        near(shelf.b[1], -2.691_696_189_406_38);
        near(shelf.b[2], 1.198_392_810_852_85);
        near(shelf.a[0], -1.690_659_293_182_41);
        near(shelf.a[1], 0.732_480_774_215_85);
        near(pass.b[0], 1.0);
        near(pass.a[0], -1.990_047_454_833_98);
        near(pass.a[1], 0.990_072_250_366_21);
    }
}
