// SPDX-License-Identifier: MPL-2.0
//! Damage of the coded stream as the picture shows it: blocks with new seams around them, buffers that a decoder never wrote (green) or
//! filled with grey, and what the decoder itself says.
//!
//! Seams: a loss leaves blocks that don't belong to their neighbours. Their borders are steep, new, and lie on the lattice of 16 pixels on which
//! all block codecs work. What is natural (motion, cuts, text, confetti, texture) lies where it likes: as many blocks half a lattice step aside
//! look torn out, too. So the surplus on the lattice is what counts, see `seams`. Pictures that were scaled after decoding have
//! no such lattice: there only the decoder's word, the fills and the map are left.
//!
//! Map: a small network that was trained on damaged pictures and looks at the pixels now and then, see `map`.
//!
//! Streams that are coded so coarsely that all is made of blocks look damaged to both: there they say nothing, see `coarse`.
//!
//! Not told apart: damage that an encoder upstream made on purpose (pixelation on the lattice, mosaics with square tiles of 16 pixels) as it appears;
//! what merely displaces texture leaves no seam and isn't found.
//!
//! Sources: no standard defines it. The output is that of the published systems, the corrupted share of the picture; the rules and
//! limits were measured, on what is said where they are.

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{CELL, CellChanges, Cells, Health, Picture, Region, SceneCutDetector, VideoFormat},
};

mod coarse;
mod damage;
mod fill;
mod green;
mod hot;
mod lattice;
mod map;
mod seams;
mod step;
mod unavailable;
use damage::{Damage, flagged, present};
use fill::Fills;
use map::Mapped;
use seams::Seams;

crate::settings! {
    /// What `corruptiondetect` can be told.
    pub struct CorruptionSettings {
        /// Smallest share of the picture whose damage is reported
        "threshold" threshold: f64 = 0.001, in 0.0..=1.0;
        /// Whether what the stream says counts: buffers flagged as corrupted are, and after a loss (discontinuous buffers, pictures missing in
        /// the timestamps) blocks are looked at more closely
        "decoder" decoder: bool = true;
        /// Whether areas that a decoder left green or filled with grey are looked for
        "fills" fills: bool = true;
        /// Whether blocks with new seams are looked for
        "seams" seams: bool = true;
        /// How much steeper than its surroundings a new seam must be; less finds more, and imagines more
        "steepness" steepness: f64 = 2.5, in 1.0..=20.0;
        /// Whether a network looks at the pixels, a few times a second
        "map" map: bool = false;
        /// How long damaged blocks are taken to stay, in ns: about half the time between two refreshes of the coded picture
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
                    "areas that no decoder ever wrote: all codes near 0, outside every legal colour, or what RGB makes of them",
                ),
                (
                    "grey",
                    "areas filled with the middle of all codes, or with grey from some line down to the bottom",
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

/// So long after a loss its damage may come to light: about half a group of pictures. Chosen.
const AFTERMATH: Ns = SECOND / 2;
/// Losses before more than this share of the pictures are none. Chosen.
const HABIT: f64 = 0.2;

/// The detector.
#[derive(Debug)]
pub struct Corruption {
    fills: Fills,
    seams: Seams,
    cuts: SceneCutDetector,
    changes: CellChanges,
    /// What was torn, and until when it is taken to stay so.
    held: Option<(Damage, Ns)>,
    mapped: Mapped,
    /// Where the last picture ended, and until when a loss before it may show.
    last: Option<Ns>,
    warned: Ns,
    /// Share of the pictures that seem to follow a loss.
    habit: f64,
    region: Region,
    area: f64,
    pictures: u64,
}

impl Detector for Corruption {
    type Medium = Video;
    type Settings = CorruptionSettings;
    type Kind = CorruptionKind;
    type Measures = CorruptionMeasures;
    const INFO: &'static Info = &INFO;
    // One picture is enough to be seen; damage of one loss comes and goes until the next refresh.
    const COMMON: Common = Common::new(Severity::Error, 0, SECOND / 2);

    fn new(format: &VideoFormat) -> Self {
        Self {
            fills: Fills::new(format.levels()),
            seams: Seams::new(format.width.div_ceil(CELL), format.height.div_ceil(CELL)),
            cuts: SceneCutDetector::default(),
            changes: CellChanges::default(),
            held: None,
            mapped: Mapped::new(format),
            last: None,
            warned: 0,
            habit: 0.0,
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
        let seen = self.look(span, picture, settings);
        let observation = match seen {
            Some(damage) => {
                self.area = self.area.max(damage.share);
                self.mapped.date(present(&damage, picture.grid, settings))
            }
            None => {
                let whole = Observation::new(Evidence::Absent, 0.0, settings.threshold);
                self.mapped.date(whole)
            }
        };
        episodes.observe(CorruptionKind::BlockCorruption, None, span, observation);
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

impl Corruption {
    /// Whether something was lost shortly before: the stream is discontinuous, or at least half a picture is missing in its times, or the picture
    /// is damaged, on which others may build.
    fn note_loss(&mut self, span: Span, health: Health) -> bool {
        let length = span.duration();
        let hole = |last: Ns| length > 0 && span.start > last.saturating_add(length / 2);
        let lost = self
            .last
            .is_some_and(|last| health.discontinuous || hole(last));
        self.habit += (f64::from(u8::from(lost)) - self.habit) * 0.05;
        // What happens all the time is how the stream is paced.
        if (lost && self.habit < HABIT) || health.corrupted {
            self.warned = span.start.saturating_add(AFTERMATH);
        }
        self.last = Some(span.end);
        span.start < self.warned
    }

    /// The worst that any of the layers sees.
    fn look(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &CorruptionSettings,
    ) -> Option<Damage> {
        let grid = picture.grid;
        let cells = Cells::of(settings.region, grid);
        if self.region != settings.region {
            // What was seen elsewhere isn't in this part.
            (self.held, self.region) = (None, settings.region);
        }
        let jumped = self.changes.step(grid, &cells);
        self.cuts.step(span.start, jumped);
        let warned = self.note_loss(span, picture.health) && settings.decoder;
        let steady = self.cuts.is_steady(span.start);
        let torn = self.seams.push(grid, &cells, settings, steady, warned);
        if let Some(torn) = torn.filter(|_| settings.seams) {
            let until = span.end.saturating_add(settings.hold);
            let before = self.held.take().map(|(damage, _)| damage);
            self.held = Some((torn.joined(before), until));
        }
        if self.cuts.is_cut(span.start)
            || self
                .held
                .as_ref()
                .is_some_and(|(_, until)| *until < span.end)
        {
            self.held = None;
        }
        let fill = self
            .fills
            .push(grid, &cells, steady)
            .filter(|fill| settings.fills && fill.share >= settings.threshold);
        let held = self.held.as_ref().map(|(damage, _)| damage.clone());
        let suspicious = warned || self.seams.suspects();
        // Switched off, it has to be told so whatever the pictures are: then it gives its memory back.
        let mapped = if settings.map && self.seams.are_coarse() {
            self.mapped.restart(span.start);
            None
        } else {
            self.mapped
                .push(span, picture, &cells, settings, &self.cuts, suspicious)
        };
        let fill = fill.map(Damage::from);
        let seen = match (fill, held) {
            (Some(fill), _) => Some(fill),
            (None, Some(held)) => Some(held.joined(mapped)),
            (None, None) => mapped,
        };
        if picture.health.corrupted && settings.decoder {
            return Some(flagged(seen, cells, settings.threshold));
        }
        seen
    }
}

#[cfg(test)]
mod tests;
