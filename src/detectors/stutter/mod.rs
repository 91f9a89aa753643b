// SPDX-License-Identifier: MPL-2.0
//! Motion that stutters: pictures shown twice while time goes on, dropped, or out of order.
//!
//! A repeat alone is no fault: 24 frames in 30, 25 in 50 and animation on twos repeat pictures all the time, and motion continues at
//! its usual step after each. In a stutter the picture after a repeat jumps, since one was dropped, or the repeats follow no rhythm.
//! Still pictures can't stutter.
//!
//! Sources: repeats and dips by the ideas of S. Wolf, "A No Reference (NR) and Reduced Reference (RR) Metric for Detecting
//! Dropped Video Frames", NTIA, 2009, on cells instead of pixels, so that its constants don't carry over; cadences by the shortest
//! period that explains the repeats.

use std::{collections::VecDeque, sync::Arc};

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    Ns, SECOND, Span,
    picture::{Cells, Grid, Picture, Region, VideoFormat, brightening, change},
};

mod disorder;
mod rhythm;
use rhythm::{Step, StepKind, Verdict};

crate::settings! {
    /// Settings of `stutterdetect`.
    pub struct StutterSettings {
        /// Repeated, dropped and misplaced pictures per second, over two seconds, from which motion stutters
        "threshold" threshold: f64 = 1.5, in 0.1..=100.0;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `stutterdetect` reports.
    pub enum StutterKind {
        Stutter {
            name: "stutter",
            value: "repeated, dropped and misplaced pictures per second",
            unit: "/s",
            direction: Direction::HigherIsWorse,
            details: &[
                (
                    "repeat-drop",
                    "pictures are repeated and the next ones left out",
                ),
                ("irregular", "pictures are repeated without a rhythm"),
                ("back", "pictures come out of order"),
            ],
        },
    }
}

crate::measures! {
    /// What `stutterdetect` measures.
    pub struct StutterMeasures {
        /// repeated pictures per second, regular ones too
        "repeats" repeats: f64,
        /// pictures per second that jump after a repeat
        "drops" drops: f64,
    }
}

const INFO: Info = Info {
    element: "stutterdetect",
    type_name: "GstDefectStutterDetect",
    long_name: "Stutter detector",
    description: "Reports repeated, dropped and misplaced pictures in moving scenes",
    kinds: StutterKind::LIST,
    measures: StutterMeasures::LIST,
};

/// The time over which repeats are counted.
const WINDOW: Ns = 2 * SECOND;

/// Share of a change of brightness in one direction from which it is a flash, not motion. Chosen; motion is balanced.
const FLASH: f64 = 0.9;

/// Most pictures in the window: two seconds at 256 per second. At higher rates the window is shorter.
const MOST: usize = 512;

/// The detector.
pub struct Stutter {
    /// The last three pictures, the newest one last.
    last_pictures: [Option<Arc<Grid>>; 3],
    steps: VecDeque<Step>,
    kinds: Vec<StepKind>,
    repeats: u64,
    drops: u64,
    length: Ns,
}

impl Detector for Stutter {
    type Medium = Video;
    type Settings = StutterSettings;
    type Kind = StutterKind;
    type Measures = StutterMeasures;
    const INFO: &'static Info = &INFO;
    // Counting over two seconds confirms a stutter already, so `min-duration` is short; it is over after a second without faults.
    const COMMON: Common = Common::new(Severity::Warning, SECOND / 2, SECOND);

    fn new(_: &VideoFormat) -> Self {
        Self {
            last_pictures: [None, None, None],
            steps: VecDeque::with_capacity(MOST),
            kinds: Vec::with_capacity(MOST),
            repeats: 0,
            drops: 0,
            length: 0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &StutterSettings,
        episodes: &mut Episodes<StutterKind>,
    ) {
        if !picture.is_comparable() {
            return;
        }
        let cells = Cells::of(settings.region, picture.grid);
        // Counted from the start of the picture before: where fields are shown one by one, a picture covers more than its own time.
        let last = self.steps.back().map(|step| step.span.start);
        let length = last.map_or(span.duration(), |last| span.start.saturating_sub(last));
        let [oldest, older, old] = &self.last_pictures;
        if let Some(old) = old {
            let moved = change(old, picture.grid, &cells);
            let distance = |earlier: &Option<Arc<Grid>>| {
                earlier
                    .as_ref()
                    .map_or(f64::MAX, |earlier| change(earlier, picture.grid, &cells))
            };
            let (back, third) = (distance(older), distance(oldest));
            let flash = brightening(old, picture.grid, &cells).abs() > FLASH * moved;
            self.take(Step {
                span,
                moved,
                back,
                third,
                flash,
            });
        }
        self.last_pictures.rotate_left(1);
        self.last_pictures[2] = Some(Arc::clone(picture.grid));
        let verdict = rhythm::judge(&self.steps, &mut self.kinds);
        if let Some(verdict) = &verdict {
            self.repeats += u64::from(verdict.repeat_now);
            self.drops += u64::from(verdict.jump_now);
        }
        self.length = self.length.saturating_add(length);
        episodes.observe(
            StutterKind::Stutter,
            None,
            span,
            observe(verdict, settings.threshold),
        );
    }

    fn measure(&mut self) -> StutterMeasures {
        let seconds = self.length as f64 / SECOND as f64;
        let rate = |count: u64| {
            if seconds > 0.0 {
                count as f64 / seconds
            } else {
                f64::NAN
            }
        };
        let measures = StutterMeasures {
            repeats: rate(self.repeats),
            drops: rate(self.drops),
        };
        (self.repeats, self.drops, self.length) = (0, 0, 0);
        measures
    }
}

impl Stutter {
    fn take(&mut self, step: Step) {
        while self.steps.len() >= MOST
            || self
                .steps
                .front()
                .is_some_and(|s| s.span.start.saturating_add(WINDOW) < step.span.start)
        {
            self.steps.pop_front();
        }
        self.steps.push_back(step);
    }
}

fn observe(verdict: Option<Verdict>, threshold: f64) -> Observation {
    let Some(verdict) = verdict else {
        return Observation::unknown();
    };
    let rate = f64::from(verdict.faults) / (verdict.window as f64 / SECOND as f64);
    if verdict.still {
        return Observation::new(Evidence::Absent, 0.0, threshold);
    }
    let seen = Observation::present_if(rate >= threshold, rate, threshold);
    match seen.evidence {
        Evidence::Present => seen
            .detail(verdict.detail)
            .since(verdict.first)
            .confidence(verdict.confidence),
        _ => match verdict.last {
            // The stutter ended with the last fault, somewhere in the window.
            Some(last) => seen.since(last),
            None => seen,
        },
    }
}

#[cfg(test)]
mod tests;
