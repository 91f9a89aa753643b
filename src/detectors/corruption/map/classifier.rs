// SPDX-License-Identifier: MPL-2.0
//! Turns the logits of the blocks into damage of the picture.

use super::super::damage::Damage;
use crate::media::{MS, Ns, Span, picture::Cells};

/// Least logit of a block that counts as damaged. Chosen; a single block at it is damage in one of sixteen inspected pictures only (see
/// [`SLOPE`]).
const DAMAGED: f32 = 0.0;
/// Least sum of the logits of all damaged blocks in a picture of [`COMMON`] blocks. Belongs to the weights: see
/// `training`.
const LEAST_SUM: f32 = 16.0;
/// Blocks of the pictures on which that was measured. In larger ones more blocks go wrong by chance: the limit grows as the root. Chosen.
const COMMON: f32 = 880.0;
/// Share of the inspected pictures in which a block looked damaged from which that is how the programme looks: a
/// mosaic, a ticker, an inset that was scaled. Chosen.
const USUAL: f32 = 0.5;
/// Time constant of that share: half of it is learnt in 9 s, longer than most coded pictures wait for their refresh.
/// Chosen.
const LEARN: Ns = 12_800 * MS;
/// Confidence: 1 / (1 + exp(-SLOPE z - OFFSET)) with the highest logit z. Belongs to the weights, too.
const SLOPE: f64 = 0.971;
const OFFSET: f64 = -2.915;
/// Least confidence that is reported: an alarm has to be real at least half of the time.
const LEAST_CONFIDENCE: f64 = 0.5;

/// Judges the blocks of inspected pictures.
#[derive(Debug)]
pub struct BlockClassifier {
    columns: usize,
    /// Least sum of the logits.
    least: f32,
    /// Weight of a picture in the shares, 0 to 1.
    learn: f32,
    /// For each block the share of the pictures in which it looked damaged.
    usual: Vec<f32>,
}

impl BlockClassifier {
    /// For pictures of that many blocks, one of which is inspected every `interval`.
    pub fn new(columns: usize, rows: usize, interval: Ns) -> Self {
        Self {
            columns,
            least: LEAST_SUM * ((columns * rows) as f32 / COMMON).sqrt().max(1.0),
            learn: interval as f32 / LEARN as f32,
            usual: vec![0.0; columns * rows],
        }
    }

    /// The damage of a picture at `span`, by the logit of each of its blocks; `None` if it is undamaged. Only blocks
    /// in `cells` count.
    pub fn classify(&mut self, span: Span, logits: &[f32], cells: &Cells) -> Option<Damage> {
        let (mut count, mut area) = (0, None::<Cells>);
        let (mut excess, mut highest) = (0.0, DAMAGED);
        for (at, (logit, usual)) in logits.iter().zip(&mut self.usual).enumerate() {
            let is_damaged = *logit >= DAMAGED;
            let is_usual = *usual > USUAL;
            *usual += (f32::from(u8::from(is_damaged)) - *usual) * self.learn;
            let (x, y) = (2 * (at % self.columns), 2 * (at / self.columns));
            let inside = cells.columns.contains(&x) && cells.rows.contains(&y);
            if !is_damaged || is_usual || !inside {
                continue;
            }
            count += 1;
            excess += logit - DAMAGED;
            highest = logit.max(highest);
            let block = Cells {
                columns: x..x + 2,
                rows: y..y + 2,
            };
            area = Some(match area {
                Some(area) => area.including(x, y).including(x + 1, y + 1),
                None => block,
            });
        }
        let share = (4 * count) as f64 / cells.count().max(1) as f64;
        let confidence = 1.0 / (1.0 + (-SLOPE * f64::from(highest) - OFFSET).exp());
        let is_reported = excess >= self.least && confidence >= LEAST_CONFIDENCE;
        area.filter(|_| is_reported).map(|cells| Damage {
            span,
            share: share.min(1.0),
            cells,
            confidence,
            detail: "map",
        })
    }
}
