// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Report, Runner, State};
use crate::media::{
    MS,
    picture::canvas::{Canvas, cosine, i420, sine},
};

/// A picture of a scene that moves, at a time in frames.
fn scene(time: f64) -> Arc<Grid> {
    let mut canvas = Canvas::new(160, 96, [90, 128, 128]);
    canvas.luma(|x, y, _| {
        let (x, y) = (x as f64, y as f64);
        let wave = sine((x + 2.5 * time) / 9.0) + cosine((y - 1.5 * time) / 7.0);
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

#[test]
fn pictures_in_another_order_are_found() {
    let orders: [(&str, &[i32]); 4] = [
        ("exchanged pairs", &[1, 0]),
        ("coding order with two B pictures", &[2, 0, 1]),
        ("coding order with three B pictures", &[3, 0, 1, 2]),
        ("coding order with a pyramid of three", &[3, 1, 0, 2]),
    ];
    for (name, order) in orders {
        let place = |i: usize| {
            let (group, at) = (i / order.len() * order.len(), i % order.len());
            0.4 * f64::from(group as i32 + order[at])
        };
        let found = run((0..200).map(place), 25);
        assert_eq!(
            found.first().map(|f| f.0.as_str()),
            Some("back"),
            "{name}: {found:?}"
        );
        assert_eq!(found.len(), 1, "{name}: {found:?}");
    }
}

#[test]
fn motion_that_shakes_speeds_up_or_swings_is_in_order() {
    let shake = |i: usize| i as f64 + 0.4 * f64::from((i * 7 % 5) as u8);
    assert_eq!(run((0..200).map(shake), 25), [], "shakes");
    assert_eq!(
        run((0..200).map(|i| f64::from(i * i) / 80.0), 25),
        [],
        "speeds up"
    );
    assert_eq!(
        run((0..200).map(|i| 12.0 * (f64::from(i) / 4.0).sin()), 25),
        [],
        "swings"
    );
    // A head that is shaken, a pendulum, a machine: at up to a sixth of the rate of the pictures.
    for tenths in 61..120 {
        let period = f64::from(tenths) / 10.0;
        let swings = |i: i32| {
            let angle = f64::from(i) * std::f64::consts::TAU / period;
            0.3 * f64::from(i) + 6.0 * angle.sin()
        };
        assert_eq!(run((0..200).map(swings), 30), [], "{period}");
    }
    let trembles = |i: i32| 0.1 * f64::from(i) + f64::from(i % 2);
    assert_eq!(run((0..200).map(trembles), 25), [], "trembles");
}

#[test]
fn the_rate_is_that_of_a_second_at_any_frame_rate() {
    // Three faults a second.
    let pictures = |fps: usize| {
        (0..6 * fps).map(move |i| {
            f64::from(if i % (fps / 3) == 0 { i - 1.min(i) } else { i } as u32) * 50.0 / fps as f64
        })
    };
    for fps in [50, 100, 240, 300] {
        let found = run(pictures(fps), fps as u64);
        assert_eq!(found.len(), 1, "{fps}: {found:?}");
    }
}

#[test]
fn a_still_in_fields_does_not_stutter() {
    let mut runner =
        Runner::<Stutter>::new(i420(160, 96), Stutter::COMMON, StutterSettings::default());
    for i in 0..300u64 {
        let bottom = i % 2;
        let mut canvas = Canvas::new(160, 96, [90, 128, 128]);
        canvas.luma(|x, y, _| {
            let y = (2 * y as u64 + bottom) as f64;
            (110.0 + 45.0 * (sine(x as f64 / 9.0) + cosine(y / 3.0))) as u8
        });
        let field = [
            crate::media::picture::Field::Top,
            crate::media::picture::Field::Bottom,
        ][bottom as usize];
        let grid = canvas.grid();
        let mut picture = Picture::progressive(&grid);
        (picture.fields.interlaced, picture.fields.single) = (true, Some(field));
        runner.push(Span::new(i * 20 * MS, (i + 1) * 20 * MS), picture);
    }
    assert!(runner.take_reports().is_empty());
}
