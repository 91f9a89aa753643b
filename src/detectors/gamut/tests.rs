// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Finding, Runner, testing::ended};
use crate::media::picture::{
    Area, Matrix,
    canvas::{Canvas, i420},
};

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;

/// Two seconds of a still picture.
fn found(format: &VideoFormat, canvas: &Canvas, settings: GamutSettings) -> Vec<Finding> {
    let mut runner = Runner::<Gamut>::new(*format, Gamut::COMMON, settings);
    let (grid, planes) = (canvas.grid_as(format), canvas.planes_as(format));
    for n in 0..50 {
        let picture = Picture {
            pixels: Some(&planes),
            ..Picture::progressive(&grid)
        };
        runner.push(Span::new(n * SECOND / 25, (n + 1) * SECOND / 25), picture);
    }
    ended(runner)
}

fn plain(canvas: &Canvas) -> Vec<Finding> {
    found(&i420(WIDTH, HEIGHT), canvas, GamutSettings::default())
}

const GREY: [u8; 3] = [126, 128, 128];

/// A grey picture with a patch of that share of its area.
fn patch(share: f64, colour: [u8; 3]) -> Canvas {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, GREY);
    let height = (share * (WIDTH * HEIGHT) as f64 / 96.0).round() as usize;
    canvas.fill(64, 40, 96, height, colour);
    canvas
}

#[test]
fn more_than_a_hundredth_out_of_range_is_reported() {
    for colour in [
        [255, 128, 128],
        [1, 128, 128],
        [180, 128, 240],
        [180, 240, 128],
        [40, 30, 180],
    ] {
        assert_eq!(plain(&patch(0.009, colour)), [], "{colour:?}");
        let found = plain(&patch(0.011, colour));
        let [gamut] = &found[..] else {
            panic!("{colour:?}: {found:?}")
        };
        let is_grey = colour[1..] == [128, 128];
        // Of a grey all four are out alike.
        assert!(
            is_grey || gamut.observation.detail.as_deref() != Some("luma"),
            "{colour:?} {gamut:?}"
        );
        assert!(
            (gamut.observation.value - 0.011).abs() < 0.0015,
            "{gamut:?}"
        );
        let Area { x, y, .. } = gamut.observation.area.unwrap();
        assert!(x.abs_diff(64) <= 8 && y.abs_diff(40) <= 8, "{gamut:?}");
    }
}

#[test]
fn the_limits_are_those_of_r103() {
    for (code, is_out) in [(4, true), (5, false), (246, false), (247, true)] {
        let canvas = Canvas::new(WIDTH, HEIGHT, [code, 128, 128]);
        assert_eq!(!plain(&canvas).is_empty(), is_out, "{code}");
    }
    let settings = GamutSettings {
        range: GamutRange::Nominal,
        ..GamutSettings::default()
    };
    for (code, is_out) in [(15, true), (16, false), (235, false), (236, true)] {
        let canvas = Canvas::new(WIDTH, HEIGHT, [code, 128, 128]);
        let found = found(&i420(WIDTH, HEIGHT), &canvas, settings.clone());
        assert_eq!(!found.is_empty(), is_out, "{code}");
    }
}

#[test]
fn overshoots_of_a_pixel_are_filtered() {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, [225, 128, 128]);
    canvas.luma(|x, _, code| if x % 16 == 0 { 255 } else { code });
    assert_eq!(plain(&canvas), []);
    let unfiltered = GamutSettings {
        filter: false,
        ..GamutSettings::default()
    };
    assert_eq!(found(&i420(WIDTH, HEIGHT), &canvas, unfiltered).len(), 1);
}

#[test]
fn range_matrix_and_curve_of_the_stream_count() {
    use crate::media::picture::Range as Codes;
    let white = Canvas::new(WIDTH, HEIGHT, [255, 128, 128]);
    let full = VideoFormat {
        range: Codes::Full,
        ..i420(WIDTH, HEIGHT)
    };
    assert_eq!(found(&full, &white, GamutSettings::default()), []);
    // Green of BT.601 bars at 100 %, read with the other matrix, is out of range.
    let green = Canvas::new(WIDTH, HEIGHT, [145, 54, 34]);
    let old = VideoFormat {
        matrix: Matrix::Bt601,
        ..i420(WIDTH, HEIGHT)
    };
    assert_eq!(found(&old, &green, GamutSettings::default()), []);
    assert_eq!(
        found(&i420(WIDTH, HEIGHT), &green, GamutSettings::default()).len(),
        1
    );
    let hdr = VideoFormat {
        transfer: Transfer::Pq,
        ..i420(WIDTH, HEIGHT)
    };
    assert_eq!(
        found(&hdr, &white, GamutSettings::default()),
        [],
        "not judged"
    );
}

#[test]
fn bars_are_in_range() {
    // 100 % bars of BT.709.
    let bars = [
        [235, 128, 128],
        [219, 16, 138],
        [188, 154, 16],
        [173, 42, 26],
        [78, 214, 230],
        [63, 102, 240],
        [32, 240, 118],
        [16, 128, 128],
    ];
    let mut canvas = Canvas::new(WIDTH, HEIGHT, GREY);
    for (n, bar) in bars.into_iter().enumerate() {
        canvas.fill(160 * n, 0, 160, HEIGHT, bar);
    }
    assert_eq!(plain(&canvas), []);
}
