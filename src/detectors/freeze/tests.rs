// SPDX-License-Identifier: MPL-2.0
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod parts;

use std::sync::Arc;

use super::*;
use crate::detector::{Common, Finding, Report, Runner, State};
use crate::media::{
    MS, Ns,
    picture::{
        Grid, Layout, Matrix, Measurer, Planes, Range, Transfer,
        canvas::{cosine, sine},
    },
};

const WIDTH: usize = 320;
const HEIGHT: usize = 192;
const FRAME: Ns = 40 * MS;

/// Grey pictures, pushed one by one.
struct Show {
    runner: Runner<Freeze>,
    measurer: Measurer,
    format: VideoFormat,
    frame: Ns,
    at: Ns,
}

impl Show {
    fn new(settings: FreezeSettings) -> Self {
        let format = VideoFormat {
            layout: Layout::Gray8,
            width: WIDTH,
            height: HEIGHT,
            range: Range::Limited,
            matrix: Matrix::Bt709,
            transfer: Transfer::Sdr,
            frame_duration: None,
        };
        Self {
            runner: Runner::new(format, Freeze::COMMON, settings),
            measurer: Measurer::new(&format),
            format,
            frame: FRAME,
            at: 0,
        }
    }

    fn push(&mut self, pixel: impl Fn(usize, usize) -> f64) {
        let mut pixels = vec![0u8; WIDTH * HEIGHT];
        for (i, p) in pixels.iter_mut().enumerate() {
            *p = pixel(i % WIDTH, i / WIDTH).round().clamp(0.0, 255.0) as u8;
        }
        let planes = Planes::new(&self.format, &[(&pixels, WIDTH)]).unwrap();
        let mut grid = Grid::new(&self.format);
        self.measurer.measure(&planes, &mut grid);
        let span = Span::new(self.at, self.at + self.frame);
        self.runner
            .push(span, Picture::progressive(&Arc::new(grid)));
        self.at += self.frame;
    }

    /// Pictures of a scene: `picture(n)` gives the place it is seen from.
    fn scene(&mut self, pictures: usize, offset: impl Fn(usize) -> f64) {
        for n in 0..pictures {
            let offset = offset(n);
            self.push(|x, y| scene(x as f64 + offset, y as f64));
        }
    }

    /// Episodes: kind, start, end, detail.
    fn end(mut self) -> Vec<(usize, Ns, Ns, Option<String>)> {
        self.runner.reset(crate::detector::Reason::Eos);
        let over = |f: &Finding| {
            let detail = f.observation.detail.as_ref().map(|d| d.to_string());
            matches!(f.state, State::End(_)).then(|| (f.kind, f.at, f.at + f.duration, detail))
        };
        let reports = self.runner.take_reports();
        let found = reports.iter().filter_map(|r| match r {
            Report::Defect(f) => over(f),
            _ => None,
        });
        found.collect()
    }
}

fn show() -> Show {
    Show::new(FreezeSettings::default())
}

/// Something to see: waves of several lengths.
fn scene(x: f64, y: f64) -> f64 {
    120.0
        + 40.0 * sine(x * 0.11 + sine(y * 0.05))
        + 30.0 * cosine(y * 0.17 - x * 0.03)
        + 20.0 * sine(x * 0.45) * cosine(y * 0.38)
}

