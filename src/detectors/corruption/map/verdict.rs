// SPDX-License-Identifier: MPL-2.0
//! From what the network says about each block to what is said about the picture.

use super::super::damage::Damage;
use crate::media::{MS, Ns, picture::Cells};

/// From this logit on a block counts. Chosen; a single block at it is damage in one of sixteen looks only (see `SURE`).
const HOT: f32 = 0.0;
/// What the logits of all blocks over `HOT` must add up to in a picture of `COMMON` blocks. Belongs to the weights: see `training`.
const LEAST: f32 = 16.0;
/// Blocks of the pictures on which that was measured. In larger ones more blocks go wrong by chance: the limit grows as the root. Chosen.
const COMMON: f32 = 880.0;
/// Blocks that were hot in so much of the looks are how the programme looks: a mosaic, a ticker, an inset that was scaled. Chosen.
const USUAL: f32 = 0.5;
/// How fast that is learnt: half of it in 9 s, longer than most coded pictures wait for their refresh. Chosen.
const LEARN: Ns = 12_800 * MS;
/// How sure it is: 1 / (1 + exp(-a z - b)) with the highest logit z. Belongs to the weights, too.
const SURE: (f64, f64) = (0.971, -2.915);
/// What is less likely than not isn't said: an alarm has to be real at least half of the time.
const LIKELY: f64 = 0.5;

/// Judges looks.
#[derive(Debug)]
pub struct Judge {
    columns: usize,
    /// What the logits must add up to.
    least: f32,
    /// How much of a look is learnt.
    learn: f32,
    /// For each block the part of the looks in which it was hot.
    habit: Vec<f32>,
}

impl Judge {
    /// For pictures of so many blocks, and looks every so often.
    pub fn new(columns: usize, rows: usize, turn: Ns) -> Self {
        Self {
            columns,
            least: LEAST * ((columns * rows) as f32 / COMMON).sqrt().max(1.0),
            learn: turn as f32 / LEARN as f32,
            habit: vec![0.0; columns * rows],
        }
    }

    /// What a look has seen; none, if the picture is whole. Only blocks that lie in `cells` count.
    pub fn judge(&mut self, logits: &[f32], cells: &Cells) -> Option<Damage> {
        let (mut count, mut area) = (0, None::<Cells>);
        let (mut excess, mut highest) = (0.0, HOT);
        for (at, (logit, habit)) in logits.iter().zip(&mut self.habit).enumerate() {
            let hot = *logit >= HOT;
            let usual = *habit > USUAL;
            *habit += (f32::from(u8::from(hot)) - *habit) * self.learn;
            let (x, y) = (2 * (at % self.columns), 2 * (at / self.columns));
            let inside = cells.columns.contains(&x) && cells.rows.contains(&y);
            if !hot || usual || !inside {
                continue;
            }
            count += 1;
            excess += logit - HOT;
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
        let (a, b) = SURE;
        let confidence = 1.0 / (1.0 + (-a * f64::from(highest) - b).exp());
        let told = excess >= self.least && confidence >= LIKELY;
        area.filter(|_| told).map(|cells| Damage {
            share: share.min(1.0),
            cells,
            confidence,
            detail: "map",
        })
    }
}
