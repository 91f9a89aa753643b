// SPDX-License-Identifier: MPL-2.0
//! Codes as colours.

use super::format::scale;
use super::{Grid, Matrix, Range, VideoFormat};

/// A colour as R'G'B', nominally 0 to 1 each.
pub type Rgb = [f64; 3];

/// Turns the means of cells into R'G'B'.
#[derive(Debug, Clone, Copy)]
pub struct Colours {
    matrix: Matrix,
    black: f64,
    white: f64,
    neutral: f64,
    /// Codes from the least to the largest chroma. All codes are 8-bit ones.
    chroma: f64,
}

impl Colours {
    /// Of the grids of that format.
    pub fn new(format: &VideoFormat) -> Self {
        let scale = f64::from(scale(format.depth()));
        let levels = format.levels();
        let full = format.range == Range::Full && !format.layout.is_rgb();
        Self {
            matrix: format.matrix,
            black: levels.black / scale,
            white: levels.white / scale,
            neutral: 128.0,
            chroma: if full { 255.0 } else { 224.0 },
        }
    }

    /// The mean colour of a cell.
    pub fn of_cell(&self, grid: &Grid, cell: usize) -> Rgb {
        let chroma = |sum: u16| grid.codes(f64::from(sum) / 16.0);
        self.rgb(
            grid.luma_mean(cell),
            chroma(grid.cb()[cell]),
            chroma(grid.cr()[cell]),
        )
    }

    /// From 8-bit codes of luma and chroma (ITU-R BT.601-7, BT.709-6, BT.2020-2: 3.x, inverse of the derivation of Y'CbCr).
    pub fn rgb(&self, y: f64, cb: f64, cr: f64) -> Rgb {
        let (kr, kb) = self.matrix.weights();
        let y = (y - self.black) / (self.white - self.black);
        let (cb, cr) = (
            (cb - self.neutral) / self.chroma,
            (cr - self.neutral) / self.chroma,
        );
        let (r, b) = (y + 2.0 * (1.0 - kr) * cr, y + 2.0 * (1.0 - kb) * cb);
        [r, (y - kr * r - kb * b) / (1.0 - kr - kb), b]
    }

    /// Y' of R', G', B'.
    pub fn luma(&self, [r, g, b]: Rgb) -> f64 {
        let (kr, kb) = self.matrix.weights();
        kr * r + (1.0 - kr - kb) * g + kb * b
    }

    /// Codes of luma that a code of chroma adds: to red by Cr, to green by Cb and Cr, to blue by Cb.
    pub fn factors(&self) -> [f32; 4] {
        let (kr, kb) = self.matrix.weights();
        let (red, blue, kg) = (2.0 * (1.0 - kr), 2.0 * (1.0 - kb), 1.0 - kr - kb);
        let scale = (self.white - self.black) / self.chroma;
        [red, -kb * blue / kg, -kr * red / kg, blue].map(|factor| (factor * scale) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::picture::canvas::i420;

    #[test]
    fn codes_of_75_percent_bars() {
        // BT.709, limited range, as ffmpeg's smptehdbars writes them.
        let colours = Colours::new(&i420(64, 64));
        for (codes, expected) in [
            ([180.0, 128.0, 128.0], [0.75, 0.75, 0.75]),
            ([168.0, 44.0, 136.0], [0.75, 0.75, 0.0]),
            ([133.0, 63.0, 52.0], [0.0, 0.75, 0.0]),
            ([28.0, 212.0, 120.0], [0.0, 0.0, 0.75]),
        ] {
            let rgb = colours.rgb(codes[0], codes[1], codes[2]);
            for (is, should) in rgb.iter().zip(expected) {
                assert!((is - should).abs() < 0.01, "{codes:?}: {rgb:?}");
            }
        }
    }
}
