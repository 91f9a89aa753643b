// SPDX-License-Identifier: MPL-2.0
//! Layers of small convolutional networks, a row of outputs at a time, for the processor at hand.
//!
//! A [`Row`] holds all channels of a place side by side, so that the part of an input row that a kernel covers is one slice of numbers, and
//! every layer is the same sum: over rows, over numbers of the slice, of number times weights. `scalar` is the definition, `avx2` computes
//! the same faster, but for rounding. Both learned parts of this crate run on it: the face finder of `avsyncdetect` and the map of
//! `corruptiondetect`.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod scalar;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "x86_64")]
use avx2::Avx2;

/// Code for the processor at hand. All kinds give the same numbers, but for rounding.
#[derive(Debug, Clone, Copy)]
pub enum Kernel {
    /// Without vectors of our own.
    Scalar,
    /// With vectors of eight, where the processor proved to have them.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

impl Kernel {
    /// The fastest that this processor can run.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Scalar
    }
}

/// A row of places with the same number of channels each, and one more place at both ends: zeros, unless they are
/// [repeated](Row::repeat_edges).
#[derive(Debug, Clone)]
pub struct Row {
    channels: usize,
    values: Vec<f32>,
}

impl Row {
    /// Zeros.
    pub fn new(places: usize, channels: usize) -> Self {
        Self {
            channels,
            values: vec![0.0; (places + 2) * channels],
        }
    }

    /// Makes it a row of that many places and channels, whose numbers are to be written; both ends become zeros. Memory
    /// grows, but doesn't shrink.
    pub fn reshape(&mut self, places: usize, channels: usize) {
        self.channels = channels;
        self.values.resize((places + 2) * channels, 0.0);
        let end = self.values.len() - channels;
        self.values[..channels].fill(0.0);
        self.values[end..].fill(0.0);
    }

    /// The numbers of all places, channels side by side.
    pub fn places(&self) -> &[f32] {
        &self.values[self.channels..self.values.len() - self.channels]
    }

    /// The same, to be written.
    pub fn places_mut(&mut self) -> &mut [f32] {
        let end = self.values.len() - self.channels;
        &mut self.values[self.channels..end]
    }

    /// The places at both ends become those next to them.
    pub fn repeat_edges(&mut self) {
        let (channels, end) = (self.channels, self.values.len() - self.channels);
        self.values.copy_within(channels..2 * channels, 0);
        self.values.copy_within(end - channels..end, end);
    }
}

/// A convolution over all channels.
#[derive(Debug, Clone, PartialEq)]
pub struct Convolution {
    /// Number of a row of the input, with the place before it, from which on the first place of the output sees it.
    pub start: usize,
    /// Numbers of a row that one place of the output sees.
    pub window: usize,
    /// Numbers from there to what the next place sees.
    pub step: usize,
    /// By row, number of the window, channel of the output. With AVX2, channels of the output are fastest in multiples of 8.
    pub weights: Vec<f32>,
    /// By channel of the output.
    pub bias: Vec<f32>,
    /// Whether negative outputs become 0 (ReLU).
    pub rectified: bool,
}

impl Convolution {
    /// One row of outputs from as many rows as the weights are for.
    pub fn apply(&self, kernel: Kernel, rows: &[&Row], out: &mut Row) {
        match kernel {
            Kernel::Scalar => scalar::convolve(self, rows, out.places_mut()),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2(avx2) => avx2.convolve(self, rows, out.places_mut()),
        }
    }
}

/// A convolution of 3x3 places, each channel for itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Depthwise {
    /// Where the first place of the output begins to cover the input: 0 is the place before the first.
    pub start: usize,
    /// Places of the input from one place of the output to the next.
    pub step: usize,
    /// By row, column, channel.
    pub weights: Vec<f32>,
    /// By channel.
    pub bias: Vec<f32>,
}

impl Depthwise {
    /// One row of outputs from the three rows that it covers.
    pub fn apply(&self, kernel: Kernel, rows: [&Row; 3], out: &mut Row) {
        match kernel {
            Kernel::Scalar => scalar::neighbours(self, rows, out.places_mut()),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2(avx2) => avx2.neighbours(self, rows, out.places_mut()),
        }
    }
}
