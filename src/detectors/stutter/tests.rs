// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Report, Runner, State};
use crate::media::{
    MS,
    picture::canvas::{Canvas, i420},
};

/// A picture of a scene that moves, at a time in frames.
fn scene(time: f64) -> Arc<Grid> {
    let mut canvas = Canvas::new(160, 96, [90, 128, 128]);
    canvas.luma(|x, y, _| {
        let (x, y) = (x as f64, y as f64);
        let wave = ((x + 2.5 * time) / 9.0).sin() + ((y - 1.5 * time) / 7.0).cos();
        (110.0 + 45.0 * wave) as u8
    });
    canvas.grid()
}

/// Episodes in pictures that show the scene at these times: kind of detail, start in ms.
fn run(times: impl Iterator<Item = f64>, fps: u64) -> Vec<(String, u64)> {
    let mut runner =
        Runner::<Stutter>::new(i420(160, 96), Stutter::COMMON, StutterSettings::default());
    for (i, time) in (0u64..).zip(times) {
        let grid = scene(time);
        let at = |i: u64| i * 1000 * MS / fps;
        runner.push(Span::new(at(i), at(i + 1)), Picture::progressive(&grid));
    }
    let reports = runner.take_reports().into_iter();
    reports
        .filter_map(|r| match r {
            Report::Defect(f) if f.state == State::Begin => {
                Some((f.observation.detail?.into_owned(), f.at / MS))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn even_motion_and_stills_are_fine() {
    assert_eq!(run((0..200).map(f64::from), 25), []);
    assert_eq!(run((0..200).map(|_| 3.0), 25), []);
    assert_eq!(
        run(
            (0..200).map(|i| if i < 100 { f64::from(i) } else { 100.0 }),
            25
        ),
        [],
        "stops"
    );
}

#[test]
fn regular_cadences_are_fine() {
    assert_eq!(
        run((0..200).map(|i| f64::from(i / 2)), 50),
        [],
        "25 in 50, animation on twos"
    );
    assert_eq!(run((0..200).map(|i| f64::from(i / 3)), 25), [], "on threes");
    assert_eq!(
        run((0..240).map(|i| f64::from(i * 4 / 5)), 30),
        [],
        "24 in 30"
    );
    assert_eq!(
        run((0..400).map(|i| f64::from(i * 2 / 5)), 60),
        [],
        "24 in 60, 3:2"
    );
    assert_eq!(
        run((0..300).map(|i| f64::from(i * 24 / 25)), 25),
        [],
        "24 in 25: once a second"
    );
}

#[test]
fn repeats_that_jump_are_found() {
    for period in 4..9 {
        let times = (0..200).map(|i| {
            if (100..160).contains(&i) && i % period == 0 {
                i - 1
            } else {
                i
            }
        });
        let found = run(times.map(f64::from), 25);
        assert_eq!(found.len(), 1, "every {period}: {found:?}");
        assert_eq!(found[0].0, "repeat-drop");
        assert!(
            found[0].1.abs_diff(4000) <= 320,
            "every {period}: {found:?}"
        );
    }
}

#[test]
fn bursts_and_steps_back_are_found() {
    let burst = (0..200).map(|i| {
        if (100..160).contains(&i) {
            i - i % 12 % 5
        } else {
            i
        }
    });
    assert_eq!(run(burst.map(f64::from), 25).len(), 1);
    let back = (0..200).map(|i| {
        if (100..160).contains(&i) && i % 6 == 0 {
            i - 2
        } else {
            i
        }
    });
    let found = run(back.map(f64::from), 25);
    assert_eq!(
        found.first().map(|f| f.0.as_str()),
        Some("back"),
        "{found:?}"
    );
}
