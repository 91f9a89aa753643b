// SPDX-License-Identifier: MPL-2.0
//! The pictures of <https://github.com/haraldjordan/ebu_r103_testfiles> by their recipe, and the figures given there: black and white
//! bars, made narrower by two columns of 1920 and wider again by splines, which leaves overshoots at the edges, limited to a range of
//! codes.
//!
//! FFmpeg made and measured those, with a spline of its own: here it is a natural cubic spline, so a few columns differ.

use super::*;
use crate::detector::{Episodes, Reason, Runner};
use crate::media::picture::{Grid, Layout, Measurer, Planes, canvas::i420};

const WIDTH: usize = 1920;
const HEIGHT: usize = 64;

/// Values of a curve in even steps, at `count` even steps of the same length in all: natural cubic spline.
fn resampled(y: &[f64], count: usize) -> Vec<f64> {
    let last = y.len() - 1;
    let mut bend = vec![0.0; y.len()];
    let (mut factor, mut part) = (vec![0.0; y.len()], vec![0.0; y.len()]);
    for i in 1..last {
        let pivot = 4.0 - factor[i - 1];
        factor[i] = 1.0 / pivot;
        part[i] = (6.0 * (y[i - 1] - 2.0 * y[i] + y[i + 1]) - part[i - 1]) / pivot;
    }
    for i in (1..last).rev() {
        bend[i] = part[i] - factor[i] * bend[i + 1];
    }
    let at = |n: usize| {
        let x = (n as f64 + 0.5) * y.len() as f64 / count as f64 - 0.5;
        let x = x.clamp(0.0, last as f64);
        let k = (x as usize).min(last - 1);
        let (t, u) = (x - k as f64, 1.0 - (x - k as f64));
        let bent = (u.powi(3) - u) * bend[k] + (t.powi(3) - t) * bend[k + 1];
        u * y[k] + t * y[k + 1] + bent / 6.0
    };
    (0..count).map(at).collect()
}

/// A line of the recipe in codes of that depth.
fn line(bar: usize, [black, white, least, most]: [f64; 4], full: f64) -> Vec<u16> {
    let bars = (0..WIDTH).map(|x| {
        if (x / bar).is_multiple_of(2) {
            white
        } else {
            black
        }
    });
    let mut line: Vec<f64> = bars.collect();
    for count in [WIDTH - 2, WIDTH] {
        line = resampled(&line, count);
        line.iter_mut()
            .for_each(|y| *y = y.round().clamp(0.0, full));
    }
    line.iter().map(|y| y.clamp(least, most) as u16).collect()
}

/// Share of the pixels out of range in a grey picture with such lines; the nearer to the limit, the more cells are looked at.
fn outside(
    layout: Layout,
    line: &[u16],
    (range, filter, threshold): (GamutRange, bool, f64),
) -> f64 {
    let format = VideoFormat {
        layout,
        ..i420(WIDTH, HEIGHT)
    };
    let bytes = if layout == Layout::Gray8 { 1 } else { 2 };
    // GRAY16 has its codes in the high bits.
    let codes = line
        .iter()
        .map(|code| if bytes == 1 { *code } else { code << 6 });
    let row: Vec<u8> = codes
        .flat_map(|code| code.to_le_bytes().into_iter().take(bytes))
        .collect();
    let picture = row.repeat(HEIGHT);
    let planes = Planes::new(&format, &[(&picture, WIDTH * bytes)]).unwrap();
    let mut grid = Grid::new(&format);
    Measurer::new(&format).measure(&planes, &mut grid);
    let settings = GamutSettings {
        range,
        filter,
        threshold,
        ..GamutSettings::default()
    };
    let mut gamut = Gamut::new(&format);
    let grid = std::sync::Arc::new(grid);
    let picture = Picture {
        pixels: Some(&planes),
        ..Picture::progressive(&grid)
    };
    let common = Common {
        measurement_interval: SECOND,
        ..Gamut::COMMON
    };
    let mut episodes = Episodes::new(&INFO, common, 0);
    gamut.push(Span::new(0, SECOND / 25), picture, &settings, &mut episodes);
    gamut.measure().outside
}

const EIGHT: [f64; 4] = [16.0, 235.0, 10.0, 245.0];
const TEN: [f64; 4] = [64.0, 940.0, 20.0, 984.0];

#[test]
fn the_figures_of_the_test_files_are_reproduced() {
    // Shares in percent, without and with the filter: as published, and how far they may be off.
    for (name, layout, bar, levels, full, published, tolerance) in [
        (
            "8b_2",
            Layout::Gray8,
            300,
            EIGHT,
            255.0,
            [1.04167, 0.0],
            [1e-5, 1e-5],
        ),
        (
            "10b_2",
            Layout::Gray16Le,
            300,
            TEN,
            1023.0,
            [1.68046, 0.2432],
            [0.125, 0.125],
        ),
        (
            "10b_bad",
            Layout::Gray16Le,
            105,
            TEN,
            1023.0,
            [4.32292, 1.04167],
            [0.125, 1e-5],
        ),
    ] {
        let line = line(bar, levels, full);
        for (i, filter) in [false, true].into_iter().enumerate() {
            let percent = 100.0
                * outside(
                    layout,
                    &line,
                    (GamutRange::Nominal, filter, published[i] / 100.0),
                );
            assert!(
                (percent - published[i]).abs() <= tolerance[i],
                "{name}, filter {filter}: {percent} instead of {}",
                published[i]
            );
            // The limiter of the recipe keeps to the range of the recommendation.
            assert_eq!(
                outside(layout, &line, (GamutRange::R103, filter, 0.01)),
                0.0,
                "{name}"
            );
        }
    }
}

/// Pixels out of range in all cells, so that only some of the cells are looked at.
#[test]
fn the_limit_is_a_hundredth_at_any_depth_and_wherever_the_pixels_are() {
    for (layout, out, fine) in [
        (Layout::Gray8, 255u16, 100u16),
        (Layout::Gray16Le, 1023, 400),
    ] {
        // In steps of 16 columns, and in steps of which one cell in eight has one.
        for step in [16, 64, 101] {
            for (share, is_over) in [(0.009, false), (0.011, true)] {
                let count = (share * WIDTH as f64).round() as usize;
                let mut codes = vec![fine; WIDTH];
                (0..count).for_each(|n| codes[n * step % WIDTH + n * step / WIDTH] = out);
                let found = outside(layout, &codes, (GamutRange::R103, false, 0.01));
                assert_eq!(found > 0.01, is_over, "{layout:?} {step} {share}: {found}");
            }
        }
    }
}

#[test]
fn high_dynamic_range_is_not_judged() {
    for transfer in [Transfer::Pq, Transfer::Hlg] {
        let format = VideoFormat {
            transfer,
            ..i420(WIDTH, HEIGHT)
        };
        let canvas = crate::media::picture::canvas::Canvas::new(WIDTH, HEIGHT, [255, 128, 128]);
        let (grid, planes) = (canvas.grid_as(&format), canvas.planes_as(&format));
        let mut runner = Runner::<Gamut>::new(format, Gamut::COMMON, GamutSettings::default());
        for n in 0..50 {
            let picture = Picture {
                pixels: Some(&planes),
                ..Picture::progressive(&grid)
            };
            runner.push(Span::new(n * SECOND / 25, (n + 1) * SECOND / 25), picture);
        }
        runner.reset(Reason::Eos);
        assert!(runner.take_reports().is_empty(), "{transfer:?}");
    }
}
