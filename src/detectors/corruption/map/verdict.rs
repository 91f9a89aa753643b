// SPDX-License-Identifier: MPL-2.0
//! From what the network says about each block to what is said about the picture.

use super::super::damage::Damage;
use crate::core::picture::Cells;

/// From this logit on a block is taken to be damaged. Belongs to the weights: chosen on 3461 looks at sound pictures, none of which it takes for
/// damaged, and 55 damaged stretches, of which it finds 14 (9 from -0.5 on). What was chosen on them can't be judged by them: on clips that the training
/// never saw, limits as low gave false alarms (see `training`).
const HOT: f32 = -0.75;
/// So many blocks at least: a loss takes a stretch of them, what looks like damage by chance is alone. Chosen.
const LEAST: usize = 4;
/// Blocks that were hot in so much of the looks are how the programme looks: a mosaic, a ticker, an inset that was scaled. Chosen.
const USUAL: f32 = 0.5;
/// How fast that is learnt, per look: half of it in 9 s, longer than most coded pictures wait for their refresh. Chosen.
const LEARN: f32 = 1.0 / 32.0;
/// How sure it is with the fewest blocks, and with many: chosen, not calibrated.
const CONFIDENCE: (f64, f64) = (0.7, 0.95);

/// Judges looks.
#[derive(Debug)]
pub struct Judge {
    columns: usize,
    /// For each block the part of the looks in which it was hot.
    habit: Vec<f32>,
}

impl Judge {
    /// For pictures of so many blocks.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            habit: vec![0.0; columns * rows],
        }
    }

    /// What a look has seen; none, if the picture is whole. Only blocks that lie in `cells` count.
    pub fn judge(&mut self, logits: &[f32], cells: &Cells) -> Option<Damage> {
        let (mut count, mut area) = (0, None::<Cells>);
        for (at, (logit, habit)) in logits.iter().zip(&mut self.habit).enumerate() {
            let hot = *logit >= HOT;
            let usual = *habit > USUAL;
            *habit += (f32::from(u8::from(hot)) - *habit) * LEARN;
            let (x, y) = (2 * (at % self.columns), 2 * (at / self.columns));
            let inside = cells.columns.contains(&x) && cells.rows.contains(&y);
            if !hot || usual || !inside {
                continue;
            }
            count += 1;
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
        let (least, most) = CONFIDENCE;
        area.filter(|_| count >= LEAST).map(|cells| Damage {
            share: share.min(1.0),
            cells,
            confidence: most - (most - least) * LEAST as f64 / count as f64,
            detail: "map",
        })
    }
}
