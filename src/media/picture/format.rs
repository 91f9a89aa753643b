// SPDX-License-Identifier: MPL-2.0

//! What the bytes of a frame mean.

use super::{Layout, PlaneError};

/// Which codes nominal black and white have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// 16 to 235 at 8 bit, 64 to 940 at 10 bit.
    Limited,
    /// All codes.
    Full,
}

/// Which weights turn RGB into luma. Only RGB layouts need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
}

impl Matrix {
    /// The weights of red and blue in luma; green has the rest.
    pub(super) fn weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
        }
    }
}

/// How codes relate to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Any of the gamma-like curves of standard dynamic range but the next.
    Sdr,
    /// IEC 61966-2-1, sRGB.
    Srgb,
    /// SMPTE ST 2084, perceptual quantiser.
    Pq,
    /// ARIB STD-B67, hybrid log-gamma.
    Hlg,
}

/// Codes of `depth` bits per code of 8 bits: 1 at 8 bits, 4 at 10.
pub(super) fn scale(depth: u32) -> u16 {
    1 << shift(depth)
}

/// The same as a number of bits.
pub(super) fn shift(depth: u32) -> u32 {
    depth - 8
}

/// What the bytes of the frames of a stream mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoFormat {
    /// How samples lie in memory.
    pub layout: Layout,
    /// Pixels in a line.
    pub width: usize,
    /// Lines in what one buffer shows: of a field where each has a buffer of its own.
    pub height: usize,
    /// Range of the stored codes, of RGB ones too.
    pub range: Range,
    /// Matrix for RGB layouts.
    pub matrix: Matrix,
    /// Transfer curve.
    pub transfer: Transfer,
    /// Nominal time from one frame to the next in ns, if fixed and known.
    pub frame_duration: Option<u64>,
}

impl VideoFormat {
    /// Pixels in a line, and lines, that a picture may have at most. It keeps all sums in their types.
    pub const MAX_SIDE: usize = 16_384;

    /// Checks that pictures of this format can be measured.
    ///
    /// Do so before making grids and measurers, which allocate by size.
    ///
    /// # Errors
    ///
    /// [`PlaneError::Size`] when a side is 0 or more than [`VideoFormat::MAX_SIDE`].
    pub fn check(&self) -> Result<(), PlaneError> {
        let valid = 1..=Self::MAX_SIDE;
        if valid.contains(&self.width) && valid.contains(&self.height) {
            Ok(())
        } else {
            Err(PlaneError::Size {
                width: self.width,
                height: self.height,
            })
        }
    }

    /// Bits per sample in the numbers of a grid, 8 or 10. Layouts of 16 bits are reduced to 10.
    pub fn depth(&self) -> u32 {
        self.layout.depth()
    }

    /// Number of planes, 1 to 3.
    pub fn plane_count(&self) -> usize {
        self.layout.plane_count()
    }

    /// Bytes that `plane` takes at least, with lines `stride` bytes apart.
    pub fn plane_length(&self, plane: usize, stride: usize) -> usize {
        let (line, lines) = self.layout.plane_size(plane, self.width, self.height);
        stride
            .saturating_mul(lines.saturating_sub(1))
            .saturating_add(line)
    }

    /// The luma codes of nominal black and white in a grid of this format.
    pub fn levels(&self) -> Levels {
        let scale = f64::from(scale(self.depth()));
        // RGB is converted to limited range whatever its own.
        if self.layout.is_rgb() || self.range == Range::Limited {
            Levels {
                black: 16.0 * scale,
                white: 235.0 * scale,
            }
        } else {
            Levels {
                black: 0.0,
                white: 256.0 * scale - 1.0,
            }
        }
    }
}

/// The luma codes of nominal black and white, at the depth of a grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Code of nominal black.
    pub black: f64,
    /// Code of nominal white.
    pub white: f64,
}

impl Levels {
    /// Where `code` lies between black (0) and white (1); codes outside go below 0 and above 1.
    pub fn fraction(&self, code: f64) -> f64 {
        (code - self.black) / (self.white - self.black)
    }

    /// The code that lies at `fraction` between black and white: undoes [`Levels::fraction`].
    pub fn code(&self, fraction: f64) -> f64 {
        self.black + fraction * (self.white - self.black)
    }
}
