// SPDX-License-Identifier: MPL-2.0
//! Colour bars: EBU (EBU Tech 3237, BT.471), SMPTE ECR 1-1978, SMPTE RP 219, ARIB STD-B28.
//!
//! All have in common white, yellow, cyan, green, magenta, red and blue, in this order from left to right and equally wide. A colour
//! counts by which of its parts are there, not by its codes: so 75 and 100 %, the matrices and what coding does to the
//! codes make no difference. Bars on a monitor in shot are told by what lies beside them: real ones reach the edges, or have
//! plain sides.

use crate::media::picture::{Cells, Colours, Grid, Rgb};

/// Yellow, cyan ... as sets of parts: red = 4, green = 2, blue = 1.
const ORDER: [u8; 7] = [7, 6, 3, 2, 5, 4, 1];

/// A part below this fraction of the largest one is missing, one over [`THERE`] is there; in between it is no bar's colour. Bars
/// have 0 and 1; the wrong matrix moves a part by up to 0.2.
const MISSING: f64 = 0.3;
const THERE: f64 = 0.7;

/// The largest part of a bar's colour, at least; pluge and blacks lie below.
const DARKEST: f64 = 0.25;

/// The bars from white to blue take at least this share of the width: 4:3 bars in a 16:9 picture have 0.75, cropped
/// ones more, those on a monitor in shot mostly less.
const NARROWEST: f64 = 0.6;

/// Widths of bars may differ from their mean by this share (crop, scaling, cells of 8 pixels).
const UNEVEN: f64 = 0.35;

/// Range of luma within a cell, in 8-bit codes, that is more than a plain side has after coding.
const TEXTURE: f64 = 40.0;

/// Changes of colour beside the bars: the EBU's black bar and a side panel make two edges, each up to two cells wide.
const EDGES: usize = 4;

/// Rows of cells that are looked at first, as fractions of the height.
const PROBES: [f64; 5] = [0.08, 0.16, 0.24, 0.32, 0.4];

/// The share of the rows in the upper part that must show the bars (a counter may lie over some).
const ROWS: f64 = 0.6;

/// How deep the upper part is: RP 219's bars end at 7/12 of the height.
const DEPTH: f64 = 0.5;

/// The bars that a picture shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bars {
    /// Which sort.
    pub name: &'static str,
    /// The share of rows in the upper part of the picture that show them.
    pub rows: f64,
}

/// The colour bars in a picture, if it is filled with them.
pub fn find_bars(grid: &Grid, cells: &Cells, colours: &Colours) -> Option<Bars> {
    let at = |fraction: f64| cells.rows.start + (fraction * cells.rows.len() as f64) as usize;
    let probes = PROBES
        .iter()
        .filter_map(|p| row(grid, cells, at(*p), colours));
    let bars = probes.max_by(|a, b| a.width().total_cmp(&b.width()))?;
    let upper = at(0.04)..at(DEPTH).max(at(0.04) + 1);
    let showing = upper
        .clone()
        .filter(|row| bars.shown_in(grid, *row, colours))
        .count();
    let rows = showing as f64 / upper.len() as f64;
    if rows < ROWS {
        return None;
    }
    let lower = [0.85, 0.92]
        .iter()
        .all(|p| bars.shown_in(grid, at(*p), colours));
    let name = match (lower, bars.sides, bars.full) {
        (true, _, true) => "ebu-100",
        (true, _, false) => "ebu-75",
        (false, true, _) => "smpte-hd",
        (false, false, _) => "smpte",
    };
    Some(Bars { name, rows })
}

/// The bars found in one row of cells.
#[derive(Debug)]
struct Row {
    /// Column in the middle of each bar, and its colour.
    middles: [(usize, u8); 7],
    span: usize,
    of: usize,
    /// Grey panels at both sides, as RP 219 and ARIB have.
    sides: bool,
    /// 100 % bars.
    full: bool,
}

impl Row {
    fn width(&self) -> f64 {
        self.span as f64 / self.of.max(1) as f64
    }

    /// Whether at least six of the seven are in that row, too.
    fn shown_in(&self, grid: &Grid, row: usize, colours: &Colours) -> bool {
        let right = self.middles.iter().filter(|(column, colour)| {
            let cell = row * grid.columns() + column;
            cell < grid.sum().len() && parts(colours.of_cell(grid, cell)) == Some(*colour)
        });
        right.count() >= 6
    }
}

