// SPDX-License-Identifier: MPL-2.0
//! Tells a clock or timecode that runs over black from a title, a subtitle and a small light.
//!
//! A clock is a line that stays in place, whose right half changes at least once a second and whose left third (the
//! hours) doesn't. A title doesn't change, credits move, and a flame or a lamp changes all over and is no line.

use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{Cells, CornerPatch, Grid},
};

/// How many times wider than high a clock is at least: eight digits make about five.
const LINE: usize = 3;
/// Least change of the mean luma of a cell in which a digit changed, in 8-bit codes: codecs change less.
const TICK: f64 = 8.0;
/// A clock changes at least once in this time.
const PERIOD: Ns = 1200 * MS;
/// Time for which the hours have to stand before the line counts as a clock.
const KNOWN_AFTER: Ns = SECOND;

/// A line that may be a clock.
#[derive(Debug)]
pub struct Clock {
    /// Where it was in the first picture.
    pub patch: CornerPatch,
    /// Start of the first picture with it.
    pub since: Ns,
    /// Sums of its cells in the last picture.
    sums: Vec<u16>,
    /// When its left third last changed, or its start.
    hours_since: Ns,
    /// When its right half last changed.
    ticked: Option<Ns>,
    known: bool,
}

impl Clock {
    /// A line that appears; `None` if the patch is none.
    pub fn begin(patch: CornerPatch, at: Ns, grid: &Grid) -> Option<Self> {
        let cells = patch.cells();
        let is_line = cells.columns.len() >= LINE * cells.rows.len();
        is_line.then(|| Self {
            sums: sums(patch.cells(), grid),
            patch,
            since: at,
            hours_since: at,
            ticked: None,
            known: false,
        })
    }

    /// Takes the next picture, with the patch in it. `false`: it isn't the same line.
    pub fn goes_on(&mut self, patch: &CornerPatch, at: Ns, grid: &Grid) -> bool {
        if !self.patch.is_near(patch) {
            return false;
        }
        let [hours, ticked] = self.changes(grid);
        let stood = at.saturating_sub(self.hours_since) >= KNOWN_AFTER;
        // Only the hours of a clock that has run may change.
        if hours && !(stood && self.known) {
            return false;
        }
        if hours {
            self.hours_since = at;
        }
        if ticked {
            self.ticked = Some(at);
        }
        self.known |= stood && self.ticked.is_some();
        true
    }

    /// Whether it is a clock that runs.
    pub fn runs(&self, span: Span) -> bool {
        let fresh = |ticked: Ns| span.start.saturating_sub(ticked) <= PERIOD;
        self.known && self.ticked.is_some_and(fresh)
    }

    /// Whether the left third and the right half differ from the last picture.
    fn changes(&mut self, grid: &Grid) -> [bool; 2] {
        let cells = self.patch.cells();
        let (new, width) = (sums(cells, grid), cells.columns.len());
        let limit = grid.limit(64.0 * TICK);
        let mut changes = [false; 2];
        for (i, (old, new)) in self.sums.iter().zip(&new).enumerate() {
            if old.abs_diff(*new) > limit {
                let column = i % width;
                changes[0] |= 3 * column + 3 <= width;
                changes[1] |= 2 * column >= width;
            }
        }
        self.sums = new;
        changes
    }
}

/// The sums of luma of the cells.
fn sums(cells: &Cells, grid: &Grid) -> Vec<u16> {
    let rows = cells.row_ranges(grid);
    rows.flat_map(|r| grid.sum()[r].iter().copied()).collect()
}
