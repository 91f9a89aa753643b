// SPDX-License-Identifier: MPL-2.0
//! The weights of the network.

use std::sync::LazyLock;

use crate::media::network::{Convolution, Depthwise};

/// Channels of the input: luma, and its change since the picture before.
pub const INPUTS: usize = 2;
/// Channels after each of the three layers that make the picture smaller: to a quarter, and twice to half.
pub const CHANNELS: [usize; 3] = [16, 24, 64];
/// Layers that exchange information in the smallest picture.
pub const BLOCKS: usize = 4;

/// The weights that come with this project, shared by all streams; `training/` made them.
pub static LEARNT: LazyLock<Weights> =
    LazyLock::new(|| Weights::read(include_bytes!("weights.bin")));

/// All weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// 6x6 pixels of which each place has 4x4, then 3x3 places twice.
    pub layers: [Convolution; 3],
    /// Around each place, then from all channels of it.
    pub blocks: [(Depthwise, Convolution); BLOCKS],
    /// From the channels of a place to its verdict.
    pub out: Vec<f32>,
    /// That of nothing.
    pub bias: f32,
}

impl Weights {
    /// How many numbers there are.
    pub const COUNT: usize = {
        let [a, b, c] = CHANNELS;
        let layers = (36 * INPUTS + 1) * a + (9 * a + 1) * b + (9 * b + 1) * c;
        layers + BLOCKS * (9 + c + 1) * c + c + 1
    };

    /// From floating point numbers of 32 bits, little endian.
    pub fn read(bytes: &[u8; 4 * Self::COUNT]) -> Self {
        let mut numbers = bytes.as_chunks::<4>().0.iter();
        let mut take = |count: usize| -> Vec<f32> {
            numbers
                .by_ref()
                .take(count)
                .map(|b| f32::from_le_bytes(*b))
                .collect()
        };
        let mut inputs = INPUTS;
        let layers = [
            (CHANNELS[0], 6, 4),
            (CHANNELS[1], 3, 2),
            (CHANNELS[2], 3, 2),
        ]
        .map(|(outputs, side, stride)| {
            let layer = Convolution {
                start: 0,
                window: side * inputs,
                step: stride * inputs,
                weights: take(side * side * inputs * outputs),
                bias: take(outputs),
                rectified: true,
            };
            inputs = outputs;
            layer
        });
        let blocks = std::array::from_fn(|_| {
            let around = Depthwise {
                start: 0,
                step: 1,
                weights: take(9 * inputs),
                bias: vec![0.0; inputs],
            };
            let mix = Convolution {
                start: inputs,
                window: inputs,
                step: inputs,
                weights: take(inputs * inputs),
                bias: take(inputs),
                rectified: true,
            };
            (around, mix)
        });
        Self {
            layers,
            blocks,
            out: take(inputs),
            bias: take(1)[0],
        }
    }
}
