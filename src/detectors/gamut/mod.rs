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
    picture::{CELL, Cells, Colours, Grid, Picture, Planes, Region, Transfer, VideoFormat},
};

mod filter;
mod suspects;
use filter::Filter;
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
    /// What `gamutdetect` can be told.
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
            value: "share of the pixels that are out of range, 0 to 1; low and high are the extremes of the component that is out most, in percent",
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
        "luma-min" luma_min: f64,
        /// greatest luma in percent
        "luma-max" luma_max: f64,
        /// mean luma in percent
        "luma-mean" luma_mean: f64,
        /// least red in percent, of means of cells and of filtered pixels that may be out of range
        "red-min" red_min: f64,
        /// greatest red in percent
        "red-max" red_max: f64,
        /// mean red in percent
        "red-mean" red_mean: f64,
        /// least green in percent
        "green-min" green_min: f64,
        /// greatest green in percent
        "green-max" green_max: f64,
        /// mean green in percent
        "green-mean" green_mean: f64,
        /// least blue in percent
        "blue-min" blue_min: f64,
        /// greatest blue in percent
        "blue-max" blue_max: f64,
        /// mean blue in percent
        "blue-mean" blue_mean: f64,
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
const INTERVAL: Ns = SECOND / 4;
/// Most cells that are checked in one picture.
const MOST_CELLS: usize = 2048;
/// After every [`SOME_CELLS`] cells the check stops if the share so far differs from the limit by [`CERTAIN`] standard errors.
const SOME_CELLS: usize = 256;
const CERTAIN: f64 = 4.0;
/// A prime beyond the number of cells of any picture: its multiples visit each cell once, far from each other.
const STRIDE: u64 = 15_485_863;
/// R, G, B, Y as details, in the order of [`filter::Levels`].
const COMPONENTS: [&str; 4] = ["red", "green", "blue", "luma"];
/// How far R103 lets components go beyond nominal black and white.
const R103: f64 = 0.05;

/// The range of levels that is allowed, as fractions of nominal white.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    /// The bounds, wider by half a code at the depth of the grid, since levels are rounded to codes.
    fn new(range: GamutRange, grid: &Grid) -> Self {
        let beyond = match range {
            GamutRange::R103 => R103,
            GamutRange::Nominal => 0.0,
        };
        let levels = grid.levels();
        let rounding = 0.5 / (levels.white - levels.black);
        Self {
            low: -beyond - rounding,
            high: 1.0 + beyond + rounding,
        }
    }
}

/// Levels of one component.
#[derive(Debug, Clone, Copy)]
struct LevelRange {
    min: f64,
    max: f64,
}

impl Default for LevelRange {
    fn default() -> Self {
        Self {
            min: f64::MAX,
            max: f64::MIN,
        }
    }
}

impl LevelRange {
    fn add(&mut self, level: f64) {
        (self.min, self.max) = (self.min.min(level), self.max.max(level));
    }

    fn include(&mut self, other: &Self) {
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
    }

    fn percent(&self) -> (f64, f64) {
        if self.min > self.max {
            (f64::NAN, f64::NAN)
        } else {
            (100.0 * self.min, 100.0 * self.max)
        }
    }
}

/// Mean and variance of the number of pixels out of range in a cell.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, pixels: f64) {
        self.count += 1.0;
        self.sum += pixels;
        self.squares += pixels * pixels;
    }

    /// Standard error of the mean.
    fn error(&self) -> f64 {
        let mean = self.sum / self.count;
        let variance = (self.squares / self.count - mean * mean).max(0.0);
        (variance / self.count).sqrt()
    }
}

/// What a check found.
#[derive(Debug, Clone)]
struct Checked {
    outside: f64,
    /// The component that is out most, by its place in [`COMPONENTS`].
    component: usize,
    range: LevelRange,
    /// Cells with pixels out of range.
    cells: Option<Cells>,
}

/// What was measured in the interval.
#[derive(Debug, Default)]
struct Interval {
    checks: f64,
    outside: f64,
    ranges: [LevelRange; 4],
    sums: [f64; 4],
}

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
        let Interval {
            checks,
            outside,
            ranges,
            sums,
        } = std::mem::take(&mut self.interval);
        let ranges = ranges.map(|range| range.percent());
        let means = sums.map(|sum| 100.0 * sum / checks);
        GamutMeasures {
            outside: if checks > 0.0 { outside } else { f64::NAN },
            red_min: ranges[0].0,
            red_max: ranges[0].1,
            red_mean: means[0],
            green_min: ranges[1].0,
            green_max: ranges[1].1,
            green_mean: means[1],
            blue_min: ranges[2].0,
            blue_max: ranges[2].1,
            blue_mean: means[2],
            luma_min: ranges[3].0,
            luma_max: ranges[3].1,
            luma_mean: means[3],
        }
    }
}

