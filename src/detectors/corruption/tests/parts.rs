// SPDX-License-Identifier: MPL-2.0
//! Pictures whose lower part is missing or from elsewhere.

use super::*;

/// The scene, whose last line is that of 160.
fn repeated(n: usize) -> Canvas {
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
}

/// The scene with another picture below or above a line.
fn other(n: usize, line: usize, below: bool) -> Canvas {
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
}

#[test]
fn what_was_cut_off_is_found_as_one_colour_or_the_last_line_again() {
    let grey = |n: usize| filled(n, 208, [126, 128, 128]);
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

/// Both are known only when they are over.
#[test]
fn one_picture_with_less_damage_than_the_threshold_is_whole() {
    for damaged in [&repeated as &dyn Fn(usize) -> Canvas, &|n| {
        other(n, 176, true)
    }] {
        let begun = [0.4, 0.6].map(|threshold| {
            let settings = CorruptionSettings {
                threshold,
                ..CorruptionSettings::default()
            };
            let pictures = (0..60).map(|n| if n == 40 { damaged(n) } else { scene(n) });
            findings_with(settings, pictures.map(|p| (p, BufferFlags::default()))).len()
        });
        assert_eq!(begun, [2, 0]);
    }
}