/// Noise of about that standard deviation, different for every `n`.
fn noise(n: usize, x: usize, y: usize, sigma: f64) -> f64 {
    let mut z = (n as u64) << 40 ^ (x as u64) << 20 ^ y as u64;
    let mut sum = 0.0;
    for _ in 0..4 {
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut h = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        h = (h ^ h >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        sum += (h >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
    }
    // Four uniform numbers have a variance of a third.
    sum * 3f64.sqrt() * sigma
}

#[test]
fn an_exact_hold_from_the_held_picture_to_the_next() {
    for (frame, pictures) in [(40 * MS, 50), (20 * MS, 100), (100 * MS, 20)] {
        let mut s = show();
        s.frame = frame;
        s.scene(30, |n| n as f64);
        s.scene(pictures, |_| 29.0);
        s.scene(30, |n| 30.0 + n as f64);
        let start = 29 * frame;
        let end = (30 + pictures as Ns) * frame;
        assert_eq!(
            s.end(),
            [(
                FreezeKind::Freeze as usize,
                start,
                end,
                Some("exact".into())
            )]
        );
    }
}

#[test]
fn a_hold_at_the_end_and_one_from_the_start() {
    let mut s = show();
    s.scene(60, |_| 0.0);
    s.scene(20, |n| n as f64);
    s.scene(60, |_| 19.0);
    let ends: Vec<_> = s.end().iter().map(|e| (e.1, e.2)).collect();
    assert_eq!(ends, [(0, 61 * FRAME), (79 * FRAME, 140 * FRAME)]);
}

#[test]
fn a_short_hold_is_none() {
    let mut s = show();
    s.scene(30, |n| n as f64);
    s.scene(45, |_| 29.0);
    s.scene(30, |n| 30.0 + n as f64);
    assert_eq!(s.end(), []);
}

#[test]
fn two_damaged_pictures_do_not_end_it() {
    let mut s = show();
    s.scene(10, |n| n as f64);
    for n in 0..100 {
        let damage = if (60..62).contains(&n) { 8.0 } else { 0.0 };
        s.push(|x, y| scene(x as f64 + 9.0, y as f64) + damage);
    }
    let found = s.end();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].1, found[0].2), (9 * FRAME, 110 * FRAME));
}

#[test]
fn slow_motion_is_none() {
    for speed in [0.1, 0.25, 0.5] {
        let mut s = show();
        s.scene(150, |n| n as f64 * speed);
        assert_eq!(s.end(), [], "{speed} px a picture");
    }
    let mut zoom = show();
    for n in 0..150 {
        let scale = 1.0 - 0.0002 * n as f64;
        zoom.push(|x, y| scene((x as f64 - 160.0) * scale, (y as f64 - 96.0) * scale));
    }
    assert_eq!(zoom.end(), []);
}

#[test]
fn a_slow_fade_is_none() {
    let mut s = show();
    for n in 0..400 {
        let light = 1.0 - n as f64 / 500.0;
        s.push(|x, y| 16.0 + (scene(x as f64, y as f64) - 16.0) * light);
    }
    assert_eq!(s.end(), []);
}

#[test]
fn a_still_scene_with_noise_lives() {
    for sigma in [1.0, 3.0] {
        let mut s = show();
        for n in 0..120 {
            s.push(|x, y| scene(x as f64, y as f64) + noise(n, x, y, sigma));
        }
        assert_eq!(s.end(), [], "sigma {sigma}");
    }
}

#[test]
fn noise_that_is_held_is_a_freeze() {
    let mut s = show();
    for n in 0..120usize {
        let n = n.min(40);
        s.push(|x, y| scene(x as f64, y as f64) + noise(n, x, y, 3.0));
    }
    assert_eq!(
        s.end(),
        [(
            FreezeKind::Freeze as usize,
            41 * FRAME,
            120 * FRAME,
            Some("exact".into())
        )]
    );
}

#[test]
fn repeats_of_animation_and_pulldown_are_none() {
    let mut threes = show();
    threes.scene(150, |n| (n / 3) as f64 * 2.0);
    assert_eq!(threes.end(), []);
    let mut pulldown = show();
    pulldown.frame = 16_683_333;
    pulldown.scene(300, |n| (n * 2 / 5) as f64);
    assert_eq!(pulldown.end(), []);
}

#[test]
fn a_pointer_that_moves_is_life() {
    let mut s = show();
    for n in 0..150usize {
        s.push(|x, y| {
            let inside = x.abs_diff(20 + 2 * n.min(120)) < 5 && y.abs_diff(80) < 6;
            if inside {
                230.0
            } else {
                scene(x as f64, y as f64)
            }
        });
    }
    // It rests for the last second only.
    assert_eq!(s.end(), []);
}

#[test]
fn black_and_plain_pictures_are_left_to_others() {
    let plain = |level: f64, include_uniform| {
        let mut s = Show::new(FreezeSettings {
            include_uniform,
            ..FreezeSettings::default()
        });
        for _ in 0..100 {
            s.push(|_, _| level);
        }
        s.end().len()
    };
    assert_eq!([plain(16.0, false), plain(110.0, false)], [0, 0]);
    assert_eq!([plain(16.0, true), plain(110.0, true)], [1, 1]);
}

