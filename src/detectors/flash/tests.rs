// SPDX-License-Identifier: MPL-2.0
//! Made as the test media of TRACE are: an area of a little more or less than a quarter of the screen on a plain background, whose
//! colour follows a list; all limits are exceeded by a little, or one of them isn't.

use std::sync::Arc;

use super::*;
use crate::detector::{Finding, Runner, testing::ended};
use crate::media::picture::{
    Display, Fields, Grid, Layout, Matrix, Measurer, Range, SIGNAL_MAX, Transfer,
};

mod patterns;

const WIDTH: usize = 240;
const HEIGHT: usize = 135;
/// 25.185 % and 24.815 % of the screen.
const FAILING: [usize; 4] = [0, 0, 120, 68];
const PASSING: [usize; 4] = [0, 0, 120, 67];

type Colour = [u8; 3];

fn format(transfer: Transfer, fps: u64) -> VideoFormat {
    VideoFormat {
        layout: Layout::Rgb,
        width: WIDTH,
        height: HEIGHT,
        range: Range::Full,
        matrix: Matrix::Bt709,
        transfer,
        frame_duration: Some(SECOND / fps),
    }
}

/// Screens pictures that `paint` draws, `fps` a second.
struct Screening {
    format: VideoFormat,
    fields: Fields,
    settings: FlashSettings,
    common: Common,
}

impl Screening {
    fn srgb(fps: u64) -> Self {
        Self {
            format: format(Transfer::Srgb, fps),
            fields: Fields::default(),
            settings: FlashSettings::default(),
            common: Flash::COMMON,
        }
    }

    fn of(&self, pictures: usize, paint: impl Fn(usize, usize, usize) -> Colour) -> Vec<Finding> {
        self.with_fields(pictures, |_| self.fields, paint)
    }

    fn at(
        &self,
        times: impl Iterator<Item = Span>,
        paint: impl Fn(usize, usize, usize) -> Colour,
    ) -> Vec<Finding> {
        self.each(times, |_| self.fields, paint)
    }

    fn with_fields(
        &self,
        pictures: usize,
        fields: impl Fn(usize) -> Fields,
        paint: impl Fn(usize, usize, usize) -> Colour,
    ) -> Vec<Finding> {
        let length = self.format.frame_duration.unwrap();
        let times = (0..pictures as u64).map(|n| Span::new(n * length, (n + 1) * length));
        self.each(times, fields, paint)
    }

    fn each(
        &self,
        times: impl Iterator<Item = Span>,
        fields: impl Fn(usize) -> Fields,
        paint: impl Fn(usize, usize, usize) -> Colour,
    ) -> Vec<Finding> {
        let format = self.format;
        let mut runner = Runner::<Flash>::new(format, self.common.clone(), self.settings.clone());
        let mut measurer = Measurer::new(&format);
        let mut bytes = vec![0; 3 * WIDTH * HEIGHT];
        for (n, span) in times.enumerate() {
            for (i, pixel) in bytes.chunks_exact_mut(3).enumerate() {
                pixel.copy_from_slice(&paint(n, i % WIDTH, i / WIDTH));
            }
            let planes = Planes::new(&format, &[(&bytes, 3 * WIDTH)]).unwrap();
            let mut grid = Grid::new(&format);
            measurer.measure(&planes, &mut grid);
            let grid = Arc::new(grid);
            let picture = Picture {
                fields: fields(n),
                pixels: Some(&planes),
                ..Picture::progressive(&grid)
            };
            runner.push(span, picture);
        }
        ended(runner)
    }

    /// Kinds found in an area of those colours before that background.
    fn kinds(&self, area: [usize; 4], background: Colour, colours: &[Colour]) -> Vec<&'static str> {
        let [x, y, w, h] = area;
        let inside = |px, py| (x..x + w).contains(&px) && (y..y + h).contains(&py);
        let found = self.of(colours.len(), |n, px, py| {
            if inside(px, py) {
                colours[n]
            } else {
                background
            }
        });
        found.iter().map(|f| INFO.kinds[f.kind].name).collect()
    }
}

