// SPDX-License-Identifier: MPL-2.0
//! Areas without picture.

use super::*;

#[test]
fn zeroed_memory_is_green() {
    let seen = sound((0..40).map(|n| {
        let mut canvas = scene(n);
        if n >= 20 {
            canvas.fill(0, 320, 640, 32, [0, 0, 0]);
        }
        canvas
    }));
    assert_eq!(seen[0].observation.detail.as_deref(), Some("green"));
    let area = seen[0].observation.area.unwrap();
    assert_eq!((area.x, area.y, area.width, area.height), (0, 320, 640, 32));
    assert!((seen[0].observation.value - 32.0 / 352.0).abs() < 1e-9);
}

#[test]
fn grey_that_comes_at_once_into_a_live_picture_is_a_fill() {
    let grey = |n: usize, from: usize| {
        let mut canvas = scene(n);
        if n >= 20 {
            canvas.fill(from, 160, 320, 64, [128, 128, 128]);
        }
        canvas
    };
    let seen = sound((0..40).map(|n| grey(n, 160)));
    assert_eq!(seen[0].observation.detail.as_deref(), Some("grey"));
    // A box that was there from the start, and a slate.
    assert!(sound((20..60).map(|n| grey(n, 160))).is_empty());
    assert!(sound((0..40).map(|_| Canvas::new(640, 352, [128, 128, 128]))).is_empty());
}

/// What is predicted from a reference that the decoder made up when picture 20 was lost: grey, and the differences of what moves.
fn predicted_from_grey(n: usize) -> Canvas {
    let bar = |x: usize, y: usize, n: usize| ((x + 2 * n) % 90 < 17 && y % 70 < 40) as u8 * 30;
    let mut canvas = Canvas::new(640, 352, [128, 128, 128]);
    canvas.luma(|x, y, v| v + bar(x, y, n) - bar(x, y, 20));
    canvas
}

#[test]
fn a_picture_that_lacks_its_reference_is_grey_with_faint_edges() {
    let seen = sound((0..80).map(|n| match n {
        20..40 => predicted_from_grey(n),
        _ => scene(n),
    }));
    assert_eq!(seen.len(), 2, "{seen:#?}");
    assert_eq!(seen[0].observation.detail.as_deref(), Some("grey"));
    assert!((21 * FRAME..=23 * FRAME).contains(&seen[0].at), "{seen:#?}");
    assert!(seen[1].observation.value > 0.8, "{seen:#?}");
}

#[test]
fn slates_of_the_same_grey_and_fades_to_it_are_not_corruption() {
    let slate = |paint: &dyn Fn(&mut Canvas, usize)| {
        sound((0..80).map(|n| match n {
            20..60 => {
                let mut canvas = Canvas::new(640, 352, [128, 128, 128]);
                paint(&mut canvas, n);
                canvas
            }
            _ => scene(n),
        }))
    };
    let plain = slate(&|_, _| {});
    let faint = slate(&|canvas, _| {
        canvas.fill(200, 100, 240, 140, [136, 128, 128]);
    });
    let lettered = slate(&|canvas, n| {
        for letter in 0..(n / 4).min(20) {
            canvas.fill(112 + letter * 20, 160, 9, 22, [235, 128, 128]);
        }
    });
    let faded = slate(&|canvas, n| {
        let left = 32usize.saturating_sub(n).min(12) as i32;
        canvas.clone_from(&scene(n));
        canvas.each(|_, _, _, v| (128 + (i32::from(v) - 128) * left / 12) as u8);
    });
    assert_eq!(
        [plain, faint, lettered, faded],
        [vec![], vec![], vec![], vec![]]
    );
}

#[test]
fn grey_blocks_all_over_are_no_cut() {
    let play = |grey: &dyn Fn(usize, usize) -> bool| {
        sound((0..60).map(|n| {
            let mut canvas = scene(n + 1000 * (n / 20));
            if n >= 20 {
                canvas.each(|x, y, _, v| if grey(x / 16, y / 16) { 128 } else { v });
            }
            canvas
        }))
    };
    let blocks = play(&|column, row| (column * 7 + row * 5) % 11 < 3);
    assert_eq!(blocks[0].observation.detail.as_deref(), Some("grey"));
    assert_eq!(blocks[0].at, 20 * FRAME);
    let panel = play(&|column, row| (4..20).contains(&column) && (3..9).contains(&row));
    assert_eq!(panel, []);
}

/// The scene, filled from that line on from the tenth picture on.
fn filled_later(n: usize, first: usize, colour: [u8; 3]) -> Canvas {
    if n < 10 {
        scene(n)
    } else {
        filled(n, first, colour)
    }
}

#[test]
fn green_of_zeros_is_found_however_it_was_converted_and_wherever_it_begins() {
    for colour in [[0, 0, 0], [54, 106, 100], [84, 89, 78], [99, 82, 74]] {
        for first in [176, 301, 344] {
            let seen = sound((0..20).map(|n| filled_later(n, first, colour)));
            assert_eq!(seen.len(), 1, "{colour:?} {first}: {seen:#?}");
            assert_eq!(
                seen[0].observation.detail.as_deref(),
                Some("green"),
                "{colour:?} {first}"
            );
            let area = seen[0].observation.area.unwrap();
            assert_eq!((area.x, area.width), (0, 640));
            assert!(
                (area.y as usize).abs_diff(first) <= 8 && area.y + area.height == 352,
                "{area:?} {first}"
            );
        }
    }
}

#[test]
fn a_green_band_of_a_few_lines_at_the_bottom_is_found() {
    for colour in [[0, 0, 0], [54, 106, 100], [84, 89, 78], [99, 82, 74]] {
        for lines in [2, 4, 6] {
            let seen = sound((0..40).map(|n| filled_later(n, 352 - lines, colour)));
            assert_eq!(seen.len(), 1, "{colour:?} {lines}: {seen:#?}");
            assert_eq!(seen[0].observation.detail.as_deref(), Some("green"));
            let area = seen[0].observation.area.unwrap();
            assert_eq!((area.y, area.width), (344, 640), "{colour:?} {lines}");
        }
    }
    let bars = sound((0..40).map(|n| filled(n, 348, [16, 128, 128])));
    assert_eq!(bars, []);
    let grass = sound((0..40).map(|n| filled(n, 348, [70, 112, 110])));
    assert_eq!(grass, []);
}

#[test]
fn a_slow_fade_through_grey_is_not_filled() {
    // Coarse coding makes whole blocks of one code of a sky that fades in.
    let seen = sound((0..80).map(|n| {
        let mut canvas = scene(n);
        canvas.each(|x, y, plane, v| {
            let code = 100 + n / 2 + (x / 16 * 7 + y / 16 * 5) % 4;
            match (y < 208, plane) {
                (false, _) => v,
                (true, 0) => code as u8,
                (true, _) => 128,
            }
        });
        canvas
    }));
    assert_eq!(seen, []);
}
