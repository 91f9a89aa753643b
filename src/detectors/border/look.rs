// SPDX-License-Identifier: MPL-2.0
//! The borders of one picture.

use crate::media::picture::{CELL, Cells, Grid};

/// Luma of a bar at most so far over nominal black, and range of luma within a cell of it, in 8-bit codes. ffmpeg's
/// cropdetect takes means up to 24; here a pixel counts, not a mean, so a logo or a subtitle isn't averaged away.
const BLACK: f64 = 10.0;
const FLAT: f64 = 8.0;

/// Share of a row or column of cells that must be black for it to be bar.
const WHOLE: f64 = 0.995;

/// Share of it that suffices once the bars are known: subtitles and logos lie on them.
const COVERED: f64 = 0.4;

/// A bar that has something written on it takes less than this part of the height: else it is a title on black.
const DEEPEST: usize = 3;

/// Mean luma inside the borders over nominal black, in 8-bit codes, from which a picture tells where it ends. (The 40 of
/// the usual rule, less black.)
const BRIGHT: f64 = 24.0;

/// Least share of the frame that a picture within borders takes; titles, clocks and credits on black take less. Chosen: the smallest layout in
/// use, a 4:3 picture with bars all round in a 16:9 frame, has 0.56.
const SMALLEST: f64 = 0.4;
/// The same of a picture that was turned: upright in a wide frame, or wide in an upright one, as long as it fills the frame in one
/// direction and has sides of 9 to 16 but for [`TURNED`]. It has 0.32.
const SMALLEST_TURNED: f64 = 0.27;
const TURNED: f64 = 0.08;
/// Share of each side along which the picture reaches its border. Chosen: a dark scene has corners that don't.
const STRAIGHT: f64 = 0.3;

/// Bars that aren't quite black: luma in all four corners of the frame up to this far over nominal black, in 8-bit codes. Set-up of NTSC is 16.
const LIFTED: f64 = 20.0;
/// Then a cell is bar if its mean is so near to that of the corners, and its range up to so much, in 8-bit codes: noise of +-6 is.
const EVEN: f64 = 4.0;
const NOISY: f64 = 16.0;

/// How wide the borders are, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Borders {
    /// Lines above the picture.
    pub top: usize,
    /// Lines below it.
    pub bottom: usize,
    /// Columns left of it.
    pub left: usize,
    /// Columns right of it.
    pub right: usize,
}

impl Borders {
    /// The smaller one at each side.
    pub fn least(self, other: Self) -> Self {
        Self {
            top: self.top.min(other.top),
            bottom: self.bottom.min(other.bottom),
            left: self.left.min(other.left),
            right: self.right.min(other.right),
        }
    }

    /// Whether it reaches as far as the other at each side, but for that many pixels.
    pub fn covers(&self, other: &Self, slack: usize) -> bool {
        self.top + slack >= other.top
            && self.bottom + slack >= other.bottom
            && self.left + slack >= other.left
            && self.right + slack >= other.right
    }
}

