// SPDX-License-Identifier: MPL-2.0
//! Finds the clicks of one channel: keeps three blocks, of which the middle one is judged.

use std::ops::Range;

use super::{ClickSettings, lpc};
use crate::media::sound::{AudioFormat, Meter, amplitude_db};

/// A click.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Sample of the middle block.
    pub at: usize,
    /// Height over the residual of the sound around it, in dB.
    pub height: f64,
}

/// How far a peak of the curvature has to stand over its RMS in the three blocks: a single sample can't come higher
/// than 31 at 48 kHz, running sound rarely over 7.
const GATE: f32 = 7.0;

/// Least residual that is assumed: one step of 16 bits.
const STEP: f32 = 1.0 / 32_768.0;

/// Further peaks of at least half the height around it from which a peak belongs to the waveform.
const MANY_SIMILAR: usize = 2;

/// Power of silence against that of the sound on the other side: -40 dB.
const SILENT: f64 = 1e-4;

/// Power before the onset of a loud sound, a drum for example, against that after it: -9 dB.
const ONSET: f64 = 0.126;

/// Largest jump of such an edge, as a multiple of the RMS of the loud side.
const EDGE: f64 = 6.0;

/// Quantisation step of 8 bits; a jump by one or two of these is quantisation.
const COARSE: f32 = 1.0 / 127.0;

#[derive(Debug)]
pub(super) struct ClickChannel {
    /// Samples in a block.
    length: usize,
    /// Samples of half a millisecond, within which a click and its residual end.
    near: usize,
    /// The three blocks, and the same without the click, and what the prediction leaves.
    x: Vec<f32>,
    clean: Vec<f32>,
    window: Vec<f32>,
    residual: Vec<f32>,
    /// Energy and peak of the second difference, for each block.
    curvature: [(f32, f32); 3],
    filled: usize,
}

impl ClickChannel {
    pub fn new(format: &AudioFormat) -> Self {
        let length = format.block_length().max(4 * lpc::ORDER);
        Self {
            length,
            near: (format.rate as usize / 2000).max(lpc::ORDER + 2),
            x: vec![0.0; 3 * length],
            clean: vec![0.0; 3 * length],
            window: (0..3 * length).map(|i| hann(i, 3 * length)).collect(),
            residual: vec![0.0; 3 * length],
            curvature: [(0.0, 0.0); 3],
            filled: 0,
        }
    }

    pub fn reset(&mut self) {
        self.filled = 0;
    }

    pub fn push(&mut self, samples: &[f32]) {
        let at = 2 * self.length;
        self.x.copy_within(self.length.., 0);
        let n = samples.len().min(self.length);
        self.x[at..at + n].copy_from_slice(&samples[..n]);
        self.curvature.rotate_left(1);
        self.curvature[2] = curvature_energy_and_peak(&self.x[at - 2..]);
        self.filled = (self.filled + 1).min(3);
    }

    /// The highest click in the middle block.
    pub fn search(&mut self, settings: &ClickSettings) -> Option<Found> {
        let (power, peak) = (self.curvature.map(|c| c.0), self.curvature[1].1);
        let power = power.iter().sum::<f32>() / self.x.len() as f32;
        let floor = 10f32.powf(settings.floor as f32 / 20.0);
        if self.filled < 3 || peak < floor || peak * peak < GATE * GATE * power {
            return None;
        }
        if self.is_quantisation(peak) {
            return None;
        }
        let at = (self.length..2 * self.length)
            .find(|&i| second_difference(&self.x[i - 2..=i]) >= peak)?;
        self.predict(at);
        self.judge(at, settings.threshold, floor)
    }

    /// Computes the residual. The click is replaced by a line first, so that it doesn't influence the predictor.
    fn predict(&mut self, click: usize) {
        self.clean.copy_from_slice(&self.x);
        let (from, to) = (click - 3, click + lpc::ORDER);
        let (a, b) = (self.x[from], self.x[to]);
        for (i, value) in self.clean[from..to].iter_mut().enumerate() {
            *value = a + (b - a) * i as f32 / (to - from) as f32;
        }
        for (value, w) in self.clean.iter_mut().zip(&self.window) {
            *value *= w;
        }
        let coefficients = lpc::predictor(&self.clean);
        lpc::residual(&self.x, &coefficients, &mut self.residual);
    }

