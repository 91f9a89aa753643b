// SPDX-License-Identifier: MPL-2.0
//! Flashes and stripes that may harm viewers with photosensitive epilepsy: a screening of live pictures by ITU-R BT.1702-3. It
//! certifies nothing.
//!
//! Points of the picture are followed in cd/m2, as a display with the curve of the stream shows them. A transition is a change of at
//! least 20 cd/m2 with the darker picture under 160 (or to or from a saturated red), opposite to the last one at that point. Two
//! transitions are a flash. More than three flashes within a second of stream time at the same points are too many, if these points
//! are more than a quarter of the screen and change in the same direction at the same time. Within a tile of the screen points that
//! rise and points that fall at the same time cancel out: that is motion or noise. Points are used instead of means of cells, so that
//! the area is exact to a tenth of a percent.
//!
//! Each field of an interlaced picture is followed by itself, so that lines of a still picture aren't flashes. Once a stream had an
//! interlaced picture, its progressive pictures are split into fields, too.
//!
//! Not told from flashes: passing light and dark stripes, a pair wider than a quarter of the picture, so fast that each point changes
//! too often. They are wider than the tiles in which motion cancels out.
//!
//! Not found: stripes of less than about 8 pixels a pair at 1080p; fields of which one is always black and one always white.
//!
//! Sources: ITU-R BT.1702-3, Ofcom section 2 annex 1, WCAG 2.2. The time that a transition may take isn't in them: TRACE guidelines, 66 ms.

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{Field, Lines, Picture, Planes, Region, VideoFormat},
};

mod counter;
mod patterns;
mod preset;
mod sample;
mod samples;
mod sequence;
mod stripes;
mod tracker;
mod transition;
use counter::MOST_FLASHES;
use patterns::Patterns;
use preset::{Curve, Preset};
use tracker::{FlashType, Hazard, Limits, Tracker};

crate::settings! {
    /// Settings of `flashdetect`.
    pub struct FlashSettings {
        /// The rule by which pictures are screened
        "preset" preset: Preset = Preset::Bt1702;
        /// Flashes that a second may have
        "threshold" threshold: f64 = 3.0, in 1.0..=5.0;
        /// Share of the screen that may flash (0: as the preset says)
        "area" area: f64 = 0.0, in 0.0..=1.0;
        /// The display on which standard dynamic range is shown
        "display" display: Curve = Curve::Auto;
        /// The longest time that a transition may take, in ns, and eight pictures at most; slower changes aren't flashes
        "transition-time" transition_time: u64 = 65 * MS, in 0..=66 * MS;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `flashdetect` reports.
    pub enum FlashKind {
        Flash {
            name: "flash",
            value: "flashes of luminance in a second; area is the share of the screen that flashes",
            direction: Direction::HigherIsWorse,
            details: &[
                ("rate", "more flashes in a second than allowed"),
                ("long-sequence", "flashes that go on for more than five seconds, fewer in each than the limit but too near to each other"),
            ],
        },
        RedFlash {
            name: "red-flash",
            value: "flashes to or from a saturated red in a second; area is the share of the screen that flashes",
            direction: Direction::HigherIsWorse,
            details: &[
                ("rate", "more flashes in a second than allowed"),
                ("long-sequence", "flashes that go on for more than five seconds, fewer in each than the limit but too near to each other"),
            ],
        },
        Pattern {
            name: "pattern",
            value: "share of the screen that regular stripes take, 0 to 1",
            direction: Direction::HigherIsWorse,
            details: &[
                ("stationary", "stripes that stand"),
                ("changing", "stripes that oscillate, reverse or flash"),
            ],
        },
    }
}

crate::measures! {
    /// What `flashdetect` measures.
    pub struct FlashMeasures {
        /// largest number of luminance flashes in a second, of more than the allowed share of the screen
        "flashes" flashes: f64,
        /// the same of flashes to or from saturated red
        "red-flashes" red_flashes: f64,
        /// largest share of the screen that took part in a transition at once, 0 to 1
        "area" area: f64,
        /// largest share of the screen that regular stripes took, 0 to 1
        "pattern-area" pattern_area: f64,
        /// how near the pictures came to the limit of flashes, 0 (none) to 1 (over it)
        "risk" risk: f64,
    }
}

const INFO: Info = Info {
    element: "flashdetect",
    type_name: "GstDefectFlashDetect",
    long_name: "Flash and pattern screening",
    description: "Reports flashes and regular patterns that may harm viewers with photosensitive epilepsy: a screening by ITU-R BT.1702, \
    no certificate",
    kinds: FlashKind::LIST,
    measures: FlashMeasures::LIST,
};

/// How long an episode lasts after the last transition that was one too many: the slowest flashes that count are that far apart.
const HOLD: Ns = SECOND / 3;

/// Pictures that are followed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Series {
    Frames,
    TopFields,
    BottomFields,
}

impl Series {
    fn of(field: Field) -> Self {
        match field {
            Field::Top => Self::TopFields,
            Field::Bottom => Self::BottomFields,
        }
    }
}

/// The detector.
#[derive(Debug)]
pub struct Flash {
    format: VideoFormat,
    /// By [`Series`].
    trackers: [Option<Tracker>; 3],
    /// A picture was interlaced.
    has_fields: bool,
    hazards: [Option<Hazard>; 2],
    patterns: Patterns,
    measures: Option<FlashMeasures>,
}

