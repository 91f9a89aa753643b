// SPDX-License-Identifier: MPL-2.0
//! Recognises pictures that are partly from another source: for up to a second, the part above or below a line is
//! foreign.
//!
//! At once most cells on one side of a line jump while those on the other side go on, with a new straight edge between them over the whole
//! width; within [`LONGEST`] the same cells jump back, and the edge is gone. A caption that comes in stays longer, a flash changes light in
//! one direction, a split screen has its edge before and afterwards.

use std::sync::Arc;

use super::{
    damage::Damage,
    layer::{Layer, PictureContext},
};
use crate::media::{
    MS, Ns, Span,
    picture::{Cells, Grid, brightening, change, new_edge},
};

/// Longest time of a foreign part; a longer one may be meant. Whether it was shorter is known only at its end.
/// Chosen.
const LONGEST: Ns = 1100 * MS;
/// Share of the cells that jump on the one side of the line at least, and on the other at most. Chosen.
const LEAST_JUMPED: f64 = 0.5;
const MOST_JUMPED: f64 = 0.12;
/// Share of the rows of cells that each side has at least.
const LEAST_SIDE: f64 = 0.15;
/// How many rows of cells the line of the return may lie off.
const SAME_LINE: usize = 2;
/// The new edge along the line, in standard deviations of the new edges of the lines around.
const SPIKE: f64 = 4.0;
/// Share of a change that goes in one direction, from which it is one of light.
const LIGHT: f64 = 0.9;

/// A part of the picture that changed at once.
#[derive(Debug, Clone)]
struct Part {
    cells: Cells,
    /// First row of cells below the line.
    row: usize,
    is_below: bool,
}

/// A part that hasn't come back yet.
#[derive(Debug)]
struct Open {
    since: Ns,
    part: Part,
    /// The picture before, and the first with the foreign part.
    before: Arc<Grid>,
    first: Arc<Grid>,
}

/// Finds foreign parts.
#[derive(Debug, Default)]
pub struct ForeignParts {
    last: Option<Arc<Grid>>,
    open: Option<Open>,
}

impl Layer for ForeignParts {
    fn inspect(&mut self, context: &PictureContext<'_>) -> Option<Damage> {
        let grid = context.picture.grid;
        let last = self.last.replace(Arc::clone(grid))?;
        if last.sum().len() != grid.sum().len() || !context.settings.seams {
            self.open = None;
            return None;
        }
        let at = context.span.start;
        let is_young = |open: &Open| at.saturating_sub(open.since) <= LONGEST;
        self.open = self.open.take().filter(is_young);
        let part = changed_part(context.cells, context.changes.rows())?;
        if let Some(open) = self.open.take()
            && open.has_returned(&part, grid)
        {
            return Some(open.damage(context));
        }
        let moved = change(&last, grid, &part.cells);
        if brightening(&last, grid, &part.cells).abs() <= LIGHT * moved {
            self.open = Some(Open {
                since: at,
                part,
                before: last,
                first: Arc::clone(grid),
            });
        }
        None
    }
}

impl Open {
    /// Whether with the picture of `grid`, in which `part` jumped, the programme is back in the part.
    fn has_returned(&self, part: &Part, grid: &Grid) -> bool {
        let is_same =
            part.is_below == self.part.is_below && part.row.abs_diff(self.part.row) <= SAME_LINE;
        is_same
            && new_edge(&self.first, [&self.before, grid], self.part.row)
                .is_some_and(|(_, spike)| spike >= SPIKE)
    }

    fn damage(self, context: &PictureContext<'_>) -> Damage {
        Damage {
            span: Span::new(self.since, context.span.start),
            share: self.part.cells.count() as f64 / context.cells.count().max(1) as f64,
            cells: self.part.cells,
            confidence: 0.8,
            detail: "foreign",
        }
    }
}

/// The part above or below a line in which most cells jumped while the others went on; `rows`: how many jumped in each row of `cells`.
fn changed_part(cells: &Cells, rows: &[u16]) -> Option<Part> {
    let (count, columns) = (rows.len(), cells.columns.len() as f64);
    let all: u32 = rows.iter().map(|row| u32::from(*row)).sum();
    // Most pictures change little, or all over.
    if count == 0 || f64::from(all) < LEAST_SIDE * LEAST_JUMPED * columns * count as f64 {
        return None;
    }
    let least = ((LEAST_SIDE * count as f64).ceil() as usize).max(1);
    let mut above = 0u32;
    let mut best: Option<(f64, usize, bool)> = None;
    for (row, jumped) in rows.iter().enumerate() {
        if row >= least && row + least <= count {
            let upper = f64::from(above) / (columns * row as f64);
            let lower = f64::from(all - above) / (columns * (count - row) as f64);
            for (other, same, is_below) in [(lower, upper, true), (upper, lower, false)] {
                let contrast = other - same;
                let fits = other >= LEAST_JUMPED && same <= MOST_JUMPED;
                if fits && best.is_none_or(|(most, ..)| contrast > most) {
                    best = Some((contrast, row, is_below));
                }
            }
        }
        above += u32::from(*jumped);
    }
    let (_, row, is_below) = best?;
    let row = cells.rows.start + row;
    let rows = if is_below {
        row..cells.rows.end
    } else {
        cells.rows.start..row
    };
    let columns = cells.columns.clone();
    Some(Part {
        cells: Cells { columns, rows },
        row,
        is_below,
    })
}
