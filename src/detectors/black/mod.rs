// SPDX-License-Identifier: MPL-2.0
//! Black pictures, also with a logo that stays or a clock that runs.
//!
//! A cell (8x8 pixels) stands out if its mean luma or its colour is over the limit, or a pixel in it is well over.
//! The picture is black if at most 2 % of its cells stand out and none of them is lit: a few bright specks are stars
//! or credits. If all cells that stand out form a small patch in a corner that stays where it is, the programme is
//! gone and the channel's logo is left; so it is if they form a clock or a timecode at top or bottom. The bars of a
//! letterbox don't count, nor do the outermost cells: they hold lines of data and the noise of tapes.
//!
//! Sources: the limits of luma and area are the defaults of ffmpeg's blackdetect (10 % of the range, 98 % of the picture), which
//! are the de-facto definition (EBU QC 0272B). A logo of up to 3 % is this project's own definition of what still is black.

use crate::detector::{
    Common, Detector, Direction, Episodes, Evidence, Info, Observation, Severity, Video,
};
use crate::media::{
    SECOND, Span,
    picture::{Cells, Grid, Patch, Picture, Region, VideoFormat},
};

mod clock;
mod dark;
use clock::Clock;
use dark::DarkCells;

crate::settings! {
    /// Settings of `blackdetect`.
    pub struct BlackSettings {
        /// Luma up to which a cell of the picture counts as black, as a fraction of the range from black to white;
        /// pictures in PQ and HLG are held to the same light
        "threshold" threshold: f64 = 0.1, in 0.0..=1.0;
        /// Largest share of the picture that may stand out, if it isn't lit
        "outliers" outliers: f64 = 0.02, in 0.0..=1.0;
        /// Largest share of the picture that a logo in a corner or a clock may take (0: a picture with one isn't black)
        "logo" logo: f64 = 0.03, in 0.0..=0.25;
        /// Part of the picture that is judged: x, y, width, height as fractions
        "region" region: Region = Region::ALL;
    }
}

crate::kinds! {
    /// What `blackdetect` reports.
    pub enum BlackKind {
        Black {
            name: "black",
            value: "luma that 98 % of the picture don't exceed, as a fraction of the range from black to white",
            direction: Direction::LowerIsWorse,
            details: &[
                ("uniform", "all of one shade: no signal, or a filler"),
                ("picture", "dark, but with something in it"),
                (
                    "with-logo",
                    "black but for a small patch that stays in a corner",
                ),
                (
                    "with-clock",
                    "black but for a clock or timecode that runs at top or bottom, not in a corner",
                ),
            ],
        },
    }
}

crate::measures! {
    /// What `blackdetect` measures.
    pub struct BlackMeasures {
        /// mean luma of the interval, 0 (black) to 1 (white)
        "luma" luma: f64,
        /// smallest dark share of a picture in the interval, 0 to 1
        "dark-area" dark_area: f64,
    }
}

const INFO: Info = Info {
    element: "blackdetect",
    type_name: "GstDefectBlackDetect",
    long_name: "Black picture detector",
    description: "Reports black pictures, also with a logo or a clock left on them",
    kinds: BlackKind::LIST,
    measures: BlackMeasures::LIST,
};

/// The detector.
#[derive(Debug, Default)]
pub struct Black {
    /// Where the logo was when the picture went black.
    logo: Option<Patch>,
    clock: Clock,
    luma: f64,
    pictures: f64,
    dark_area: f64,
}

impl Detector for Black {
    type Medium = Video;
    type Settings = BlackSettings;
    type Kind = BlackKind;
    type Measures = BlackMeasures;
    const INFO: &'static Info = &INFO;
    // 2 s as usual (ffmpeg, vendors' playout profiles); a bright picture or two don't end it.
    const COMMON: Common = Common::new(Severity::Error, 2 * SECOND, SECOND / 5);

    fn new(_: &VideoFormat) -> Self {
        Self {
            dark_area: 1.0,
            ..Self::default()
        }
    }

    fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        settings: &BlackSettings,
        episodes: &mut Episodes<BlackKind>,
    ) {
        let grid = picture.grid;
        let dark = DarkCells::of(grid, settings);
        self.luma += mean_luma(grid);
        self.pictures += 1.0;
        self.dark_area = self.dark_area.min(dark.dark_share());
        episodes.observe(
            BlackKind::Black,
            None,
            span,
            self.judge(span, &dark, grid, settings),
        );
    }

    fn measure(&mut self) -> BlackMeasures {
        let seen = self.pictures > 0.0;
        let measures = BlackMeasures {
            luma: if seen {
                self.luma / self.pictures
            } else {
                f64::NAN
            },
            dark_area: if seen { self.dark_area } else { f64::NAN },
        };
        *self = Self {
            logo: self.logo.take(),
            clock: std::mem::take(&mut self.clock),
            dark_area: 1.0,
            ..Self::default()
        };
        measures
    }
}

impl Black {
    fn judge(
        &mut self,
        span: Span,
        dark: &DarkCells,
        grid: &Grid,
        settings: &BlackSettings,
    ) -> Observation {
        if dark.is_dark(settings.outliers) {
            self.logo = None;
            self.clock.forget();
            let value = dark.level(grid, settings.outliers);
            let detail = if dark.is_uniform(grid) {
                "uniform"
            } else {
                "picture"
            };
            return Observation::new(Evidence::Present, value, settings.threshold).detail(detail);
        }
        let patch = dark.patch(grid, settings.logo);
        let stands_out = |i| dark.stands_out(grid, i);
        let clock = self.clock.push(span, patch.as_ref(), grid, stands_out);
        let is_logo = self.logo_stays(patch.as_ref(), grid);
        let Some(patch) = patch.filter(|_| is_logo || clock.is_some()) else {
            return Observation::new(Evidence::Absent, 1.0, settings.threshold);
        };
        let level = dark.level(grid, settings.logo);
        let seen = Observation::new(Evidence::Present, level, settings.threshold)
            // A small patch is typical of logos and clocks, not proof of one.
            .confidence(0.9)
            .area(patch.area(grid));
        match clock {
            Some(since) if !is_logo => seen.detail("with-clock").since(since),
            _ => seen.detail("with-logo"),
        }
    }

    /// Whether the patch is in a corner, where it was in the first picture with it.
    fn logo_stays(&mut self, patch: Option<&Patch>, grid: &Grid) -> bool {
        let in_corner = patch.filter(|patch| patch.is_in_corner(grid));
        let stays = in_corner.is_some_and(|patch| {
            let first = self.logo.get_or_insert_with(|| patch.clone());
            first.is_near(patch)
        });
        if !stays {
            self.logo = None;
        }
        stays
    }
}

/// Largest share of the picture that text on black takes. Chosen.
const MOST_TEXT: f64 = 0.1;

/// Whether a picture that stands still shows text or another small thing on black that this detector, in its default settings, doesn't
/// report. `cells` is the part of the picture that is judged.
pub fn overlooks_still(grid: &Grid, cells: &Cells) -> bool {
    let settings = BlackSettings::default();
    let dark = DarkCells::among(cells.clone(), grid, &settings);
    let is_on_black = 1.0 - dark.dark_share() <= MOST_TEXT;
    let is_logo = || {
        let patch = dark.patch(grid, settings.logo);
        patch.is_some_and(|patch| patch.is_in_corner(grid))
    };
    is_on_black && !dark.is_dark(settings.outliers) && !is_logo()
}

/// The mean luma, from the sums of the lines: those of the cells count the edge of the picture more than once.
fn mean_luma(grid: &Grid) -> f64 {
    let sum: u64 = grid.row_sum().iter().copied().map(u64::from).sum();
    grid.levels()
        .fraction(sum as f64 / (grid.width() * grid.height()).max(1) as f64)
}

#[cfg(test)]
mod tests;
