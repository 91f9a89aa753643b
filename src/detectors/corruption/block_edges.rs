// SPDX-License-Identifier: MPL-2.0
//! Measures how steep the borders of cells are against the gradients of the cells beside them.

use crate::media::picture::{Grid, vectorized};

/// Seams are kept in this part of an 8-bit code: 8 differences across a border against 56 within a cell.
pub const UNIT: f32 = 56.0;

/// The excess of each cell's left and upper border over the steeper of the two cells beside it, in units of 1/56 code; 0 where
/// there's no border.
#[derive(Debug, Default)]
pub struct BlockEdges {
    /// Left borders.
    pub left: Vec<i16>,
    /// Upper borders.
    pub top: Vec<i16>,
}

impl BlockEdges {
    /// For that many cells.
    pub fn new(cells: usize) -> Self {
        Self {
            left: vec![0; cells],
            top: vec![0; cells],
        }
    }

    /// That of a picture.
    pub fn measure(&mut self, grid: &Grid) {
        vectorized(Self::measure_rows, (self, grid));
    }

    #[inline(always)]
    fn measure_rows((edges, grid): (&mut Self, &Grid)) {
        let columns = grid.columns();
        let excess = |border: u16, a: u16, b: u16| {
            (7 * grid.whole_codes(border)) as i16 - grid.whole_codes(a.max(b)) as i16
        };
        for row in 0..grid.rows() {
            let r = row * columns..(row + 1) * columns;
            let (borders, dx) = (&grid.left()[r.clone()], &grid.dx()[r.clone()]);
            let out = &mut edges.left[r.clone()];
            for ((out, border), pair) in out[1..].iter_mut().zip(&borders[1..]).zip(dx.windows(2)) {
                *out = excess(*border, pair[0], pair[1]);
            }
            if row == 0 {
                continue;
            }
            let above = r.start - columns..r.start;
            let out = &mut edges.top[r.clone()];
            let beside = grid.dy()[above].iter().zip(&grid.dy()[r.clone()]);
            for ((out, border), (a, b)) in out.iter_mut().zip(&grid.top()[r]).zip(beside) {
                *out = excess(*border, *a, *b);
            }
        }
    }
}