/// Which parts a colour has; none for colours that no bar has.
fn parts(rgb: Rgb) -> Option<u8> {
    let most = rgb.into_iter().fold(0.0, f64::max);
    if most < DARKEST {
        return None;
    }
    let mut set = 0;
    for part in rgb {
        set <<= 1;
        match part {
            p if p >= THERE * most => set |= 1,
            p if p <= MISSING * most => {}
            _ => return None,
        }
    }
    Some(set)
}

/// A stretch of one colour.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: usize,
    end: usize,
    parts: u8,
}

/// Looks for the seven bars in one row of cells.
fn row(grid: &Grid, cells: &Cells, row: usize, colours: &Colours) -> Option<Row> {
    let cell = |column: usize| colours.of_cell(grid, row * grid.columns() + column);
    let mut found = [Stretch {
        start: 0,
        end: 0,
        parts: 0,
    }; 7];
    let mut have = 0;
    let mut column = cells.columns.start;
    while column < cells.columns.end {
        let Some(set) = parts(cell(column)) else {
            column += 1;
            continue;
        };
        let start = column;
        while column < cells.columns.end && parts(cell(column)) == Some(set) {
            column += 1;
        }
        if column - start < 2 {
            continue;
        }
        // The bars one after the other; anything else begins the count anew. Grey sides look like white.
        if set == ORDER[0] {
            found[0] = Stretch {
                start,
                end: column,
                parts: set,
            };
            have = 1;
        } else if have > 0 && have < 7 && set == ORDER[have] {
            found[have] = Stretch {
                start,
                end: column,
                parts: set,
            };
            have += 1;
        } else if have < 7 {
            have = 0;
        }
        if have == 7 {
            break;
        }
    }
    if have < 7 {
        return None;
    }
    measure(grid, cells, row, colours, found)
}

/// Whether the seven have the shape of bars.
fn measure(
    grid: &Grid,
    cells: &Cells,
    row: usize,
    colours: &Colours,
    mut found: [Stretch; 7],
) -> Option<Row> {
    let cell = |column: usize| colours.of_cell(grid, row * grid.columns() + column);
    let inner = (found[5].end - found[1].start) as f64 / 5.0;
    let uneven = |s: &Stretch| (((s.end - s.start) as f64) - inner).abs() > UNEVEN * inner + 1.5;
    // White may begin with a grey side panel, which is darker.
    let white = cell(found[0].end.saturating_sub(2))[1];
    let start = (found[0].start..found[0].end)
        .find(|c| cell(*c)[1] >= 0.85 * white)
        .unwrap_or(found[0].start);
    let grey_side = start > found[0].start + 1;
    found[0].start = start;
    if found[1..6].iter().any(uneven) || (found[6].end - found[6].start) as f64 > 1.5 * inner + 2.0
    {
        return None;
    }
    let span = found[6].end - found[0].start;
    let of = cells.columns.len();
    if (span as f64) < NARROWEST * of as f64 {
        return None;
    }
    let left = cells.columns.start..found[0].start.saturating_sub(1);
    let right = (found[6].end + 1).min(cells.columns.end)..cells.columns.end;
    let textured = |column: usize| {
        let i = row * grid.columns() + column;
        grid.max()[i] - grid.min()[i] > grid.limit(TEXTURE)
    };
    let plain = |range: std::ops::Range<usize>| {
        range.clone().filter(|c| textured(*c)).count() <= EDGES && changes(range.map(cell)) <= EDGES
    };
    if !plain(left) || !plain(right) {
        return None;
    }
    let yellow = cell((found[1].start + found[1].end) / 2);
    let middles = found.map(|s| ((s.start + s.end) / 2, s.parts));
    Some(Row {
        middles,
        span,
        of,
        sides: grey_side,
        full: yellow[0].max(yellow[1]) > 0.88,
    })
}

/// How often the colour changes from cell to cell.
fn changes(colours: impl Iterator<Item = Rgb>) -> usize {
    let (mut changes, mut last): (usize, Option<Rgb>) = (0, None);
    for rgb in colours {
        let differs = |a: &Rgb| a.iter().zip(rgb).any(|(a, b)| (a - b).abs() > 0.08);
        changes += usize::from(last.as_ref().is_some_and(differs));
        last = Some(rgb);
    }
    changes
}
