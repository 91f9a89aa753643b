// SPDX-License-Identifier: MPL-2.0
//! Pictures that are partly of another source: for a picture or some, what is above or below a line is from elsewhere, and comes back.
//!
//! At once most cells on one side of a line jump and those on the other side go on, with a new straight edge between them over the whole width;
//! within [`LONGEST`] the same cells jump back to what was there before. A caption that comes in stays longer, a flash changes light in one direction, a split
//! screen has its edge before and afterwards.

use std::sync::Arc;

use super::damage::Damage;
use crate::media::{
    MS, Ns, Span,
    picture::{CellChanges, Cells, Grid, brightening, change, new_edge},
};

/// Longer than that it may be meant. What was mixed for so long is known only then. Chosen.
const LONGEST: Ns = 1250 * MS;
/// Share of the cells that jump on the one side of the line at least, and on the other at most. Chosen.
const OTHER: f64 = 0.5;
const SAME: f64 = 0.12;
/// Share of the rows that each side has at least.
const LEAST: f64 = 0.15;
/// The line of the return is that of the change to so many rows of cells.
const SAME_LINE: usize = 2;
/// The edge along the line, in standard deviations of the new edges of the lines around.
const SPIKE: f64 = 4.0;
/// Share of a change that goes in one direction, from which it is one of light.
const FLASH: f64 = 0.9;

/// A part that changed at once.
#[derive(Debug, Clone)]
struct Part {
    cells: Cells,
    /// First row of cells below the line.
    row: usize,
    below: bool,
}

/// A part that hasn't come back yet.
#[derive(Debug)]
struct Open {
    at: Ns,
    part: Part,
    /// The picture before, and the first mixed one.
    before: Arc<Grid>,
    first: Arc<Grid>,
}

/// Finds them.
#[derive(Debug, Default)]
pub struct MixedPictures {
    last: Option<Arc<Grid>>,
    open: Option<Open>,
}

impl MixedPictures {
    /// Takes the next picture; `changes`: how it differs from the last one. Returns what was mixed until then.
    pub fn push(
        &mut self,
        span: Span,
        grid: &Arc<Grid>,
        cells: &Cells,
        changes: &CellChanges,
    ) -> Option<(Span, Damage)> {
        let last = self.last.replace(Arc::clone(grid))?;
        if last.sum().len() != grid.sum().len() {
            self.open = None;
            return None;
        }
        let part = changed_part(cells, changes.rows());
        let old = |open: &Open| span.start.saturating_sub(open.at) > LONGEST;
        if self.open.as_ref().is_some_and(old) {
            self.open = None;
        }
        let part = part?;
        if let Some(open) = self.open.take()
            && let Some(damage) = open.returned(&part, grid, cells)
        {
            return Some((Span::new(open.at, span.start), damage));
        }
        let moved = change(&last, grid, &part.cells);
        if brightening(&last, grid, &part.cells).abs() <= FLASH * moved {
            self.open = Some(Open {
                at: span.start,
                part,
                before: last,
                first: Arc::clone(grid),
            });
        }
        None
    }
}

impl Open {
    /// What was mixed, if with this picture the part that `part` says has come back.
    fn returned(&self, part: &Part, grid: &Grid, cells: &Cells) -> Option<Damage> {
        let same = part.below == self.part.below && part.row.abs_diff(self.part.row) <= SAME_LINE;
        if !same
            || change(&self.before, grid, &part.cells) >= change(&self.first, grid, &part.cells)
        {
            return None;
        }
        let (_, spike) = new_edge(&self.first, [&self.before, grid], self.part.row)?;
        (spike >= SPIKE).then(|| Damage {
            share: self.part.cells.count() as f64 / cells.count().max(1) as f64,
            cells: self.part.cells.clone(),
            confidence: 0.8,
            detail: "mixed",
        })
    }
}

/// The part above or below a line in which most cells jumped while the others went on.
fn changed_part(cells: &Cells, rows: &[u16]) -> Option<Part> {
    let (count, columns) = (rows.len(), cells.columns.len() as f64);
    let all: u32 = rows.iter().map(|row| u32::from(*row)).sum();
    let total = columns * count as f64;
    // Most pictures change little, or all over.
    if count == 0 || f64::from(all) < LEAST * OTHER * total {
        return None;
    }
    let least = ((LEAST * count as f64).ceil() as usize).max(1);
    let mut above = 0u32;
    let mut best: Option<(f64, usize, bool)> = None;
    for (row, jumped) in rows.iter().enumerate() {
        if row >= least && row + least <= count {
            let upper = f64::from(above) / (columns * row as f64);
            let lower = f64::from(all - above) / (columns * (count - row) as f64);
            for (other, same, below) in [(lower, upper, true), (upper, lower, false)] {
                let contrast = other - same;
                let fits = other >= OTHER && same <= SAME;
                if fits && best.is_none_or(|(most, ..)| contrast > most) {
                    best = Some((contrast, row, below));
                }
            }
        }
        above += u32::from(*jumped);
    }
    let (_, row, below) = best?;
    let row = cells.rows.start + row;
    let rows = if below {
        row..cells.rows.end
    } else {
        cells.rows.start..row
    };
    Some(Part {
        cells: Cells {
            columns: cells.columns.clone(),
            rows,
        },
        row,
        below,
    })
}
