// SPDX-License-Identifier: MPL-2.0
//! Torn pictures: above a row one frame, below it another.
//!
//! A picture is held against those before and the one after, by the means of its cells. Cells that move before and after it, but are what
//! they were in an earlier picture, were held back; if all that moves on one side of a row was held back, and all that moves on the other
//! side went on, the picture is torn at that row. What always stands still (a caption, the lower half of a split screen, the ground under a
//! sky) doesn't move before and after; what moves at half the rate of the rest shows no new edge along the row, which a tear in moving
//! content does. The picture after it is needed, so the report comes one picture late.
//!
//! Not found: pictures that are all torn at the same row by one frame; where little moves a tear can't be seen, either.
//!
//! Sources: no standard and no published method without reference; the limits are chosen and were checked as the project's tables say.

use std::{collections::VecDeque, sync::Arc};

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    SECOND, Span,
    picture::{Area, Cells, Grid, Picture, Region, VideoFormat},
};

mod search;
use search::{Tear as Found, TearSearch};

crate::settings! {
    /// Settings of `teardetect`.
    pub struct TearSettings {
        /// Share of the moving cells on the one side that must be held back, and on the other must have gone on
        "threshold" threshold: f64 = 0.85, in 0.5..=1.0;
        /// Torn pictures within a second that are needed before they are reported
        "repeats" repeats: u64 = 2, in 1..=25;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `teardetect` reports.
    pub enum TearKind {
        Tearing {
            name: "tearing",
            value: "share of the moving cells that fit two frames divided by the row, 0 to 1; y is the row",
            direction: Direction::HigherIsWorse,
            details: &[
                ("lower", "what is below the row is the older frame"),
                ("upper", "what is above the row is the older frame"),
            ],
        },
    }
}

crate::measures! {
    /// What `teardetect` measures.
    pub struct TearMeasures {
        /// torn pictures in the interval
        "torn" torn: f64,
    }
}

const INFO: Info = Info {
    element: "teardetect",
    type_name: "GstDefectTearDetect",
    long_name: "Tearing detector",
    description: "Reports pictures that are made of two frames, one above the other",
    kinds: TearKind::LIST,
    measures: TearMeasures::LIST,
};

/// How many earlier pictures the older part may come from.
const BACK: usize = 3;

/// The most torn pictures of a second that are remembered.
const MOST_RECENT: usize = 32;

/// The detector.
#[derive(Debug, Default)]
pub struct Tear {
    /// The latest pictures, newest last.
    past: VecDeque<(Span, Arc<Grid>)>,
    search: TearSearch,
    /// Torn pictures of the last second, each with whether it has been reported.
    recent: VecDeque<(Span, bool)>,
    torn: f64,
    pictures: u64,
}

impl Detector for Tear {
    type Medium = Video;
    type Settings = TearSettings;
    type Kind = TearKind;
    type Measures = TearMeasures;
    const INFO: &'static Info = &INFO;
    const COMMON: Common = Common::new(Severity::Warning, 0, SECOND / 2);

    fn new(_: &VideoFormat) -> Self {
        Self {
            past: VecDeque::with_capacity(BACK + 3),
            recent: VecDeque::with_capacity(MOST_RECENT),
            ..Self::default()
        }
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &TearSettings,
        episodes: &mut Episodes<TearKind>,
    ) {
        if !picture.is_comparable() {
            return;
        }
        self.pictures += 1;
        if let Some((_, last)) = self.past.back()
            && (last.columns(), last.rows(), last.depth())
                != (
                    picture.grid.columns(),
                    picture.grid.rows(),
                    picture.grid.depth(),
                )
        {
            self.past.clear();
        }
        self.past.push_back((span, Arc::clone(picture.grid)));
        if self.past.len() > BACK + 2 {
            self.past.pop_front();
        }
        let seen = self.judge(settings);
        self.report(span, seen, picture.grid, settings, episodes);
    }

    fn measure(&mut self) -> TearMeasures {
        let torn = if self.pictures > 0 {
            self.torn
        } else {
            f64::NAN
        };
        (self.torn, self.pictures) = (0.0, 0);
        TearMeasures { torn }
    }
}

impl Tear {
    /// Whether the last picture but one is torn.
    fn judge(&mut self, settings: &TearSettings) -> Option<(Span, Found)> {
        let newest = self.past.len().checked_sub(1)?;
        let of = |back: usize| newest.checked_sub(back).map(|i| &*self.past[i].1);
        let (after, torn) = (of(0)?, of(1)?);
        let span = self.past[newest - 1].0;
        let cells = Cells::of(settings.region, torn);
        (1..=BACK)
            .filter_map(|back| {
                let (older, before) = (of(1 + back)?, of(2)?);
                // What is held back for one picture must have moved just before, or it only stands still.
                let motion_reference = if back == 1 {
                    (before, of(3)?)
                } else {
                    (torn, before)
                };
                self.search.find(
                    torn,
                    older,
                    after,
                    motion_reference,
                    &cells,
                    settings.threshold,
                )
            })
            .max_by(|a, b| a.fit.total_cmp(&b.fit))
            .map(|found| (span, found))
    }

    /// Reports a torn picture, together with those that waited for it to be enough.
    fn report(
        &mut self,
        span: Span,
        seen: Option<(Span, Found)>,
        grid: &Grid,
        settings: &TearSettings,
        episodes: &mut Episodes<TearKind>,
    ) {
        let Some((at, found)) = seen else {
            let absent = Observation::new(Evidence::Absent, 0.0, settings.threshold);
            // It is the picture before that was judged.
            let judged = self.past.len().checked_sub(2).map(|i| self.past[i].0);
            episodes.observe(TearKind::Tearing, None, judged.unwrap_or(span), absent);
            return;
        };
        self.torn += 1.0;
        while self
            .recent
            .front()
            .is_some_and(|(first, _)| first.start.saturating_add(SECOND) < at.start)
            || self.recent.len() >= MOST_RECENT
        {
            self.recent.pop_front();
        }
        self.recent.push_back((at, false));
        let enough = self.recent.len() as u64 >= settings.repeats;
        if !enough && !episodes.is_open(TearKind::Tearing, None) {
            episodes.observe(TearKind::Tearing, None, span, Observation::unknown());
            return;
        }
        let (row, height) = (found.row as u32, grid.height() as u32);
        let observation = Observation::new(Evidence::Present, found.fit, settings.threshold)
            .detail(if found.lower_is_older {
                "lower"
            } else {
                "upper"
            })
            .confidence(found.confidence * confidence(self.recent.len()))
            .area(Area {
                x: 0,
                y: row,
                width: grid.width() as u32,
                height: height.saturating_sub(row),
            });
        // Those that waited are reported with the one that makes them enough.
        let waiting = self.recent.iter().filter(|(_, reported)| !reported);
        let (count, first) = (waiting.clone().count() as u64, waiting.clone().next());
        let first = first.map_or(at.start, |(span, _)| span.start);
        self.recent
            .iter_mut()
            .for_each(|(_, reported)| *reported = true);
        episodes.observe_isolated(
            TearKind::Tearing,
            None,
            at,
            observation.since(first).count(count),
        );
    }
}

/// The more, the surer: chosen.
fn confidence(repeats: usize) -> f64 {
    1.0 - 0.5 / repeats.max(1) as f64
}

#[cfg(test)]
mod tests;
