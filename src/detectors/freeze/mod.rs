// SPDX-License-Identifier: MPL-2.0
//! Freezes: identical pictures, held pictures that were coded again, and held pictures over which a ticker or an
//! inset goes on.
//!
//! Each picture is compared, cell by cell, with the one held since the still began, not with the last one: slow pans
//! and fades add up. A codec changes a still, too: it refines it for half a second, and pops at I-frames; but it
//! hardly changes the mean luma of a cell of 8x8 pixels, and in between it skips, so that most cells stay identical.
//! Sensor noise and grain change all of them with every picture: a still scene with noise isn't a freeze. A scene
//! without any motion whose noise a codec has removed can't be told from a freeze, and is reported as one, with less
//! confidence if it began with a cut.
//!
//! A picture is shown until the next one comes: a time without pictures, and a picture that lasts much longer than
//! the one before it, are a freeze as well.
//!
//! Black and plain pictures are left to the detectors for them. Small text on black, as of titles and credits, has to
//! stand for ten seconds.
//!
//! Sources: comparing with the held picture and 2 s are ffmpeg's freezedetect (EBU and vendors have similar times); the limits are measured
//! on holds coded with H.264, HEVC and MPEG-2 at 0.8 to 8 Mb/s, with and without grain.

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    Ns, SECOND, Span,
    picture::{Cells, Picture, Region, VideoFormat},
};

mod change;
mod content;
mod limits;
mod parts;
mod still;
use content::Content;
use limits::Limits;
use parts::{CellActivity, PartialFreeze};
use still::{Still, Verdict};

