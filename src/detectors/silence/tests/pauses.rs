// SPDX-License-Identifier: MPL-2.0
//! Short silences in sound, short sounds in silence.

use super::*;

#[test]
fn pauses_of_what_comes_after_do_not_prolong_it() {
    // Sound comes back in pieces of 150 ms with pauses of 80 ms, as speech does.
    let found = stereo(8.0).watch(settings(), |t, _| match t {
        t if within(t) => 0.0,
        t if t > END && (t - END) % 0.23 > 0.15 => 0.0,
        t => tone(t),
    });
    assert_one(&found, None, START, END, "digital-zero");
}

#[test]
fn a_cough_does_not_end_it() {
    let found = stereo(8.0).watch(settings(), |t, _| match t {
        t if (3.5..3.59).contains(&t) => tone(t),
        t if within(t) => 0.0,
        t => tone(t),
    });
    assert_one(&found, None, START, END, "digital-zero");
}

#[test]
fn pauses_are_no_silence() {
    let found = stereo(12.0).watch(settings(), |t, _| if t % 2.5 < 1.9 { 0.0 } else { tone(t) });
    assert!(found.is_empty(), "{:?}", episodes(&found));
}

#[test]
fn ticks_are_judged_alike_wherever_blocks_begin() {
    for (ms, silent) in [(20.0, true), (28.0, true), (34.0, false), (50.0, false)] {
        for offset in 0..10 {
            let at = |t: f64| (t + f64::from(offset) / 1000.0) % 1.0;
            let sound = |t: f64, _| if at(t) < ms / 1e3 { 1.5 * tone(t) } else { 0.0 };
            let found = stereo(8.0).watch(settings(), sound);
            assert_eq!(!found.is_empty(), silent, "{ms} ms, {offset} ms later");
        }
    }
}