/// The borders that a picture shows; `None` if it is too dark to tell, or mostly black: titles on black have no borders.
pub fn look(grid: &Grid, cells: &Cells) -> Option<Borders> {
    let limits = Limits::new(grid, cells);
    let whole = |black: usize, of: usize| black as f64 >= WHOLE * of as f64;
    let black =
        |row| limits.black_in_row(grid, row, cells) as f64 / cells.columns.len().max(1) as f64;
    let top = depth(cells.rows.clone(), black);
    if top == cells.rows.len() {
        return None;
    }
    let bottom = depth(cells.rows.clone().rev(), black);
    let rows = cells.rows.start + top..cells.rows.end - bottom;
    let column = |column: &usize| {
        whole(
            rows.clone()
                .filter(|r| limits.is_black_at(grid, r * grid.columns() + column))
                .count(),
            rows.len(),
        )
    };
    let width = |columns: &mut dyn Iterator<Item = usize>| {
        let outermost = columns.next().is_some_and(|first| column(&first));
        match columns.take_while(column).count() {
            0 => usize::from(outermost),
            more => more + 1,
        }
    };
    let left = width(&mut cells.columns.clone());
    let right = width(&mut cells.columns.clone().rev());
    let columns =
        cells.columns.start + left..(cells.columns.end - right).max(cells.columns.start + left + 1);
    let inner = Cells { columns, rows };
    let is_framed = inner.count() < cells.count();
    let is_title = || {
        let rows = inner.rows.clone();
        let black: usize = rows.map(|row| limits.black_in_row(grid, row, &inner)).sum();
        2 * black > inner.count()
    };
    let is_layout =
        || is_large_enough(&inner, cells) && has_straight_edges(grid, &limits, &inner, cells);
    let is_picture =
        brightness(grid, &inner) >= BRIGHT && !(is_framed && (is_title() || !is_layout()));
    is_picture.then(|| limits.refine(grid, cells, &inner))
}

/// Whether a picture of that size can be meant to be watched: titles, clocks and credits on black are smaller.
fn is_large_enough(inner: &Cells, cells: &Cells) -> bool {
    let share = inner.count() as f64 / cells.count().max(1) as f64;
    let (width, height) = (inner.columns.len() as f64, inner.rows.len() as f64);
    let is_turned = |long: f64, short: f64| (short / long / (9.0 / 16.0) - 1.0).abs() <= TURNED;
    let fills_height = inner.rows == cells.rows && is_turned(height, width);
    let fills_width = inner.columns == cells.columns && is_turned(width, height);
    share >= SMALLEST || (share >= SMALLEST_TURNED && (fills_height || fills_width))
}

/// Whether the picture reaches its borders over a good part of each side: text is ragged.
fn has_straight_edges(grid: &Grid, limits: &Limits, inner: &Cells, cells: &Cells) -> bool {
    let (columns, rows) = (&inner.columns, &inner.rows);
    let lit = |row: usize, column: usize| !limits.is_black_at(grid, row * grid.columns() + column);
    let along_row = |first: usize, second: usize| {
        let second = second.clamp(rows.start, rows.end - 1);
        columns
            .clone()
            .filter(|c| lit(first, *c) || lit(second, *c))
            .count() as f64
            >= STRAIGHT * columns.len() as f64
    };
    let along_column = |first: usize, second: usize| {
        let second = second.clamp(columns.start, columns.end - 1);
        rows.clone()
            .filter(|r| lit(*r, first) || lit(*r, second))
            .count() as f64
            >= STRAIGHT * rows.len() as f64
    };
    (rows.start == cells.rows.start || along_row(rows.start, rows.start + 1))
        && (rows.end == cells.rows.end || along_row(rows.end - 1, rows.end.saturating_sub(2)))
        && (columns.start == cells.columns.start || along_column(columns.start, columns.start + 1))
        && (columns.end == cells.columns.end
            || along_column(columns.end - 1, columns.end.saturating_sub(2)))
}

/// How many rows from an edge inwards are bar. The outermost one is if the next one is: lines of data lie there.
fn depth(
    rows: impl ExactSizeIterator<Item = usize> + Clone,
    black: impl Fn(usize) -> f64,
) -> usize {
    match depth_of_bar(rows.clone().skip(1), &black) {
        0 => depth_of_bar(rows, black),
        rows => rows + 1,
    }
}

