// SPDX-License-Identifier: MPL-2.0
//! Frames of a channel, their power spectra, and a lower rate for low frequencies. All count samples, so they don't
//! depend on how the stream was cut into buffers or blocks.

use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};

/// Overlapping frames of one channel.
#[derive(Debug)]
pub struct Frames {
    buffer: Vec<f32>,
    filled: usize,
    hop: usize,
}

impl Frames {
    /// Frames of `length` samples, one every `hop` samples.
    pub fn new(length: usize, hop: usize) -> Self {
        let length = length.max(1);
        Self {
            buffer: vec![0.0; length],
            filled: 0,
            hop: hop.clamp(1, length),
        }
    }

    /// Forgets the samples so far.
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Takes samples; calls `frame` for every frame that they complete.
    pub fn push(&mut self, mut samples: &[f32], mut frame: impl FnMut(&[f32])) {
        while !samples.is_empty() {
            let n = samples.len().min(self.buffer.len() - self.filled);
            let (now, later) = samples.split_at(n);
            self.buffer[self.filled..self.filled + n].copy_from_slice(now);
            self.filled += n;
            samples = later;
            if self.filled == self.buffer.len() {
                frame(&self.buffer);
                self.buffer.copy_within(self.hop.., 0);
                self.filled -= self.hop;
            }
        }
    }
}

/// The power spectrum of frames of one length, under a Hann window.
pub struct Spectrum {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    windowed: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    power: Vec<f32>,
    scale: f32,
    sine: f64,
}

impl std::fmt::Debug for Spectrum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spectrum({})", self.window.len())
    }
}

impl Spectrum {
    /// For frames of `length` samples, at least 4.
    pub fn new(length: usize) -> Self {
        let length = length.max(4);
        let fft = RealFftPlanner::new().plan_fft_forward(length);
        let window: Vec<f32> = (0..length)
            .map(|n| {
                let turn = std::f64::consts::TAU * n as f64 / length as f64;
                (0.5 - 0.5 * turn.cos()) as f32
            })
            .collect();
        let energy: f64 = window.iter().map(|w| f64::from(*w).powi(2)).sum();
        let sum: f64 = window.iter().map(|w| f64::from(*w)).sum();
        Self {
            windowed: fft.make_input_vec(),
            bins: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            power: vec![0.0; length / 2 + 1],
            scale: (2.0 / (length as f64 * energy)) as f32,
            sine: length as f64 * energy / (sum * sum),
            window,
            fft,
        }
    }

    /// How many bins there are: from 0 Hz to half the rate.
    pub fn len(&self) -> usize {
        self.power.len()
    }

    /// Whether there are no bins, which is never so.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The mean square of a sine wave, for each unit of power that its peak bin holds.
    pub fn sine(&self) -> f64 {
        self.sine
    }

    /// The power in each bin: over a band they add up to its mean square. A frame of another length gives what was before.
    pub fn power(&mut self, frame: &[f32]) -> &[f32] {
        if frame.len() == self.window.len() {
            for ((out, x), w) in self.windowed.iter_mut().zip(frame).zip(&self.window) {
                *out = x * w;
            }
            let done = self.fft.process_with_scratch(
                &mut self.windowed,
                &mut self.bins,
                &mut self.scratch,
            );
            if done.is_ok() {
                for (power, bin) in self.power.iter_mut().zip(&self.bins) {
                    *power = bin.norm_sqr() * self.scale;
                }
            }
        }
        &self.power
    }
}

/// Decimates one channel with a low-pass filter: a rate near 2 kHz is enough for mains hum.
#[derive(Debug)]
pub struct Decimator {
    taps: Vec<f32>,
    past: Vec<f32>,
    factor: usize,
    until_next: usize,
}

impl Decimator {
    /// Samples of the filter for each sample that it gives: enough for 70 dB beyond 0.65 times the lower rate.
    const WIDTH: usize = 10;

    /// From `rate` to at least `wanted` samples per second, by a whole factor.
    pub fn new(rate: u32, wanted: u32) -> Self {
        let factor = (rate / wanted.max(1)).max(1) as usize;
        let length = factor * Self::WIDTH + 1;
        let mut taps: Vec<f32> = (0..length).map(|n| tap(n, length, factor) as f32).collect();
        let sum: f32 = taps.iter().sum();
        taps.iter_mut().for_each(|t| *t /= sum);
        Self {
            past: vec![0.0; length],
            taps,
            factor,
            until_next: factor,
        }
    }

