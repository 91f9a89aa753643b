// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Finding, Runner, State, testing::watch};
use crate::media::{
    MS,
    picture::canvas::{Canvas, DARK, i420, noise},
};

/// A lively scene within borders: left, top, width, height of the picture in a frame of 640x360.
fn scene(area: [usize; 4], bright: u8, seed: u32) -> Canvas {
    let [x, y, width, height] = area;
    let mut canvas = Canvas::new(640, 360, DARK);
    let mut noise = noise(seed);
    canvas.luma(|px, py, v| {
        let inside = (x..x + width).contains(&px) && (y..y + height).contains(&py);
        if inside {
            (noise() % bright).saturating_add(16)
        } else {
            v
        }
    });
    canvas
}

const FULL: [usize; 4] = [0, 0, 640, 360];
const WIDE: [usize; 4] = [0, 45, 640, 270];

/// Runs pictures at 25 per second: (kind, state, start and duration in ms, detail, rectangle).
fn run(settings: BorderSettings, pictures: impl Iterator<Item = Canvas>) -> Vec<Finding> {
    watch::<Border>(settings, pictures)
}

fn kinds(findings: &[Finding]) -> Vec<&'static str> {
    findings
        .iter()
        .filter(|f| f.state == State::Begin)
        .map(|f| INFO.kinds[f.kind].name)
        .collect()
}

#[test]
fn borders_are_measured_to_the_pixel() {
    for (area, borders) in [
        (
            WIDE,
            Borders {
                top: 45,
                bottom: 45,
                left: 0,
                right: 0,
            },
        ),
        (
            [82, 0, 476, 360],
            Borders {
                top: 0,
                bottom: 0,
                left: 82,
                right: 82,
            },
        ),
        (
            [82, 45, 476, 270],
            Borders {
                top: 45,
                bottom: 45,
                left: 82,
                right: 82,
            },
        ),
        (FULL, Borders::default()),
    ] {
        let grid = scene(area, 200, 7).grid();
        assert_eq!(find::find_borders(&grid, &Cells::all(&grid)), Some(borders));
    }
}

#[test]
fn each_layout_is_told_with_start_and_end() {
    for (area, name) in [
        (WIDE, "letterbox"),
        ([82, 0, 476, 360], "pillarbox"),
        ([82, 45, 476, 270], "windowbox"),
    ] {
        let pictures =
            (0..350).map(|i| scene(if (50..250).contains(&i) { area } else { FULL }, 200, i));
        let findings = run(BorderSettings::default(), pictures);
        assert_eq!(kinds(&findings), [name]);
        let end = findings.last().expect("an end");
        assert_eq!((end.at / MS, end.duration / MS), (2000, 8000), "{name}");
        let place = end.observation.area.expect("a place");
        assert_eq!(
            [place.x, place.y, place.width, place.height],
            area.map(|v| v as u32),
            "{name}"
        );
    }
}

#[test]
fn dark_scenes_fades_and_text_in_the_bars_change_nothing() {
    let pictures = (0..400).map(|i| match i {
        100..150 => scene(WIDE, 12, i),
        150..200 => Canvas::new(640, 360, DARK),
        220..300 => {
            let mut subtitled = scene(WIDE, 200, i);
            subtitled.fill(180, 324, 280, 20, [220, 128, 128]);
            subtitled
        }
        _ => scene(WIDE, 200, i),
    });
    let findings = run(BorderSettings::default(), pictures);
    assert_eq!(findings.len(), 1, "one begin and no end: {findings:?}");
}

#[test]
fn a_logo_on_a_bar_from_the_first_picture_on_hides_nothing() {
    let pictures = (0..250).map(|i| {
        let mut canvas = scene([0, 64, 640, 232], 200, i);
        canvas.fill(500, 16, 90, 24, [220, 128, 128]);
        canvas
    });
    let findings = run(BorderSettings::default(), pictures);
    assert_eq!(kinds(&findings), ["letterbox"]);
    let titles = (0..250).map(|i| {
        let mut canvas = scene([170, 60, 300, 24], 250, i);
        canvas.fill(170, 168, 300, 24, [220, 128, 128]);
        canvas.fill(170, 276, 300, 24, [220, 128, 128]);
        canvas
    });
    let findings = run(BorderSettings::default(), titles);
    assert!(findings.is_empty(), "titles on black: {findings:?}");
}

#[test]
fn a_full_picture_with_dark_scenes_is_full() {
    let pictures = (0..300).map(|i| {
        let mut canvas = scene(FULL, if i % 100 < 50 { 200 } else { 30 }, i);
        if i % 100 >= 70 {
            canvas.fill(0, 0, 640, 60, DARK).fill(0, 310, 640, 50, DARK);
        }
        canvas
    });
    assert_eq!(
        kinds(&run(BorderSettings::default(), pictures)),
        Vec::<&str>::new()
    );
}

#[test]
fn what_is_expected_is_no_defect_and_its_absence_is() {
    let expected = BorderSettings {
        expected: Layout::Letterbox,
        ..Default::default()
    };
    assert_eq!(
        kinds(&run(
            expected.clone(),
            (0..250).map(|i| scene(WIDE, 200, i))
        )),
        Vec::<&str>::new()
    );
    let findings = run(expected, (0..250).map(|i| scene(FULL, 200, i)));
    assert_eq!(kinds(&findings), ["letterbox"]);
    assert_eq!(findings[0].observation.detail.as_deref(), Some("missing"));
}

