// SPDX-License-Identifier: MPL-2.0
//! Flashes and stripes that may harm viewers with photosensitive epilepsy: a screening of live pictures by ITU-R BT.1702-3. It certifies nothing.
//!
//! The light of points of the picture is followed in cd/m2, as a display with the curve of the stream shows it. A transition is a change of at
//! least 20 cd/m2 with the darker picture under 160 (or to or from a saturated red), opposite to the last one at that point. A flash is two of
//! them. Too many are more than three flashes within a second of stream time at the same points, if those are more than a quarter of the screen and
//! go the same way at the same time. In a part of the screen what rises and what falls at the same time cancels out: that is motion or noise.
//! Points, not means of cells: the area is held against its limit to a tenth of a percent.
//!
//! Of interlaced pictures each field is followed by itself, so that lines of a still picture aren't flashes. In a stream that mixes
//! them with progressive pictures all are taken apart into fields once one was interlaced.
//!
//! Not told from flashes: light and dark stripes, a pair wider than a quarter of the picture, that pass so fast that each point changes too
//! often. They are wider than the parts in which motion cancels out.
//!
//! Not found: stripes of less than about 8 pixels a pair at 1080p. Fields that flash in turn, one black and one white, are no change to either.
//!
//! Sources: ITU-R BT.1702-3, Ofcom section 2 annex 1, WCAG 2.2. The time that a transition may take isn't in them: TRACE guidelines, 66 ms.

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{Area, Display, Field, Grid, Lines, Picture, Planes, Region, VideoFormat},
};

mod counter;
mod preset;
mod samples;
mod stripes;
mod tracker;
use counter::MOST_FLASHES;
use preset::{Curve, Preset};
use stripes::{Found, Motion, Stripes};
use tracker::{Hazard, Kind, Limits, Tracker};

crate::settings! {
    /// What `flashdetect` can be told.
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
    description: "Screens for flashes and regular patterns that may harm viewers with photosensitive epilepsy (ITU-R BT.1702); it certifies nothing",
    kinds: FlashKind::LIST,
    measures: FlashMeasures::LIST,
};

/// Flashes go on until so long after the last transition that was one too many: the slowest ones that count are that far apart.
const HOLD: Ns = SECOND / 3;
/// Stripes are looked for that often, and in every picture as long as there are some.
const PATTERN_INTERVAL: Ns = SECOND / 5;
/// They have to last that long (Wilkins, Emmett and Harding 2005).
const PATTERN_DURATION: Ns = SECOND / 2;
/// From this share of their limit on stripes are followed from picture to picture.
const FOLLOWED: f64 = 0.6;

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
    stripes: Option<Stripes>,
    display: Option<(Curve, Display)>,
    motion: Motion,
    /// When stripes were looked for, and when there were some, with what was found.
    looked: Option<Ns>,
    striped: Option<(Ns, Found)>,
    measures: Option<FlashMeasures>,
}

impl Detector for Flash {
    type Medium = Video;
    type Settings = FlashSettings;
    type Kind = FlashKind;
    type Measures = FlashMeasures;
    const INFO: &'static Info = &INFO;
    // A flash too many is one; flashes within a second of each other are one episode.
    const COMMON: Common = Common::new(Severity::Error, 0, SECOND);

    fn new(format: &VideoFormat) -> Self {
        Self {
            format: *format,
            trackers: [const { None }; 3],
            has_fields: false,
            hazards: [const { None }; 2],
            stripes: None,
            display: None,
            motion: Motion::default(),
            looked: None,
            striped: None,
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
        let observation = self.observe_stripes(span, picture.grid, settings, episodes.common());
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
        self.look_for_stripes(span.start, planes, fields.interlaced, settings);
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
        for (kind, hazard) in [Kind::Luminance, Kind::Red]
            .into_iter()
            .zip(&mut self.hazards)
        {
            let seen = tracker.seen(kind);
            let flashes = seen.flashes;
            match kind {
                Kind::Luminance => measures.flashes = measures.flashes.max(flashes),
                Kind::Red => measures.red_flashes = measures.red_flashes.max(flashes),
            }
            measures.area = measures.area.max(seen.area);
            measures.risk = measures.risk.max(seen.risk);
            if let Some(new) = &seen.hazard {
                *hazard = Some(new.clone());
            }
        }
    }

    fn look_for_stripes(
        &mut self,
        at: Ns,
        planes: &Planes<'_>,
        interlaced: bool,
        settings: &FlashSettings,
    ) {
        let (standing, changing) = settings.preset.pattern_area();
        let follows = self
            .striped
            .is_some_and(|(then, _)| at.saturating_sub(then) <= SECOND);
        let is_due = self
            .looked
            .is_none_or(|then| at.saturating_sub(then) >= PATTERN_INTERVAL);
        if !follows && !is_due {
            return;
        }
        self.looked = Some(at);
        let format = &self.format;
        let transfer = settings.display.of(format.transfer);
        if self
            .display
            .as_ref()
            .is_none_or(|(curve, _)| *curve != settings.display)
        {
            self.display = Some((settings.display, Display::new(transfer, format.matrix)));
        }
        let Some((_, display)) = &self.display else {
            return;
        };
        let stripes = self
            .stripes
            .get_or_insert_with(|| Stripes::new(format, interlaced));
        let limits = settings.preset.step(transfer, 0);
        let found = stripes.find(planes, display, &limits);
        if let Some(measures) = &mut self.measures {
            measures.pattern_area = measures.pattern_area.max(found.area);
        }
        let present = found.area > FOLLOWED * changing.min(standing);
        if follows {
            self.motion.push(at, present, found.moved);
        } else {
            self.motion = Motion::default();
        }
        if present {
            self.striped = Some((at, found));
        }
    }

    fn observe_stripes(
        &self,
        span: Span,
        grid: &Grid,
        settings: &FlashSettings,
        common: &Common,
    ) -> Observation {
        let (standing, changing) = settings.preset.pattern_area();
        let at = span.start;
        let found = self
            .striped
            .filter(|(then, _)| at.saturating_sub(*then) <= PATTERN_INTERVAL);
        let Some((_, found)) = found else {
            return Observation::new(Evidence::Absent, 0.0, standing);
        };
        let (limit, detail) = match self.motion.changes(at) {
            true => (changing, "changing"),
            false => (standing, "stationary"),
        };
        let present = found.area > limit && !self.motion.drifts(at);
        Observation::present_if(present, found.area, limit)
            .detail(detail)
            .min_duration(common.min_duration.max(PATTERN_DURATION))
            .area(area(found.bounds, grid))
    }
}

/// A rectangle of shares of the picture in pixels.
fn area(bounds: [f64; 4], grid: &Grid) -> Area {
    let [left, top, right, bottom] = bounds;
    let (width, height) = (grid.width() as f64, grid.height() as f64);
    let (x, y) = ((left * width) as u32, (top * height) as u32);
    Area {
        x,
        y,
        width: ((right * width) as u32).saturating_sub(x).max(1),
        height: ((bottom * height) as u32).saturating_sub(y).max(1),
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
