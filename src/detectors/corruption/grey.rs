// SPDX-License-Identifier: MPL-2.0
//! Recognises blocks filled with the middle of all codes, which decoders put in place of missing ones.

use std::ops::Range;

use super::fill::{LEAST_AREA, Patch};
use crate::media::picture::{Cells, Grid};

/// The middle of all codes, in 8-bit codes.
pub const MIDDLE: f64 = 128.0;
/// Largest share of the picture; more is a slate or a fade, and has its own detectors.
const MOST_AREA: f64 = 0.9;
/// Least share of the grey that fills whole blocks of the lattice of 16 pixels; and the same where the rest of the
/// picture changed, too, so that a cut may have brought the grey.
const LEAST_WHOLE: f64 = 0.9;
const LEAST_WHOLE_AFTER_CUT: f64 = 0.98;
/// Least number of grey blocks with no grey block to the left or above (one for each rectangle), if a cut may have
/// brought the grey; by chance one rectangle in 16 lies on the lattice.
const LEAST_CORNERS: usize = 4;
/// Difference of luma, in 8-bit codes, between a grey cell and one beside it that isn't, from which there is an edge; and the least share
/// of the outline that has one. In a slow fade coarse coding leaves whole blocks of this grey among others that differ by one to three
/// codes.
const EDGE: f64 = 5.0;
const LEAST_OUTLINED: f64 = 0.5;

/// Follows the grey blocks.
#[derive(Debug, Default)]
pub struct Greys {
    /// Share of the last picture.
    share: f64,
    /// Whether they came at once, on the lattice, into a picture that went on.
    filled: bool,
}

impl Greys {
    /// Takes the next picture. `steady`: there was no cut shortly before. Returns the share of grey and its rectangle.
    pub fn push(&mut self, grid: &Grid, cells: &Cells, steady: bool) -> Option<(f64, Cells)> {
        let middle = grid.limit(MIDDLE);
        let may_have = |r: Range<usize>| {
            let pairs = grid.min()[r.clone()].iter().zip(&grid.max()[r]);
            pairs
                .map(|(min, max)| u16::from(*min == middle) & u16::from(*max == middle))
                .sum::<u16>()
                > 0
        };
        let grey = Patch::of(grid, cells, may_have, is_grey);
        let share = grey.count as f64 / cells.count().max(1) as f64;
        let came = share - self.share >= LEAST_AREA && self.share < LEAST_AREA;
        let is_whole = |least: f64| grey.whole as f64 >= least * grey.count as f64;
        let is_lattice = (steady && is_whole(LEAST_WHOLE))
            || (is_whole(LEAST_WHOLE_AFTER_CUT) && grey.corners >= LEAST_CORNERS);
        let began = || came && is_lattice && is_outlined(grid, cells);
        self.filled = (LEAST_AREA..=MOST_AREA).contains(&share) && (self.filled || began());
        self.share = share;
        let rectangle = grey.cells.filter(|_| self.filled);
        rectangle.map(|rectangle| (share, rectangle))
    }
}

fn is_grey(grid: &Grid, cell: usize) -> bool {
    let (luma, chroma) = (grid.limit(MIDDLE), grid.limit(16.0 * MIDDLE));
    grid.min()[cell] == luma
        && grid.max()[cell] == luma
        && grid.cb()[cell] == chroma
        && grid.cr()[cell] == chroma
}

/// Whether the grey cells have an edge along most of their outline.
fn is_outlined(grid: &Grid, cells: &Cells) -> bool {
    let (columns, least) = (grid.columns(), grid.limit(64.0 * EDGE));
    let (mut outline, mut edges) = (0u32, 0u32);
    for row in cells.rows.clone() {
        for column in cells.columns.clone() {
            let cell = row * columns + column;
            let right = (column + 1 < cells.columns.end).then(|| cell + 1);
            let below = (row + 1 < cells.rows.end).then(|| cell + columns);
            for other in [right, below].into_iter().flatten() {
                if is_grey(grid, cell) != is_grey(grid, other) {
                    outline += 1;
                    let step = grid.sum()[cell].abs_diff(grid.sum()[other]);
                    edges += u32::from(step >= least);
                }
            }
        }
    }
    f64::from(edges) >= LEAST_OUTLINED * f64::from(outline)
}
