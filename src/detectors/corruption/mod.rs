// SPDX-License-Identifier: MPL-2.0
//! Damage of the coded stream that is visible in the picture: blocks with new seams around them, buffers that a decoder
//! never wrote (green) or filled with grey, pictures whose end is missing or from elsewhere; and damage that the decoder
//! reports itself. Each of these is a layer, see `layer`; `layers` merges their results.
//!
//! Seams: a loss leaves blocks that don't belong to their neighbours. Their borders are steep, new, and lie on the
//! lattice of 16 pixels on which all block codecs work. Natural edges (motion, cuts, text, confetti, texture) lie
//! anywhere: on a lattice shifted by half a step as many blocks look torn out. So the surplus on the lattice counts,
//! see `seams`. Pictures that were scaled after decoding have no such lattice: for them only the other layers work.
//!
//! Map: a small network that was trained on damaged pictures and inspects the pixels a few times a second, see `map`.
//!
//! Streams that are coded so coarsely that everything consists of blocks look damaged to both: then they report
//! nothing, see `coarse`.
//!
//! Not told apart: damage, and effects made on purpose (pixelation on the lattice, mosaics with square tiles of 16
//! pixels) when they appear. Damage that merely displaces texture leaves no seam and isn't found.
//!
//! Sources: no standard defines it. The value is that of published systems, the corrupted share of the picture; rules
//! and limits were measured, as is said at each of them.

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    MS, SECOND, Span,
    picture::{CellChanges, Cells, Picture, Region, SceneCutDetector, VideoFormat},
};

mod block_edges;
mod coarse;
mod cut_off;
mod damage;
mod fill;
mod foreign;
mod green;
mod grey;
mod layer;
mod layers;
mod level_steps;
mod loss;
mod map;
mod seam_blocks;
mod seams;
mod unavailable;
use layer::PictureContext;
use layers::Layers;
use loss::Losses;

crate::settings! {
    /// Settings of `corruptiondetect`.
    pub struct CorruptionSettings {
        /// Smallest share of the picture whose damage is reported
        "threshold" threshold: f64 = 0.001, in 0.0..=1.0;
        /// Whether the stream's own flags count: buffers flagged CORRUPTED are reported as damaged, and after a loss (discontinuous
        /// buffers, pictures missing in the timestamps) blocks are examined more closely
        "decoder" decoder: bool = true;
        /// Whether areas that a decoder left green or filled with grey, and pictures whose end is missing, are looked for
        "fills" fills: bool = true;
        /// Whether blocks with new seams, and parts of another picture, are looked for
        "seams" seams: bool = true;
        /// How much steeper than its surroundings a new seam must be; less finds more damage and raises more false alarms
        "steepness" steepness: f64 = 2.5, in 1.0..=20.0;
        /// Whether a network inspects the pixels, a few times a second
        "map" map: bool = false;
        /// How long a damaged block is assumed to stay visible, in ns: about half the distance of two key frames
        "hold" hold: u64 = 480 * MS, in 0..=10 * SECOND;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `corruptiondetect` reports.
    pub enum CorruptionKind {
        BlockCorruption {
            name: "block-corruption",
            value: "share of the picture that is damaged, 0 to 1",
            direction: Direction::HigherIsWorse,
            details: &[
                (
                    "decoder",
                    "the decoder says so; the share is what can be seen, or the threshold if nothing can",
                ),
                (
                    "green",
                    "areas of memory that were never written: all samples near 0, which looks green, also after conversion to RGB",
                ),
                (
                    "grey",
                    "areas filled with the middle of all codes",
                ),
                (
                    "cut-off",
                    "from some line down one colour or one line again and again, at once: a picture whose end is missing",
                ),
                (
                    "foreign",
                    "for up to a second a part over the whole width was of another picture; reported when it is over",
                ),
                ("seams", "blocks that don't belong to their neighbours"),
                ("map", "blocks that look damaged to a network"),
            ],
        },
    }
}

crate::measures! {
    /// What `corruptiondetect` measures.
    pub struct CorruptionMeasures {
        /// largest damaged share of a picture in the interval, 0 to 1
        "area" area: f64,
    }
}

const INFO: Info = Info {
    element: "corruptiondetect",
    type_name: "GstDefectCorruptionDetect",
    long_name: "Block corruption detector",
    description: "Reports pictures damaged by a loss in the coded stream: torn blocks, green and grey areas",
    kinds: CorruptionKind::LIST,
    measures: CorruptionMeasures::LIST,
};

/// The detector.
#[derive(Debug)]
pub struct Corruption {
    format: VideoFormat,
    layers: Layers,
    cuts: SceneCutDetector,
    changes: CellChanges,
    losses: Losses,
    /// The part of the picture that was judged last.
    region: Region,
    /// Largest damaged share since the last measurement, and of how many pictures.
    area: f64,
    pictures: u64,
}

impl Detector for Corruption {
    type Medium = Video;
    type Settings = CorruptionSettings;
    type Kind = CorruptionKind;
    type Measures = CorruptionMeasures;
    const INFO: &'static Info = &INFO;
    // One damaged picture is visible; damage of one loss comes and goes until the next refresh.
    const COMMON: Common = Common::new(Severity::Error, 0, SECOND / 2);

    fn new(format: &VideoFormat) -> Self {
        Self {
            format: *format,
            layers: Layers::new(format),
            cuts: SceneCutDetector::default(),
            changes: CellChanges::default(),
            losses: Losses::default(),
            region: Region::ALL,
            area: 0.0,
            pictures: 0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &CorruptionSettings,
        episodes: &mut Episodes<CorruptionKind>,
    ) {
        if !picture.is_comparable() {
            return;
        }
        self.pictures += 1;
        if self.region != settings.region {
            // Findings in another part of the picture don't apply to this one.
            self.layers = Layers::new(&self.format);
            self.region = settings.region;
        }
        let cells = Cells::of(settings.region, picture.grid);
        let jumped = self.changes.step(picture.grid, &cells);
        self.cuts.step(span.start, jumped);
        let after_loss = self.losses.step(span, picture.health) && settings.decoder;
        let found = self.layers.inspect(PictureContext {
            span,
            picture,
            cells: &cells,
            settings,
            changes: &self.changes,
            cuts: &self.cuts,
            after_loss,
            suspicious: after_loss,
            coarse: false,
        });
        for damage in found.past.iter().chain(&found.present) {
            self.area = self.area.max(damage.share);
            let observation = damage.observation(picture.grid, settings);
            let when = if damage.span.end <= span.start {
                damage.span
            } else {
                span
            };
            episodes.observe(CorruptionKind::BlockCorruption, None, when, observation);
        }
        if found.present.is_none() {
            let mut whole = Observation::new(Evidence::Absent, 0.0, settings.threshold);
            whole.since = found.healed_at;
            episodes.observe(CorruptionKind::BlockCorruption, None, span, whole);
        }
    }

    fn measure(&mut self) -> CorruptionMeasures {
        let area = if self.pictures > 0 {
            self.area
        } else {
            f64::NAN
        };
        (self.area, self.pictures) = (0.0, 0);
        CorruptionMeasures { area }
    }
}

#[cfg(test)]
mod tests;
