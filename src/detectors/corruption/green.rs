// SPDX-License-Identifier: MPL-2.0
//! Recognises the green of memory that was never written: codes of zero, as they are or after a conversion through
//! RGB.
//!
//! Codes of zero lie outside of RGB. A converter clips them to a pure green, how bright depends on the matrix and the range that it takes
//! them to have; on the way back that becomes codes which depend on the matrix used there.

use super::layer::PictureContext;
use crate::media::picture::{CELL, Cells, Grid, Levels, vectorized};

/// Green of R'G'B' that zero becomes, 0 to 1: by BT.709 in limited and in full range, by BT.601. That of BT.2020 is left out: it is the (0,
/// 100, 0) that designers choose.
const GREENS: [f64; 3] = [77.0 / 255.0, 84.0 / 255.0, 135.0 / 255.0];
/// The weights of red and blue in luma: BT.601, BT.709, BT.2020.
const WEIGHTS: [(f64, f64); 3] = [(0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)];
/// How far the means of luma and of chroma may lie from those of such a green, in 8-bit codes. Chosen: coding moves them by one or two, and
/// the green that web designers choose, R'G'B' (0, 128, 0), lies four away.
const NEAR_LUMA: f64 = 3.0;
const NEAR_CHROMA: f64 = 3.0;
/// Chroma of all these greens is at most this, in 8-bit codes.
const MOST_CHROMA: f64 = 112.0;
/// Range of luma within a cell of them, in 8-bit codes: more is texture.
const FLAT: f64 = 12.0;
/// Codes up to which all three components are those of zeroed memory: chosen, a little above black; no legal colour has
/// Cb and Cr under 16 at once (ITU-R BT.709: it would have negative red and blue).
const ZERO: f64 = 20.0;

/// Recognises these greens.
#[derive(Debug)]
pub struct Greens {
    /// 8-bit codes of luma, Cb and Cr.
    codes: [[f64; 3]; GREENS.len() * WEIGHTS.len()],
}

impl Greens {
    /// For the codes of a format with those levels of luma, in 8-bit codes.
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
        let cells = [grid.min(), grid.max(), grid.cb(), grid.cr()].map(|all| &all[cells.clone()]);
        let count = vectorized(count_flat, (cells, most, flat));
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
            && self.are_converted(
                [
                    grid.luma_mean(cell),
                    grid.codes(f64::from(grid.cb()[cell]) / 16.0),
                    grid.codes(f64::from(grid.cr()[cell]) / 16.0),
                ],
                1.0,
            )
    }

    /// Whether these 8-bit codes of luma, Cb and Cr are zero, or what became of zero in RGB; chroma may lie `slack` times as far off as
    /// elsewhere.
    fn are_green(&self, codes: [f64; 3], slack: f64) -> bool {
        let is_zero = codes[0] <= NEAR_LUMA && codes[1].max(codes[2]) <= ZERO * slack;
        is_zero || self.are_converted(codes, slack)
    }

    fn are_converted(&self, [y, cb, cr]: [f64; 3], slack: f64) -> bool {
        let near = |codes: &[f64; 3]| {
            (y - codes[0]).abs() <= NEAR_LUMA
                && (cb - codes[1]).abs() <= NEAR_CHROMA * slack
                && (cr - codes[2]).abs() <= NEAR_CHROMA * slack
        };
        self.codes.iter().any(near)
    }
}

/// Number of cells with chroma up to `most` and a range of luma up to `flat`, by least and greatest luma, Cb and Cr.
#[inline(always)]
fn count_flat(([min, max, cb, cr], most, flat): ([&[u16]; 4], u16, u16)) -> u16 {
    let mut count = 0;
    for ((min, max), (cb, cr)) in min.iter().zip(max).zip(cb.iter().zip(cr)) {
        count += u16::from((*cb <= most) & (*cr <= most) & (max - min <= flat));
    }
    count
}

/// Lines of a band at the bottom at least: one line has no chroma of its own. More than a row of cells is a matter of cells.
const LEAST_LINES: usize = 2;
/// Mean difference between lines of a band, in 8-bit codes, at most, and between its first line and the one above, at least.
const SAME_LINE: f64 = 1.0;
const STEP: f64 = 4.0;
/// How much farther off the chroma of a band may lie than that of whole cells: it is told by what the row of cells above has. Chosen.
const MOST_SLACK: f64 = 2.0;
/// How many pictures in a row have the same band before it counts. Chosen.
const LEAST_PICTURES: u32 = 5;

/// Finds a band of a few lines at the bottom of the picture that no decoder wrote: the commonest green of all, from heights that aren't a
/// multiple of 8 or 16.
#[derive(Debug, Default)]
pub struct GreenBand {
    lines: usize,
    pictures: u32,
}

impl GreenBand {
    /// Takes the next picture. Returns the share of the band and the cells that hold it.
    pub fn push(&mut self, greens: &Greens, context: &PictureContext<'_>) -> Option<(f64, Cells)> {
        let grid = context.grid();
        let at_bottom = context.reaches_bottom();
        let Some(lines) = at_bottom.then(|| lines_of_band(greens, grid)).flatten() else {
            *self = Self::default();
            return None;
        };
        if lines != self.lines {
            (self.lines, self.pictures) = (lines, 0);
        }
        self.pictures = self.pictures.saturating_add(1);
        let cells = Cells {
            columns: context.cells.columns.clone(),
            rows: grid.rows() - 1..grid.rows(),
        };
        let share = lines as f64 / grid.height().max(1) as f64;
        (self.pictures >= LEAST_PICTURES).then_some((share, cells))
    }
}

/// How many lines at the bottom, of the last row of cells, are of one of the greens.
fn lines_of_band(greens: &Greens, grid: &Grid) -> Option<usize> {
    let (height, columns) = (grid.height(), grid.columns());
    // The last row of cells reaches beyond the picture, whose last line is repeated there.
    let beyond = grid.rows() * CELL - height;
    let difference = |line: usize| grid.codes(f64::from(grid.row_dy()[line]) / grid.width() as f64);
    let first = (height.checked_sub(CELL - beyond)?.max(1)..height)
        .rev()
        .find(|line| difference(*line) > SAME_LINE)?;
    let lines = height - first;
    if !(LEAST_LINES..CELL - beyond).contains(&lines) || difference(first) < STEP {
        return None;
    }
    // What part of that row the band takes; the rest is like the row above.
    let part = (lines + beyond) as f64 / CELL as f64;
    let mean = |chroma: &[u16], row: usize| {
        let sum: u64 = chroma[row * columns..][..columns]
            .iter()
            .map(|c| u64::from(*c))
            .sum();
        grid.codes(sum as f64 / (16 * columns) as f64)
    };
    let own = |chroma: &[u16]| {
        let row = grid.rows() - 1;
        (mean(chroma, row) - (1.0 - part) * mean(chroma, row.saturating_sub(1))) / part
    };
    let luma = grid.codes(f64::from(*grid.row_sum().last()?) / grid.width() as f64);
    let codes = [luma, own(grid.cb()), own(grid.cr())];
    greens
        .are_green(codes, (1.0 / part).min(MOST_SLACK))
        .then_some(lines)
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
            assert!(greens.are_converted(codes, 1.0), "{codes:?}");
        }
        // Green of bars, (0, 128, 0) and (0, 100, 0) by BT.601, grass.
        for codes in [
            [133.0, 63.0, 52.0],
            [80.0, 91.0, 81.0],
            [66.0, 99.0, 91.0],
            [90.0, 100.0, 110.0],
        ] {
            assert!(!greens.are_converted(codes, 1.0), "{codes:?}");
        }
    }
}
