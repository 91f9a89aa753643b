// SPDX-License-Identifier: MPL-2.0
//! What the layers are, in plain Rust.

use super::{Convolution, Depthwise, Row};

/// As [`Convolution::apply`].
#[inline]
pub(super) fn convolve(layer: &Convolution, rows: &[&Row], out: &mut [f32]) {
    let outputs = layer.bias.len();
    for (place, sums) in out.chunks_exact_mut(outputs).enumerate() {
        sums.copy_from_slice(&layer.bias);
        let covered = rows
            .iter()
            .flat_map(|row| &row.values[layer.start + place * layer.step..][..layer.window]);
        for (value, weights) in covered.zip(layer.weights.chunks_exact(outputs)) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
        if layer.rectified {
            for sum in sums {
                *sum = sum.max(0.0);
            }
        }
    }
}

/// As [`Depthwise::apply`].
#[inline(always)]
pub(super) fn neighbours(layer: &Depthwise, rows: [&Row; 3], out: &mut [f32]) {
    let channels = layer.bias.len();
    for (place, sums) in out.chunks_exact_mut(channels).enumerate() {
        sums.copy_from_slice(&layer.bias);
        let kernels = layer.weights.chunks_exact(channels);
        let from = (layer.start + place * layer.step) * channels;
        let covered = rows
            .iter()
            .flat_map(|row| row.values[from..][..3 * channels].chunks_exact(channels));
        for (values, weights) in covered.zip(kernels) {
            for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
                *sum += value * weight;
            }
        }
    }
}
