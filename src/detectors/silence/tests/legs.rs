// SPDX-License-Identifier: MPL-2.0
//! Channels on their own.

use super::*;

#[test]
fn a_dead_leg() {
    let sound = |t: f64, c| if within(t) && c == 1 { 0.0 } else { tone(t) };
    let found = stereo(6.0).watch(settings(), sound);
    assert_one(&found, Some(1), START, END, "digital-zero");
    let none = SilenceSettings {
        legs: Legs::None,
        ..settings()
    };
    assert!(stereo(6.0).watch(none, sound).is_empty());
}

#[test]
fn a_leg_dead_from_the_start() {
    let found = stereo(6.0).watch(settings(), |t, c| {
        if c == 0 {
            db(-82.0) * noise(t, c)
        } else {
            tone(t)
        }
    });
    assert_one(&found, Some(0), 0.0, 6.0, "silence");
}

#[test]
fn a_leg_that_stays_dead_after_silence_of_all() {
    let found = stereo(12.0).watch(settings(), |t, c| {
        if t < 3.0 || c == 1 && t < 8.0 {
            0.0
        } else {
            tone(t)
        }
    });
    let all = episodes(&found);
    assert_eq!(all.len(), 2, "{all:?}");
    let near = |(_, a, b, _): &(_, f64, f64, String), start: f64, end: f64| {
        (a - start).abs() < 0.005 && (b - end).abs() < 0.02
    };
    assert!(all[0].0.is_none() && near(&all[0], 0.0, 3.0), "{all:?}");
    assert!(all[1].0 == Some(1) && near(&all[1], 3.0, 8.0), "{all:?}");
}

#[test]
fn sides_that_come_back_one_after_the_other_are_no_dead_leg() {
    let found = stereo(12.0).watch(settings(), |t, c| {
        if (2.0..3.95).contains(&t) || c == 1 && (2.0..4.2).contains(&t) {
            0.0
        } else {
            tone(t)
        }
    });
    assert!(found.is_empty(), "{:?}", episodes(&found));
}

#[test]
fn a_dead_leg_outlasts_the_pauses_of_its_partner() {
    let speech = |t: f64| if t % 1.0 < 0.5 { tone(t) } else { 0.0 };
    let found = stereo(12.0).watch(settings(), |t, c| {
        if c == 1 && t > 2.1 && t < 10.2 {
            0.0
        } else {
            speech(t)
        }
    });
    let all = episodes(&found);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, Some(1), "{all:?}");
    assert!(
        (all[0].1 - 2.1).abs() < 0.005 && (all[0].2 - 10.2).abs() < 0.01,
        "{all:?}"
    );
}

#[test]
fn surrounds_and_lfe_may_be_silent() {
    let front = |t: f64, c: usize| if c < 3 { tone(t) } else { 0.0 };
    assert!(surround(8.0).watch(settings(), front).is_empty());
    let all = SilenceSettings {
        legs: Legs::All,
        ..settings()
    };
    assert!(surround(8.0).watch(all.clone(), front).is_empty());
    let lost = |t: f64, c: usize| if within(t) && c == 5 { 0.0 } else { tone(t) };
    assert!(surround(8.0).watch(settings(), lost).is_empty());
    assert_one(
        &surround(8.0).watch(all, lost),
        Some(5),
        START,
        END,
        "digital-zero",
    );
    let pairs = SilenceSettings {
        legs: Legs::Pairs,
        ..settings()
    };
    assert_one(
        &surround(8.0).watch(pairs, lost),
        Some(5),
        START,
        END,
        "digital-zero",
    );
}

#[test]
fn a_rumble_is_no_programme() {
    let found = surround(6.0).watch(
        settings(),
        |t, c| if within(t) && c != 3 { 0.0 } else { tone(t) },
    );
    assert_one(&found, None, START, END, "digital-zero");
}

#[test]
fn a_front_leg_of_surround() {
    let found = surround(6.0).watch(
        settings(),
        |t, c| if within(t) && c == 0 { 0.0 } else { tone(t) },
    );
    assert_one(&found, Some(0), START, END, "digital-zero");
}

#[test]
fn sixty_four_channels() {
    let positions = vec![Position::Unpositioned; 64];
    let programme = Programme {
        positions,
        ..stereo(6.0)
    };
    // From 40 on they are never used; 17 dies.
    let found = programme.watch(settings(), |t, c| {
        if c >= 40 || c == 17 && within(t) {
            0.0
        } else {
            tone(t)
        }
    });
    assert_one(&found, Some(17), START, END, "digital-zero");
}

#[test]
fn mono() {
    let programme = Programme {
        positions: vec![Position::Mono],
        ..stereo(6.0)
    };
    let found = programme.watch(settings(), |t, _| if within(t) { 0.0 } else { tone(t) });
    assert_one(&found, None, START, END, "digital-zero");
}