    fn judge(&self, click: usize, threshold: f64, floor: f32) -> Option<Found> {
        let (n, near) = (self.length, self.near);
        let e = |i: usize| self.residual[i].abs();
        let at = (click - near..click + near).fold(click, |a, i| if e(i) > e(a) { i } else { a });
        // Also right beside the peak: an attack may have died away 10 ms later.
        let before = self
            .rms(at.saturating_sub(n)..at - near)
            .max(self.rms(at.saturating_sub(5 * near)..at - near));
        let after = self
            .rms(at + near..at + n)
            .max(self.rms(at + near..at + 5 * near));
        let height = amplitude_db(e(at).into()) - amplitude_db(before.max(after).max(STEP).into());
        let dull = height < threshold || e(at) < floor;
        if dull || self.count_similar_peaks(at) >= MANY_SIMILAR || self.is_edge(click) {
            return None;
        }
        Some(Found {
            // The curvature of three samples is that of the middle one.
            at: (click - 1).clamp(n, 2 * n - 1) - n,
            height,
        })
    }

    /// Whether a peak of the curvature is a change by one or two steps of coarse samples.
    fn is_quantisation(&self, peak: f32) -> bool {
        if peak > 4.0 * COARSE {
            return false;
        }
        let differences = self.x.windows(2).map(|w| (w[1] - w[0]).abs());
        let step = differences
            .filter(|d| *d > 0.0)
            .fold(f32::INFINITY, f32::min);
        (STEP * 16.0..=COARSE).contains(&step) && peak <= 4.1 * step
    }

    /// Whether sound begins from silence or stops, or a much louder one begins, without a jump larger than the
    /// waveform's own: an edit, the edge of a dropout, or a drum.
    fn is_edge(&self, click: usize) -> bool {
        let (n, near) = (self.length, self.near);
        let power = |range: Range<usize>| Meter::of(&self.x[range]).power();
        let before = power(click - n..click - 3);
        let after = power(click + near..(click + n).min(3 * n));
        let (soft, loud) = (before.min(after), before.max(after));
        let jump = f64::from(
            self.x[click - 3..click + near]
                .iter()
                .fold(0.0f32, |m, x| m.max(x.abs())),
        );
        let at_edge = soft < SILENT * loud || before < ONSET * after;
        at_edge && jump * jump < EDGE * EDGE * loud
    }

    /// Counts the further peaks of at least half the height within 10 ms.
    fn count_similar_peaks(&self, at: usize) -> usize {
        let (n, near) = (self.length, self.near);
        let half = self.residual[at].abs() / 2.0;
        let around = (at.saturating_sub(n)..at - near).chain(at + near..(at + n).min(3 * n));
        let (mut count, mut last) = (0, None::<usize>);
        for i in around.filter(|&i| self.residual[i].abs() > half) {
            if last.is_none_or(|l| i > l + near) {
                count += 1;
                last = Some(i);
            }
        }
        count
    }

    fn rms(&self, range: Range<usize>) -> f32 {
        let range = range.start.max(lpc::ORDER)..range.end.min(self.residual.len());
        let part = self.residual.get(range).unwrap_or_default();
        (part.iter().map(|e| e * e).sum::<f32>() / part.len().max(1) as f32).sqrt()
    }
}

/// Hann window; without it tones are predicted badly.
fn hann(i: usize, length: usize) -> f32 {
    0.5 - 0.5 * (std::f32::consts::TAU * (i as f32 + 0.5) / length as f32).cos()
}

/// Second difference (curvature) of three samples.
fn second_difference(x: &[f32]) -> f32 {
    match *x {
        [a, b, c] => (a + c - 2.0 * b).abs(),
        _ => 0.0,
    }
}

/// Energy and peak of the second difference over all samples.
fn curvature_energy_and_peak(x: &[f32]) -> (f32, f32) {
    let (mut sum, mut peak) = ([0.0f32; 8], [0.0f32; 8]);
    let n = x.len().saturating_sub(2);
    if n == 0 {
        return (0.0, 0.0);
    }
    let mut add = |i: usize, a: f32, b: f32, c: f32| {
        let d = (a + c - 2.0 * b).abs();
        sum[i] += d * d;
        peak[i] = if d > peak[i] { d } else { peak[i] };
    };
    let [(a, ra), (b, rb), (c, rc)] = [&x[..n], &x[1..=n], &x[2..]].map(<[f32]>::as_chunks::<8>);
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        for i in 0..8 {
            add(i, a[i], b[i], c[i]);
        }
    }
    for (i, ((a, b), c)) in ra.iter().zip(rb).zip(rc).enumerate() {
        add(i, *a, *b, *c);
    }
    (sum.iter().sum(), peak.into_iter().fold(0.0, f32::max))
}