/// How many rows from the first one on are bar, by the share of each that is black.
fn depth_of_bar(
    rows: impl ExactSizeIterator<Item = usize> + Clone,
    black: impl Fn(usize) -> f64,
) -> usize {
    let plain = rows.clone().take_while(|row| black(*row) >= WHOLE).count();
    if plain * DEEPEST >= rows.len() {
        return plain;
    }
    // A logo or a line of text may lie on a bar. Then there is bar on both sides of it, and the picture starts at once.
    let (mut reach, mut clean, mut end) = (0, 0, 0);
    for share in rows.clone().map(black).take_while(|b| *b >= COVERED) {
        reach += 1;
        if share >= WHOLE {
            clean += 1;
            if 2 * clean > reach {
                end = reach;
            }
        }
    }
    if reach <= end + 1 && end * DEEPEST < rows.len() {
        end.max(plain)
    } else {
        plain
    }
}

/// Whether those borders may still be there, perhaps with something written on them.
pub fn still_there(grid: &Grid, cells: &Cells, borders: &Borders) -> bool {
    let limits = Limits::new(grid, cells);
    let sides = [
        Cells {
            columns: cells.columns.clone(),
            rows: cells.rows.start..(cells.rows.start + borders.top / CELL).min(cells.rows.end),
        },
        Cells {
            columns: cells.columns.clone(),
            rows: cells.rows.end - borders.bottom.div_ceil(CELL).min(cells.rows.len())
                ..cells.rows.end,
        },
        Cells {
            columns: cells.columns.start
                ..(cells.columns.start + borders.left / CELL).min(cells.columns.end),
            rows: cells.rows.clone(),
        },
        Cells {
            columns: cells.columns.end - (borders.right / CELL).min(cells.columns.len())
                ..cells.columns.end,
            rows: cells.rows.clone(),
        },
    ];
    sides.iter().all(|side| {
        let black: usize = side
            .rows
            .clone()
            .map(|row| limits.black_in_row(grid, row, side))
            .sum();
        black as f64 >= COVERED * side.count() as f64
    })
}

/// Mean luma over nominal black, in 8-bit codes.
fn brightness(grid: &Grid, cells: &Cells) -> f64 {
    let of_row =
        |r: std::ops::Range<usize>| -> u32 { grid.sum()[r].iter().map(|s| u32::from(*s)).sum() };
    let sum: u64 = cells.stretches(grid).map(of_row).map(u64::from).sum();
    let mean = sum as f64 / (64 * cells.count().max(1)) as f64;
    grid.codes(mean - grid.levels().black)
}

/// Sum of luma that the cells near all four corners have, but for the outermost ones; `None` if they differ or aren't dark.
fn level_of_corners(grid: &Grid, cells: &Cells) -> Option<u16> {
    let near = |range: &std::ops::Range<usize>| {
        let inner = usize::from(range.len() > 2);
        [range.start + inner, range.end.saturating_sub(1 + inner)]
    };
    let corners = near(&cells.rows).map(|row| {
        near(&cells.columns).map(|column| grid.sum().get(row * grid.columns() + column).copied())
    });
    let (mut least, mut most) = (u16::MAX, 0);
    for sum in corners.into_iter().flatten() {
        (least, most) = (least.min(sum?), most.max(sum?));
    }
    let middle = least + (most.checked_sub(least)?) / 2;
    let dark = f64::from(middle) / 64.0 <= grid.levels().black + f64::from(grid.limit(LIFTED));
    (dark && most - least <= grid.limit(64.0 * EVEN)).then_some(middle)
}

struct Limits {
    black: u16,
    flat: u16,
    /// Sum of luma of a cell of a bar, if all corners have the same; and how much it and the range within a cell may vary.
    level: Option<u16>,
    even: u16,
    noisy: u16,
}

impl Limits {
    fn new(grid: &Grid, cells: &Cells) -> Self {
        Self {
            level: level_of_corners(grid, cells),
            even: grid.limit(64.0 * EVEN),
            noisy: grid.limit(NOISY),
            black: grid.levels().black as u16 + grid.limit(BLACK),
            flat: grid.limit(FLAT),
        }
    }