crate::settings! {
    /// Settings of `freezedetect`.
    pub struct FreezeSettings {
        /// Largest share of the picture that may change while it counts as frozen
        "threshold" threshold: f64 = 0.001, in 0.0..=1.0;
        /// Change of the mean luma of 8x8 pixels that a codec may cause, as a fraction of the range from black to white
        "tolerance" tolerance: f64 = 0.018, in 0.0..=1.0;
        /// Whether black and plain pictures count, too (they have their own detectors), and small text on black within its first 10 s
        "include-uniform" include_uniform: bool = false;
        /// Share of the picture that has to stand still for a partial freeze
        "partial-area" partial_area: f64 = 0.75, in 0.1..=1.0;
        /// How long a partial freeze has to last before it is reported, in ns
        "partial-min-duration" partial_min_duration: u64 = 10 * SECOND, in 2 * SECOND..=3600 * SECOND;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `freezedetect` reports.
    pub enum FreezeKind {
        Freeze {
            name: "freeze",
            value: "share of the picture that differs from the held one, 0 to 1",
            direction: Direction::LowerIsWorse,
            details: &[
                ("exact", "every picture is the same to the bit"),
                ("coded", "nearly the same pictures: the differences are those that a lossy codec makes"),
            ],
        },
        PartialFreeze {
            name: "partial-freeze",
            value: "share of the picture that stands still, 0 to 1",
            direction: Direction::HigherIsWorse,
            details: &[
                (
                    "ticker",
                    "a strip goes on; x, y, width and height are its own",
                ),
                (
                    "inset",
                    "another part goes on, e.g. a clock or a second picture; x, y, width and height are its own",
                ),
            ],
        },
    }
}

crate::measures! {
    /// What `freezedetect` measures.
    pub struct FreezeMeasures {
        /// mean change of luma from picture to picture, as a fraction of the range from black to white
        "change" change: f64,
        /// share of the picture that hadn't changed for a second at the end of the interval, 0 to 1
        "still-area" still_area: f64,
    }
}

const INFO: Info = Info {
    element: "freezedetect",
    type_name: "GstDefectFreezeDetect",
    long_name: "Freeze detector",
    description: "Reports frozen pictures, also after lossy coding, and pictures frozen except for a ticker or an inset",
    kinds: FreezeKind::LIST,
    measures: FreezeMeasures::LIST,
};

/// Time for which small text on black has to stand: titles and cards of credits stay for two to seven seconds. Chosen.
const TEXT_ON_BLACK: Ns = 10 * SECOND;

/// Codes between black and white at 8 bit.
const RANGE: f64 = 219.0;

/// The detector.
#[derive(Debug)]
pub struct Freeze {
    format: VideoFormat,
    still: Still,
    activity: CellActivity,
    region: Region,
    change: f64,
    pictures: f64,
    /// Start of the last picture, in ns.
    last: Option<Ns>,
    /// The last picture, if its duration is much longer than that of the one before. It counts once the next one has
    /// come, since durations in the order of decoding may be those of other pictures.
    long: Option<Span>,
}

impl Detector for Freeze {
    type Medium = Video;
    type Settings = FreezeSettings;
    type Kind = FreezeKind;
    type Measures = FreezeMeasures;
    const INFO: &'static Info = &INFO;
    // 2 s as usual (ffmpeg, vendors' playout profiles); two pictures at 10 per second may pop.
    const COMMON: Common = Common::new(Severity::Error, 2 * SECOND, SECOND / 5);

    fn new(format: &VideoFormat) -> Self {
        Self {
            format: *format,
            still: Still::default(),
            activity: CellActivity::new(cells_of(format)),
            region: Region::ALL,
            change: 0.0,
            pictures: 0.0,
            last: None,
            long: None,
        }
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &FreezeSettings,
        episodes: &mut Episodes<FreezeKind>,
    ) {
        if !picture.is_comparable() {
            return;
        }
        if self.region != settings.region {
            self.still = Still::default();
            self.activity = CellActivity::new(cells_of(&self.format));
            self.region = settings.region;
        }
        let grid = picture.grid;
        if let Some(long) = self.long.take() {
            let held = Span::new(long.start, long.end.min(span.start).max(long.start));
            self.observe_held(held, settings, episodes);
        }
        // The outermost cells are left out: lines of data and the noise of tapes go on while the picture stands.
        let cells = Cells::inside(settings.region, grid);
        let limits = Limits {
            area: settings.threshold,
            tolerance: settings.tolerance * RANGE,
            noise: 0.0,
        };
        let still = self.still.push(span, grid, &cells, limits, &self.activity);
        self.activity.step(span, self.still.step.jumped);
        self.change += self.still.step.mean / RANGE;
        self.pictures += 1.0;
        self.long = Some(span).filter(|_| !still.still && self.is_long(span, episodes.common()));
        if self.long.is_none() {
            let seen = freeze(&still, settings, episodes.common());
            episodes.observe(FreezeKind::Freeze, None, span, seen);
        }
        self.last = Some(span.start);
        let parts = self.activity.push(
            span,
            grid,
            &cells,
            limits.tolerance,
            settings.partial_area,
            settings.partial_min_duration,
        );
        episodes.observe(
            FreezeKind::PartialFreeze,
            None,
            span,
            partial(parts, &still, settings),
        );
    }

    fn gap(&mut self, span: Span, settings: &FreezeSettings, episodes: &mut Episodes<FreezeKind>) {
        if let Some(long) = self.long.take() {
            self.observe_held(long, settings, episodes);
        }
        self.observe_held(span, settings, episodes);
    }

    fn measure(&mut self) -> FreezeMeasures {
        let seen = self.pictures > 0.0;
        let measures = FreezeMeasures {
            change: if seen {
                self.change / self.pictures
            } else {
                f64::NAN
            },
            still_area: if seen { self.activity.still } else { f64::NAN },
        };
        (self.change, self.pictures) = (0.0, 0.0);
        measures
    }
}

impl Freeze {
    /// Whether a picture lasts as long as a freeze, and more than twice as long as the one before it.
    fn is_long(&self, span: Span, common: &Common) -> bool {
        let before = self.last.map(|start| span.start.saturating_sub(start));
        let length = span.duration();
        length >= common.min_duration && before.is_some_and(|before| length / 2 > before)
    }

    /// Observes a time without pictures, in which the last picture was shown.
    fn observe_held(
        &self,
        span: Span,
        settings: &FreezeSettings,
        episodes: &mut Episodes<FreezeKind>,
    ) {
        let Some(grid) = self.still.last() else {
            return;
        };
        let cells = Cells::inside(settings.region, grid);
        let (since, content) = self.still.shown(&cells);
        if content == Content::Uniform && !settings.include_uniform {
            return;
        }
        let seen = Observation::present_if(true, 0.0, settings.threshold);
        let seen = seen.detail("exact").confidence(0.9).since(since);
        let seen = seen.min_duration(least_duration(content, settings, episodes.common()));
        episodes.observe(FreezeKind::Freeze, None, span, seen);
    }
}

fn freeze(still: &Verdict, settings: &FreezeSettings, common: &Common) -> Observation {
    let seen = still.still && (settings.include_uniform || still.content != Content::Uniform);
    let mut observation = Observation::present_if(seen, still.change, settings.threshold);
    observation.since = still.since;
    if !seen {
        return observation;
    }
    let (detail, confidence) = match (still.exact, still.abrupt) {
        (true, true) => ("exact", 1.0),
        (true, false) => ("exact", 0.9),
        (false, true) => ("coded", 0.9),
        // After a cut it may be a still scene, or a still on purpose.
        (false, false) => ("coded", 0.6),
    };
    observation
        .detail(detail)
        .confidence(confidence)
        .min_duration(least_duration(still.content, settings, common))
}

/// How long a picture with that content has to stand before it is reported, in ns.
fn least_duration(content: Content, settings: &FreezeSettings, common: &Common) -> Ns {
    match content {
        Content::TextOnBlack if !settings.include_uniform => common.min_duration.max(TEXT_ON_BLACK),
        _ => common.min_duration,
    }
}

fn partial(
    parts: Option<PartialFreeze>,
    still: &Verdict,
    settings: &FreezeSettings,
) -> Observation {
    let Some(parts) = parts.filter(|_| !still.still) else {
        return Observation::new(Evidence::Absent, 0.0, settings.partial_area);
    };
    Observation::new(Evidence::Present, parts.area, settings.partial_area)
        .detail(if parts.ticker { "ticker" } else { "inset" })
        .confidence(0.8)
        .area(parts.moving)
        .since(parts.since)
        .min_duration(settings.partial_min_duration)
}

fn cells_of(format: &VideoFormat) -> usize {
    format.width.div_ceil(crate::media::picture::CELL)
        * format.height.div_ceil(crate::media::picture::CELL)
}

#[cfg(test)]
mod tests;