impl Gamut {
    /// Whether it is time for a check, or other cells may be out of range than at the last one.
    fn is_due(&self, at: Ns, cells: &Cells) -> bool {
        let Some((then, _)) = &self.checked else {
            return true;
        };
        let change = self.suspects.cells().len().abs_diff(self.count);
        at.saturating_sub(*then) >= INTERVAL || change > self.count / 4 + cells.count() / 200
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
        let mut found = None;
        let interlaced = picture.fields.interlaced && picture.fields.single.is_none();
        picture.pixels?.map_planes(&mut |planes| {
            found = Some(self.count(
                planes,
                grid,
                (cells, bounds),
                (settings.filter, interlaced, settings.threshold),
            ));
        });
        let found = found?;
        if measures {
            self.measure_cells(grid, cells);
        }
        self.interval.outside = self.interval.outside.max(found.outside);
        Some(found)
    }

    fn count(
        &mut self,
        planes: &Planes<'_>,
        grid: &Grid,
        (cells, bounds): (&Cells, &Bounds),
        (filtered, interlaced, threshold): (bool, bool, f64),
    ) -> Checked {
        let suspects = self.suspects.cells();
        let area = cells.area(grid);
        let pixels = (f64::from(area.width) * f64::from(area.height)).max(1.0);
        let (mut outside, mut by_component) = (0u32, [0u32; 4]);
        let mut ranges = [LevelRange::default(); 4];
        let mut place: Option<Cells> = None;
        let (mut looked_at, mut spread) = (0, Spread::default());
        let share = |outside: u32, looked_at: usize| {
            f64::from(outside) * suspects.len() as f64 / (looked_at.max(1) as f64 * pixels)
        };
        while looked_at < suspects.len().min(MOST_CELLS) {
            if looked_at > 0 && looked_at.is_multiple_of(SOME_CELLS) {
                let off = (share(outside, looked_at) - threshold).abs();
                if off > CERTAIN * spread.error() * suspects.len() as f64 / pixels {
                    break;
                }
            }
            // Not one after the other: a regular pattern in the picture would be hit always or never.
            let cell = (looked_at as u64 * STRIDE % suspects.len() as u64) as usize;
            let cell = suspects[cell] as usize;
            looked_at += 1;
            let at = (cell % grid.columns(), cell / grid.columns());
            let found = self
                .filter
                .judge(planes, at, (filtered, interlaced), bounds);
            outside += found.outside;
            spread.add(f64::from(found.outside));
            for k in 0..4 {
                by_component[k] += found.by_component[k];
                ranges[k].include(&found.ranges[k]);
            }
            if found.outside > 0 {
                place = Some(match place {
                    Some(place) => place.including(at.0, at.1),
                    None => Cells::one(at.0, at.1),
                });
            }
        }
        for (all, range) in self.interval.ranges.iter_mut().zip(&ranges) {
            all.include(range);
        }
        let component = (0..4).max_by_key(|i| by_component[*i]).unwrap_or(0);
        Checked {
            outside: share(outside, looked_at),
            component,
            range: ranges[component],
            cells: place,
        }
    }

    /// Adds the levels of all cells to the measures.
    fn measure_cells(&mut self, grid: &Grid, cells: &Cells) {
        let mut sums = [0.0; 4];
        for r in cells.row_ranges(grid) {
            for cell in r {
                let [r, g, b] = self.colours.of_cell(grid, cell);
                let levels = grid.levels();
                for (i, level) in [r, g, b].into_iter().enumerate() {
                    self.interval.ranges[i].add(level);
                    sums[i] += level;
                }
                let luma = &mut self.interval.ranges[3];
                luma.add(levels.fraction(f64::from(grid.min()[cell])));
                luma.add(levels.fraction(f64::from(grid.max()[cell])));
                sums[3] += levels.fraction(f64::from(grid.sum()[cell]) / 64.0);
            }
        }
        self.interval.checks += 1.0;
        let count = cells.count().max(1) as f64;
        for (all, sum) in self.interval.sums.iter_mut().zip(sums) {
            *all += sum / count;
        }
    }
}

fn observe(found: &Checked, grid: &Grid, settings: &GamutSettings) -> Observation {
    let limit = settings.threshold;
    let Some(cells) = found.cells.as_ref().filter(|_| found.outside > limit) else {
        return Observation::new(Evidence::Absent, found.outside, limit);
    };
    let (low, high) = found.range.percent();
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
