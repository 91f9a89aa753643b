// SPDX-License-Identifier: MPL-2.0

//! YCbCr of limited range, 8 bit, from RGB.

use super::super::{Layout, Range, VideoFormat};

/// What the three colours of a pixel, in the order of memory, contribute to luma and chroma, in 1/2^15.
pub(in super::super) struct Weights {
    luma: [i16; 3],
    /// Nominal black, and what else is the same for all pixels.
    luma_base: i32,
    cb: [i16; 3],
    cr: [i16; 3],
    /// Where the bytes that count lie in a pixel: the first one, and how far it is to the next.
    first: usize,
    gap: usize,
}

const SHIFT: u32 = 15;

impl Weights {
    /// The weights for an RGB `format`.
    pub(in super::super) fn new(format: &VideoFormat) -> Self {
        let (red, blue) = format.matrix.weights();
        let luma = [red, 1.0 - red - blue, blue];
        // From 0..=255, or from 16..=235, to 219 and 224 steps.
        let (luma_scale, chroma_scale, black) = match format.range {
            Range::Full => (219.0 / 255.0, 112.0 / 255.0, 16),
            Range::Limited => (1.0, 112.0 / 219.0, 0),
        };
        let chroma = |own: usize| {
            std::array::from_fn(|i| {
                (f64::from(u8::from(i == own)) - luma[i]) / (1.0 - luma[own]) * chroma_scale
            })
        };
        let (first, gap) = match format.layout {
            Layout::Argb | Layout::Abgr | Layout::Xrgb | Layout::Xbgr => (1, 1),
            Layout::Rgba64Le | Layout::Bgra64Le => (1, 2),
            Layout::Argb64Le | Layout::Abgr64Le => (3, 2),
            _ => (0, 1),
        };
        let order = |weights: [f64; 3]| {
            let mut fixed = weights.map(|weight| (weight * f64::from(1 << SHIFT)).round() as i16);
            if matches!(
                format.layout,
                Layout::Bgr
                    | Layout::Bgra
                    | Layout::Bgrx
                    | Layout::Abgr
                    | Layout::Xbgr
                    | Layout::Abgr64Le
                    | Layout::Bgra64Le
            ) {
                fixed.reverse();
            }
            fixed
        };
        Self {
            luma: order(luma.map(|weight| weight * luma_scale)),
            luma_base: (black << SHIFT) + (1 << (SHIFT - 1)),
            cb: order(chroma(2)),
            cr: order(chroma(0)),
            first,
            gap,
        }
    }

    /// Luma of a line of pixels of `STEP` bytes, of which that at `FIRST` and the next two, `GAP` apart, count.
    #[inline(always)]
    pub(super) fn line<const STEP: usize, const FIRST: usize, const GAP: usize>(
        &self,
        source: &[u8],
        luma: &mut [u8],
    ) {
        let [first, second, third] = self.luma.map(i32::from);
        for (luma, pixel) in luma.iter_mut().zip(source.chunks_exact(STEP)) {
            let code = self.luma_base
                + first * i32::from(pixel[FIRST])
                + second * i32::from(pixel[FIRST + GAP])
                + third * i32::from(pixel[FIRST + 2 * GAP]);
            // The weights add up to one at most, so this fits.
            *luma = (code >> SHIFT) as u8;
        }
    }

    /// Where the three bytes that count lie in a pixel.
    pub(in super::super) fn offsets(&self) -> [usize; 3] {
        [self.first, self.first + self.gap, self.first + 2 * self.gap]
    }

    /// Chroma (Cb, Cr) of a cell, scaled to 16 samples, from the sums over its 64 pixels of the bytes at [`Self::offsets`].
    #[inline(always)]
    pub(in super::super) fn chroma(&self, sums: [u16; 3]) -> (u16, u16) {
        let chroma = |weights: [i16; 3]| {
            let sum: i32 = (0..3)
                .map(|i| i32::from(weights[i]) * i32::from(sums[i]))
                .sum();
            // A quarter of 64, rounded; at most 112 * 16 away from neutral.
            let offset = (sum + (1 << (SHIFT + 1))) >> (SHIFT + 2);
            (16 * 128 + offset) as u16
        };
        (chroma(self.cb), chroma(self.cr))
    }
}
