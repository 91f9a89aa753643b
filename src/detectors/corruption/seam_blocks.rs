// SPDX-License-Identifier: MPL-2.0
//! Counts seam blocks: blocks of 16x16 pixels with steep new borders.
//!
//! A block is a seam block if the excess of its four borders over the gradients beside them (in grey levels) is new,
//! summed up, by more than `steepness` * (6 + g), and two of its borders exceed `steepness` * (3 + g/2), where g is
//! the gradient within the block. New is the part that exceeds all borders of the picture before within 16 pixels: so
//! steep an edge can't have moved there from elsewhere.

use super::block_edges::{BlockEdges, UNIT};
use crate::media::picture::{Cells, Grid, vectorized};

/// A block with less gradient within (grey levels per pixel) is flat: coarse coding, a mosaic. In a 1080p programme at a bit rate so
/// low that its blocks show, all seam blocks were flat (0.0); those of losses had 1 and more.
const FLAT: f32 = 0.5;
/// The most that are remembered of a picture; more don't change the verdict.
const MOST: usize = 8192;

/// Finds and counts seam blocks.
#[derive(Debug)]
pub struct SeamBlocks {
    columns: usize,
    now: BlockEdges,
    before: BlockEdges,
    /// Upper left cells of those found.
    found: Vec<(u16, u16)>,
    /// For one row: the steep left borders, and how many sides of each block are steep.
    steep: Vec<u8>,
    sides: Vec<u8>,
    /// Columns of the blocks of one row with two steep sides or more.
    candidates: Vec<u16>,
}

