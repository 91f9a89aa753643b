// SPDX-License-Identifier: MPL-2.0
//! The layers for x86-64 with AVX2 and FMA: output channels by eights, several places at once.

#![allow(
    unsafe_code,
    reason = "vectors are loaded by pointer, and AVX2 code may run only where there is AVX2"
)]

use super::{Convolution, Depthwise, Row, scalar};
use std::arch::x86_64::*;

/// Numbers in a vector.
const LANES: usize = 8;

/// Proof that the processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// The proof, if there is one.
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    /// As [`scalar::convolve`].
    pub(super) fn convolve(self, layer: &Convolution, rows: &[&Row], out: &mut [f32]) {
        if !layer.bias.len().is_multiple_of(LANES) {
            return scalar::convolve(layer, rows, out);
        }
        // SAFETY: `self` proves that there is AVX2 and FMA.
        unsafe { row(layer, rows, out) }
    }

    /// As [`scalar::neighbours`].
    pub(super) fn neighbours(self, layer: &Depthwise, rows: [&Row; 3], out: &mut [f32]) {
        #[target_feature(enable = "avx2,fma")]
        fn neighbours(layer: &Depthwise, rows: [&Row; 3], out: &mut [f32]) {
            scalar::neighbours(layer, rows, out);
        }
        // SAFETY: `self` proves that there is AVX2 and FMA.
        unsafe { neighbours(layer, rows, out) }
    }
}

/// A row of outputs, up to five vectors of channels at a time, and as many places at once as sums fit into the
/// sixteen registers beside one row of weights and a number.
#[target_feature(enable = "avx2,fma")]
fn row(layer: &Convolution, rows: &[&Row], out: &mut [f32]) {
    let outputs = layer.bias.len();
    let mut channel = 0;
    while channel < outputs {
        let vectors = match (outputs - channel) / LANES {
            5 => 5,
            left => left.min(4),
        };
        match vectors {
            1 => columns::<1, 8>(layer, rows, channel, out),
            2 => columns::<2, 6>(layer, rows, channel, out),
            3 => columns::<3, 4>(layer, rows, channel, out),
            4 => columns::<4, 3>(layer, rows, channel, out),
            _ => columns::<5, 2>(layer, rows, channel, out),
        }
        channel += vectors * LANES;
    }
}

/// `VECTORS` times eight channels, from `channel` on, of all places of a row of outputs, `PLACES` at a time.
#[target_feature(enable = "avx2,fma")]
fn columns<const VECTORS: usize, const PLACES: usize>(
    layer: &Convolution,
    rows: &[&Row],
    channel: usize,
    out: &mut [f32],
) {
    let outputs = layer.bias.len();
    let last = out.len() / outputs.max(1);
    assert!(
        channel + VECTORS * LANES <= outputs
            && layer.weights.len() == rows.len() * layer.window * outputs
            && last > 0
            && rows
                .iter()
                .all(|row| row.values.len() >= layer.start + (last - 1) * layer.step + layer.window),
        "rows and weights go together"
    );
    let mut place = 0;
    while place + PLACES <= last {
        // SAFETY: there is AVX2 and FMA here; lengths were checked above, and these places and channels are within `out`.
        unsafe { block::<VECTORS, PLACES>(layer, rows, place, channel, out) }
        place += PLACES;
    }
    for place in place..last {
        // SAFETY: as above.
        unsafe { block::<VECTORS, 1>(layer, rows, place, channel, out) }
    }
}

/// Computes `PLACES` places, from `place` on, and of them `VECTORS` vectors of channels, from `channel` on.
///
/// # Safety
///
/// There must be AVX2 and FMA. The layer must have those channels among its outputs, weights for the rows and their windows; rows must have
/// windows for these places, and `out` the places.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn block<const VECTORS: usize, const PLACES: usize>(
    layer: &Convolution,
    rows: &[&Row],
    place: usize,
    channel: usize,
    out: &mut [f32],
) {
    let outputs = layer.bias.len();
    let mut sums = [[_mm256_setzero_ps(); VECTORS]; PLACES];
    // SAFETY: all pointers stay within weights, bias, rows and `out`, says the caller; vectors need no alignment.
    unsafe {
        for sums in &mut sums {
            for (v, sum) in sums.iter_mut().enumerate() {
                *sum = _mm256_loadu_ps(layer.bias.as_ptr().add(channel + v * LANES));
            }
        }
        let mut weights = layer.weights.as_ptr().add(channel);
        for row in rows {
            let mut values = row.values.as_ptr().add(layer.start + place * layer.step);
            for _ in 0..layer.window {
                let mut w = [_mm256_setzero_ps(); VECTORS];
                for (v, w) in w.iter_mut().enumerate() {
                    *w = _mm256_loadu_ps(weights.add(v * LANES));
                }
                for (p, sums) in sums.iter_mut().enumerate() {
                    let value = _mm256_broadcast_ss(&*values.add(p * layer.step));
                    for (sum, w) in sums.iter_mut().zip(&w) {
                        *sum = _mm256_fmadd_ps(value, *w, *sum);
                    }
                }
                // Beyond the last row of weights nothing is read.
                weights = weights.wrapping_add(outputs);
                values = values.add(1);
            }
        }
        // Without a limit every number stays as it is.
        let least = _mm256_set1_ps(if layer.rectified {
            0.0
        } else {
            f32::NEG_INFINITY
        });
        for (p, sums) in sums.iter().enumerate() {
            for (v, sum) in sums.iter().enumerate() {
                let to = out
                    .as_mut_ptr()
                    .add((place + p) * outputs + channel + v * LANES);
                _mm256_storeu_ps(to, _mm256_max_ps(*sum, least));
            }
        }
    }
}
