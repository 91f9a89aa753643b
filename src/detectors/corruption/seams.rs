// SPDX-License-Identifier: MPL-2.0
//! Recognises blocks with new seams around them.
//!
//! Damage makes seam blocks (see `seam_blocks`). Motion, texture and text make such blocks, too, but anywhere. So
//! blocks are also counted on a lattice shifted by 8 pixels in both directions: that count is the number expected by
//! chance, and is subtracted. At cuts 90 % of some hundred seam blocks are chance (14 clips, 720p), after losses at
//! most about half.

use super::{
    coarse::Coarseness,
    damage::Damage,
    layer::{Layer, PictureContext},
    level_steps::are_steps,
    seam_blocks::SeamBlocks,
};
use crate::media::{Ns, picture::Cells};

/// Least number of seam blocks beyond chance: by chance 2 to 3 come together now and then (measured at 720p).
const LEAST: f32 = 4.0;
/// Number of seam blocks from which a picture is examined more closely. Chosen.
const SUSPICIOUS: f32 = 2.0;
/// Standard deviations of the count by chance (Poisson) that come on top of [`LEAST`].
const DEVIATIONS: f32 = 2.0;
/// Least surplus over the lattice moved only horizontally, and in square roots of that count: seams have two
/// directions, a horizon or the edge of a caption has one.
const LEAST_BOTH_WAYS: f32 = 3.0;
const BOTH_WAYS_DEVIATIONS: f32 = 1.2;
/// After a loss: the share of the steepness that suffices, and the least number of blocks. Chosen.
const STEEPNESS_AFTER_LOSS: f32 = 0.6;
const LEAST_AFTER_LOSS: f32 = 3.0;
/// Least number of seam blocks in one row of blocks, since a codec loses parts of a row. One less is enough where the
/// surplus is twice the least.
const IN_A_ROW: usize = 3;
/// Distance in cells up to which two seam blocks in a row belong to one damaged stretch.
const GAP: usize = 16;
/// Pictures before that a surplus is compared with; the latest ones, which belong to the same event, are left out.
const PAST: usize = 25;
const LATEST: usize = 3;
/// Least surplus as a multiple of that of the past.
const ONSET: f32 = 1.5;
/// Pictures before the first verdict: chosen.
const WARM_UP: usize = 4;

/// Finds torn blocks.
#[derive(Debug)]
pub struct Seams {
    blocks: SeamBlocks,
    /// How many pictures were seen.
    pictures: usize,
    /// Surplus of the last pictures, a ring.
    past: [f32; PAST],
    next: usize,
    is_suspicious: bool,
    coarseness: Coarseness,
    /// The torn blocks, and until when they are taken to stay.
    held: Option<(Damage, Ns)>,
}

impl Layer for Seams {
    fn inspect(&mut self, context: &PictureContext<'_>) -> Option<Damage> {
        let torn = self.torn(context).filter(|_| context.settings.seams);
        if let Some(torn) = torn {
            let until = context.span.end.saturating_add(context.settings.hold);
            let before = self.held.take().map(|(damage, _)| damage);
            self.held = Some((torn.joined(before), until));
        }
        let is_over = |until: &Ns| context.is_cut() || *until < context.span.end;
        self.held = self.held.take().filter(|(_, until)| !is_over(until));
        self.held.as_ref().map(|(damage, _)| Damage {
            span: context.span,
            ..damage.clone()
        })
    }
}

impl Seams {
    /// For grids of that size.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            blocks: SeamBlocks::new(columns, rows),
            pictures: 0,
            past: [0.0; PAST],
            next: 0,
            is_suspicious: false,
            coarseness: Coarseness::default(),
            held: None,
        }
    }

    /// Whether the last picture deserves a closer look, torn or not.
    pub fn are_suspicious(&self) -> bool {
        self.is_suspicious
    }

    /// Whether the pictures of the last second were coded so coarsely that damage can't be told from their look.
    pub fn are_coarse(&self) -> bool {
        self.coarseness.is_coarse()
    }

    /// The torn blocks of the next picture.
    fn torn(&mut self, context: &PictureContext<'_>) -> Option<Damage> {
        let (grid, cells, settings) = (context.grid(), context.cells, context.settings);
        if !self.blocks.fits(grid) {
            *self = Self::new(grid.columns(), grid.rows());
        }
        self.blocks.measure(grid);
        self.pictures = self.pictures.saturating_add(1);
        self.is_suspicious = false;
        self.coarseness.step(self.blocks.edges());
        if self.pictures < WARM_UP || self.are_coarse() {
            return None;
        }
        let (easier, least) = if context.after_loss {
            (STEEPNESS_AFTER_LOSS, LEAST_AFTER_LOSS)
        } else {
            (1.0, LEAST)
        };
        let steepness = easier * settings.steepness as f32;
        let count = self.blocks.count(grid, cells, steepness);
        let chance = count[3] as f32;
        let surplus = count[0] as f32 - chance;
        let usual = self.usual();
        self.past[self.next] = surplus;
        self.next = (self.next + 1) % PAST;
        let beside = (count[0] - count[1]) as f32;
        let blocks = cells.count() as f32 / 4.0;
        let least = least.max(settings.threshold as f32 * blocks);
        let is_onset = context.is_steady() && surplus >= ONSET * usual;
        self.is_suspicious = is_onset && surplus >= SUSPICIOUS;
        let is_torn = is_onset
            && surplus >= least + DEVIATIONS * chance.sqrt()
            && beside >= LEAST_BOTH_WAYS.max(BOTH_WAYS_DEVIATIONS * (count[1] as f32).sqrt())
            && are_steps(
                grid,
                self.blocks.edges(),
                self.blocks.found(),
                3.0 * steepness,
            );
        is_torn.then(|| self.extent(context, surplus)).flatten()
    }

    /// The largest surplus of the past; the latest pictures belong to the same event.
    fn usual(&self) -> f32 {
        (LATEST..PAST)
            .map(|back| self.past[(self.next + PAST - 1 - back) % PAST])
            .fold(0.0, f32::max)
    }

    /// The seam blocks and what lies between them, as damage; `None` if they are too scattered.
    fn extent(&self, context: &PictureContext<'_>, surplus: f32) -> Option<Damage> {
        let (mut filled, mut best) = (0, 0);
        let (mut extent, mut everything) = (None::<Cells>, None::<Cells>);
        for row in self.blocks.found().chunk_by(|a, b| a.1 == b.1) {
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
        let enough = best >= IN_A_ROW
            || (best + 1 == IN_A_ROW && (context.after_loss || surplus >= 2.0 * LEAST));
        let found = extent.or(everything).filter(|_| enough)?;
        Some(Damage {
            span: context.span,
            share: (filled as f64 * 4.0 / context.cells.count().max(1) as f64).min(1.0),
            cells: found,
            // Chosen: 0.75 at the limit, 0.95 at four times that.
            confidence: f64::from(1.0 - 0.25 * (LEAST / surplus.max(LEAST)).powf(1.2)),
            detail: "seams",
        })
    }
}