#[test]
fn only_the_region_counts() {
    let mut s = Show::new(FreezeSettings {
        region: Region {
            height: 0.5,
            ..Region::ALL
        },
        ..FreezeSettings::default()
    });
    for n in 0..100usize {
        s.push(|x, y| {
            scene(
                (if y < HEIGHT / 2 { x } else { x + 2 * n }) as f64,
                y as f64,
            )
        });
    }
    assert_eq!(s.end().len(), 1);
}

#[test]
fn what_it_measures() {
    let mut s = show();
    s.runner.configure(
        Common {
            measurement_interval: SECOND,
            ..Freeze::COMMON
        },
        FreezeSettings::default(),
    );
    s.scene(25, |n| n as f64);
    s.scene(51, |_| 24.0);
    let reports = s.runner.take_reports();
    let values: Vec<_> = reports
        .iter()
        .filter_map(|r| match r {
            Report::Measurement(m) if m.kind == FreezeKind::Freeze as usize => {
                Some(m.values.clone())
            }
            _ => None,
        })
        .collect();
    assert!(values[0][0] > 0.01 && values[0][1] < 0.1, "{values:?}");
    assert!(values[2][0] == 0.0 && values[2][1] == 1.0, "{values:?}");
}

/// A moving scene that is interrupted by what `fill` does.
fn with_a_stop(fill: impl Fn(&mut Show)) -> Vec<(usize, Ns, Ns, Option<String>)> {
    let mut show = Show::new(FreezeSettings::default());
    show.scene(50, |n| n as f64 * 3.0);
    fill(&mut show);
    show.scene(50, |n| 400.0 + n as f64 * 3.0);
    show.end()
}

#[test]
fn a_stretch_without_pictures_holds_the_last_one() {
    let found = with_a_stop(|show| {
        show.runner.gap(Span::new(show.at, show.at + 5 * SECOND));
        show.at += 5 * SECOND;
    });
    let last = 49 * FRAME;
    let end = 50 * FRAME + 5 * SECOND;
    assert_eq!(found, [(0, last, end, Some("exact".into()))]);
    let short = with_a_stop(|show| {
        show.runner.gap(Span::new(show.at, show.at + SECOND));
        show.at += SECOND;
    });
    assert_eq!(short, []);
}

#[test]
fn a_picture_that_lasts_for_seconds_is_held() {
    let found = with_a_stop(|show| {
        show.frame = 3500 * MS;
        show.scene(1, |_| 200.0);
        show.frame = FRAME;
    });
    let start = 50 * FRAME;
    assert_eq!(found, [(0, start, start + 3500 * MS, Some("exact".into()))]);
}

/// Containers have the durations in the order of decoding, so that one may be that of another picture.
#[test]
fn a_duration_that_the_next_picture_contradicts_counts_for_nothing() {
    let found = with_a_stop(|show| {
        show.frame = 3500 * MS;
        show.scene(1, |_| 200.0);
        show.frame = FRAME;
        show.at = 51 * FRAME;
    });
    assert_eq!(found, []);
}

#[test]
fn pictures_that_are_all_long_are_a_slow_stream() {
    let mut show = Show::new(FreezeSettings::default());
    show.frame = 3 * SECOND;
    show.scene(10, |n| n as f64 * 40.0);
    assert_eq!(show.end(), []);
}

/// Text at the bottom of a black picture for so many pictures.
fn with_text_on_black(pictures: usize, change: usize) -> Vec<(usize, Ns, Ns, Option<String>)> {
    with_a_stop(|show| {
        for n in 0..pictures {
            let left = 120 + n / change * 8;
            show.push(|x, y| {
                let text = (left..left + 60).contains(&x) && (170..180).contains(&y);
                if text && x % 6 < 3 { 200.0 } else { 16.0 }
            });
        }
    })
}

#[test]
fn small_text_on_black_is_held_if_it_stays_for_long() {
    let found = with_text_on_black(300, 1000);
    let start = 50 * FRAME;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].1, found[0].2), (start, start + 12 * SECOND));
    assert_eq!(with_text_on_black(225, 1000), [], "a title");
    assert_eq!(with_text_on_black(500, 100), [], "credits that cut");
}
