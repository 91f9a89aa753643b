// SPDX-License-Identifier: MPL-2.0
//! Recognises areas without picture: memory that was never written, and the grey that some decoders put in for
//! missing parts.

use std::ops::Range;

use super::{
    damage::Damage,
    green::{GreenBand, Greens},
    grey::Greys,
    layer::{Layer, PictureContext},
    unavailable::Unavailable,
};
use crate::media::picture::{Cells, Grid, Levels};

/// Least share of the picture that an area takes: chosen. It is 18 blocks of 3600 at 720p.
pub const LEAST_AREA: f64 = 0.005;
/// Share of its rectangle that a green which went through RGB fills at least, and the most of the picture that it may take: more is a
/// slate.
const LEAST_FILLED: f64 = 0.85;
const MOST_GREEN: f64 = 0.98;

/// Recognises areas without picture.
#[derive(Debug)]
pub struct Fills {
    greens: Greens,
    band: GreenBand,
    greys: Greys,
    unavailable: Unavailable,
}

impl Fills {
    /// For pictures with those levels of luma.
    pub fn new(levels: Levels) -> Self {
        Self {
            greens: Greens::new(levels),
            band: GreenBand::default(),
            greys: Greys::default(),
            unavailable: Unavailable::default(),
        }
    }
}

impl Layer for Fills {
    fn inspect(&mut self, context: &PictureContext<'_>) -> Option<Damage> {
        let (grid, cells) = (context.grid(), context.cells);
        if !context.settings.fills {
            return None;
        }
        let found = |(share, cells, confidence, detail): (f64, Cells, f64, &'static str)| Damage {
            span: context.span,
            share,
            cells,
            confidence,
            detail,
        };
        let unavailable = self.unavailable.push(grid, cells);
        let unavailable = unavailable.map(|share| (share, cells.clone(), 0.8, "grey"));
        let band = self.band.push(&self.greens, context);
        let green = || {
            let area = green_area(&self.greens, grid, cells);
            area.or(band.map(|(share, cells)| (share, cells, 0.9)))
                .map(|(share, cells, confidence)| (share, cells, confidence, "green"))
        };
        let grey = self.greys.push(grid, cells, context.is_steady());
        let grey = grey.map(|(share, cells)| (share, cells, 0.8, "grey"));
        unavailable.or_else(green).or(grey).map(found)
    }
}

/// Areas of zeros, or of what became of them in RGB; that could be a colour of the programme, so it must be a rectangle at the edge of the
/// picture. Returns share, rectangle and confidence.
fn green_area(greens: &Greens, grid: &Grid, cells: &Cells) -> Option<(f64, Cells, f64)> {
    let may_have = |r: Range<usize>| greens.may_be_in(grid, r);
    // Most pictures have none.
    if !cells.row_ranges(grid).any(may_have) {
        return None;
    }
    let share = |patch: &Patch| patch.count as f64 / cells.count().max(1) as f64;
    let zero = Patch::of(grid, cells, may_have, |grid, cell| {
        greens.is_zero(grid, cell)
    });
    if share(&zero) >= LEAST_AREA {
        return zero.cells.clone().map(|cells| (share(&zero), cells, 1.0));
    }
    let converted = Patch::of(grid, cells, may_have, |grid, cell| {
        greens.is_converted(grid, cell)
    });
    let (part, rectangle) = (share(&converted), converted.cells.clone()?);
    let is_filled = converted.count as f64 >= LEAST_FILLED * rectangle.count() as f64;
    ((LEAST_AREA..=MOST_GREEN).contains(&part) && is_filled && reaches_edges(&rectangle, cells))
        .then_some((part, rectangle, 0.9))
}

/// Whether a part of the picture reaches two of its edges, as what is left at the end of a picture does.
fn reaches_edges(part: &Cells, all: &Cells) -> bool {
    let edges = [
        part.columns.start == all.columns.start,
        part.columns.end == all.columns.end,
        part.rows.start == all.rows.start,
        part.rows.end == all.rows.end,
    ];
    edges.iter().filter(|edge| **edge).count() >= 2
}

/// Cells that have something in common.
#[derive(Default)]
pub struct Patch {
    /// How many.
    pub count: usize,
    /// Those in whole blocks of the lattice of 16 pixels.
    pub whole: usize,
    /// Number of such blocks that have none to the left and none above.
    pub corners: usize,
    /// The rectangle that holds all.
    pub cells: Option<Cells>,
}

impl Patch {
    /// Those of `cells` that `is` holds for. `may_have`: whether a row of cells can have any.
    pub fn of(
        grid: &Grid,
        cells: &Cells,
        may_have: impl Fn(Range<usize>) -> bool,
        is: impl Fn(&Grid, usize) -> bool,
    ) -> Self {
        let mut patch = Self::default();
        let columns = grid.columns();
        for (row, r) in cells.rows.clone().zip(cells.row_ranges(grid)) {
            // Most rows have none: that is seen at once.
            if !may_have(r) {
                continue;
            }
            for column in cells.columns.clone() {
                if !is(grid, row * columns + column) {
                    continue;
                }
                patch.count += 1;
                let (left, top) = (column & !1, row & !1);
                let first = top * columns + left;
                // Blocks at the right and lower edge may have less than four cells.
                let all = (top..(top + 2).min(grid.rows())).all(|row| {
                    (left..(left + 2).min(columns)).all(|column| is(grid, row * columns + column))
                });
                patch.whole += usize::from(all);
                let starts = all && row * columns + column == first;
                let is_corner = || {
                    let left = column > 0 && is(grid, first - 1);
                    let above = row > 0 && is(grid, first - columns);
                    !left && !above
                };
                patch.corners += usize::from(starts && is_corner());
                patch.cells = Some(match patch.cells.take() {
                    Some(rectangle) => rectangle.including(column, row),
                    None => Cells::one(column, row),
                });
            }
        }
        patch
    }
}
