// SPDX-License-Identifier: MPL-2.0
//! Programmes that are far too soft.

use super::*;

#[test]
fn a_programme_that_is_far_too_soft() {
    let soft = |t: f64, c| db(-48.0) * noise(t, c) * if t % 0.7 < 0.5 { 1.0 } else { 0.3 };
    let found = stereo(45.0).watch(settings(), |t, c| {
        if (5.0..35.0).contains(&t) {
            soft(t, c)
        } else {
            tone(t)
        }
    });
    let all = episodes(&found);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].3, "low-level");
    assert!(
        (all[0].1 - 5.0).abs() < 0.05 && (all[0].2 - 35.0).abs() < 0.1,
        "{all:?}"
    );
    let off = SilenceSettings {
        low_level: -200.0,
        ..settings()
    };
    assert!(stereo(45.0).watch(off, soft).is_empty());
}

#[test]
fn silence_before_a_soft_passage_ends_with_it() {
    let found = stereo(40.0).watch(settings(), |t, c| match t {
        t if t < 25.0 => 0.0,
        t if t < 35.0 => db(-48.0) * noise(t, c),
        t => tone(t),
    });
    assert_one(&found, None, 0.0, 25.0, "digital-zero");
}

#[test]
fn a_silence_within_a_soft_passage_belongs_to_it() {
    let found = stereo(40.0).watch(settings(), |t, c| match t {
        t if (19.0..20.5).contains(&t) => 0.0,
        t if t < 30.0 => db(-48.0) * noise(t, c),
        t => tone(t),
    });
    let all = episodes(&found);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].1 < 0.05 && (all[0].2 - 30.0).abs() < 0.1, "{all:?}");
}

#[test]
fn digital_silence_is_never_low_level_and_nothing_before_its_time() {
    let found = stereo(70.0).watch(settings(), |t, _| {
        if (10.0..60.0).contains(&t) {
            0.0
        } else {
            tone(t)
        }
    });
    assert_one(&found, None, 10.0, 60.0, "digital-zero");
    let mut runner = stereo(70.0).runner(settings());
    let common = crate::detector::Common {
        min_duration: 60 * SECOND,
        ..Silence::COMMON
    };
    runner.configure(common, settings());
    stereo(70.0).push(&mut runner, 0.0, &|t, _| {
        if (10.0..40.0).contains(&t) {
            0.0
        } else {
            tone(t)
        }
    });
    assert!(findings(&mut runner).is_empty());
}
