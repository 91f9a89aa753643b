// SPDX-License-Identifier: MPL-2.0
//! What is on air in place of a programme: a colour, colour bars, or a slate that the user knows.
//!
//! One colour with text or motion on it is a programme (a title, a presentation, a countdown), and isn't reported.
//!
//! Sources: EBU QC 0016B (constant colour: 90 % of the area), 0052BI (test pattern not expected); see the files for each.

use std::sync::Arc;

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{Cells, Colours, Grid, Patch, Picture, Region, VideoFormat},
};

mod bars;
mod pictures;
mod solid;
use pictures::{Slates, Thumbnail};
use solid::Solid;

crate::settings! {
    /// Settings of `slatedetect`.
    pub struct SlateSettings {
        /// Share of the picture that one colour must fill to be reported (EBU QC 0016B: 0.9)
        "threshold" threshold: f64 = 0.9, in 0.1..=1.0;
        /// Image files (PNG, JPEG) of slates and test cards to be recognised, separated by colons
        "slates" slates: String = String::new();
        /// Share of the picture that must match a slate; a clock or a ticker may run on the rest
        "slate-threshold" slate_threshold: f64 = 0.85, in 0.1..=1.0;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `slatedetect` reports.
    pub enum SlateKind {
        SolidColor {
            name: "solid-color",
            value: "share of the picture that has the colour; its parts are in the fields red, green and blue, 0 to 255",
            direction: Direction::HigherIsWorse,
            details: &[
                (
                    "zeroed-buffer",
                    "the green of a buffer full of zeros: a decoder or a link has lost the picture",
                ),
                (
                    "receiver-blue",
                    "the blue that receivers show without a signal",
                ),
                ("white", "white"),
                ("grey", "grey"),
                ("red", "red"),
                ("green", "green"),
                ("blue", "blue"),
                ("yellow", "yellow"),
                ("cyan", "cyan"),
                ("magenta", "magenta"),
            ],
        },
        ColorBars {
            name: "color-bars",
            value: "share of the rows in the upper half of the picture that show the bars",
            direction: Direction::HigherIsWorse,
            details: &[
                ("ebu-100", "bars over the whole height, 100 %"),
                ("ebu-75", "bars over the whole height, 75 %"),
                ("smpte", "bars over other rows (SMPTE ECR 1)"),
                (
                    "smpte-hd",
                    "bars between grey sides, over other rows (SMPTE RP 219, ARIB STD-B28)",
                ),
            ],
        },
        Slate {
            name: "slate",
            value: "share of the picture that matches the slate",
            direction: Direction::HigherIsWorse,
            details: &[(
                    "name-of-the-file",
                    "name of the slate's file, without folder and ending",
                )],
        },
    }
}

crate::measures! {
    /// What `slatedetect` measures.
    pub struct SlateMeasures {
        /// largest share of a picture with one colour, 0 to 1
        "solid-area" solid_area: f64,
    }
}

const INFO: Info = Info {
    element: "slatedetect",
    type_name: "GstDefectSlateDetect",
    long_name: "Slate, colour bars and solid colour detector",
    description: "Reports pictures that stand in for a programme: one colour, colour bars, known slates",
    kinds: SlateKind::LIST,
    measures: SlateMeasures::LIST,
};

/// The share of rows with bars that counts as bars, see `bars`.
const BARS_THRESHOLD: f64 = 0.6;

/// Share of the cells that may show text or motion without making a programme of a colour: dropouts, specks. Chosen.
const SPECKS: f64 = 0.003;

/// The largest share of the picture that a logo takes, as for `blackdetect`.
const MOST_LOGO: f64 = 0.03;
/// What has stayed in a corner for so long is a logo; a ticker that comes in there has moved on by then. Chosen.
const LOGO_SETTLED: Ns = 500 * MS;

/// The detector.
pub struct Slate {
    colours: Colours,
    slates: Slates,
    thumbnail: Thumbnail,
    /// The colour of the picture before, if it was filled, and since when it has been filled with it.
    solid: Option<(Solid, Ns)>,
    /// The picture before.
    before: Option<Arc<Grid>>,
    /// What stands out of the colour in a corner, and since when it has been in that place.
    logo: Option<(Patch, Ns)>,
    /// Largest share of a picture with one colour since the last measurement.
    solid_area: f64,
}

impl Detector for Slate {
    type Medium = Video;
    type Settings = SlateSettings;
    type Kind = SlateKind;
    type Measures = SlateMeasures;
    const INFO: &'static Info = &INFO;
    // A second: cuts to white and dips to a colour are shorter; EBU QC's three frames are for files judged by people.
    const COMMON: Common = Common::new(Severity::Error, SECOND, SECOND / 5);

    fn new(format: &VideoFormat) -> Self {
        Self {
            colours: Colours::new(format),
            slates: Slates::default(),
            thumbnail: pictures::blank(),
            solid: None,
            before: None,
            logo: None,
            solid_area: 0.0,
        }
    }

    /// Keeps the slates: they were read from files, and are the same in any stream.
    fn reset(&mut self, format: &VideoFormat) {
        *self = Self {
            slates: std::mem::take(&mut self.slates),
            ..Self::new(format)
        };
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &SlateSettings,
        episodes: &mut Episodes<SlateKind>,
    ) {
        let (grid, cells) = (picture.grid, Cells::inside(settings.region, picture.grid));
        let solid = self.solid(span, grid, &cells, settings);
        episodes.observe(SlateKind::SolidColor, None, span, solid);
        let bars = bars::find_bars(grid, &cells, &self.colours);
        episodes.observe(
            SlateKind::ColorBars,
            None,
            span,
            match bars {
                Some(bars) => Observation::new(Evidence::Present, bars.rows, BARS_THRESHOLD)
                    .detail(bars.name)
                    .confidence(0.95),
                None => Observation::new(Evidence::Absent, 0.0, BARS_THRESHOLD),
            },
        );
        self.slates
            .want(&settings.slates, &mut |why| episodes.warn(why));
        let slate = self.slate(grid, &Cells::of(settings.region, grid), settings);
        episodes.observe(SlateKind::Slate, None, span, slate);
        self.before = Some(Arc::clone(grid));
    }

    fn measure(&mut self) -> SlateMeasures {
        SlateMeasures {
            solid_area: std::mem::take(&mut self.solid_area),
        }
    }
}

impl Slate {
    fn solid(
        &mut self,
        span: Span,
        grid: &Grid,
        cells: &Cells,
        settings: &SlateSettings,
    ) -> Observation {
        let solid = solid::find_solid(grid, cells, &self.colours);
        self.solid_area = self.solid_area.max(solid.map_or(0.0, |s| s.share));
        let filled = solid.filter(|s| s.share >= settings.threshold && !s.is_black());
        let before = self.solid.take();
        let Some(solid) = filled else {
            return Observation::new(Evidence::Absent, 0.0, settings.threshold);
        };
        let same = before.filter(|(before, _)| solid.is_like(before));
        let began = same.map_or(span.start, |(_, began)| began);
        self.solid = Some((solid, began));
        // Another colour than before: that one is over. A fade through colours is none of them.
        if before.is_some() && same.is_none() {
            return Observation::new(Evidence::Absent, 0.0, settings.threshold);
        }
        if self.is_programme(span.start, &solid, grid, cells) {
            return Observation::new(Evidence::Absent, solid.share, settings.threshold);
        }
        let code = |part: f64| (part * 255.0).round().clamp(0.0, 255.0);
        // A logo may have been there before the colour came.
        let since = (self.logo.as_ref()).map_or(span.start, |(_, since)| began.max(*since));
        Observation::new(Evidence::Present, solid.share, settings.threshold)
            .since(since)
            .detail(solid.name())
            .extra("red", code(solid.rgb[0]))
            .extra("green", code(solid.rgb[1]))
            .extra("blue", code(solid.rgb[2]))
    }

    /// Whether something is written on the colour, or moves on it: then it is the ground of a programme. A logo that stays in a corner
    /// doesn't count, nor does anything on a colour outside every gamut.
    fn is_programme(&mut self, at: Ns, solid: &Solid, grid: &Grid, cells: &Cells) -> bool {
        let before = (self.before.as_deref()).filter(|b| b.sum().len() == grid.sum().len());
        let lively = |cell: usize| solid.is_lively(grid, before, cell);
        let count = cells
            .row_ranges(grid)
            .flatten()
            .filter(|i| lively(*i))
            .count();
        if count as f64 <= SPECKS * cells.count() as f64 || solid.is_zeroed() {
            self.logo = None;
            return false;
        }
        let patch = Patch::of(cells, grid, MOST_LOGO, lively);
        let Some(patch) = patch.filter(|patch| patch.is_in_corner(grid)) else {
            self.logo = None;
            return true;
        };
        let since = match &self.logo {
            Some((known, since)) if known.is_near(&patch) => *since,
            _ => {
                self.logo = Some((patch, at));
                at
            }
        };
        at.saturating_sub(since) < LOGO_SETTLED
    }

    fn slate(&mut self, grid: &Grid, cells: &Cells, settings: &SlateSettings) -> Observation {
        let absent = Observation::new(Evidence::Absent, 0.0, settings.slate_threshold);
        if self.slates.is_empty() {
            return absent;
        }
        pictures::reduce(grid, cells, &self.colours, &mut self.thumbnail);
        match self.slates.best(&self.thumbnail) {
            Some((slate, share)) if share >= settings.slate_threshold => {
                Observation::new(Evidence::Present, share, settings.slate_threshold)
                    .detail(slate.name.clone())
            }
            _ => absent,
        }
    }
}

#[cfg(test)]
mod tests;
