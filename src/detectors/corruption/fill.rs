// SPDX-License-Identifier: MPL-2.0
//! Areas without picture: memory that no decoder ever wrote, and the grey that some put in for what is missing.

use std::ops::Range;

use super::{green::Greens, unavailable::Unavailable};
use crate::media::picture::{Cells, Grid, Levels};

/// The middle of all codes.
pub const MIDDLE: f64 = 128.0;
/// Least share of the picture: chosen. It is 18 blocks of 3600 at 720p.
const LEAST: f64 = 0.005;
/// More grey than that is a slate or a fade, and has its own detectors.
const MOST_GREY: f64 = 0.9;
/// Share of its rectangle that a green which went through RGB fills at least, and the most of the picture that it may take: more is a slate.
const FILLED: f64 = 0.85;
const MOST_GREEN: f64 = 0.98;
/// Share of the grey that fills whole blocks of the lattice of 16 pixels; and where the rest of the picture changed, too, so that a cut may have
/// brought it.
const WHOLE: (f64, f64) = (0.9, 0.98);
/// So many of those blocks have none to the left and none above, where a cut may have brought them: that is one for each rectangle, of which
/// one in 16 lies on the lattice by chance.
const CORNERS: usize = 4;

/// An area without picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Fill {
    /// Share of the picture.
    pub share: f64,
    /// Where.
    pub cells: Cells,
    /// How sure that is.
    pub confidence: f64,
    /// `green` or `grey`.
    pub detail: &'static str,
}

impl Fill {
    fn grey(share: f64, cells: Cells) -> Self {
        Self {
            share,
            cells,
            confidence: 0.8,
            detail: "grey",
        }
    }
}

/// Looks for them.
#[derive(Debug)]
pub struct Fills {
    greens: Greens,
    /// Grey cells of the last picture.
    grey: f64,
    /// The grey came at once, on the lattice, into a picture that went on.
    filled: bool,
    unavailable: Unavailable,
}

impl Fills {
    /// For pictures with those levels of luma.
    pub fn new(levels: Levels) -> Self {
        Self {
            greens: Greens::new(levels),
            grey: 0.0,
            filled: false,
            unavailable: Unavailable::default(),
        }
    }

    /// The next picture. `steady`: it isn't the first after a cut.
    pub fn push(&mut self, grid: &Grid, cells: &Cells, steady: bool) -> Option<Fill> {
        let unavailable = self.unavailable.push(grid, cells);
        let unavailable = unavailable.map(|share| Fill::grey(share, cells.clone()));
        unavailable.or_else(|| self.areas(grid, cells, steady))
    }

    fn areas(&mut self, grid: &Grid, cells: &Cells, steady: bool) -> Option<Fill> {
        if let Some(green) = self.green(grid, cells) {
            return Some(green);
        }
        let middle = grid.limit(MIDDLE);
        let flat = |r: Range<usize>| {
            let pairs = grid.min()[r.clone()].iter().zip(&grid.max()[r]);
            pairs
                .map(|(min, max)| u16::from(*min == middle) & u16::from(*max == middle))
                .sum::<u16>()
                > 0
        };
        let grey = area(grid, cells, flat, is_grey);
        let share = grey.count as f64 / cells.count().max(1) as f64;
        let came = share - self.grey >= LEAST && self.grey < LEAST;
        let whole = |least: f64| grey.whole as f64 >= least * grey.count as f64;
        let blocks = (steady && whole(WHOLE.0)) || (whole(WHOLE.1) && grey.corners >= CORNERS);
        self.filled = (LEAST..=MOST_GREY).contains(&share) && (self.filled || (came && blocks));
        self.grey = share;
        let cells = grey.cells.filter(|_| self.filled);
        cells.map(|cells| Fill::grey(share, cells))
    }
}

impl Fills {
    /// Areas of zeros, or of what became of them in RGB; that could be a colour of the programme, so it must be a rectangle of its own.
    fn green(&self, grid: &Grid, cells: &Cells) -> Option<Fill> {
        let may = |r: Range<usize>| self.greens.may_be_in(grid, r);
        let fill = |patch: Patch, confidence: f64| {
            let share = patch.count as f64 / cells.count().max(1) as f64;
            patch.cells.filter(|_| share >= LEAST).map(|cells| Fill {
                share,
                cells,
                confidence,
                detail: "green",
            })
        };
        let zero = area(grid, cells, may, |grid, cell| {
            self.greens.is_zero(grid, cell)
        });
        fill(zero, 1.0).or_else(|| {
            let converted = area(grid, cells, may, |grid, cell| {
                self.greens.is_converted(grid, cell)
            });
            fill(converted, 0.9).filter(|green| {
                let filled =
                    green.share * cells.count() as f64 >= FILLED * green.cells.count() as f64;
                filled && green.share <= MOST_GREEN && reaches_edges(&green.cells, cells)
            })
        })
    }
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

#[derive(Default)]
struct Patch {
    count: usize,
    /// Those in blocks of four that are all so.
    whole: usize,
    /// Such blocks that have nothing to the left and above.
    corners: usize,
    cells: Option<Cells>,
}

/// Those of `cells` that `is` holds for. `may`: whether a row of cells can have any.
fn area(
    grid: &Grid,
    cells: &Cells,
    may: impl Fn(Range<usize>) -> bool,
    is: impl Fn(&Grid, usize) -> bool,
) -> Patch {
    let mut patch = Patch::default();
    let columns = grid.columns();
    for (row, r) in cells.rows.clone().zip(cells.stretches(grid)) {
        // Most rows have none: that is quickly said.
        if !may(r) {
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
            let alone = || {
                let left = column > 0 && is(grid, first - 1);
                let above = row > 0 && is(grid, first - columns);
                !left && !above
            };
            patch.corners += usize::from(starts && alone());
            patch.cells = Some(match patch.cells.take() {
                Some(rectangle) => rectangle.including(column, row),
                None => Cells::one(column, row),
            });
        }
    }
    patch
}

fn is_grey(grid: &Grid, cell: usize) -> bool {
    let middle = grid.limit(MIDDLE);
    grid.min()[cell] == middle
        && grid.max()[cell] == middle
        && grid.cb()[cell] == 16 * middle
        && grid.cr()[cell] == 16 * middle
}
