// SPDX-License-Identifier: MPL-2.0
//! Blocks with new seams around them.
//!
//! A block of 16x16 pixels is hot if the excess of its four borders over the gradients beside them (in grey levels) is new, summed up, by more than
//! `steepness` * (6 + g), and two of its borders exceed `steepness` * (3 + g/2), where g is the gradient within the block. New is
//! what exceeds all borders of the picture before within 16 pixels: so steep an edge can't have come from there.
//!
//! Motion, texture and text make such blocks, too, but at every place alike. Blocks taken half a step aside (by 8 pixels in
//! both directions) are held by the same rule, and tell how many there'd be by chance. Even at cuts both counts agree: of some hundred hot
//! blocks on the lattice, nine tenths were there aside of it, too (14 clips, 720p); of those of a loss about half at most.

use super::{
    CorruptionSettings,
    coarse::Coarseness,
    damage::Damage,
    lattice::{Lattice, UNIT},
    step::are_steps,
};
use crate::core::picture::{Cells, Grid};

/// Hot blocks beyond chance, at least: by chance 2 to 3 come together now and then (measured at 720p).
const LEAST: f32 = 4.0;
/// So many are worth a closer look. Chosen.
const SUSPICIOUS: f32 = 2.0;
/// In standard deviations of the count by chance (Poisson), as `LEAST` comes on top.
const DEVIATIONS: f32 = 2.0;
/// More than with the lattice moved aside only horizontally, at least and in square roots of that count: seams have two directions, a
/// horizon or the edge of a caption has one.
const BOTH_WAYS: (f32, f32) = (3.0, 1.2);
/// When the stream says that something was lost: how much less steep, and how many at least. Chosen.
const WARNED: (f32, f32) = (0.6, 3.0);
/// Hot blocks in one row of blocks: a codec loses stretches of a row. Two are enough where the surplus is twice the least.
const IN_A_ROW: usize = 3;
/// A block with less gradient within (grey levels per pixel) is flat: coarse coding, a mosaic. In a 1080p programme at a bit rate so
/// low that its blocks show, all hot blocks were flat (0.0); those of losses had 1 and more.
const FLAT: f32 = 0.5;
/// A stretch of a row with gaps of so many cells is damaged as a whole.
const GAP: usize = 16;
/// Against the pictures before, over so many of them, leaving out the latest.
const PAST: usize = 25;
const LATEST: usize = 3;
/// So much more than in the past.
const ONSET: f32 = 1.5;
/// Pictures before the first verdict: chosen.
const WARM: usize = 4;
/// Hot blocks remembered for a picture; more don't change the verdict.
const MOST: usize = 8192;

/// Finds them.
#[derive(Debug)]
pub struct Seams {
    columns: usize,
    now: Lattice,
    before: Lattice,
    /// Pictures seen.
    seen: usize,
    /// Surplus of the last pictures.
    past: [f32; PAST],
    at: usize,
    hot: Vec<(u16, u16)>,
    /// For one row: the steep left borders, and how many sides of each block are steep.
    steep: Vec<u8>,
    sides: Vec<u8>,
    suspects: bool,
    coarseness: Coarseness,
    coarse: bool,
}

/// What a picture shows.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Count {
    /// Hot blocks with the lattice as it is, moved right, down, and both.
    pub hot: [i32; 4],
}

