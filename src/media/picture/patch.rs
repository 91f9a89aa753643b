// SPDX-License-Identifier: MPL-2.0
//! A small patch near a corner of the picture, where channels show their logo.

use std::ops::Range;

use super::{Area, Cells, Grid};

/// How many times larger than the cells in it that stand out the patch may be.
const LOOSENESS: f64 = 2.0;
/// Largest distance of the centre of the patch from two edges of the picture, as a fraction of its sides.
const NEAR_EDGE: f64 = 0.3;
/// Largest distance in cells between edges of patches in the same place: logos glimmer and turn, credits roll on.
const SAME_PLACE: usize = 2;

/// The smallest rectangle of cells with all that stand out.
#[derive(Debug, Clone)]
pub struct CornerPatch(Cells);

impl CornerPatch {
    /// The patch that holds all those of `cells` that stand out; `None` if there are none, or if they aren't compact, near a corner, and at
    /// most `share` of all.
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
        let (patch, most) = (patch?, share * cells.count() as f64);
        let near_edge = |range: &Range<usize>, length: usize| {
            let centre = (range.start + range.end) as f64 / 2.0 / length.max(1) as f64;
            centre.min(1.0 - centre) <= NEAR_EDGE
        };
        let compact = f64::from(count) <= most && patch.count() as f64 <= LOOSENESS * most;
        let corner =
            near_edge(&patch.columns, grid.columns()) && near_edge(&patch.rows, grid.rows());
        (compact && corner).then_some(Self(patch))
    }

    /// Whether it is in the same place as another.
    pub fn is_near(&self, other: &Self) -> bool {
        let near = |a: usize, b: usize| a.abs_diff(b) <= SAME_PLACE;
        near(self.0.columns.start, other.0.columns.start)
            && near(self.0.columns.end, other.0.columns.end)
            && near(self.0.rows.start, other.0.rows.start)
            && near(self.0.rows.end, other.0.rows.end)
    }

    /// Where it is, in pixels.
    pub fn area(&self, grid: &Grid) -> Area {
        self.0.area(grid)
    }
}
