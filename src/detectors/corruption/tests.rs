// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Finding, Report, Runner, State};
use crate::media::{
    Ns,
    picture::{BufferFlags, canvas::*},
};

mod fills;
mod parts;

const FRAME: Ns = 40 * MS;

/// A scene that drifts to the right by two pixels a picture: soft waves, and bars with sharp edges.
fn scene(n: usize) -> Canvas {
    let mut canvas = Canvas::new(640, 352, [90, 110, 140]);
    canvas.luma(|x, y, _| {
        let at = (x + 2 * n) as f64;
        let wave = 40.0 * sine(at * 0.05 + sine(y as f64 * 0.04));
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

fn findings(pictures: impl IntoIterator<Item = (Canvas, BufferFlags)>) -> Vec<Finding> {
    findings_with(CorruptionSettings::default(), pictures)
}

fn findings_with(
    settings: CorruptionSettings,
    pictures: impl IntoIterator<Item = (Canvas, BufferFlags)>,
) -> Vec<Finding> {
    let mut runner = Runner::<Corruption>::new(i420(640, 352), Corruption::COMMON, settings);
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
    findings(pictures.into_iter().map(|p| (p, BufferFlags::default())))
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
fn a_flagged_picture_is_damaged() {
    let health = |n| BufferFlags {
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
            (canvas, BufferFlags::default())
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
