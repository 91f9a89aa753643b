// SPDX-License-Identifier: MPL-2.0
//! A small patch of cells that stand out: a channel's logo, or a line of text.

use std::ops::Range;

use super::{Area, Cells, Grid};

/// How many times larger than the cells in it that stand out the patch may be.
const LOOSENESS: f64 = 2.0;
/// Largest distance of the centre of the patch from two edges of the picture, as a fraction of its sides.
const NEAR_EDGE: f64 = 0.3;
/// Largest distance in cells between edges of patches in the same place: logos glimmer and turn, credits roll on.
const SAME_PLACE: usize = 2;

/// How many times wider than high a line of text is at least: the eight digits of a clock make about five.
const LINE_ASPECT: usize = 3;
/// Fewest columns of cells in a line of text.
const LINE_COLUMNS: usize = 5;
/// Share of a line's cells that stands out at least: two lamps far apart are no line.
const LINE_DENSITY: f64 = 0.4;

/// The smallest rectangle of cells with all that stand out.
#[derive(Debug, Clone)]
pub struct Patch {
    cells: Cells,
    /// How many of them stand out.
    count: usize,
}

impl Patch {
    /// The patch that holds all those of `cells` that stand out; `None` if there are none, or if they aren't compact and at most `share`
    /// of all.
    pub fn of(
        cells: &Cells,
        grid: &Grid,
        share: f64,
        stands_out: impl Fn(usize) -> bool,
    ) -> Option<Self> {
        let mut patch: Option<Cells> = None;
        let mut count = 0;
        for (row, r) in cells.rows.clone().zip(cells.row_ranges(grid)) {
            for (column, i) in cells.columns.clone().zip(r) {
                if stands_out(i) {
                    count += 1;
                    patch = Some(match patch.take() {
                        Some(patch) => patch.including(column, row),
                        None => Cells::one(column, row),
                    });
                }
            }
        }
        let (cells, most) = (patch?, share * cells.count() as f64);
        let is_compact = count as f64 <= most && cells.count() as f64 <= LOOSENESS * most;
        is_compact.then_some(Self { cells, count })
    }

    /// Whether it is near a corner of the picture, where channels show their logo.
    pub fn is_in_corner(&self, grid: &Grid) -> bool {
        is_near_edge(&self.cells.columns, grid.columns()) && self.is_at_top_or_bottom(grid)
    }

    /// Whether it is near the upper or the lower edge of the picture.
    pub fn is_at_top_or_bottom(&self, grid: &Grid) -> bool {
        is_near_edge(&self.cells.rows, grid.rows())
    }

    /// Whether it has the shape of a line of text.
    pub fn is_line(&self) -> bool {
        let (columns, rows) = (self.cells.columns.len(), self.cells.rows.len());
        columns >= LINE_COLUMNS.max(LINE_ASPECT * rows)
            && self.count as f64 >= LINE_DENSITY * self.cells.count() as f64
    }

    /// Its cells, those that don't stand out among them.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Whether it is in the same place as another.
    pub fn is_near(&self, other: &Self) -> bool {
        let near = |a: usize, b: usize| a.abs_diff(b) <= SAME_PLACE;
        self.begins_near(other) && near(self.cells.columns.end, other.cells.columns.end)
    }

    /// Whether it is the same line of text with other digits: the last one may be narrower, by a third of its height.
    pub fn is_same_line(&self, other: &Self) -> bool {
        let most = SAME_PLACE.max(self.cells.rows.len() / 3);
        self.begins_near(other) && self.cells.columns.end.abs_diff(other.cells.columns.end) <= most
    }

    /// Whether the left, the upper and the lower edge are where those of another are.
    fn begins_near(&self, other: &Self) -> bool {
        let near = |a: usize, b: usize| a.abs_diff(b) <= SAME_PLACE;
        near(self.cells.columns.start, other.cells.columns.start)
            && near(self.cells.rows.start, other.cells.rows.start)
            && near(self.cells.rows.end, other.cells.rows.end)
    }

    /// Where it is, in pixels.
    pub fn area(&self, grid: &Grid) -> Area {
        self.cells.area(grid)
    }
}

/// Whether the centre of a range of cells is near an end of so many.
fn is_near_edge(range: &Range<usize>, length: usize) -> bool {
    let centre = (range.start + range.end) as f64 / 2.0 / length.max(1) as f64;
    centre.min(1.0 - centre) <= NEAR_EDGE
}
