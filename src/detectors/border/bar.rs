// SPDX-License-Identifier: MPL-2.0
//! What is bar and what is picture: limits of luma, and the edge between the two to the pixel.

use super::find::Borders;
use crate::media::picture::{CELL, Cells, Grid};

/// Luma of a bar at most so far over nominal black, and range of luma within a cell of it, in 8-bit codes. ffmpeg's
/// cropdetect takes means up to 24; here a pixel counts, not a mean, so a logo or a subtitle isn't averaged away.
const BLACK: f64 = 10.0;
const FLAT: f64 = 8.0;

/// Bars that aren't quite black: luma in all four corners of the frame up to this far over nominal black, in 8-bit codes. Set-up of NTSC is
/// 16.
const LIFTED: f64 = 20.0;
/// Then a cell is bar if its mean is so near to that of the corners, and its range up to so much, in 8-bit codes: noise of +-6 is.
const EVEN: f64 = 4.0;
const NOISY: f64 = 16.0;

/// Sum of luma that the cells near all four corners have, but for the outermost ones; `None` if they differ or aren't dark.
fn level_of_corners(grid: &Grid, cells: &Cells) -> Option<u16> {
    let near = |range: &std::ops::Range<usize>| {
        let inner = usize::from(range.len() > 2);
        [range.start + inner, range.end.saturating_sub(1 + inner)]
    };
    let corners = near(&cells.rows).map(|row| {
        near(&cells.columns).map(|column| grid.sum().get(row * grid.columns() + column).copied())
    });
    let (mut least, mut most) = (u16::MAX, 0);
    for sum in corners.into_iter().flatten() {
        (least, most) = (least.min(sum?), most.max(sum?));
    }
    let middle = least + (most.checked_sub(least)?) / 2;
    let dark = f64::from(middle) / 64.0 <= grid.levels().black + f64::from(grid.limit(LIFTED));
    (dark && most - least <= grid.limit(64.0 * EVEN)).then_some(middle)
}

/// Mean luma of a cell with letters, between its least and its greatest, at most; thin letters have 0.1 to 0.3, noise has 0.5. Chosen.
const LETTERS: f64 = 0.4;

/// Limits of luma for the cells of a bar, in units of the grid.
pub struct BarLimits {
    black: u16,
    flat: u16,
    /// Sum of luma of a cell of a bar, if all corners have the same; and how much it and the range within a cell may vary.
    level: Option<u16>,
    even: u16,
    noisy: u16,
}

impl BarLimits {
    /// The limits for a picture, of which `cells` are judged.
    pub fn new(grid: &Grid, cells: &Cells) -> Self {
        Self {
            level: level_of_corners(grid, cells),
            even: grid.limit(64.0 * EVEN),
            noisy: grid.limit(NOISY),
            black: grid.levels().black as u16 + grid.limit(BLACK),
            flat: grid.limit(FLAT),
        }
    }

    /// Whether a cell is bar, by its sum, least and greatest luma: it is black and flat, or as dark as the corners of the frame.
    fn is_bar(&self, sum: u16, min: u16, max: u16) -> bool {
        // Bars may lie under nominal black, and codecs ring there; only what is over this counts.
        let lowest = self.black.saturating_sub(2 * self.flat);
        let black = (max <= self.black) & (max.saturating_sub(min.max(lowest)) <= self.flat);
        let (level, even) = self.level.map_or((0, 0), |level| (level, self.even));
        let lifted = (even > 0) & (sum.abs_diff(level) <= even) & (max - min <= self.noisy);
        black | lifted
    }

    /// Whether a cell is bar.
    pub fn is_bar_at(&self, grid: &Grid, cell: usize) -> bool {
        self.is_bar(grid.sum()[cell], grid.min()[cell], grid.max()[cell])
    }

    /// Whether a cell has letters on the ground of a bar: pixels as dark as that, and most of its light in few others.
    pub fn has_letters(&self, grid: &Grid, cell: usize) -> bool {
        let level = self.level.map_or(0, |level| (level + self.even) / 64);
        let ground = f64::from(self.black.max(level));
        let (min, max) = (f64::from(grid.min()[cell]), f64::from(grid.max()[cell]));
        let mean = f64::from(grid.sum()[cell]) / 64.0;
        min <= ground && mean - min < LETTERS * (max - min)
    }

    /// How many cells of a row are bar, of the columns of `cells`.
    pub fn count_in_row(&self, grid: &Grid, row: usize, cells: &Cells) -> usize {
        let start = row * grid.columns();
        let r = start + cells.columns.start..start + cells.columns.end;
        let bounds = grid.min()[r.clone()].iter().zip(&grid.max()[r.clone()]);
        let black = (grid.sum()[r].iter().zip(bounds))
            .map(|(sum, (min, max))| u16::from(self.is_bar(*sum, *min, *max)));
        usize::from(black.sum::<u16>())
    }

    /// The borders around `inner` to the pixel. Lines: by their own sums. Columns: a cell on the edge is as bright as its share of picture.
    pub fn refine(&self, grid: &Grid, cells: &Cells, inner: &Cells) -> Borders {
        let line_is_black = |line: &usize| {
            let sum = u64::from(grid.row_sum().get(*line).copied().unwrap_or(0));
            let most = self.level.map_or(0, |level| (level + self.even) / 64);
            sum <= u64::from(self.black.max(most)) * grid.width() as u64
        };
        let first = inner.rows.start * CELL;
        let last = (inner.rows.end * CELL).min(grid.height());
        let (from, to) = (
            cells.rows.start * CELL,
            (cells.rows.end * CELL).min(grid.height()),
        );
        let whole_width = cells.columns.len() == grid.columns();
        let more = |lines: &mut dyn Iterator<Item = usize>| {
            if whole_width {
                lines.take_while(line_is_black).count().min(CELL - 1)
            } else {
                0
            }
        };
        let (top, bottom) = (first - from, to - last);
        let right =
            ((cells.columns.end * CELL).min(grid.width())).saturating_sub(inner.columns.end * CELL);
        let left = (inner.columns.start - cells.columns.start) * CELL;
        Borders {
            top: if top > 0 {
                top + more(&mut (first..last))
            } else {
                0
            },
            bottom: if bottom > 0 {
                bottom + more(&mut (first..last).rev())
            } else {
                0
            },
            left: if left > 0 {
                left + self.dark_part(grid, inner, inner.columns.start, 1)
            } else {
                0
            },
            right: if right > 0 {
                right + self.dark_part(grid, inner, inner.columns.end - 1, -1)
            } else {
                0
            },
        }
    }

    /// How many of the 8 columns of pixels of a cell column at the edge are dark, judged by the next one inwards.
    fn dark_part(&self, grid: &Grid, inner: &Cells, column: usize, inwards: isize) -> usize {
        let Some(next) = column
            .checked_add_signed(inwards)
            .filter(|c| inner.columns.contains(c))
        else {
            return 0;
        };
        let light = |column: usize| {
            let sum: f64 = inner
                .rows
                .clone()
                .map(|row| f64::from(grid.sum()[row * grid.columns() + column]))
                .sum();
            (sum / (64 * inner.rows.len().max(1)) as f64 - grid.levels().black).max(0.0)
        };
        let (edge, inside) = (light(column), light(next));
        let dark = if inside > edge {
            CELL as f64 * (1.0 - edge / inside)
        } else {
            0.0
        };
        // Chroma is subsampled: edges lie on even columns.
        ((dark / 2.0).round() as usize * 2).min(CELL - 1)
    }
}
