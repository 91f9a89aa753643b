// SPDX-License-Identifier: MPL-2.0
//! Cells that may have a pixel out of range, by what the grid tells of them.
//!
//! Luma is known by its extremes. Of chroma only means are: the pixels of a cell are taken to lie between its mean and those of its four
//! neighbours, and a little beyond.

use super::Bounds;
use crate::media::picture::{Cells, Colours, Grid};

/// Codes of chroma by which pixels may lie beyond these means (chosen: noise and rounding).
const MARGIN: f32 = 3.0;

/// Finds such cells. Allocates when made.
#[derive(Debug)]
pub struct Suspects {
    /// Least and greatest chroma around each cell of a row, from neutral, in codes.
    cb: Vec<(f32, f32)>,
    cr: Vec<(f32, f32)>,
    out: Vec<u32>,
}

impl Suspects {
    /// For grids of that many columns and rows.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            cb: vec![(0.0, 0.0); columns],
            cr: vec![(0.0, 0.0); columns],
            out: Vec::with_capacity(columns * rows),
        }
    }

    /// The numbers of those that were found.
    pub fn cells(&self) -> &[u32] {
        &self.out
    }

    /// Looks for them in a picture.
    pub fn find(&mut self, grid: &Grid, cells: &Cells, colours: &Colours, bounds: &Bounds) {
        self.out.clear();
        let [red, green_b, green_r, blue] = colours.factors();
        let levels = grid.levels();
        let code = |level: f64| levels.code(level) as f32;
        let (low, high) = (code(bounds.low), code(bounds.high));
        let unit = grid.limit(1.0);
        let margin = MARGIN * f32::from(unit);
        for row in cells.rows.clone() {
            around(grid.cb(), grid, row, margin, &mut self.cb);
            around(grid.cr(), grid, row, margin, &mut self.cr);
            let start = row * grid.columns();
            let range = start + cells.columns.start..start + cells.columns.end;
            let luma = grid.min()[range.clone()].iter().zip(&grid.max()[range]);
            let chroma = self.cb[cells.columns.clone()]
                .iter()
                .zip(&self.cr[cells.columns.clone()]);
            for (i, ((min, max), (cb, cr))) in luma.zip(chroma).enumerate() {
                let (min, max) = (f32::from(*min), f32::from(*max));
                let greatest = (max + (red * cr.1).max(blue * cb.1))
                    .max(max + green_b * cb.0 + green_r * cr.0);
                let least = (min + (red * cr.0).min(blue * cb.0))
                    .min(min + green_b * cb.1 + green_r * cr.1);
                if greatest.max(max) > high || least.min(min) < low {
                    self.out.push((start + cells.columns.start + i) as u32);
                }
            }
        }
    }
}

/// Writes the least and the greatest chroma around each cell of a row, from neutral, in codes of the grid.
fn around(sums: &[u16], grid: &Grid, row: usize, margin: f32, out: &mut [(f32, f32)]) {
    let (columns, last) = (grid.columns(), grid.rows() - 1);
    let line = |row: usize| &sums[row * columns..][..columns];
    let (own, above, below) = (
        line(row),
        line(row.saturating_sub(1)),
        line((row + 1).min(last)),
    );
    let neutral = f32::from(grid.limit(128.0));
    for (column, out) in out.iter_mut().enumerate() {
        let near = [
            own[column],
            above[column],
            below[column],
            own[column.saturating_sub(1)],
            own[(column + 1).min(columns - 1)],
        ];
        let (low, high) = near.iter().fold((u16::MAX, 0), |(low, high), sum| {
            (low.min(*sum), high.max(*sum))
        });
        let centred = |sum: u16| f32::from(sum) / 16.0 - neutral;
        *out = (centred(low) - margin, centred(high) + margin);
    }
}
