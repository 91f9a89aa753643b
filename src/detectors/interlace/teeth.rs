// SPDX-License-Identifier: MPL-2.0
//! Teeth: lines that stick out against both of their neighbours.

use crate::media::{
    MS, Ns, Span,
    picture::{Cells, Grid},
};

/// Teeth of a cell: sum over its 64 pixels of what sticks out by more than 9 codes, in 8-bit codes. 1.5 per pixel, so
/// that a few sharp points in a cell aren't enough. Chosen.
const TEETH: f64 = 96.0;

/// Lines next to each other differ this much more than those two apart where fields are interleaved.
const FIELDWISE: u32 = 5;
const FRAMEWISE: u32 = 4;

/// Teeth this long ago make it worth while to look at the fields of a progressive picture.
const MEMORY: Ns = 500 * MS;

/// A stretch of pictures with teeth.
#[derive(Debug, Clone, Copy)]
pub struct Teeth {
    /// Where it starts.
    pub since: Ns,
    /// The end of the last picture that had some.
    pub last: Ns,
}

impl Teeth {
    /// What the next picture makes of it: goes on, begins, or is over.
    pub fn after(before: Option<Self>, span: Span, now: bool) -> Option<Self> {
        match before {
            Some(teeth) if now => Some(Self {
                last: span.end,
                ..teeth
            }),
            None if now => Some(Self {
                since: span.start,
                last: span.end,
            }),
            Some(teeth) if teeth.last.saturating_add(MEMORY) < span.start => None,
            as_it_was => as_it_was,
        }
    }
}

/// The share of the cells that show teeth.
pub fn combed(grid: &Grid, cells: &Cells) -> f64 {
    let least = grid.limit(TEETH);
    let mut count = 0;
    for r in cells.stretches(grid) {
        // Most rows have no cell with teeth: that is seen at once.
        let teeth = |comb: &u16| u16::from(*comb >= least);
        if grid.comb()[r.clone()].iter().map(teeth).sum::<u16>() == 0 {
            continue;
        }
        for i in r.filter(|i| grid.comb()[*i] >= least) {
            let lines = u32::from(grid.dy()[i]) + u32::from(grid.top()[i]);
            count += usize::from(FRAMEWISE * lines > FIELDWISE * u32::from(grid.dy2()[i]));
        }
    }
    count as f64 / cells.count().max(1) as f64
}
