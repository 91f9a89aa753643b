// SPDX-License-Identifier: MPL-2.0
//! Looks for regular stripes now and then, follows those that it finds, and says whether they are a hazard.

use super::FlashSettings;
use super::preset::Curve;
use super::stripes::{Found, Motion, Stripes};
use crate::detector::{Common, Evidence, Observation};
use crate::media::{
    Ns, SECOND,
    picture::{Area, Display, Grid, Planes, VideoFormat},
};

/// Interval at which stripes are looked for; as long as there are some, they are looked for in every picture.
const PATTERN_INTERVAL: Ns = SECOND / 5;
/// How long stripes have to last (Wilkins, Emmett and Harding 2005).
const PATTERN_DURATION: Ns = SECOND / 2;
/// Share of the limit of their area from which stripes are followed from picture to picture.
const FOLLOWED: f64 = 0.6;

/// The stripes of a stream. Allocates when it looks for the first time.
#[derive(Debug)]
pub struct Patterns {
    format: VideoFormat,
    stripes: Option<Stripes>,
    display: Option<(Curve, Display)>,
    motion: Motion,
    /// When stripes were last looked for.
    looked: Option<Ns>,
    /// When some were last found, and what was found.
    found: Option<(Ns, Found)>,
}

impl Patterns {
    /// For pictures of that format.
    pub fn new(format: &VideoFormat) -> Self {
        Self {
            format: *format,
            stripes: None,
            display: None,
            motion: Motion::default(),
            looked: None,
            found: None,
        }
    }

    /// Looks for stripes in the picture of that time. Returns the share of the screen that they take, 0 to 1; `None` if it wasn't time to
    /// look.
    pub fn look(
        &mut self,
        at: Ns,
        planes: &Planes<'_>,
        interlaced: bool,
        settings: &FlashSettings,
    ) -> Option<f64> {
        let (standing, changing) = settings.preset.pattern_area();
        let is_within = |then: Ns, time: Ns| at.saturating_sub(then) <= time;
        let follows = self.found.is_some_and(|(then, _)| is_within(then, SECOND));
        let is_due = self
            .looked
            .is_none_or(|then| at.saturating_sub(then) >= PATTERN_INTERVAL);
        if !follows && !is_due {
            return None;
        }
        self.looked = Some(at);
        let format = &self.format;
        let transfer = settings.display.of(format.transfer);
        let is_other = |(curve, _): &(Curve, Display)| *curve != settings.display;
        if self.display.as_ref().is_none_or(is_other) {
            self.display = Some((settings.display, Display::new(transfer, format.matrix)));
        }
        let (_, display) = self.display.as_ref()?;
        let stripes = self
            .stripes
            .get_or_insert_with(|| Stripes::new(format, interlaced));
        let limits = settings.preset.step(transfer, 0);
        let found = stripes.find(planes, display, &limits);
        let present = found.area > FOLLOWED * changing.min(standing);
        if follows {
            self.motion.push(at, present, found.moved);
        } else {
            self.motion = Motion::default();
        }
        if present {
            self.found = Some((at, found));
        }
        Some(found.area)
    }

    /// Whether the stripes that were last found are a hazard in the picture of that time.
    pub fn observe(
        &self,
        at: Ns,
        grid: &Grid,
        settings: &FlashSettings,
        common: &Common,
    ) -> Observation {
        let (standing, changing) = settings.preset.pattern_area();
        let found = self
            .found
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

/// A rectangle in pixels, given by shares of the picture: left, top, right, bottom.
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
