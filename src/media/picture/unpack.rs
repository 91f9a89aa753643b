// SPDX-License-Identifier: MPL-2.0

//! Luma out of layouts that mix it with other things.
//!
//! The loops here are compiled twice, for any processor and for AVX2 (see `kernel`), so they must be inlined.

mod rgb;
mod v210;

pub(super) use rgb::Weights;
#[cfg(target_arch = "x86_64")]
pub(super) use v210::{GROUP_BYTES, GROUP_PIXELS};

use super::{Layout, VideoFormat};

/// Takes luma out of the lines of a packed layout.
pub(super) enum Unpacker {
    /// Every second byte, from the first.
    Yuy2,
    /// Every second byte, from the second.
    Uyvy,
    /// Every fourth byte, from the second.
    Ayuv,
    /// Weighted sums of three bytes.
    Rgb(Weights),
    /// Weighted sums of the first three bytes of four.
    Rgbx(Weights),
    /// Weighted sums of the last three bytes of four.
    Xrgb(Weights),
    /// Weighted sums of the high bytes of the first three of four words.
    Rgba64(Weights),
    /// Weighted sums of the high bytes of the last three of four words.
    Argb64(Weights),
    /// 10 bits of 32, with chroma.
    V210,
}

impl Unpacker {
    /// The unpacker for `format`; `None` where luma can be used as it lies.
    pub(super) fn new(format: &VideoFormat) -> Option<Self> {
        match format.layout {
            Layout::Yuy2 => Some(Self::Yuy2),
            Layout::Uyvy => Some(Self::Uyvy),
            Layout::Ayuv => Some(Self::Ayuv),
            Layout::Rgb | Layout::Bgr => Some(Self::Rgb(Weights::new(format))),
            Layout::Rgba | Layout::Bgra | Layout::Rgbx | Layout::Bgrx => {
                Some(Self::Rgbx(Weights::new(format)))
            }
            Layout::Argb | Layout::Abgr | Layout::Xrgb | Layout::Xbgr => {
                Some(Self::Xrgb(Weights::new(format)))
            }
            Layout::Rgba64Le | Layout::Bgra64Le => Some(Self::Rgba64(Weights::new(format))),
            Layout::Argb64Le | Layout::Abgr64Le => Some(Self::Argb64(Weights::new(format))),
            Layout::V210 => Some(Self::V210),
            _ => None,
        }
    }

    /// Bytes of an unpacked line of luma, and of chroma (0 where that isn't unpacked).
    pub(super) fn line_bytes(&self, width: usize) -> (usize, usize) {
        match self {
            Self::V210 => (v210::line_bytes(width), v210::line_bytes(width)),
            _ => (width, 0),
        }
    }

    /// Unpacks a line.
    #[inline(always)]
    pub(super) fn line(&self, source: &[u8], luma: &mut [u8], chroma: &mut [u8]) {
        match self {
            Self::Yuy2 => pick::<2, 0>(source, luma),
            Self::Uyvy => pick::<2, 1>(source, luma),
            Self::Ayuv => pick::<4, 1>(source, luma),
            Self::Rgb(weights) => weights.line::<3, 0, 1>(source, luma),
            Self::Rgbx(weights) => weights.line::<4, 0, 1>(source, luma),
            Self::Xrgb(weights) => weights.line::<4, 1, 1>(source, luma),
            Self::Rgba64(weights) => weights.line::<8, 1, 2>(source, luma),
            Self::Argb64(weights) => weights.line::<8, 3, 2>(source, luma),
            Self::V210 => v210::line(source, luma, chroma),
        }
    }
}

/// Byte `OFFSET` of every `STEP`.
#[inline(always)]
fn pick<const STEP: usize, const OFFSET: usize>(source: &[u8], luma: &mut [u8]) {
    for (luma, source) in luma.iter_mut().zip(source.chunks_exact(STEP)) {
        *luma = source[OFFSET];
    }
}