impl SeamBlocks {
    /// For grids of that size.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            now: BlockEdges::new(columns * rows),
            before: BlockEdges::new(columns * rows),
            found: Vec::with_capacity(MOST.min(columns * rows / 4)),
            steep: Vec::with_capacity(columns),
            sides: Vec::with_capacity(columns),
            candidates: Vec::with_capacity(columns),
        }
    }

    /// Whether it is for grids of that size.
    pub fn fits(&self, grid: &Grid) -> bool {
        self.now.left.len() == grid.sum().len() && self.columns == grid.columns()
    }

    /// Measures the next picture's borders.
    pub fn measure(&mut self, grid: &Grid) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.measure(grid);
    }

    /// How steep the borders of the last picture are.
    pub fn edges(&self) -> &BlockEdges {
        &self.now
    }

    /// The upper left cells (column, row) of the seam blocks on the lattice as it is, row by row.
    pub fn found(&self) -> &[(u16, u16)] {
        &self.found
    }

    /// Counts seam blocks in the last picture with the lattice as it is, moved right, down, and both, and keeps those of the first.
    pub fn count(&mut self, grid: &Grid, cells: &Cells, steepness: f32) -> [i32; 4] {
        self.found.clear();
        let mut count = [0; 4];
        let rows = cells.rows.start..(cells.rows.end - 1).max(cells.rows.start);
        // Two borders of two cells each exceed this: the least that the rule may ask for.
        let gate = (6.0 * steepness * UNIT).min(32_000.0) as i16;
        for row in rows {
            vectorized(Self::find_candidates, (self, row, cells, gate));
            for &column in &self.candidates {
                let column = usize::from(column);
                if !self.is_seam_block(grid, cells, column, row, steepness) {
                    continue;
                }
                count[column % 2 + 2 * (row % 2)] += 1;
                if (column | row).is_multiple_of(2) && self.found.len() < MOST {
                    self.found.push((column as u16, row as u16));
                }
            }
        }
        count
    }

    /// Finds the blocks that begin in that row of which at least two sides are steep at all.
    #[inline(always)]
    fn find_candidates((blocks, row, cells, gate): (&mut Self, usize, &Cells, i16)) {
        let (w, columns) = (blocks.columns, &cells.columns);
        let width = columns.len().saturating_sub(1);
        blocks.steep.clear();
        let steep = |(a, b): (&i16, &i16)| u8::from(a.saturating_add(*b) > gate);
        let line = |row: usize| row * w + columns.start..row * w + columns.end;
        let left = &blocks.now.left;
        blocks
            .steep
            .extend(left[line(row)].iter().zip(&left[line(row + 1)]).map(steep));
        blocks.sides.clear();
        // The right border is the left one of the cell after next.
        blocks.sides.extend(
            blocks.steep[..width]
                .iter()
                .zip(blocks.steep[2.min(width)..].iter().chain([&0, &0]))
                .map(|(left, right)| left + right),
        );
        for row in [row, row + 2] {
            if row < cells.rows.end {
                let tops = &blocks.now.top[line(row)];
                let pairs = tops.iter().zip(&tops[1..]);
                for (sides, pair) in blocks.sides.iter_mut().zip(pairs) {
                    *sides += steep(pair);
                }
            }
        }
        blocks.candidates.clear();
        // Most blocks have fewer, so 16 are skipped at a time.
        for (chunk, some) in blocks.sides.chunks(16).enumerate() {
            if some.iter().fold(0, |most, sides| most.max(*sides)) < 2 {
                continue;
            }
            let first = columns.start + 16 * chunk;
            let steep = some.iter().enumerate().filter(|(_, sides)| **sides >= 2);
            blocks
                .candidates
                .extend(steep.map(|(at, _)| (first + at) as u16));
        }
    }

    fn is_seam_block(
        &self,
        grid: &Grid,
        cells: &Cells,
        column: usize,
        row: usize,
        steepness: f32,
    ) -> bool {
        let (i, w) = (row * self.columns + column, self.columns);
        let inner: u32 = [i, i + 1, i + w, i + w + 1]
            .iter()
            .map(|&i| {
                u32::from(grid.whole_codes(grid.dx()[i]))
                    + u32::from(grid.whole_codes(grid.dy()[i]))
            })
            .sum();
        let g = inner as f32 / (4.0 * UNIT);
        if g < FLAT {
            return false;
        }
        let far = column + 2 < cells.columns.end;
        let below = row + 2 < cells.rows.end;
        let sides = [
            Some((&self.now.left, &self.before.left, column, row, false))
                .filter(|_| column > cells.columns.start),
            Some((&self.now.left, &self.before.left, column + 2, row, false)).filter(|_| far),
            Some((&self.now.top, &self.before.top, column, row, true))
                .filter(|_| row > cells.rows.start),
            Some((&self.now.top, &self.before.top, column, row + 2, true)).filter(|_| below),
        ];
        let mut excess = [0.0f32; 4];
        for (excess, side) in excess.iter_mut().zip(&sides) {
            if let Some((now, _, column, row, across)) = side {
                let at = row * w + column;
                let other = at + if *across { 1 } else { w };
                *excess = (f32::from(now[at]) + f32::from(now[other])) / (2.0 * UNIT);
            }
        }
        let mut sorted = excess;
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        if sorted[1] <= steepness * (3.0 + g / 2.0) {
            return false;
        }
        let mut new = 0.0;
        for (excess, side) in excess.iter().zip(&sides) {
            if let Some((_, before, column, row, across)) = side {
                let past = steepest(before, w, grid.rows(), *column, *row, *across);
                new += (excess - f32::from(past) / UNIT).max(0.0).min(*excess);
            }
        }
        new > steepness * (6.0 + g)
    }
}

/// The steepest border within 16 pixels of a side of two cells.
fn steepest(
    borders: &[i16],
    columns: usize,
    rows: usize,
    column: usize,
    row: usize,
    across: bool,
) -> i16 {
    const REACH: usize = 2;
    let (wide, high) = if across { (1, 0) } else { (0, 1) };
    let x = column.saturating_sub(REACH)..(column + wide + REACH + 1).min(columns);
    let y = row.saturating_sub(REACH)..(row + high + REACH + 1).min(rows);
    y.flat_map(|y| &borders[y * columns + x.start..y * columns + x.end])
        .copied()
        .fold(0, i16::max)
}
