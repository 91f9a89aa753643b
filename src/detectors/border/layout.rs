// SPDX-License-Identifier: MPL-2.0
//! Layouts: what borders make of a picture.

use super::{SLACK, find::Borders};
use crate::media::picture::Grid;

crate::setting_enum! {
    /// What a channel is meant to show.
    pub enum Layout: "GstDefectPictureLayout" {
        /// The picture fills the frame; borders are reported
        Full = "full",
        /// Bars above and below; anything else is reported
        Letterbox = "letterbox",
        /// Bars at the sides; anything else is reported
        Pillarbox = "pillarbox",
        /// Bars all round; anything else is reported
        Windowbox = "windowbox",
    }
}

/// Bars of a pair may differ by this share of the side: more is a dark edge of a scene.
const UNEVEN: f64 = 0.06;

/// What the borders make of the picture.
pub fn classify(borders: &Borders, grid: &Grid, threshold: f64) -> Layout {
    let pair = |a: usize, b: usize, side: usize| {
        let side = side.max(1) as f64;
        (a + b) as f64 > threshold * side
            && a.min(b) > 0
            && (a.abs_diff(b) as f64) <= UNEVEN * side + SLACK as f64
    };
    match (
        pair(borders.top, borders.bottom, grid.height()),
        pair(borders.left, borders.right, grid.width()),
    ) {
        (true, true) => Layout::Windowbox,
        (true, false) => Layout::Letterbox,
        (false, true) => Layout::Pillarbox,
        (false, false) => Layout::Full,
    }
}
