// SPDX-License-Identifier: MPL-2.0
//! Levels that broadcasters don't accept: R', G', B' and Y' outside of -5 % to 105 % (EBU R103 v3).
//!
//! The grid tells which cells may have such pixels. Only these cells are checked: their pixels are low-passed as the recommendation
//! asks (within a field if the picture is interlaced), so that overshoots of filters and codecs don't count, and converted to R'G'B'
//! with the matrix of the stream. It is a defect if more than 1 % of the pixels of the picture are out of range for a second.
//!
//! The picture is checked four times a second, and whenever the number of such cells changes much. If they are many, a sample spread
//! over all of them is checked: 256, and more, up to 2048, until it is certain on which side of the limit the share of pixels lies.
//! Pictures in PQ and HLG aren't judged: their range is another. Full-range RGB has no codes out of range.
//!
//! Source: EBU R103 v3 (2020). The duration of a second is chosen.

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    Ns, SECOND, Span,
    picture::{CELL, Cells, Colours, Grid, Picture, Region, Transfer, VideoFormat},
};

mod check;
mod filter;
mod interval;
mod range;
mod suspects;
use check::{COMPONENTS, Check, Checked};
use filter::Filter;
use interval::Interval;
use range::Bounds;
use suspects::Suspects;

crate::setting_enum! {
    /// A range of levels.
    pub enum GamutRange: "GstDefectGamutRange" {
        /// EBU R103 v3: R, G, B and Y from -5 % to 105 %
        R103 = "r103",
        /// R, G, B and Y from nominal black to nominal white
        Nominal = "nominal",
    }
}

