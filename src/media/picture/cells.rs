// SPDX-License-Identifier: MPL-2.0
//! Parts of a picture in cells.

use std::ops::Range;

use super::{CELL, Grid};
use crate::media::picture::{Area, Region};

/// Lines and columns at the edge of the picture that may hold other things than picture: data in the first lines,
/// noise of a tape recorder's heads in the last ones, an edge that wanders.
const EDGE: usize = 8;

/// A rectangle of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// Its columns.
    pub columns: Range<usize>,
    /// Its rows.
    pub rows: Range<usize>,
}

impl Cells {
    /// All cells of a grid.
    pub fn all(grid: &Grid) -> Self {
        Self {
            columns: 0..grid.columns(),
            rows: 0..grid.rows(),
        }
    }

    /// The cells that lie wholly in a region of the picture; at least one.
    pub fn of(region: Region, grid: &Grid) -> Self {
        let range = |from: f64, length: f64, pixels: usize, cells: usize| {
            let cell = |at: f64| at * pixels as f64 / CELL as f64;
            let start = (cell(from).ceil() as usize).min(cells.saturating_sub(1));
            let end = (cell(from + length).floor() as usize).clamp(start + 1, cells.max(start + 1));
            // The last cell of a picture may be cut off by its edge.
            if from + length >= 1.0 {
                start..cells
            } else {
                start..end
            }
        };
        Self {
            columns: range(region.x, region.width, grid.width(), grid.columns()),
            rows: range(region.y, region.height, grid.height(), grid.rows()),
        }
    }

    /// The cells of a region without those within 8 pixels of the picture's own edge, so that their content doesn't
    /// decide. All stay along a side of which less than three quarters would remain.
    pub fn inside(region: Region, grid: &Grid) -> Self {
        let range = |cells: Range<usize>, pixels: usize| {
            let last = pixels.saturating_sub(EDGE) / CELL;
            let inner = cells.start.max(1)..cells.end.min(last);
            if 4 * inner.len() >= 3 * cells.len() {
                inner
            } else {
                cells
            }
        };
        let all = Self::of(region, grid);
        Self {
            columns: range(all.columns, grid.width()),
            rows: range(all.rows, grid.height()),
        }
    }

    /// A single cell.
    pub fn one(column: usize, row: usize) -> Self {
        Self {
            columns: column..column + 1,
            rows: row..row + 1,
        }
    }

    /// How many cells.
    pub fn count(&self) -> usize {
        self.columns.len() * self.rows.len()
    }

    /// The range of each row's cells in a grid's arrays.
    pub fn row_ranges(&self, grid: &Grid) -> impl Iterator<Item = Range<usize>> + use<> {
        let (columns, width) = (self.columns.clone(), grid.columns());
        self.rows
            .clone()
            .map(move |row| row * width + columns.start..row * width + columns.end)
    }

    /// The mean of one of a grid's arrays over the cells.
    pub fn mean(&self, grid: &Grid, values: &[u16]) -> f64 {
        let of_row = |r: Range<usize>| values[r].iter().map(|v| u32::from(*v)).sum::<u32>();
        let sum: u64 = self.row_ranges(grid).map(|r| u64::from(of_row(r))).sum();
        sum as f64 / self.count().max(1) as f64
    }

    /// The smallest rectangle with this one and that cell.
    pub fn including(&self, column: usize, row: usize) -> Self {
        Self {
            columns: self.columns.start.min(column)..self.columns.end.max(column + 1),
            rows: self.rows.start.min(row)..self.rows.end.max(row + 1),
        }
    }

    /// In pixels, as far as the picture reaches.
    pub fn area(&self, grid: &Grid) -> Area {
        let edge = |cell: usize, pixels: usize| (cell * CELL).min(pixels) as u32;
        let (x, y) = (
            edge(self.columns.start, grid.width()),
            edge(self.rows.start, grid.height()),
        );
        Area {
            x,
            y,
            width: edge(self.columns.end, grid.width()) - x,
            height: edge(self.rows.end, grid.height()) - y,
        }
    }
}