/// That many transitions between two colours, one every `every` pictures, after a while of the first.
fn alternating(a: Colour, b: Colour, transitions: usize, every: usize) -> Vec<Colour> {
    let mut colours = vec![a; 11];
    for n in 0..transitions {
        let colour = if n % 2 == 0 { b } else { a };
        colours.extend(std::iter::repeat_n(colour, every));
    }
    let last = colours[colours.len() - 1];
    colours.extend([last; 10]);
    colours
}

/// The first grey that is at least that much brighter than another, and the last that isn't, as sRGB shows them.
fn steps(dark: u8) -> (u8, u8) {
    let display = Display::new(Transfer::Srgb, Matrix::Bt709);
    let light = |code: u8| {
        let signal = (f64::from(code) / 255.0 * f64::from(SIGNAL_MAX)).round() as u16;
        display.light([signal; 3]).luminance
    };
    let first = (dark..=255)
        .find(|code| light(*code) - light(dark) >= 20.0)
        .unwrap();
    (first, first - 1)
}

fn grey(code: u8) -> Colour {
    [code; 3]
}

#[test]
fn luminance_flashes_fail_only_if_every_limit_is_exceeded() {
    let screening = Screening::srgb(30);
    for dark in [0, 136, 229] {
        let (bright, not_enough) = steps(dark);
        let (dark, bright, not_enough) = (grey(dark), grey(bright), grey(not_enough));
        let background = grey(128);
        for (a, b) in [(dark, bright), (bright, dark)] {
            let found = |area, colours: &[Colour]| screening.kinds(area, background, colours);
            // Seven transitions at once, and just within a second.
            for every in [1, 4] {
                let colours = alternating(a, b, 7, every);
                assert_eq!(found(FAILING, &colours), ["flash"], "{a:?} {b:?} {every}");
            }
            assert!(
                found(PASSING, &alternating(a, b, 7, 1)).is_empty(),
                "{a:?} {b:?}: area"
            );
            assert!(
                found(FAILING, &alternating(a, b, 6, 1)).is_empty(),
                "{a:?}: count"
            );
            assert!(
                found(FAILING, &alternating(a, b, 20, 5)).is_empty(),
                "{a:?}: rate"
            );
        }
        let colours = alternating(dark, not_enough, 20, 1);
        assert!(
            screening.kinds(FAILING, background, &colours).is_empty(),
            "{dark:?}: step"
        );
    }
    // The darker one is over 160 cd/m2.
    let colours = alternating(grey(232), grey(255), 20, 1);
    assert!(screening.kinds(FAILING, grey(128), &colours).is_empty());
}

#[test]
fn red_flashes_fail_only_to_or_from_a_saturated_red() {
    let screening = Screening::srgb(30);
    let kinds = |area, a, b, n| screening.kinds(area, grey(101), &alternating(a, b, n, 1));
    for (red, other) in [
        ([173, 64, 64], [24, 112, 112]),
        ([186, 45, 87], [100, 91, 167]),
        ([109, 22, 20], [61, 49, 94]),
    ] {
        assert!(
            kinds(FAILING, red, other, 7).contains(&"red-flash"),
            "{red:?}"
        );
        assert!(
            !kinds(PASSING, red, other, 7).contains(&"red-flash"),
            "{red:?}"
        );
        assert!(
            !kinds(FAILING, red, other, 6).contains(&"red-flash"),
            "{red:?}"
        );
    }
    // Neither is saturated, or both are, or they are too near to each other.
    for (a, b) in [
        ([150, 90, 90], [90, 110, 110]),
        ([200, 0, 0], [120, 20, 20]),
        ([173, 64, 64], [165, 75, 75]),
    ] {
        assert!(
            !kinds(FAILING, a, b, 7).contains(&"red-flash"),
            "{a:?} {b:?}"
        );
    }
}

