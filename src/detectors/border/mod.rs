// SPDX-License-Identifier: MPL-2.0
//! Pictures that don't fill the frame: letterbox, pillarbox, windowbox (a postage stamp).
//!
//! The borders of the last two seconds' bright pictures count, at each side the smallest: a dark scene shows larger borders
//! than there are, never smaller ones. Once they are known, they stay until picture appears in them: text on a bar covers
//! part of it, and a fade to black says nothing.
//!
//! Sources: the limits of black are those of ffmpeg's cropdetect, made stricter (see `bar`); 2 % of a side and two seconds are this
//! project's, by the rule of thumb that overscan and blanking take up to 1 %.

use std::collections::VecDeque;

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    Ns, SECOND, Span,
    picture::{Area, CELL, Cells, Grid, Picture, Region, VideoFormat},
};

mod bar;
mod blurred;
mod find;
mod layout;
use find::Borders;
pub use layout::Layout;
use layout::classify;

crate::settings! {
    /// Settings of `borderdetect`.
    pub struct BorderSettings {
        /// Share of the height or width that the bars at both sides together must take
        "threshold" threshold: f64 = 0.04, in 0.0..=1.0;
        /// Layout that the channel is meant to have
        "expected" expected: Layout = Layout::Full;
        /// Whether blurred panels at the sides count as a pillarbox
        "blurred" blurred: bool = true;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

/// Meaning of `value`, of all kinds.
const SHARE: &str = "share of the frame that the borders take, 0 to 1; the picture's rectangle is in x, y, width, height";
/// Details of all kinds.
const DETAILS: &[(&str, &str)] = &[
    ("bars", "black bars"),
    ("blurred", "panels filled with a blurred picture"),
    ("missing", "the layout that is expected isn't there"),
];

crate::kinds! {
    /// What `borderdetect` reports.
    pub enum BorderKind {
        Letterbox {
            name: "letterbox",
            value: SHARE,
            direction: Direction::HigherIsWorse,
            details: DETAILS,
        },
        Pillarbox {
            name: "pillarbox",
            value: SHARE,
            direction: Direction::HigherIsWorse,
            details: DETAILS,
        },
        Windowbox {
            name: "windowbox",
            value: SHARE,
            direction: Direction::HigherIsWorse,
            details: DETAILS,
        },
    }
}

crate::measures! {
    /// What `borderdetect` measures.
    pub struct BorderMeasures {
        /// lines above the picture
        "top" top: f64,
        /// lines below the picture
        "bottom" bottom: f64,
        /// columns left of the picture
        "left" left: f64,
        /// columns right of the picture
        "right" right: f64,
    }
}

const INFO: Info = Info {
    element: "borderdetect",
    type_name: "GstDefectBorderDetect",
    long_name: "Letterbox, pillarbox and windowbox detector",
    description: "Reports pictures that don't fill the frame, or not as expected",
    kinds: BorderKind::LIST,
    measures: BorderMeasures::LIST,
};

/// How long a layout must be seen in bright pictures before it counts.
const SETTLING: Ns = 2 * SECOND;

/// The most pictures that are remembered: two seconds at 120 per second.
const MOST_RECENT: usize = 240;

/// Pixels by which borders may differ from picture to picture: coding does that to edges.
const SLACK: usize = CELL;

/// The detector.
#[derive(Default)]
pub struct Border {
    /// Borders of the latest bright pictures, and whether they are blurred panels.
    recent: VecDeque<(Span, Borders, bool)>,
    /// What the picture has now, since when.
    known: Option<(Ns, Borders, bool)>,
    profile: Vec<u32>,
    /// The region in which these were measured.
    region: Region,
}

impl Detector for Border {
    type Medium = Video;
    type Settings = BorderSettings;
    type Kind = BorderKind;
    type Measures = BorderMeasures;
    const INFO: &'static Info = &INFO;
    // Five seconds: a film's trailer in a break is as long; a wrong aspect ratio stays.
    const COMMON: Common = Common::new(Severity::Warning, 5 * SECOND, SECOND);

    fn new(format: &VideoFormat) -> Self {
        Self {
            recent: VecDeque::with_capacity(MOST_RECENT),
            known: None,
            profile: Vec::with_capacity(format.width.div_ceil(CELL)),
            region: Region::ALL,
        }
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &BorderSettings,
        episodes: &mut Episodes<BorderKind>,
    ) {
        if self.region != settings.region {
            self.recent.clear();
            (self.known, self.region) = (None, settings.region);
        }
        let (grid, cells) = (&**picture.grid, Cells::of(settings.region, picture.grid));
        self.update(span, grid, &cells, settings.blurred);
        for (kind, layout) in [
            (BorderKind::Letterbox, Layout::Letterbox),
            (BorderKind::Pillarbox, Layout::Pillarbox),
            (BorderKind::Windowbox, Layout::Windowbox),
        ] {
            episodes.observe(kind, None, span, self.judge(layout, grid, &cells, settings));
        }
    }

    fn measure(&mut self) -> BorderMeasures {
        let side = |of: fn(&Borders) -> usize| {
            self.known
                .as_ref()
                .map_or(f64::NAN, |(_, borders, _)| of(borders) as f64)
        };
        BorderMeasures {
            top: side(|b| b.top),
            bottom: side(|b| b.bottom),
            left: side(|b| b.left),
            right: side(|b| b.right),
        }
    }
}

impl Border {
    /// Takes the next picture.
    fn update(&mut self, span: Span, grid: &Grid, cells: &Cells, want_blurred: bool) {
        if let Some((_, known, false)) = self.known
            && known != Borders::default()
            && find::still_there(grid, cells, &known)
            && find::find_borders(grid, cells).is_none_or(|now| !now.covers(&known, SLACK))
        {
            // Dark, or something written on the bars: it says nothing new.
            return;
        }
        let Some(mut now) = find::find_borders(grid, cells) else {
            return;
        };
        let mut soft = false;
        if want_blurred
            && now == Borders::default()
            && let Some(panels) = blurred::find_panels(grid, cells, &mut self.profile)
        {
            (now, soft) = (panels, true);
        }
        if self.recent.len() == MOST_RECENT {
            self.recent.pop_front();
        }
        while self
            .recent
            .front()
            .is_some_and(|(s, ..)| s.end.saturating_add(SETTLING) < span.end)
        {
            self.recent.pop_front();
        }
        self.recent.push_back((span, now, soft));
        self.settle(span);
    }

    /// The smallest borders of the time it takes to settle are what the picture has.
    fn settle(&mut self, span: Span) {
        let long = self.recent.front().is_some_and(|(s, ..)| {
            span.end
                .saturating_sub(s.start)
                .saturating_add(span.duration().saturating_mul(2))
                >= SETTLING
        });
        if !long && self.recent.len() < MOST_RECENT {
            return;
        }
        let alike = |soft: bool| self.recent.iter().all(|(_, _, s)| *s == soft);
        let soft = alike(true);
        if !soft && !alike(false) {
            return;
        }
        let Some(least) = self
            .recent
            .iter()
            .map(|(_, b, _)| *b)
            .reduce(Borders::least)
        else {
            return;
        };
        let same = self.known.is_some_and(|(_, known, s)| {
            s == soft && known.covers(&least, SLACK) && least.covers(&known, SLACK)
        });
        if same {
            return;
        }
        // Picture that appears in the bars ends them at once; bars that appear have been there since the oldest of these.
        let shrunk = self
            .known
            .is_some_and(|(_, known, _)| !least.covers(&known, SLACK));
        let oldest = self.recent.front().map_or(span.start, |(s, ..)| s.start);
        self.known = Some((if shrunk { span.start } else { oldest }, least, soft));
    }

    fn judge(
        &self,
        layout: Layout,
        grid: &Grid,
        cells: &Cells,
        settings: &BorderSettings,
    ) -> Observation {
        let Some((since, borders, soft)) = self.known else {
            return Observation::unknown();
        };
        let shown = classify(&borders, grid, settings.threshold);
        let area = picture_area(&borders, grid, cells);
        let share = 1.0
            - f64::from(area.width) * f64::from(area.height)
                / (grid.width() * grid.height()).max(1) as f64;
        let wrong = shown != settings.expected;
        let (present, detail) = match (shown == layout, settings.expected == layout) {
            (true, false) => (true, if soft { "blurred" } else { "bars" }),
            (false, true) if shown == Layout::Full => (wrong, "missing"),
            _ => (false, ""),
        };
        let seen = Observation::present_if(present, share, settings.threshold)
            .area(area)
            .since(since);
        match seen.evidence {
            Evidence::Present => seen
                .detail(detail)
                .confidence(if soft { 0.8 } else { 0.95 }),
            _ => seen,
        }
    }
}

fn picture_area(borders: &Borders, grid: &Grid, cells: &Cells) -> Area {
    let all = cells.area(grid);
    Area {
        x: all.x + borders.left as u32,
        y: all.y + borders.top as u32,
        width: all
            .width
            .saturating_sub((borders.left + borders.right) as u32),
        height: all
            .height
            .saturating_sub((borders.top + borders.bottom) as u32),
    }
}

#[cfg(test)]
mod tests;
