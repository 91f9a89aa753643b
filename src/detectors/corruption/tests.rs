// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Finding, Report, Runner, State};
use crate::media::{
    Ns,
    picture::{Health, canvas::*},
};

const FRAME: Ns = 40 * MS;

/// A scene that drifts to the right by two pixels a picture: soft waves, and bars with sharp edges.
fn scene(n: usize) -> Canvas {
    let mut canvas = Canvas::new(640, 352, [90, 110, 140]);
    canvas.luma(|x, y, _| {
        let at = (x + 2 * n) as f64;
        let wave = 40.0 * (at * 0.05 + (y as f64 * 0.04).sin()).sin();
        let bar = if (x + 2 * n) % 90 < 17 && y % 70 < 40 {
            45.0
        } else {
            0.0
        };
        (100.0 + wave + bar) as u8
    });
    canvas
}

/// The same, with a stretch of blocks from elsewhere in the picture, moved `aside`.
fn torn(n: usize, aside: usize) -> Canvas {
    let elsewhere = scene(n + 37);
    let mut canvas = scene(n);
    let mut old = Vec::with_capacity(640 * 352);
    elsewhere.clone().luma(|_, _, v| {
        old.push(v);
        v
    });
    canvas.luma(|x, y, v| {
        let block = (x.wrapping_sub(aside) / 16, y.wrapping_sub(aside) / 16);
        let hit = (8..10).contains(&block.1) && (12..30).contains(&block.0) && block.0 % 5 != 0;
        if hit {
            // Each block another one.
            let from = (x * 7 + block.0 * 53) % 640 + 640 * ((y + 61 * block.0) % 352);
            255 - old[from]
        } else {
            v
        }
    });
    canvas
}

fn findings(pictures: impl IntoIterator<Item = (Canvas, Health)>) -> Vec<Finding> {
    let mut runner = Runner::<Corruption>::new(
        i420(640, 352),
        Corruption::COMMON,
        CorruptionSettings::default(),
    );
    for (i, (canvas, health)) in (0u64..).zip(pictures) {
        let grid = canvas.grid();
        runner.push(
            Span::new(i * FRAME, (i + 1) * FRAME),
            Picture {
                health,
                ..Picture::progressive(&grid)
            },
        );
    }
    runner
        .take_reports()
        .into_iter()
        .filter_map(Report::finding)
        .collect()
}

fn sound(pictures: impl IntoIterator<Item = Canvas>) -> Vec<Finding> {
    findings(pictures.into_iter().map(|p| (p, Health::default())))
}

#[test]
fn torn_blocks_are_reported_where_they_are() {
    let seen = sound((0..60).map(|n| if n == 20 { torn(n, 0) } else { scene(n) }));
    assert_eq!(seen.len(), 2, "{seen:#?}");
    assert_eq!(seen[0].state, State::Begin);
    assert_eq!(seen[0].at, 20 * FRAME);
    assert_eq!(seen[0].observation.detail.as_deref(), Some("seams"));
    let area = seen[0].observation.area.unwrap();
    assert!(area.x >= 176 && area.x + area.width <= 496, "{area:?}");
    assert_eq!(area.y, 128, "{area:?}");
    assert!(
        (0.01..0.08).contains(&seen[1].observation.value),
        "{seen:?}"
    );
}

#[test]
fn what_lies_half_a_step_aside_is_no_codecs_doing() {
    let seen = sound((0..60).map(|n| if n == 20 { torn(n, 8) } else { scene(n) }));
    assert!(seen.is_empty(), "{seen:#?}");
}

#[test]
fn motion_and_cuts_are_not_corruption() {
    let seen = sound((0..120).map(|n| scene(n + 1000 * (n / 30))));
    assert!(seen.is_empty(), "{seen:#?}");
}

/// The scene; from picture 20 on, thin lines of a regular thing lie where a codec has its blocks.
fn tiled(n: usize) -> Canvas {
    let mut canvas = scene(n);
    // They came by a jump of the camera.
    let aside = if n < 20 { 9 } else { 0 };
    canvas.luma(|x, y, v| {
        let inside = (200..400).contains(&x) && (120..260).contains(&y);
        let (column, row) = ((x + aside) % 32, (y + aside) % 32);
        match (inside, (column < 2 || row < 2)) {
            (false, _) => v,
            (true, true) => 220,
            (true, false) => 50 + ((x + y) % 3) as u8,
        }
    });
    canvas
}