#[test]
fn the_same_pixels_have_to_take_part() {
    let screening = Screening::srgb(30);
    // Four transitions in the left half, then four in the right.
    let found = screening.of(60, |n, x, _| {
        let own = if x < WIDTH / 2 {
            n
        } else {
            n.saturating_sub(8)
        };
        grey(if (10..14).contains(&own) && own % 2 == 0 {
            160
        } else {
            60
        })
    });
    assert_eq!(found.len(), 0, "{found:?}");
}

#[test]
fn what_is_reported_says_when_where_and_how_much() {
    let mut screening = Screening::srgb(30);
    screening.settings.region = Region::ALL;
    let found = screening.of(90, |n, x, y| {
        let flashes = (30..60).contains(&n) && x >= 60 && (30..120).contains(&y);
        grey(if flashes && n % 2 == 0 { 200 } else { 60 })
    });
    let [flash] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(flash.at, 30 * (SECOND / 30));
    let area = flash.observation.area.unwrap();
    assert_eq!((area.x, area.y, area.width, area.height), (60, 30, 180, 90));
    assert!(flash.observation.value >= 10.0 && flash.observation.threshold == 3.0);
    assert_eq!(flash.observation.detail.as_deref(), Some("rate"));
    let share = flash.observation.extra[0].unwrap();
    assert!(
        share.0 == "share" && (share.1 - 0.5).abs() < 1e-9,
        "{share:?}"
    );
}

#[test]
fn times_count_not_pictures() {
    let screening = Screening::srgb(60);
    let paint = |n: usize, _: usize, _: usize| grey(if n.is_multiple_of(2) { 60 } else { 200 });
    let every = |ms: u64| (0..40u64).map(move |n| Span::new(n * ms * MS, (n + 1) * ms * MS));
    // Pictures of a variable rate, five a second and six and a half.
    assert!(screening.at(every(200), paint).is_empty());
    assert_eq!(screening.at(every(150), paint).len(), 1);
}

#[test]
fn long_sequences_are_told_unless_flashes_are_far_apart() {
    let screening = Screening::srgb(25);
    let every = |dark: usize, bright: usize| {
        move |n: usize, _: usize, _: usize| grey(if n % (dark + bright) < dark { 60 } else { 200 })
    };
    // Each second has three flashes at most: 320 ms apart and then a pause.
    let near = |n: usize, _: usize, _: usize| {
        let at = n % 27;
        grey(if at < 24 && at % 8 >= 4 { 200 } else { 60 })
    };
    let found = screening.of(225, near);
    let [flash] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(flash.observation.detail.as_deref(), Some("long-sequence"));
    assert!(flash.at >= 5 * SECOND);
    assert!(screening.of(100, near).is_empty(), "four seconds");
    // Nine pictures apart at 50 Hz.
    assert!(screening.of(250, every(5, 4)).is_empty());
    let mut strict = Screening::srgb(25);
    strict.settings.preset = Preset::Strict;
    assert_eq!(strict.of(250, every(5, 4)).len(), 1);
}

#[test]
fn motion_is_no_flash() {
    let screening = Screening::srgb(25);
    // A pan over high contrast, and noise.
    let bars = |n: usize, x: usize, y: usize| {
        let part = ((x + 3 * n) / 7).wrapping_mul(0x9e37_79b1) ^ (y / 9).wrapping_mul(0x85eb_ca77);
        grey(if part >> 13 & 1 == 0 { 220 } else { 30 })
    };
    assert_eq!(screening.of(75, bars), []);
    for (period, speed) in [(12, 4), (24, 8), (48, 16)] {
        let pan = stripes(period, |n| speed * n, 1.0);
        assert_eq!(screening.of(50, pan), [], "stripes of {period} at {speed}");
    }
    let noise = |n: usize, x: usize, y: usize| {
        let mut h = (n as u32).wrapping_mul(0x9e37_79b1)
            ^ (x as u32).wrapping_mul(0x85eb_ca77)
            ^ (y as u32).wrapping_mul(0xc2b2_ae3d);
        h ^= h >> 15;
        h = h.wrapping_mul(0x2c1b_3c6d);
        grey((h >> 20) as u8)
    };
    assert_eq!(screening.of(75, noise), []);
}

