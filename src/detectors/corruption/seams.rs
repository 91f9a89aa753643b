// SPDX-License-Identifier: MPL-2.0
//! Blocks with new seams around them.
//!
//! Damage makes hot blocks (see `hot`). Motion, texture and text make such blocks, too, but at every place alike. Blocks taken half a step aside (by 8 pixels in
//! both directions) are held by the same rule, and tell how many there'd be by chance. Even at cuts both counts agree: of some hundred hot
//! blocks on the lattice, nine tenths were there aside of it, too (14 clips, 720p); of those of a loss about half at most.

use super::{CorruptionSettings, coarse::Coarseness, damage::Damage, hot::Hot, step::are_steps};
use crate::media::picture::{Cells, Grid};

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
/// A stretch of a row with gaps of so many cells is damaged as a whole.
const GAP: usize = 16;
/// Against the pictures before, over so many of them, leaving out the latest.
const PAST: usize = 25;
const LATEST: usize = 3;
/// So much more than in the past.
const ONSET: f32 = 1.5;
/// Pictures before the first verdict: chosen.
const WARM: usize = 4;

/// Finds them.
#[derive(Debug)]
pub struct Seams {
    hot: Hot,
    /// Pictures seen.
    seen: usize,
    /// Surplus of the last pictures.
    past: [f32; PAST],
    at: usize,
    suspects: bool,
    coarseness: Coarseness,
}

impl Seams {
    /// For grids of that size.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            hot: Hot::new(columns, rows),
            seen: 0,
            past: [0.0; PAST],
            at: 0,
            suspects: false,
            coarseness: Coarseness::default(),
        }
    }

    /// Whether the last picture is worth a closer look, torn or not.
    pub fn suspects(&self) -> bool {
        self.suspects
    }

    /// Whether the pictures of late were coded so coarsely that nothing can be told from what they look like.
    pub fn are_coarse(&self) -> bool {
        self.coarseness.is_coarse()
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
        if !self.hot.fits(grid) {
            *self = Self::new(grid.columns(), grid.rows());
        }
        self.hot.measure(grid);
        self.seen = self.seen.saturating_add(1);
        self.suspects = false;
        self.coarseness.step(self.hot.lattice());
        if self.seen < WARM || self.are_coarse() {
            return None;
        }
        let (easier, least) = if warned { WARNED } else { (1.0, LEAST) };
        let steepness = easier * settings.steepness as f32;
        let count = self.hot.count(grid, cells, steepness);
        let chance = count[3] as f32;
        let surplus = count[0] as f32 - chance;
        let usual = self.usual();
        self.past[self.at] = surplus;
        self.at = (self.at + 1) % PAST;
        let beside = (count[0] - count[1]) as f32;
        let blocks = cells.count() as f32 / 4.0;
        let least = least.max(settings.threshold as f32 * blocks);
        self.suspects = steady && surplus >= SUSPICIOUS && surplus >= ONSET * usual;
        let torn = steady
            && surplus >= least + DEVIATIONS * chance.sqrt()
            && surplus >= ONSET * usual
            && beside >= BOTH_WAYS.0.max(BOTH_WAYS.1 * (count[1] as f32).sqrt())
            && are_steps(grid, self.hot.lattice(), self.hot.blocks(), 3.0 * steepness);
        torn.then(|| self.extent(cells, surplus, warned)).flatten()
    }

    /// The largest surplus in the past; the latest pictures belong to the same event.
    fn usual(&self) -> f32 {
        (LATEST..PAST)
            .map(|back| self.past[(self.at + PAST - 1 - back) % PAST])
            .fold(0.0, f32::max)
    }

    /// Where the hot blocks lie, and how much of the picture they and what lies between them take.
    fn extent(&self, cells: &Cells, surplus: f32, warned: bool) -> Option<Damage> {
        let (mut filled, mut best) = (0, 0);
        let (mut extent, mut everything) = (None::<Cells>, None::<Cells>);
        for row in self.hot.blocks().chunk_by(|a, b| a.1 == b.1) {
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