    /// Samples that go in for each that comes out.
    pub fn factor(&self) -> usize {
        self.factor
    }

    /// Forgets the samples so far.
    pub fn clear(&mut self) {
        self.past.fill(0.0);
        self.until_next = self.factor;
    }

    /// Takes samples, adds what they give to `out`.
    pub fn push(&mut self, mut samples: &[f32], out: &mut Vec<f32>) {
        while !samples.is_empty() {
            let n = samples.len().min(self.until_next);
            let (now, later) = samples.split_at(n);
            self.past.extend_from_slice(now);
            samples = later;
            self.until_next -= n;
            if self.until_next == 0 {
                self.until_next = self.factor;
                let from = self.past.len() - self.taps.len();
                out.push(dot(&self.past[from..], &self.taps));
                if self.past.len() >= 8 * self.taps.len() {
                    self.past.drain(..from);
                }
            }
        }
    }
}

/// Windowed sinc (Blackman), cut-off at 0.4 of the lower rate.
fn tap(n: usize, length: usize, factor: usize) -> f64 {
    use std::f64::consts::{PI, TAU};
    let t = n as f64 - (length - 1) as f64 / 2.0;
    let x = 0.8 * t / factor as f64;
    let sinc = if x == 0.0 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    };
    let turn = TAU * n as f64 / (length - 1) as f64;
    sinc * (0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
}

/// Computed in sixteen sums, so that the compiler can use vectors, and none has to wait for the last one.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (x, y) in a.iter().zip(b) {
        for i in 0..16 {
            sums[i] += x[i] * y[i];
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(frequency: f64, rate: f64, length: usize) -> Vec<f32> {
        (0..length)
            .map(|n| (std::f64::consts::TAU * frequency * n as f64 / rate).sin() as f32)
            .collect()
    }

    #[test]
    fn frames_do_not_depend_on_the_pieces() {
        let samples: Vec<f32> = (0..1000).map(|n| n as f32).collect();
        let cut = |piece| {
            let mut frames = Frames::new(64, 24);
            let mut found = Vec::new();
            for part in samples.chunks(piece) {
                frames.push(part, |f| found.push(f.to_vec()));
            }
            found
        };
        assert_eq!(cut(1), cut(1000));
        assert_eq!(cut(7), cut(1000));
        assert_eq!(cut(1000)[1][0], 24.0);
        assert_eq!(cut(1000).len(), 1 + (1000 - 64) / 24);
    }

    #[test]
    fn power_adds_up_to_the_mean_square() {
        let mut spectrum = Spectrum::new(1024);
        let wave = sine(3000.0, 48_000.0, 1024);
        let power = spectrum.power(&wave).to_vec();
        let total: f32 = power.iter().sum();
        assert!((total - 0.5).abs() < 1e-3, "{total}");
        let peak = power.iter().copied().fold(0.0, f32::max);
        assert!((spectrum.sine() * f64::from(peak) - 0.5).abs() < 1e-3);
    }

    #[test]
    fn decimation_keeps_what_is_low_and_drops_what_is_high() {
        for rate in [8_000u32, 44_100, 48_000, 192_000] {
            let level = |frequency: f64| {
                let mut decimator = Decimator::new(rate, 2000);
                let mut out = Vec::new();
                for part in sine(frequency, rate.into(), rate as usize).chunks(480) {
                    decimator.push(part, &mut out);
                }
                assert!(out.len() >= 1990);
                let tail = &out[500..];
                let mean: f32 = tail.iter().map(|x| x * x).sum::<f32>() / tail.len() as f32;
                10.0 * (2.0 * mean + 1e-20).log10()
            };
            assert!(level(50.0).abs() < 0.1, "{rate}: {}", level(50.0));
            assert!(level(400.0).abs() < 0.3, "{rate}: {}", level(400.0));
            assert!(level(1700.0) < -60.0, "{rate}: {}", level(1700.0));
        }
    }
}