impl Seams {
    /// For grids of that size.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            now: Lattice::new(columns * rows),
            before: Lattice::new(columns * rows),
            seen: 0,
            past: [0.0; PAST],
            at: 0,
            hot: Vec::with_capacity(MOST.min(columns * rows / 4)),
            steep: Vec::with_capacity(columns),
            sides: Vec::with_capacity(columns),
            suspects: false,
            coarseness: Coarseness::default(),
            coarse: false,
        }
    }

    /// Whether the last picture is worth a closer look, torn or not.
    pub fn suspects(&self) -> bool {
        self.suspects
    }

    /// Whether the pictures of late were coded so coarsely that nothing can be told from what they look like.
    pub fn are_coarse(&self) -> bool {
        self.coarse
    }

    /// The next picture. `steady`: there was no cut shortly before. `warned`: something was lost, says the stream.
    pub fn push(
        &mut self,
        grid: &Grid,
        cells: &Cells,
        settings: &CorruptionSettings,
        steady: bool,
        warned: bool,
    ) -> Option<Damage> {
        if self.now.left.len() != grid.sum().len() || self.columns != grid.columns() {
            *self = Self::new(grid.columns(), grid.rows());
        }
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.measure(grid);
        self.seen = self.seen.saturating_add(1);
        self.suspects = false;
        self.coarse = self.coarseness.step(&self.now);
        if self.seen < WARM || self.coarse {
            return None;
        }
        let (easier, least) = if warned { WARNED } else { (1.0, LEAST) };
        let steepness = easier * settings.steepness as f32;
        let count = self.count(grid, cells, steepness);
        let chance = count.hot[3] as f32;
        let surplus = count.hot[0] as f32 - chance;
        let usual = self.usual();
        self.past[self.at] = surplus;
        self.at = (self.at + 1) % PAST;
        let beside = (count.hot[0] - count.hot[1]) as f32;
        let blocks = cells.count() as f32 / 4.0;
        let least = least.max(settings.threshold as f32 * blocks);
        self.suspects = steady && surplus >= SUSPICIOUS && surplus >= ONSET * usual;
        let torn = steady
            && surplus >= least + DEVIATIONS * chance.sqrt()
            && surplus >= ONSET * usual
            && beside >= BOTH_WAYS.0.max(BOTH_WAYS.1 * (count.hot[1] as f32).sqrt())
            && are_steps(grid, &self.now, &self.hot, 3.0 * steepness);
        torn.then(|| self.extent(cells, surplus, warned)).flatten()
    }

    /// The largest surplus in the past; the latest pictures belong to the same event.
    fn usual(&self) -> f32 {
        (LATEST..PAST)
            .map(|back| self.past[(self.at + PAST - 1 - back) % PAST])
            .fold(0.0, f32::max)
    }

    /// Counts hot blocks on the four lattices, and keeps those of the first.
    fn count(&mut self, grid: &Grid, cells: &Cells, steepness: f32) -> Count {
        self.hot.clear();
        let mut count = Count::default();
        let rows = cells.rows.start..(cells.rows.end - 1).max(cells.rows.start);
        // Two borders of two cells each exceed this: the least that the rule may ask for.
        let gate = (6.0 * steepness * UNIT).min(32_000.0) as i16;
        for row in rows {
            self.steep_sides(row, cells, gate);
            for at in 0..self.sides.len() {
                if self.sides[at] < 2 {
                    continue;
                }
                let column = cells.columns.start + at;
                if !self.is_hot(grid, cells, column, row, steepness) {
                    continue;
                }
                count.hot[column % 2 + 2 * (row % 2)] += 1;
                if (column | row).is_multiple_of(2) && self.hot.len() < MOST {
                    self.hot.push((column as u16, row as u16));
                }
            }
        }
        count
    }

    /// How many sides of the blocks that begin in that row are steep at all.
    fn steep_sides(&mut self, row: usize, cells: &Cells, gate: i16) {
        let (w, columns) = (self.columns, &cells.columns);
        let width = columns.len().saturating_sub(1);
        self.steep.clear();
        let steep = |(a, b): (&i16, &i16)| u8::from(a.saturating_add(*b) > gate);
        let line = |row: usize| row * w + columns.start..row * w + columns.end;
        let left = &self.now.left;
        self.steep
            .extend(left[line(row)].iter().zip(&left[line(row + 1)]).map(steep));
        self.sides.clear();
        // The right border is the left one of the cell after next.
        self.sides.extend(
            self.steep[..width]
                .iter()
                .zip(self.steep[2.min(width)..].iter().chain([&0, &0]))
                .map(|(left, right)| left + right),
        );
        for row in [row, row + 2] {
            if row < cells.rows.end {
                let tops = &self.now.top[line(row)];
                let pairs = tops.iter().zip(&tops[1..]);
                for (sides, pair) in self.sides.iter_mut().zip(pairs) {
                    *sides += steep(pair);
                }
            }
        }
    }

    fn is_hot(
        &self,
        grid: &Grid,
        cells: &Cells,
        column: usize,
        row: usize,
        steepness: f32,
    ) -> bool {
        let (i, w) = (row * self.columns + column, self.columns);
        let shift = grid.depth() - 8;
        let inner: u32 = [i, i + 1, i + w, i + w + 1]
            .iter()
            .map(|&i| u32::from(grid.dx()[i] >> shift) + u32::from(grid.dy()[i] >> shift))
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

    /// Where the hot blocks lie, and how much of the picture they and what lies between them take.
    fn extent(&self, cells: &Cells, surplus: f32, warned: bool) -> Option<Damage> {
        let (mut filled, mut best) = (0, 0);
        let (mut extent, mut everything) = (None::<Cells>, None::<Cells>);
        for row in self.hot.chunk_by(|a, b| a.1 == b.1) {
            best = best.max(row.len());
            for stretch in row.chunk_by(|a, b| usize::from(b.0 - a.0) <= GAP) {
                let (first, last) = (stretch.first()?, stretch.last()?);
                filled += usize::from(last.0 - first.0) / 2 + 1;
                let (from, to) = (usize::from(first.0), usize::from(last.0));
                let y = usize::from(first.1);
                let add = |extent: Option<Cells>| {
                    Some(match extent {
                        Some(cells) => cells.including(from, y).including(to + 1, y + 1),
                        None => Cells {
                            columns: from..to + 2,
                            rows: y..y + 2,
                        },
                    })
                };
                everything = add(everything);
                // A single one may be chance.
                if stretch.len() > 1 {
                    extent = add(extent);
                }
            }
        }
        let enough =
            best >= IN_A_ROW || (best + 1 == IN_A_ROW && (warned || surplus >= 2.0 * LEAST));
        let found = extent.or(everything).filter(|_| enough)?;
        Some(Damage {
            share: (filled as f64 * 4.0 / cells.count().max(1) as f64).min(1.0),
            cells: found,
            // Chosen: 0.75 at the limit, 0.95 at four times that.
            confidence: f64::from(1.0 - 0.25 * (LEAST / surplus.max(LEAST)).powf(1.2)),
            detail: "seams",
        })
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
