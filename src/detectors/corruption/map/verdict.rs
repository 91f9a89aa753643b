// SPDX-License-Identifier: MPL-2.0
//! From what the network says about each block to what is said about the picture.

use super::super::damage::Damage;
use crate::core::picture::Cells;

/// From this logit on a block is taken to be damaged.
const HOT: f32 = 3.0;
/// So many blocks at least.
const LEAST: usize = 4;

/// Judges looks.
#[derive(Debug)]
pub struct Judge {}

impl Judge {
    /// For pictures of so many blocks.
    pub fn new(_columns: usize, _rows: usize) -> Self {
        Self {}
    }

    /// What a look has seen; none, if the picture is whole. Only blocks that lie in `cells` count.
    pub fn judge(&mut self, logits: &[f32], columns: usize, cells: &Cells) -> Option<Damage> {
        let (mut count, mut area) = (0, None::<Cells>);
        for (row, logits) in logits.chunks_exact(columns).enumerate() {
            for (column, logit) in logits.iter().enumerate() {
                let (x, y) = (2 * column, 2 * row);
                let inside = cells.columns.contains(&x) && cells.rows.contains(&y);
                if !inside || *logit < HOT {
                    continue;
                }
                count += 1;
                let block = Cells {
                    columns: x..x + 2,
                    rows: y..y + 2,
                };
                area =
                    Some(area.map_or(block, |area| area.including(x, y).including(x + 1, y + 1)));
            }
        }
        let share = (4 * count) as f64 / cells.count().max(1) as f64;
        area.filter(|_| count >= LEAST).map(|cells| Damage {
            share: share.min(1.0),
            cells,
            confidence: 0.9,
            detail: "map",
        })
    }
}
