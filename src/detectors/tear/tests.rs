// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::detector::{Finding, Runner, State, testing::watch};
use crate::media::{MS, Ns, picture::canvas::*};

const FRAME: Ns = 40 * MS;

/// A scene that moves to the right by six pixels a picture.
fn scene(n: usize) -> Canvas {
    mixed(n, n, 0)
}

/// The scene of `upper` above `row`, that of `lower` below.
fn mixed(upper: usize, lower: usize, row: usize) -> Canvas {
    let mut canvas = Canvas::new(640, 360, [90, 128, 128]);
    canvas.luma(|x, y, _| {
        let at = (x + 6 * if y < row { upper } else { lower }) as f64;
        let wave = 50.0 * sine(at * 0.06 + sine(y as f64 * 0.03)) + 30.0 * cosine(at * 0.021);
        (110.0 + wave) as u8
    });
    canvas
}

fn findings(pictures: impl IntoIterator<Item = Canvas>) -> Vec<Finding> {
    watch::<Tear>(TearSettings::default(), pictures)
}

#[test]
fn a_torn_stretch_is_one_episode_with_its_row() {
    for back in 1..=3 {
        // What is held back must have been shown whole.
        let torn = |n: usize| (20..50).contains(&n) && n.is_multiple_of(back + 1);
        let seen = findings((0..90).map(|n| {
            if torn(n) {
                mixed(n, n - back, 202)
            } else {
                scene(n)
            }
        }));
        assert_eq!(seen.len(), 2, "{back}: {seen:#?}");
        let times: Vec<u64> = (0..90)
            .filter(|n| torn(*n))
            .map(|n| n as u64 * FRAME)
            .collect();
        assert_eq!((seen[0].at, seen[0].state), (times[0], State::Begin));
        assert_eq!(seen[0].observation.detail.as_deref(), Some("lower"));
        let area = seen[1].observation.area.unwrap();
        assert_eq!((area.x, area.y, area.height), (0, 202, 158), "{back}");
        let end = seen[1].at + seen[1].duration;
        let last = times[times.len() - 1] + FRAME;
        assert!(end.abs_diff(last) <= FRAME, "{back}: {end}");
    }
}

#[test]
fn the_older_part_may_be_above() {
    let seen = findings((0..60).map(|n| {
        if (20..40).contains(&n) && n % 3 == 0 {
            mixed(n - 1, n, 151)
        } else {
            scene(n)
        }
    }));
    assert_eq!(seen.len(), 2, "{seen:#?}");
    assert_eq!(seen[0].observation.detail.as_deref(), Some("upper"));
    assert_eq!(seen[0].observation.area.unwrap().y, 151);
}

#[test]
fn pans_cuts_repeats_and_still_halves_are_no_tears() {
    assert!(findings((0..60).map(scene)).is_empty());
    assert!(findings((0..90).map(|n| scene(n + 500 * (n / 15)))).is_empty());
    assert!(
        findings((0..60).map(|n| scene(n / 2))).is_empty(),
        "repeats"
    );
    assert!(
        findings((0..60).map(|n| mixed(n, 7, 240))).is_empty(),
        "a still lower half"
    );
    assert!(
        findings((0..60).map(|n| mixed(n, 7, 30 + 5 * n))).is_empty(),
        "a wipe"
    );
}

#[test]
fn a_row_of_blocks_that_lags_at_the_edge_is_no_tear() {
    let lags = |n: usize| {
        if n.is_multiple_of(2) {
            mixed(n, n - 1, 344)
        } else {
            scene(n)
        }
    };
    assert!(findings((1..60).map(lags)).is_empty());
}

#[test]
fn a_lower_half_at_half_the_rate_is_a_split_screen() {
    let split = |n: usize| {
        let mut canvas = mixed(n, n / 2 * 2 + 900, 200);
        canvas.fill(0, 198, 640, 4, [200, 128, 128]);
        canvas
    };
    assert!(findings((0..90).map(split)).is_empty());
}

#[test]
fn one_torn_picture_is_told_if_asked_for() {
    let pictures = || {
        (0..60).map(|n| {
            if n == 30 {
                mixed(n, n - 1, 180)
            } else {
                scene(n)
            }
        })
    };
    assert!(findings(pictures()).is_empty());
    let settings = TearSettings {
        repeats: 1,
        ..TearSettings::default()
    };
    let mut runner = Runner::<Tear>::new(i420(640, 360), Tear::COMMON, settings);
    for (i, canvas) in (0u64..).zip(pictures()) {
        let span = Span::new(i * FRAME, (i + 1) * FRAME);
        runner.push(span, Picture::progressive(&canvas.grid()));
    }
    let reports = runner.take_reports();
    assert_eq!(reports.len(), 2, "{reports:#?}");
}

#[test]
fn each_torn_picture_is_counted() {
    for count in [2, 3, 13] {
        let torn = |n: usize| n >= 20 && (n - 20).is_multiple_of(2) && (n - 20) / 2 < count;
        let seen = findings((0..90).map(|n| {
            if torn(n) {
                mixed(n, n - 1, 202)
            } else {
                scene(n)
            }
        }));
        assert_eq!(seen.len(), 2, "{seen:#?}");
        assert_eq!(seen[1].count, Some(count as u64));
        assert_eq!(seen[1].at, 20 * FRAME);
    }
}
