// SPDX-License-Identifier: MPL-2.0
//! The green of memory that was never written: codes of zero, as they are or after a way through RGB.
//!
//! Codes of zero lie outside of RGB. A converter clips them to a pure green, how bright depends on the matrix and the range that it takes them
//! to have; on the way back that becomes codes which depend on the matrix used there.

use crate::media::picture::{Grid, Levels};

/// Green of R'G'B' that zero becomes, 0 to 1: by BT.709 in limited and in full range, by BT.601. That of BT.2020 is left out: it is the (0, 100, 0) that designers choose.
const GREENS: [f64; 3] = [77.0 / 255.0, 84.0 / 255.0, 135.0 / 255.0];
/// The weights of red and blue in luma: BT.601, BT.709, BT.2020.
const WEIGHTS: [(f64, f64); 3] = [(0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)];
/// How far the means of luma and of chroma may lie from those of such a green, in 8-bit codes. Chosen: coding moves them by one or two, and the
/// green that web designers choose, R'G'B' (0, 128, 0), lies four away.
const NEAR_LUMA: f64 = 3.0;
const NEAR_CHROMA: f64 = 3.0;
/// Chroma of all these greens is at most this, in 8-bit codes.
const MOST_CHROMA: f64 = 112.0;
/// Range of luma within a cell of them, in 8-bit codes: more is texture.
const FLAT: f64 = 12.0;
/// Codes up to which all three components are those of zeroed memory: chosen, a little above black; no legal colour has
/// Cb and Cr under 16 at once (ITU-R BT.709: it would have negative red and blue).
const ZERO: f64 = 20.0;

/// Knows these greens.
#[derive(Debug)]
pub struct Greens {
    /// 8-bit codes of luma, Cb and Cr.
    codes: [[f64; 3]; GREENS.len() * WEIGHTS.len()],
}

impl Greens {
    /// Of the codes that a format with those levels of luma has, in 8-bit codes.
    pub fn new(levels: Levels) -> Self {
        let full = levels.black <= 0.0;
        let (black, luma, chroma) = if full {
            (0.0, 255.0, 255.0)
        } else {
            (16.0, 219.0, 224.0)
        };
        let mut codes = [[0.0; 3]; GREENS.len() * WEIGHTS.len()];
        for (i, codes) in codes.iter_mut().enumerate() {
            let (green, (red, blue)) = (GREENS[i / WEIGHTS.len()], WEIGHTS[i % WEIGHTS.len()]);
            let y = (1.0 - red - blue) * green;
            let difference = |weight: f64| 128.0 - chroma * y / (2.0 * (1.0 - weight));
            *codes = [black + luma * y, difference(blue), difference(red)];
        }
        Self { codes }
    }

    /// Whether a row of cells may have any of them.
    pub fn may_be_in(&self, grid: &Grid, cells: std::ops::Range<usize>) -> bool {
        let (most, flat) = (grid.limit(16.0 * MOST_CHROMA), grid.limit(ZERO));
        let bounds = grid.min()[cells.clone()]
            .iter()
            .zip(&grid.max()[cells.clone()]);
        let chroma = grid.cb()[cells.clone()].iter().zip(&grid.cr()[cells]);
        let count: u16 = (bounds.zip(chroma))
            .map(|((min, max), (cb, cr))| {
                u16::from((*cb <= most) & (*cr <= most) & (max - min <= flat))
            })
            .sum();
        count > 0
    }

    /// Whether a cell has codes of zero.
    pub fn is_zero(&self, grid: &Grid, cell: usize) -> bool {
        let (luma, chroma) = (grid.limit(ZERO), grid.limit(16.0 * ZERO));
        grid.max()[cell] <= luma && grid.cb()[cell] <= chroma && grid.cr()[cell] <= chroma
    }

    /// Whether a cell is filled with what became of codes of zero in RGB.
    pub fn is_converted(&self, grid: &Grid, cell: usize) -> bool {
        grid.max()[cell] - grid.min()[cell] <= grid.limit(FLAT)
            && self.are_converted([
                grid.luma_mean(cell),
                grid.codes(f64::from(grid.cb()[cell]) / 16.0),
                grid.codes(f64::from(grid.cr()[cell]) / 16.0),
            ])
    }

    /// Whether these 8-bit codes of luma, Cb and Cr are what became of zero in RGB.
    fn are_converted(&self, [y, cb, cr]: [f64; 3]) -> bool {
        let near = |codes: &[f64; 3]| {
            (y - codes[0]).abs() <= NEAR_LUMA
                && (cb - codes[1]).abs() <= NEAR_CHROMA
                && (cr - codes[2]).abs() <= NEAR_CHROMA
        };
        self.codes.iter().any(near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::picture::canvas::i420;

    #[test]
    fn zeros_that_went_through_rgb_are_known() {
        let greens = Greens::new(i420(64, 64).levels());
        // By BT.709 and back by BT.601; by BT.601 and back by the same, and by BT.709.
        for codes in [[54.0, 106.0, 100.0], [84.0, 89.0, 78.0], [99.0, 82.0, 74.0]] {
            assert!(greens.are_converted(codes), "{codes:?}");
        }
        // Green of bars, (0, 128, 0) and (0, 100, 0) by BT.601, grass.
        for codes in [
            [133.0, 63.0, 52.0],
            [80.0, 91.0, 81.0],
            [66.0, 99.0, 91.0],
            [90.0, 100.0, 110.0],
        ] {
            assert!(!greens.are_converted(codes), "{codes:?}");
        }
    }
}