#[test]
fn fast_cuts_are_flashes() {
    let screening = Screening::srgb(25);
    let cuts = |every: usize| {
        move |n: usize, _: usize, _: usize| {
            grey(if (n / every).is_multiple_of(2) {
                40
            } else {
                180
            })
        }
    };
    assert_eq!(screening.of(75, cuts(3)).len(), 1);
    assert!(screening.of(100, cuts(6)).is_empty());
}

#[test]
fn fields_are_followed_each_by_itself() {
    let mut screening = Screening::srgb(25);
    screening.fields = Fields {
        interlaced: true,
        top_first: true,
        single: None,
    };
    let lines = |_: usize, _: usize, y: usize| grey(if y.is_multiple_of(2) { 30 } else { 200 });
    assert_eq!(screening.of(75, lines), []);
    let flashes = |n: usize, _: usize, y: usize| {
        grey(if ((2 * n + y % 2) / 3).is_multiple_of(2) {
            30
        } else {
            200
        })
    };
    assert_eq!(screening.of(75, flashes).len(), 1);
}

/// A telecined film: of five pictures, two are interlaced.
#[test]
fn flashes_are_followed_through_mixed_pictures() {
    let screening = Screening::srgb(30);
    let paint = |n: usize, _: usize, _: usize| grey(if n % 4 < 2 { 30 } else { 200 });
    let mixed = |n: usize| Fields {
        interlaced: matches!(n % 5, 2 | 3),
        top_first: true,
        single: None,
    };
    let kinds = screening.with_fields(60, mixed, paint);
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    let lines = |_: usize, _: usize, y: usize| grey(if y.is_multiple_of(2) { 30 } else { 200 });
    assert_eq!(screening.with_fields(60, mixed, lines), []);
}

#[test]
fn light_is_that_of_the_stream() {
    // The same step is 20 cd/m2 with one curve and not with the other.
    let (bright, _) = steps(90);
    let colours = alternating(grey(90), grey(bright), 7, 1);
    let mut screening = Screening::srgb(30);
    assert_eq!(screening.kinds(FAILING, grey(10), &colours), ["flash"]);
    screening.format = format(Transfer::Sdr, 30);
    assert!(screening.kinds(FAILING, grey(10), &colours).is_empty());
    screening.settings.display = Curve::Srgb;
    assert_eq!(screening.kinds(FAILING, grey(10), &colours), ["flash"]);
    // PQ: from 200 to 300 cd/m2 is nothing in SDR, but a contrast of a fifth.
    let mut hdr = Screening::srgb(30);
    hdr.format = format(Transfer::Pq, 30);
    let code = |light: f64| (255.0 * light) as u8;
    let colours = alternating(grey(code(0.579)), grey(code(0.621)), 7, 1);
    assert_eq!(hdr.kinds(FAILING, grey(10), &colours), ["flash"]);
}

#[test]
fn wcag_takes_a_quarter_of_any_ninth() {
    let mut screening = Screening::srgb(30);
    let colours = alternating(grey(60), grey(200), 8, 1);
    let small = [30, 30, 44, 25];
    assert!(screening.kinds(small, grey(128), &colours).is_empty());
    screening.settings.preset = Preset::Wcag;
    assert_eq!(screening.kinds(small, grey(128), &colours), ["flash"]);
}

fn stripes(
    period: usize,
    shift: impl Fn(usize) -> usize,
    share: f64,
) -> impl Fn(usize, usize, usize) -> Colour {
    move |n, x, y| {
        let inside = (y as f64) < share * HEIGHT as f64;
        grey(if inside && (x + shift(n)) % period < period / 2 {
            200
        } else {
            20
        })
    }
}