#[test]
fn blurred_panels_are_a_pillarbox() {
    let upright = |i: u32| {
        let mut canvas = scene([220, 0, 200, 360], 200, i);
        canvas.luma(|x, y, v| {
            if (220..420).contains(&x) {
                v
            } else {
                90 + ((x + y) / 40) as u8
            }
        });
        canvas
    };
    let findings = run(BorderSettings::default(), (0..250).map(upright));
    assert_eq!(kinds(&findings), ["pillarbox"]);
    assert_eq!(findings[0].observation.detail.as_deref(), Some("blurred"));
}

#[test]
fn another_region_forgets_the_layout() {
    let mut runner =
        Runner::<Border>::new(i420(640, 360), Border::COMMON, BorderSettings::default());
    let regions = [
        (0.0, 0.0, 1.0, 1.0),
        (0.0, 0.9, 1.0, 0.1),
        (0.95, 0.0, 0.05, 1.0),
        (0.3, 0.3, 0.01, 0.01),
    ];
    for i in 0..500u32 {
        let (x, y, width, height) = regions[i as usize / 125];
        let region = Region {
            x,
            y,
            width,
            height,
        };
        runner.configure(
            Border::COMMON,
            BorderSettings {
                region,
                ..Default::default()
            },
        );
        let grid = scene([82, 45, 476, 270], 200, i).grid();
        let at = u64::from(i) * 40 * MS;
        runner.push(Span::new(at, at + 40 * MS), Picture::progressive(&grid));
    }
}

#[test]
fn a_line_of_data_or_noise_of_a_tape_hides_no_bar() {
    for noisy in [0..1, 352..360] {
        let pictures = (0..250).map(|i| {
            let (mut canvas, mut noise) = (scene(WIDE, 200, i), noise(i + 1));
            canvas.luma(|_, y, v| if noisy.contains(&y) { noise() } else { v });
            canvas
        });
        assert_eq!(
            kinds(&run(BorderSettings::default(), pictures)),
            ["letterbox"],
            "{noisy:?}"
        );
    }
}

#[test]
fn bars_that_are_not_quite_black_or_noisy_are_bars() {
    for (level, spread) in [(32, 0), (16, 6)] {
        for (area, name) in [
            (WIDE, "letterbox"),
            ([82, 0, 476, 360], "pillarbox"),
            ([82, 45, 476, 270], "windowbox"),
        ] {
            let pictures = (0..190).map(|i| {
                let mut canvas = scene(area, 200, i);
                let mut noise = noise(i + 77);
                let [x, y, width, height] = area;
                canvas.luma(|px, py, v| {
                    let inside = (x..x + width).contains(&px) && (y..y + height).contains(&py);
                    if inside {
                        v
                    } else {
                        level + spread - noise() % (2 * spread + 1)
                    }
                });
                canvas
            });
            assert_eq!(
                kinds(&run(BorderSettings::default(), pictures)),
                [name],
                "{level} {spread}"
            );
        }
    }
}

/// Letters of a sort: bright blocks with gaps between them.
fn text(canvas: &mut Canvas, x: usize, y: usize, letters: usize, size: usize) {
    for letter in 0..letters {
        canvas.fill(
            x + letter * size,
            y + letter % 3 * size / 4,
            size * 2 / 3,
            size,
            [230, 128, 128],
        );
    }
}

#[test]
fn titles_credits_clocks_and_cards_are_no_layout() {
    let none = |name: &str, picture: &dyn Fn(u32) -> Canvas| {
        let found = kinds(&run(BorderSettings::default(), (0..190).map(picture)));
        assert_eq!(found, Vec::<&str>::new(), "{name}");
    };
    none("a title", &|i| {
        let mut canvas = Canvas::new(640, 360, DARK);
        text(&mut canvas, 120, if i < 120 { 160 } else { 200 }, 20, 20);
        canvas
    });
    none("credits that roll", &|i| {
        let mut canvas = Canvas::new(640, 360, DARK);
        for line in 0..12 {
            let y = (line * 30 + 360 - i as usize % 30) % 350;
            text(&mut canvas, 200, y, 7 + line % 6, 18);
        }
        canvas
    });
    none("wide credits", &|i| {
        let mut canvas = Canvas::new(640, 360, DARK);
        for line in 0..12 {
            let y = (line * 30 + 360 - i as usize % 30) % 350;
            text(&mut canvas, 40 + line % 4 * 20, y, 20 + line % 4, 24);
        }
        canvas
    });
    none("credits of two columns with dots between", &|i| {
        let mut canvas = Canvas::new(640, 360, DARK);
        for line in 0..14 {
            let Some(y) = (line * 15 + 360usize).checked_sub(i as usize * 2) else {
                continue;
            };
            text(&mut canvas, 24, y, 14, 10);
            (0..34).for_each(|dot| {
                canvas.fill(180 + 6 * dot, y + 8, 2, 2, [230, 128, 128]);
            });
            text(&mut canvas, 400, y, 20, 10);
        }
        canvas
    });
    none("a ball", &|i| {
        let mut canvas = Canvas::new(640, 360, DARK);
        canvas.fill(280 + i as usize % 20, 160, 50, 50, [230, 128, 128]);
        canvas
    });
    none("a plain card", &|_| {
        let mut canvas = Canvas::new(640, 360, [60, 150, 110]);
        for line in 0..3 {
            text(&mut canvas, 70 + line * 10, 110 + line * 50, 24 - line, 20);
        }
        canvas
    });
}

#[test]
fn an_upright_picture_in_a_wide_frame_is_a_pillarbox() {
    let pictures = (0..250).map(|i| scene([219, 0, 202, 360], 200, i));
    assert_eq!(
        kinds(&run(BorderSettings::default(), pictures)),
        ["pillarbox"]
    );
}
