// SPDX-License-Identifier: MPL-2.0
//! How the level of a line changes over a frame: that of hum stays constant, also where its frequency flutters; notes
//! and beats come and go.

use std::f64::consts::TAU;

/// Pieces of a quarter of a second in a frame, half overlapping.
const PIECES: usize = 63;
/// Limits of the softest and the loudest tenth of the pieces against their median, as ratios of amplitudes.
const SOFT: f64 = 0.6;
const LOUD: f64 = 1.5;

/// Measures envelopes.
#[derive(Debug)]
pub struct Envelope {
    rate: f64,
    hann: Vec<f64>,
    amplitudes: [f64; PIECES],
}

impl Envelope {
    /// For frames of `length` samples at `rate`.
    pub fn new(length: usize, rate: f64) -> Self {
        let piece = (2 * length / (PIECES + 1)).max(1);
        let hann = |n| 0.5 - 0.5 * (TAU * n as f64 / piece as f64).cos();
        Self {
            rate,
            hann: (0..piece).map(hann).collect(),
            amplitudes: [0.0; PIECES],
        }
    }

    /// Whether the level at `frequency` (Hz, give or take 4 Hz) stays constant over the frame.
    pub fn is_constant(&mut self, frequency: f64, frame: &[f32]) -> bool {
        let half = self.hann.len() / 2;
        let (sin, cos) = (TAU * frequency / self.rate).sin_cos();
        for (n, amplitude) in self.amplitudes.iter_mut().enumerate() {
            let samples = frame.get(n * half..).unwrap_or_default();
            let (mut re, mut im, mut sum) = (1.0, 0.0, (0.0, 0.0));
            for (x, w) in samples.iter().zip(&self.hann) {
                let x = f64::from(*x) * w;
                sum = (sum.0 + x * re, sum.1 + x * im);
                (re, im) = (re * cos - im * sin, im * cos + re * sin);
            }
            *amplitude = sum.0.hypot(sum.1);
        }
        self.amplitudes.sort_unstable_by(f64::total_cmp);
        let at = |share: usize| self.amplitudes[PIECES * share / 10];
        at(1) >= SOFT * at(5) && at(9) <= LOUD * at(5)
    }
}
