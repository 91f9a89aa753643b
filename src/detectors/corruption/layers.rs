// SPDX-License-Identifier: MPL-2.0
//! Runs all layers, and merges their results into one damage.

use super::{
    cut_off::CutOff,
    damage::Damage,
    fill::Fills,
    foreign::ForeignParts,
    layer::{Layer, PictureContext},
    map::NeuralLayer,
    seams::Seams,
};
use crate::media::{
    Ns,
    picture::{CELL, VideoFormat},
};

/// The layers.
#[derive(Debug)]
pub struct Layers {
    fills: Fills,
    cut_off: CutOff,
    foreign: ForeignParts,
    seams: Seams,
    neural: NeuralLayer,
    /// End of the last picture that had an area without picture.
    filled_until: Ns,
}

/// The results of the layers for a picture.
#[derive(Debug, Default)]
pub struct Found {
    /// Damage of pictures before, known only now; the earliest first.
    pub past: Vec<Damage>,
    /// Damage of this picture.
    pub present: Option<Damage>,
    /// End of earlier damage, if that lies before this picture.
    pub healed_at: Option<Ns>,
}

impl Layers {
    /// For pictures of that format.
    pub fn new(format: &VideoFormat) -> Self {
        let (columns, rows) = (format.width.div_ceil(CELL), format.height.div_ceil(CELL));
        Self {
            fills: Fills::new(format.levels()),
            cut_off: CutOff::default(),
            foreign: ForeignParts::default(),
            seams: Seams::new(columns, rows),
            neural: NeuralLayer::new(format),
            filled_until: 0,
        }
    }

    /// Takes the next picture.
    pub fn inspect(&mut self, context: PictureContext<'_>) -> Found {
        let (at, settings) = (context.span.start, context.settings);
        let fill = self.fills.inspect(&context);
        let cut_off = self.cut_off.inspect(&context);
        let foreign = self.foreign.inspect(&context);
        let torn = self.seams.inspect(&context);
        let mapped = self.neural.inspect(&PictureContext {
            suspicious: context.suspicious || self.seams.are_suspicious(),
            coarse: self.seams.are_coarse(),
            ..context
        });
        let is_past = |damage: &Damage| damage.span.end <= at;
        let (past, cut_off) = match cut_off {
            Some(damage) if is_past(&damage) => (Some(damage), None),
            cut_off => (None, cut_off),
        };
        let fill = fill.or(cut_off);
        for damage in fill.iter().chain(&past) {
            self.filled_until = self.filled_until.max(damage.span.end);
        }
        // A filled area that gets its picture back looks like a part of another picture, and isn't one.
        let foreign = foreign.filter(|damage| damage.span.start >= self.filled_until);
        let counts = |damage: &Damage| damage.share >= settings.threshold;
        let fill = fill.filter(counts);
        let merged = merge(fill, torn, mapped);
        let flagged = context.picture.health.corrupted && settings.decoder;
        let all = || context.cells.clone();
        Found {
            past: past.into_iter().chain(foreign).filter(counts).collect(),
            present: if flagged {
                let flagged = Damage::flagged(merged, context.span, all(), settings.threshold);
                Some(flagged)
            } else {
                merged
            },
            healed_at: self.neural.take_healed(),
        }
    }
}

/// Merges the damage of a picture: an area without picture hides the rest; torn blocks and blocks of the map are one
/// damage.
fn merge(fill: Option<Damage>, torn: Option<Damage>, mapped: Option<Damage>) -> Option<Damage> {
    match (fill, torn) {
        (Some(fill), _) => Some(fill),
        (None, Some(torn)) => Some(torn.joined(mapped)),
        (None, None) => mapped,
    }
}