    /// Whether a cell is bar, by its sum, least and greatest luma: it is black and flat, or as dark as the corners of the frame.
    fn is_bar(&self, sum: u16, min: u16, max: u16) -> bool {
        // Bars may lie under nominal black, and codecs ring there; only what is over this counts.
        let lowest = self.black.saturating_sub(2 * self.flat);
        let black = (max <= self.black) & (max.saturating_sub(min.max(lowest)) <= self.flat);
        let (level, even) = self.level.map_or((0, 0), |level| (level, self.even));
        let lifted = (even > 0) & (sum.abs_diff(level) <= even) & (max - min <= self.noisy);
        black | lifted
    }

    fn is_black_at(&self, grid: &Grid, cell: usize) -> bool {
        self.is_bar(grid.sum()[cell], grid.min()[cell], grid.max()[cell])
    }

    fn black_in_row(&self, grid: &Grid, row: usize, cells: &Cells) -> usize {
        let start = row * grid.columns();
        let r = start + cells.columns.start..start + cells.columns.end;
        let bounds = grid.min()[r.clone()].iter().zip(&grid.max()[r.clone()]);
        let black = (grid.sum()[r].iter().zip(bounds))
            .map(|(sum, (min, max))| u16::from(self.is_bar(*sum, *min, *max)));
        usize::from(black.sum::<u16>())
    }

    /// Borders to the pixel. Lines: by their own sums. Columns: a cell on the edge is as bright as its share of picture.
    fn refine(&self, grid: &Grid, cells: &Cells, inner: &Cells) -> Borders {
        let line_is_black = |line: &usize| {
            let sum = u64::from(grid.row_sum().get(*line).copied().unwrap_or(0));
            let most = self.level.map_or(0, |level| (level + self.even) / 64);
            sum <= u64::from(self.black.max(most)) * grid.width() as u64
        };
        let first = inner.rows.start * CELL;
        let last = (inner.rows.end * CELL).min(grid.height());
        let (from, to) = (
            cells.rows.start * CELL,
            (cells.rows.end * CELL).min(grid.height()),
        );
        let whole_width = cells.columns.len() == grid.columns();
        let more = |lines: &mut dyn Iterator<Item = usize>| {
            if whole_width {
                lines.take_while(line_is_black).count().min(CELL - 1)
            } else {
                0
            }
        };
        let (top, bottom) = (first - from, to - last);
        let right =
            ((cells.columns.end * CELL).min(grid.width())).saturating_sub(inner.columns.end * CELL);
        let left = (inner.columns.start - cells.columns.start) * CELL;
        Borders {
            top: if top > 0 {
                top + more(&mut (first..last))
            } else {
                0
            },
            bottom: if bottom > 0 {
                bottom + more(&mut (first..last).rev())
            } else {
                0
            },
            left: if left > 0 {
                left + self.dark_part(grid, inner, inner.columns.start, 1)
            } else {
                0
            },
            right: if right > 0 {
                right + self.dark_part(grid, inner, inner.columns.end - 1, -1)
            } else {
                0
            },
        }
    }

    /// How many of the 8 columns of pixels of a cell column at the edge are dark, judged by the next one inwards.
    fn dark_part(&self, grid: &Grid, inner: &Cells, column: usize, inwards: isize) -> usize {
        let Some(next) = column
            .checked_add_signed(inwards)
            .filter(|c| inner.columns.contains(c))
        else {
            return 0;
        };
        let light = |column: usize| {
            let sum: f64 = inner
                .rows
                .clone()
                .map(|row| f64::from(grid.sum()[row * grid.columns() + column]))
                .sum();
            (sum / (64 * inner.rows.len().max(1)) as f64 - grid.levels().black).max(0.0)
        };
        let (edge, inside) = (light(column), light(next));
        let dark = if inside > edge {
            CELL as f64 * (1.0 - edge / inside)
        } else {
            0.0
        };
        // Chroma is subsampled: edges lie on even columns.
        ((dark / 2.0).round() as usize * 2).min(CELL - 1)
    }
}
