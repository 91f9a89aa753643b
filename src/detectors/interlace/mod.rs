// SPDX-License-Identifier: MPL-2.0
//! Interlaced pictures where they don't belong, and fields in the wrong order.
//!
//! `combing`: cells of a picture flagged progressive show teeth (lines that stick out against both neighbours) where it moves, and
//! motion says that its fields are of different times. Fine horizontal texture has teeth, too, but its fields are of one time.
//! `field-order`: motion says that the fields of an interlaced stream come the other way round than it is flagged. Without
//! motion neither can be told.
//!
//! Sources: a tooth is what ffmpeg's fieldmatch takes for one (9 codes against both neighbours); the order by the slope described
//! in `fields`, which replaces the comparison of pixels of neighbouring fields that ffmpeg's idet does.

use std::sync::Arc;

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    Ns, SECOND, Span,
    picture::{Cells, Field, Fields, Grid, Picture, Region, VideoFormat},
};

mod fields;
mod teeth;
use fields::{Frame, Order, Slope};
use teeth::{CombingStreak, Teeth};

crate::settings! {
    /// Settings of `interlacedetect`.
    pub struct InterlaceSettings {
        /// Share of the picture that must show teeth for it to be combed
        "threshold" threshold: f64 = 0.005, in 0.0..=1.0;
        /// By how much the order of fields must be wrong, as a share of the time between fields
        "order-threshold" order_threshold: f64 = 0.4, in 0.0..=1.0;
        /// How long the order of fields must be wrong before it is reported, in ns
        "order-min-duration" order_min_duration: u64 = 2 * SECOND;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `interlacedetect` reports.
    pub enum InterlaceKind {
        Combing {
            name: "combing",
            value: "share of the picture that shows teeth, 0 to 1",
            direction: Direction::HigherIsWorse,
            details: &[],
        },
        FieldOrder {
            name: "field-order",
            value: "how far the fields are from the order that is flagged: 1 = exchanged",
            direction: Direction::HigherIsWorse,
            details: &[
                (
                    "top-first",
                    "the pictures are top field first, flagged bottom field first",
                ),
                (
                    "bottom-first",
                    "the pictures are bottom field first, flagged top field first",
                ),
            ],
        },
    }
}

crate::measures! {
    /// What `interlacedetect` measures.
    pub struct InterlaceMeasures {
        /// largest share of a picture with teeth, 0 to 1
        "combed-area" combed_area: f64,
        /// time of the top field against the bottom field in frames: -0.5 top first, 0.5 bottom first, 0 progressive
        "field-lag" field_lag: f64,
    }
}

const INFO: Info = Info {
    element: "interlacedetect",
    type_name: "GstDefectInterlaceDetect",
    long_name: "Combing and field order detector",
    description: "Reports combing in progressive pictures and fields in the wrong order",
    kinds: InterlaceKind::LIST,
    measures: InterlaceMeasures::LIST,
};

/// From this lag on (in frames) fields are of different times; progressive pictures stay under half of it (see the tests).
const LEAST_LAG: f64 = 0.22;

/// Share of the past motion that is kept from frame to frame. Combing has to be found within half a second, the order of fields has to be
/// certain.
const KEPT_FOR_COMBING: f64 = 0.85;
const KEPT_FOR_ORDER: f64 = 0.97;

/// The detector.
#[derive(Default)]
pub struct Interlace {
    /// The last frame but one.
    before_last: Option<Frame>,
    last: Option<Frame>,
    /// A field in a buffer of its own whose partner hasn't come yet.
    unpaired: Option<(Arc<Grid>, Field)>,
    /// Whether the top field came first in the last frame whose fields came in buffers of their own.
    top_came_first: bool,
    slope: Slope,
    /// Whether single frames contradict the flagged order of fields, and since when they have done so.
    contradicts_flags: Option<(bool, Ns)>,
    streak: Option<CombingStreak>,
    /// Largest combed share of a picture since the last measurement.
    combed_area: f64,
}

impl Detector for Interlace {
    type Medium = Video;
    type Settings = InterlaceSettings;
    type Kind = InterlaceKind;
    type Measures = InterlaceMeasures;
    const INFO: &'static Info = &INFO;
    const COMMON: Common = Common::new(Severity::Warning, SECOND / 4, SECOND);

    fn new(_: &VideoFormat) -> Self {
        Self::default()
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &InterlaceSettings,
        episodes: &mut Episodes<InterlaceKind>,
    ) {
        let cells = Cells::of(settings.region, picture.grid);
        let Fields {
            interlaced,
            top_first,
            single,
            ..
        } = picture.fields;
        let teeth = if single.is_some() {
            Teeth::default()
        } else {
            let before = self.last.as_ref().map(Frame::grid);
            Teeth::of(picture.grid, before, &cells)
        };
        let combed = teeth.combed_share();
        self.combed_area = self.combed_area.max(combed);
        // Interlaced pictures may look combed: they are no part of a streak of combed progressive ones.
        let has_order = interlaced || single.is_some();
        self.streak = (!has_order)
            .then(|| CombingStreak::after(self.streak, span, &teeth, settings.threshold))
            .flatten();
        let (frame, top_first) = match single {
            None => (Some(Frame::Woven(Arc::clone(picture.grid))), top_first),
            // Fields in buffers of their own come in the order in which they are shown.
            Some(field) => {
                let frame = self.pair(picture.grid, field);
                if frame.is_some() {
                    self.top_came_first = field == Field::Bottom;
                }
                (frame, self.top_came_first)
            }
        };
        if let Some(frame) = frame {
            let kept = match has_order {
                true => KEPT_FOR_ORDER,
                false => KEPT_FOR_COMBING,
            };
            let wanted = has_order || self.streak.is_some();
            let own = self.add_frame(frame, &cells, wanted, kept);
            self.compare_with_flags(span, own, top_first);
        }
        let order = self.slope.order();
        if let Some(streak) = &mut self.streak
            && order.is_some_and(|order| order.lag.abs() < LEAST_LAG)
        {
            streak.refute(span);
        }
        let unknown = Observation::unknown();
        let (combing, field_order) = match has_order {
            true => (unknown, self.judge_order(span, order, top_first, settings)),
            false => (self.judge_combing(span, order, combed, settings), unknown),
        };
        episodes.observe(InterlaceKind::Combing, None, span, combing);
        episodes.observe(InterlaceKind::FieldOrder, None, span, field_order);
    }

    fn measure(&mut self) -> InterlaceMeasures {
        InterlaceMeasures {
            combed_area: std::mem::take(&mut self.combed_area),
            field_lag: self.slope.order().map_or(f64::NAN, |order| order.lag),
        }
    }
}

impl Interlace {
    /// Joins a field to the one before if one is a top field and the other a bottom field; `None` if the field has to wait for its partner.
    fn pair(&mut self, grid: &Arc<Grid>, field: Field) -> Option<Frame> {
        match self.unpaired.take() {
            Some((first, Field::Top)) if field == Field::Bottom => {
                Some(Frame::Apart(first, Arc::clone(grid)))
            }
            Some((first, Field::Bottom)) if field == Field::Top => {
                Some(Frame::Apart(Arc::clone(grid), first))
            }
            _ => {
                self.unpaired = Some((Arc::clone(grid), field));
                None
            }
        }
    }

    /// Takes the next frame, and adds the motion around the frame before it if that is `wanted`; `kept`: share of the past motion that
    /// stays. Returns the order of fields by the motion around that one frame.
    fn add_frame(&mut self, frame: Frame, cells: &Cells, wanted: bool, kept: f64) -> Option<Order> {
        self.slope.fade(kept);
        let mut own = Slope::default();
        if let (true, Some(before), Some(now)) = (wanted, &self.before_last, &self.last) {
            own.add_motion([before, now, &frame], cells);
            self.slope.add(&own);
        }
        self.before_last = self.last.replace(frame);
        own.order()
    }

    /// Notes since when single frames have agreed with the flagged order, or contradicted it.
    fn compare_with_flags(&mut self, span: Span, own: Option<Order>, top_first: bool) {
        let Some(order) = own.filter(|o| o.is_sure() && o.lag.abs() >= LEAST_LAG) else {
            return;
        };
        let wrong = (order.lag > 0.0) == top_first;
        if self.contradicts_flags.is_none_or(|(was, _)| was != wrong) {
            self.contradicts_flags = Some((wrong, span.start));
        }
    }

    fn judge_combing(
        &self,
        span: Span,
        order: Option<Order>,
        combed: f64,
        settings: &InterlaceSettings,
    ) -> Observation {
        let Some(streak) = self.streak else {
            return Observation::new(Evidence::Absent, combed, settings.threshold);
        };
        match order {
            Some(order)
                if order.lag.abs() >= LEAST_LAG
                    && order.is_sure_of_combing(streak.of_moving())
                    && streak.until >= span.start =>
            {
                Observation::new(Evidence::Present, combed, settings.threshold)
                    .since(streak.since)
                    .confidence(0.5 + order.fit / 2.0)
            }
            // Fields of one time: the teeth are texture. Between two combed pictures nothing can be told.
            Some(order) if order.lag.abs() < LEAST_LAG => {
                Observation::new(Evidence::Absent, combed, settings.threshold)
            }
            _ if streak.until < span.start => {
                Observation::new(Evidence::Absent, combed, settings.threshold).since(streak.until)
            }
            _ => Observation::unknown(),
        }
    }

    fn judge_order(
        &self,
        span: Span,
        order: Option<Order>,
        top_first: bool,
        settings: &InterlaceSettings,
    ) -> Observation {
        let Some(Order { lag, fit }) = order.filter(Order::is_sure) else {
            return Observation::unknown();
        };
        // +1: exchanged, -1: as flagged, 0: both of one time, which is no fault of the order.
        let wrong = if top_first { 2.0 * lag } else { -2.0 * lag };
        if wrong.abs() < settings.order_threshold {
            return Observation::unknown();
        }
        let since = self
            .contradicts_flags
            .filter(|(side, _)| *side == (wrong > 0.0))
            .map_or(span.start, |(_, since)| since);
        Observation::present_if(wrong > 0.0, wrong.max(0.0), settings.order_threshold)
            .detail(if top_first {
                "bottom-first"
            } else {
                "top-first"
            })
            .confidence(0.5 + fit / 2.0)
            .since(since)
            .min_duration(settings.order_min_duration)
    }
}

#[cfg(test)]
mod tests;
