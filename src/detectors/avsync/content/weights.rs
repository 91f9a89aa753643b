// SPDX-License-Identifier: MPL-2.0
//! The weights of the face finder, as `training/face.py` writes them: numbers of 16 bits, in the order of the layers.

use crate::media::network::{Convolution, Depthwise};

/// Channels are kept in multiples of this, the rest is 0, so that vectors hold whole places.
const LANES: usize = 8;

const WEIGHTS: &[u8] = include_bytes!("blazeface.f16");

/// How many channels are kept for that many.
pub const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(LANES)
}

/// Reads the weights in their order.
#[derive(Default)]
pub struct Reader {
    /// How many numbers were read.
    position: usize,
}

impl Reader {
    fn take(&mut self, count: usize) -> impl Iterator<Item = f32> + use<> {
        let from = self.position * 2;
        self.position += count;
        let bytes = WEIGHTS.get(from..from + count * 2).unwrap_or_default();
        bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|b| half(u16::from_le_bytes(*b)))
    }

    /// That many rows of `width` numbers each, padded.
    fn rows(&mut self, rows: usize, width: usize) -> Vec<f32> {
        let mut out = vec![0.0; rows * padded(width)];
        for (i, value) in self.take(rows * width).enumerate() {
            out[i / width * padded(width) + i % width] = value;
        }
        out
    }

    /// The first layer: 5x5 pixels of three colours, every other pixel, beginning one before the first.
    pub fn stem(&mut self, outputs: usize) -> Convolution {
        Convolution {
            start: 0,
            window: 5 * 3,
            step: 2 * 3,
            weights: self.rows(5 * 5 * 3, outputs),
            bias: self.rows(1, outputs),
            rectified: true,
        }
    }

    /// A layer in which each channel is for itself. One that halves the picture begins at the first place, others one before it.
    pub fn depthwise(&mut self, channels: usize, halves: bool) -> Depthwise {
        Depthwise {
            start: usize::from(halves),
            step: 1 + usize::from(halves),
            weights: self.rows(9, channels),
            bias: self.rows(1, channels),
        }
    }

    /// A layer that makes every channel of the output from all of the same place.
    pub fn pointwise(&mut self, inputs: usize, outputs: usize) -> Convolution {
        let mut weights = self.rows(inputs, outputs);
        weights.resize(padded(inputs) * padded(outputs), 0.0);
        Convolution {
            start: padded(inputs),
            window: padded(inputs),
            step: padded(inputs),
            weights,
            bias: self.rows(1, outputs),
            rectified: false,
        }
    }
}

/// A number of 16 bits (IEEE 754); no infinities here.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 0x3ff) / 1024.0);
    sign * if exponent == 0 {
        fraction * 2f32.powi(-14)
    } else {
        (1.0 + fraction) * 2f32.powi(exponent - 15)
    }
}
