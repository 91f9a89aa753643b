// SPDX-License-Identifier: MPL-2.0
//! The interface of the layers: each sees the same data about a picture, and returns the damage in it.

use super::{CorruptionSettings, damage::Damage};
use crate::media::{
    Span,
    picture::{CellChanges, Cells, Grid, Picture, SceneCutDetector},
};

/// A picture and its context.
#[derive(Clone, Copy)]
pub struct PictureContext<'a> {
    /// When it is shown.
    pub span: Span,
    /// The picture.
    pub picture: Picture<'a>,
    /// The part of it that is judged.
    pub cells: &'a Cells,
    /// What the user has set.
    pub settings: &'a CorruptionSettings,
    /// Which cells jumped against the picture before.
    pub changes: &'a CellChanges,
    /// The latest scene cuts.
    pub cuts: &'a SceneCutDetector,
    /// Whether the stream reports a loss shortly before.
    pub after_loss: bool,
    /// Whether the picture deserves a closer look: after a loss, or because of a few new seams.
    pub suspicious: bool,
    /// Whether the pictures of the last second were coded so coarsely that everything consists of blocks.
    pub coarse: bool,
}

impl PictureContext<'_> {
    /// The picture's statistics.
    pub fn grid(&self) -> &Grid {
        self.picture.grid
    }

    /// Whether the picture is the first after a cut.
    pub fn is_cut(&self) -> bool {
        self.cuts.is_cut(self.span.start)
    }

    /// Whether there was no cut shortly before.
    pub fn is_steady(&self) -> bool {
        self.cuts.is_steady(self.span.start)
    }

    /// Whether the whole width of the picture is judged, down to its bottom.
    pub fn reaches_bottom(&self) -> bool {
        let grid = self.grid();
        self.cells.rows.end == grid.rows() && self.cells.columns == (0..grid.columns())
    }
}

/// One way to recognise damage.
pub trait Layer {
    /// Takes the next picture. Returns the damage in it, or damage of earlier pictures that is known only now: see
    /// [`Damage::span`].
    fn inspect(&mut self, context: &PictureContext<'_>) -> Option<Damage>;
}