#[test]
fn thin_lines_that_come_to_lie_on_the_lattice_are_not_corruption() {
    assert_eq!(sound((0..60).map(tiled)), []);
}

#[test]
fn a_caption_that_appears_is_not_corruption() {
    let seen = sound((0..60).map(|n| {
        let mut canvas = scene(n);
        if n >= 20 {
            canvas.fill(90, 275, 460, 46, [30, 128, 128]);
            for letter in 0..20 {
                canvas.fill(112 + letter * 20, 287, 9, 22, [220, 128, 128]);
            }
        }
        canvas
    }));
    assert!(seen.is_empty(), "{seen:#?}");
}

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

#[test]
fn a_flagged_picture_is_damaged() {
    let health = |n| Health {
        corrupted: n == 20,
        discontinuous: false,
    };
    let seen = findings((0..60).map(|n| (scene(n), health(n))));
    assert_eq!(seen[0].observation.detail.as_deref(), Some("decoder"));
    assert_eq!(seen[0].at, 20 * FRAME);
}

#[test]
fn layers_can_be_switched_off() {
    let mut settings = CorruptionSettings {
        seams: false,
        ..CorruptionSettings::default()
    };
    settings.fills = false;
    let mut runner = Runner::<Corruption>::new(i420(640, 352), Corruption::COMMON, settings);
    for n in 0..40u64 {
        let mut canvas = torn(n as usize, 0);
        canvas.fill(0, 320, 640, 32, [0, 0, 0]);
        let canvas = if n == 20 { canvas } else { scene(n as usize) };
        runner.push(
            Span::new(n * FRAME, (n + 1) * FRAME),
            Picture::progressive(&canvas.grid()),
        );
    }
    assert!(runner.take_reports().is_empty());
}

#[test]
fn where_all_is_coarsely_coded_no_seam_stands_out() {
    let coarse = |mut canvas: Canvas, n: usize| {
        canvas.luma(|x, y, v| v.saturating_add(((x / 8 * 31 + y / 8 * 17 + n) % 5) as u8 * 8));
        canvas
    };
    let play = |coded: bool| {
        findings((0..60).map(|n| {
            let canvas = if n < 40 { scene(n) } else { torn(n, 0) };
            let canvas = if coded { coarse(canvas, n) } else { canvas };
            (canvas, Health::default())
        }))
    };
    assert!(!play(false).is_empty());
    assert!(play(true).is_empty());
}

/// The codes of a rectangle replaced.
fn filled(n: usize, first: usize, colour: [u8; 3]) -> Canvas {
    let mut canvas = scene(n);
    canvas.fill(0, first, 640, 352 - first, colour);
    canvas
}

