// SPDX-License-Identifier: MPL-2.0
//! The damage that the layers report.

use super::CorruptionSettings;
use crate::detector::{Evidence, Observation};
use crate::media::{
    Span,
    picture::{Cells, Grid},
};

/// Damage in one or several pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Damage {
    /// The pictures, as far as known: it ends with the present one, or before it.
    pub span: Span,
    /// Share of the picture, 0 to 1.
    pub share: f64,
    /// The rectangle that contains it.
    pub cells: Cells,
    /// Confidence, 0 to 1.
    pub confidence: f64,
    /// Name for the message's `detail`.
    pub detail: &'static str,
}

impl Damage {
    /// Both damages as one, under the name of this one.
    pub fn joined(mut self, other: Option<Self>) -> Self {
        if let Some(other) = other {
            let (a, b) = (&self.cells, &other.cells);
            self.cells = Cells {
                columns: a.columns.start.min(b.columns.start)..a.columns.end.max(b.columns.end),
                rows: a.rows.start.min(b.rows.start)..a.rows.end.max(b.rows.end),
            };
            self.span.start = self.span.start.min(other.span.start);
            self.share = self.share.max(other.share);
            self.confidence = self.confidence.max(other.confidence);
        }
        self
    }

    /// Damage flagged by the decoder: `seen` if it is visible, else the whole picture with the least share that is
    /// reported.
    pub fn flagged(seen: Option<Self>, span: Span, all: Cells, least: f64) -> Self {
        match seen {
            Some(seen) => Self {
                confidence: 1.0,
                detail: "decoder",
                ..seen
            },
            None => Self {
                span,
                share: least,
                cells: all,
                // Nothing is visible: it may be concealed well.
                confidence: 0.9,
                detail: "decoder",
            },
        }
    }

    /// As an observation.
    pub fn observation(&self, grid: &Grid, settings: &CorruptionSettings) -> Observation {
        Observation::new(Evidence::Present, self.share, settings.threshold)
            .detail(self.detail)
            .confidence(self.confidence)
            .area(self.cells.area(grid))
            .since(self.span.start)
    }
}
