// SPDX-License-Identifier: MPL-2.0
//! What the layers are, in plain Rust.

use super::{Convolution, Depthwise, Row};

/// As [`Convolution::apply`].
#[inline]
pub(super) fn convolve(layer: &Convolution, rows: &[&Row], out: &mut [f32]) {
    let outputs = layer.bias.len();
    for (place, sums) in out.chunks_exact_mut(outputs).enumerate() {
        sums.copy_from_slice(&layer.bias);
        let seen = rows
            .iter()
            .flat_map(|row| &row.values[layer.start + place * layer.step..][..layer.window]);
        for (value, weights) in seen.zip(layer.weights.chunks_exact(outputs)) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
        for sum in sums {
            *sum = sum.max(0.0);
        }
    }
}

/// As [`Depthwise::apply`].
#[inline(always)]
pub(super) fn neighbours(layer: &Depthwise, rows: [&Row; 3], out: &mut [f32]) {
    let channels = rows[0].channels;
    for (place, sums) in out.chunks_exact_mut(channels).enumerate() {
        sums.fill(0.0);
        let kernels = layer.weights.chunks_exact(channels);
        let seen = rows
            .iter()
            .flat_map(|row| row.values[place * channels..][..3 * channels].chunks_exact(channels));
        for (values, weights) in seen.zip(kernels) {
            for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
                *sum += value * weight;
            }
        }
    }
}