crate::settings! {
    /// Settings of `gamutdetect`.
    pub struct GamutSettings {
        /// Share of the pixels that may be out of range
        "threshold" threshold: f64 = 0.01, in 0.0..=1.0;
        /// The range of R, G, B and Y
        "range" range: GamutRange = GamutRange::R103;
        /// Whether the picture is low-passed before, as R103 asks
        "filter" filter: bool = true;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `gamutdetect` reports.
    pub enum GamutKind {
        Gamut {
            name: "gamut",
            value: "share of the pixels that are out of range, 0 to 1; low and high are the extremes of the component that is out most, in \
            percent",
            direction: Direction::HigherIsWorse,
            details: &[
                ("red", "red is out of range in most of these pixels"),
                ("green", "green is out of range in most of these pixels"),
                ("blue", "blue is out of range in most of these pixels"),
                ("luma", "luma is out of range in most of these pixels"),
            ],
        },
    }
}

crate::measures! {
    /// What `gamutdetect` measures. Levels are in percent: 0 is nominal black, 100 nominal white.
    pub struct GamutMeasures {
        /// largest share of the pixels that were out of range, 0 to 1
        "outside" outside: f64,
        /// least luma in percent
        "luma-min" luma_min: f64 => "%",
        /// greatest luma in percent
        "luma-max" luma_max: f64 => "%",
        /// mean luma in percent
        "luma-mean" luma_mean: f64 => "%",
        /// least red in percent, of means of cells and of filtered pixels that may be out of range
        "red-min" red_min: f64 => "%",
        /// greatest red in percent
        "red-max" red_max: f64 => "%",
        /// mean red in percent
        "red-mean" red_mean: f64 => "%",
        /// least green in percent
        "green-min" green_min: f64 => "%",
        /// greatest green in percent
        "green-max" green_max: f64 => "%",
        /// mean green in percent
        "green-mean" green_mean: f64 => "%",
        /// least blue in percent
        "blue-min" blue_min: f64 => "%",
        /// greatest blue in percent
        "blue-max" blue_max: f64 => "%",
        /// mean blue in percent
        "blue-mean" blue_mean: f64 => "%",
    }
}

const INFO: Info = Info {
    element: "gamutdetect",
    type_name: "GstDefectGamutDetect",
    long_name: "Gamut and legal range detector",
    description: "Reports pictures with levels that broadcasters don't take (EBU R103)",
    kinds: GamutKind::LIST,
    measures: GamutMeasures::LIST,
};

/// How often the picture is checked at least.
const CHECK_INTERVAL: Ns = SECOND / 4;

/// The detector.
#[derive(Debug)]
pub struct Gamut {
    filter: Filter,
    colours: Colours,
    hdr: bool,
    suspects: Suspects,
    /// Number of suspects at the last check.
    count: usize,
    /// When the picture was checked last, and what was found.
    checked: Option<(Ns, Checked)>,
    interval: Interval,
}

impl Detector for Gamut {
    type Medium = Video;
    type Settings = GamutSettings;
    type Kind = GamutKind;
    type Measures = GamutMeasures;
    const INFO: &'static Info = &INFO;
    const COMMON: Common = Common::new(Severity::Warning, SECOND, SECOND);

    fn new(format: &VideoFormat) -> Self {
        Self {
            filter: Filter::new(format),
            colours: Colours::new(format),
            hdr: matches!(format.transfer, Transfer::Pq | Transfer::Hlg),
            suspects: Suspects::new(format.width.div_ceil(CELL), format.height.div_ceil(CELL)),
            count: 0,
            checked: None,
            interval: Interval::default(),
        }
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &GamutSettings,
        episodes: &mut Episodes<GamutKind>,
    ) {
        if !self.hdr {
            let cells = Cells::of(settings.region, picture.grid);
            let bounds = Bounds::new(settings.range, picture.grid);
            self.suspects
                .find(picture.grid, &cells, &self.colours, &bounds);
            if self.is_due(span.start, &cells) {
                let measures = episodes.common().measurement_interval > 0;
                let found = self.check(&picture, settings, (&cells, &bounds), measures);
                self.checked = found.map(|found| (span.start, found));
                self.count = self.suspects.cells().len();
            }
        }
        let observation = match &self.checked {
            None => Observation::unknown(),
            Some((_, found)) => observe(found, picture.grid, settings),
        };
        episodes.observe(GamutKind::Gamut, None, span, observation);
    }

    fn measure(&mut self) -> GamutMeasures {
        self.interval.take()
    }
}

impl Gamut {
    /// Whether it is time for a check, or other cells may be out of range than at the last one.
    fn is_due(&self, at: Ns, cells: &Cells) -> bool {
        let Some((then, _)) = &self.checked else {
            return true;
        };
        let change = self.suspects.cells().len().abs_diff(self.count);
        at.saturating_sub(*then) >= CHECK_INTERVAL || change > self.count / 4 + cells.count() / 200
    }

    /// Checks the pixels of the suspects; `None` if pixels can't be read.
    fn check(
        &mut self,
        picture: &Picture<'_>,
        settings: &GamutSettings,
        (cells, bounds): (&Cells, &Bounds),
        measures: bool,
    ) -> Option<Checked> {
        let grid = picture.grid;
        let check = Check {
            filter: &self.filter,
            bounds,
            is_filtered: settings.filter,
            is_interlaced: picture.fields.interlaced && picture.fields.single.is_none(),
            threshold: settings.threshold,
        };
        let suspects = self.suspects.cells();
        let mut found = None;
        picture.pixels?.map_planes(&mut |planes| {
            found = Some(check.run(planes, suspects, (grid, cells)));
        });
        let found = found?;
        self.interval.add(&found);
        if measures {
            self.interval.add_cells(grid, cells, &self.colours);
        }
        Some(found)
    }
}

fn observe(found: &Checked, grid: &Grid, settings: &GamutSettings) -> Observation {
    let limit = settings.threshold;
    let Some(cells) = found.cells.as_ref().filter(|_| found.outside > limit) else {
        return Observation::new(Evidence::Absent, found.outside, limit);
    };
    let (low, high) = found.ranges[found.component].percent();
    Observation::new(Evidence::Present, found.outside, limit)
        .detail(COMPONENTS[found.component])
        .area(cells.area(grid))
        .extra("low", low)
        .extra("high", high)
}

#[cfg(test)]
mod recipe;
#[cfg(test)]
mod tests;