#[test]
fn green_of_zeros_is_found_however_it_was_converted_and_wherever_it_begins() {
    for colour in [[0, 0, 0], [54, 106, 100], [84, 89, 78], [99, 82, 74]] {
        for first in [176, 301, 344] {
            let seen = sound((0..20).map(|n| {
                if n < 10 {
                    scene(n)
                } else {
                    filled(n, first, colour)
                }
            }));
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
fn what_was_cut_off_is_found_as_one_colour_or_the_last_line_again() {
    let grey = |n: usize| filled(n, 208, [126, 128, 128]);
    let repeated = |n: usize| {
        let mut line = vec![0; 640];
        scene(n).luma(|x, y, v| {
            if y == 160 {
                line[x] = v;
            }
            v
        });
        let mut canvas = scene(n);
        canvas.luma(|x, y, v| if y >= 160 { line[x] } else { v });
        canvas
    };
    for length in [1, 5, 50] {
        for (name, damaged, first) in [
            ("grey", &grey as &dyn Fn(usize) -> Canvas, 208u32),
            ("the last line", &repeated, 160),
        ] {
            let seen = sound((0..120).map(|n| {
                if (40..40 + length).contains(&n) {
                    damaged(n)
                } else {
                    scene(n)
                }
            }));
            assert_eq!(seen.len(), 2, "{name} {length}: {seen:#?}");
            assert_eq!(seen[0].observation.detail.as_deref(), Some("cut-off"));
            assert_eq!(
                (seen[1].at, seen[1].duration),
                (40 * FRAME, length as u64 * FRAME),
                "{name}"
            );
            let area = seen[1].observation.area.unwrap();
            assert!(
                area.y.abs_diff(first) <= 8 && area.height.abs_diff(352 - first) <= 8,
                "{area:?}"
            );
        }
    }
}

#[test]
fn wipes_cards_and_bars_are_not_cut_off() {
    let none = |name: &str, picture: &dyn Fn(usize) -> Canvas| {
        let seen = sound((0..120).map(picture));
        assert!(seen.is_empty(), "{name}: {seen:#?}");
    };
    none("a wipe", &|n| {
        filled(
            n,
            352 - (4 * n.saturating_sub(40)).min(300),
            [126, 128, 128],
        )
    });
    none("a fast wipe", &|n| {
        filled(
            n,
            352 - (40 * n.saturating_sub(40)).min(352),
            [126, 128, 128],
        )
    });
    none("a card after a cut", &|n| {
        if n < 60 {
            scene(n)
        } else {
            filled(7, 200, [126, 128, 128])
        }
    });
    none("a bar", &|n| {
        if n < 60 {
            scene(n)
        } else {
            filled(n, 300, [16, 128, 128])
        }
    });
    none(
        "a lower third of one colour from the first picture on",
        &|n| filled(n, 280, [140, 150, 110]),
    );
}

#[test]
fn a_part_of_another_picture_for_a_moment_is_found_when_it_is_gone() {
    let other = |n: usize, line: usize, below: bool| {
        let mut from = Vec::with_capacity(640 * 352);
        scene(n + 500).luma(|x, y, v| {
            from.push((255 - v).saturating_sub(((x / 20 + y / 20) % 3 * 30) as u8));
            v
        });
        let mut canvas = scene(n);
        canvas.luma(|x, y, v| {
            if (y >= line) == below {
                from[y * 640 + x]
            } else {
                v
            }
        });
        canvas
    };
    for length in [1, 5, 25] {
        for (line, below) in [(176, true), (152, false)] {
            let seen = sound((0..120).map(|n| {
                if (40..40 + length).contains(&n) {
                    other(n, line, below)
                } else {
                    scene(n)
                }
            }));
            assert_eq!(seen.len(), 2, "{length} {below}: {seen:#?}");
            assert_eq!(
                (seen[1].at, seen[1].duration),
                (40 * FRAME, length as u64 * FRAME)
            );
            let area = seen[1].observation.area.unwrap();
            let first = if below { line as u32 } else { 0 };
            assert!(area.y.abs_diff(first) <= 8, "{area:?}");
        }
    }
    let stays = sound((0..120).map(|n| {
        if n >= 40 {
            other(n, 264, true)
        } else {
            scene(n)
        }
    }));
    assert!(
        stays
            .iter()
            .all(|f| f.observation.detail.as_deref() != Some("foreign")),
        "{stays:#?}"
    );
    let flash = |n: usize| {
        let mut canvas = scene(n);
        canvas.luma(|_, y, v| if y >= 176 { v.saturating_add(60) } else { v });
        canvas
    };
    let flashes = sound((0..120).map(|n| if n == 40 { flash(n) } else { scene(n) }));
    assert!(
        flashes.is_empty(),
        "a flash that a rolling shutter cut: {flashes:#?}"
    );
}

#[test]
fn a_green_band_of_a_few_lines_at_the_bottom_is_found() {
    for colour in [[0, 0, 0], [54, 106, 100], [84, 89, 78], [99, 82, 74]] {
        for lines in [2, 4, 6] {
            let seen = sound((0..40).map(|n| {
                if n < 10 {
                    scene(n)
                } else {
                    filled(n, 352 - lines, colour)
                }
            }));
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

#[test]
fn another_region_forgets_what_was_torn_in_the_last_one() {
    let mut runner = Runner::<Corruption>::new(
        i420(640, 352),
        Corruption::COMMON,
        CorruptionSettings::default(),
    );
    for n in 0..60usize {
        let region = if n > 31 {
            Region {
                x: 0.0,
                y: 0.6,
                width: 0.3,
                height: 0.4,
            }
        } else {
            Region::ALL
        };
        runner.configure(
            Corruption::COMMON,
            CorruptionSettings {
                region,
                ..Default::default()
            },
        );
        let grid = if (30..32).contains(&n) {
            torn(n, 0)
        } else {
            scene(n)
        }
        .grid();
        let at = n as u64 * FRAME;
        runner.push(Span::new(at, at + FRAME), Picture::progressive(&grid));
    }
    let end = runner
        .take_reports()
        .into_iter()
        .filter_map(Report::finding)
        .next_back()
        .unwrap();
    assert_eq!(end.at + end.duration, 32 * FRAME, "{end:?}");
}
