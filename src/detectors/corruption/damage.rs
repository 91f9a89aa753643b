// SPDX-License-Identifier: MPL-2.0
//! What the layers say to each other.

use super::{CorruptionSettings, fill::Fill};
use crate::detector::{Evidence, Observation};
use crate::media::picture::{Area, Cells, Grid};

/// What is damaged.
#[derive(Debug, Clone, PartialEq)]
pub struct Damage {
    /// Share of the picture.
    pub share: f64,
    /// Where.
    pub cells: Cells,
    /// How sure that is.
    pub confidence: f64,
    /// By what it was seen.
    pub detail: &'static str,
}

impl Damage {
    /// With what was torn before and hasn't healed.
    pub fn joined(mut self, before: Option<Self>) -> Self {
        if let Some(before) = before {
            let (a, b) = (&self.cells, &before.cells);
            self.cells = Cells {
                columns: a.columns.start.min(b.columns.start)..a.columns.end.max(b.columns.end),
                rows: a.rows.start.min(b.rows.start)..a.rows.end.max(b.rows.end),
            };
            self.share = self.share.max(before.share);
            self.confidence = self.confidence.max(before.confidence);
        }
        self
    }
}

impl From<Fill> for Damage {
    fn from(fill: Fill) -> Self {
        Self {
            share: fill.share,
            cells: fill.cells,
            confidence: fill.confidence,
            detail: fill.detail,
        }
    }
}

/// The decoder knows that there's damage, the picture maybe where and how much.
pub fn flagged(seen: Option<Damage>, all: Cells, least: f64) -> Damage {
    match seen {
        Some(seen) => Damage {
            confidence: 1.0,
            detail: "decoder",
            ..seen
        },
        None => Damage {
            share: least,
            cells: all,
            // It says so, but nothing is to be seen: it may be concealed well.
            confidence: 0.9,
            detail: "decoder",
        },
    }
}

/// As a picture says it.
pub fn present(damage: &Damage, grid: &Grid, settings: &CorruptionSettings) -> Observation {
    let area: Area = damage.cells.area(grid);
    Observation::new(Evidence::Present, damage.share, settings.threshold)
        .detail(damage.detail)
        .confidence(damage.confidence)
        .area(area)
}