impl Detector for Flash {
    type Medium = Video;
    type Settings = FlashSettings;
    type Kind = FlashKind;
    type Measures = FlashMeasures;
    const INFO: &'static Info = &INFO;
    // One flash too many is a defect; flashes within a second of each other are one episode.
    const COMMON: Common = Common::new(Severity::Error, 0, SECOND);

    fn new(format: &VideoFormat) -> Self {
        Self {
            format: *format,
            trackers: [const { None }; 3],
            has_fields: false,
            hazards: [const { None }; 2],
            patterns: Patterns::new(format),
            measures: None,
        }
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &FlashSettings,
        episodes: &mut Episodes<FlashKind>,
    ) {
        let mut read = false;
        if let Some(pixels) = picture.pixels {
            pixels.map_planes(&mut |planes| {
                if *planes.format() == self.format {
                    read = true;
                    self.read(span, &picture, planes, settings);
                }
            });
        }
        if !read {
            for kind in [FlashKind::Flash, FlashKind::RedFlash, FlashKind::Pattern] {
                episodes.observe(kind, None, span, Observation::unknown());
            }
            return;
        }
        for (kind, hazard) in [FlashKind::Flash, FlashKind::RedFlash]
            .into_iter()
            .zip(&self.hazards)
        {
            let observation = observe_flashes(span, hazard.as_ref(), settings);
            episodes.observe(kind, None, span, observation);
        }
        let observation =
            self.patterns
                .observe(span.start, picture.grid, settings, episodes.common());
        episodes.observe(FlashKind::Pattern, None, span, observation);
    }

    fn measure(&mut self) -> FlashMeasures {
        self.measures.take().unwrap_or(FlashMeasures {
            flashes: f64::NAN,
            red_flashes: f64::NAN,
            area: f64::NAN,
            pattern_area: f64::NAN,
            risk: f64::NAN,
        })
    }
}

impl Flash {
    fn read(
        &mut self,
        span: Span,
        picture: &Picture<'_>,
        planes: &Planes<'_>,
        settings: &FlashSettings,
    ) {
        let fields = picture.fields;
        let middle = span.start + span.duration() / 2;
        let halves = [Span::new(span.start, middle), Span::new(middle, span.end)];
        self.has_fields |= fields.interlaced;
        if let Some(field) = fields.single {
            self.track(Series::of(field), Lines::All, span, planes, settings);
        } else if self.has_fields && self.format.height > 1 {
            let [top, bottom] = match (fields.interlaced, fields.top_first) {
                (false, _) => [span; 2],
                (true, true) => halves,
                (true, false) => [halves[1], halves[0]],
            };
            self.track(Series::TopFields, Lines::Even, top, planes, settings);
            self.track(Series::BottomFields, Lines::Odd, bottom, planes, settings);
        } else {
            self.track(Series::Frames, Lines::All, span, planes, settings);
        }
        let looked = self
            .patterns
            .look(span.start, planes, fields.interlaced, settings);
        if let (Some(area), Some(measures)) = (looked, &mut self.measures) {
            measures.pattern_area = measures.pattern_area.max(area);
        }
    }

    /// Follows the points of one picture or field.
    fn track(
        &mut self,
        series: Series,
        lines: Lines,
        span: Span,
        planes: &Planes<'_>,
        settings: &FlashSettings,
    ) {
        let format = &self.format;
        let limits = Limits::new(settings, format, span);
        let tracker = &mut self.trackers[series as usize];
        let tracker = tracker.get_or_insert_with(|| Tracker::new(format, lines));
        tracker.push(span.start, planes, &limits);
        let measures = self.measures.get_or_insert(FlashMeasures {
            flashes: 0.0,
            red_flashes: 0.0,
            area: 0.0,
            pattern_area: 0.0,
            risk: 0.0,
        });
        for (kind, hazard) in [FlashType::Luminance, FlashType::Red]
            .into_iter()
            .zip(&mut self.hazards)
        {
            let result = tracker.result(kind);
            let flashes = result.flashes;
            match kind {
                FlashType::Luminance => measures.flashes = measures.flashes.max(flashes),
                FlashType::Red => measures.red_flashes = measures.red_flashes.max(flashes),
            }
            measures.area = measures.area.max(result.area);
            measures.risk = measures.risk.max(result.risk);
            if let Some(new) = &result.hazard {
                *hazard = Some(new.clone());
            }
        }
    }
}

fn observe_flashes(span: Span, hazard: Option<&Hazard>, settings: &FlashSettings) -> Observation {
    let Some(hazard) = hazard else {
        return Observation::new(Evidence::Absent, 0.0, settings.threshold);
    };
    let over = hazard.until.saturating_add(HOLD);
    if span.start > over {
        return Observation::new(Evidence::Absent, 0.0, settings.threshold).since(over);
    }
    Observation::new(Evidence::Present, hazard.flashes, hazard.threshold)
        .detail(hazard.detail)
        .area(hazard.bounds)
        .extra("share", hazard.area)
        .since(hazard.since)
}

/// Whole flashes that a second may have.
fn allowed(settings: &FlashSettings) -> u64 {
    (settings.threshold as u64).clamp(1, MOST_FLASHES)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trace;
