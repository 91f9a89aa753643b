// SPDX-License-Identifier: MPL-2.0
//! When a programme is reported.

use super::*;

fn hear(listener: &mut Listener, parts: &[(f64, Option<f64>)]) -> Vec<Finding> {
    listener.listen(&both(tone(48_000, parts)), |_, _| {});
    listener.findings()
}

fn stereo() -> Listener {
    Listener::new(48_000, STEREO)
}

#[test]
fn a_programme_on_target_is_quiet() {
    let parts = [(3.0, Some(-19.0)), (9.0, Some(-25.0)), (4.0, None)].repeat(6);
    assert_eq!(hear(&mut stereo(), &parts), []);
}

#[test]
fn silence_is_nobodys_loudness() {
    assert_eq!(hear(&mut stereo(), &[(30.0, None)]), []);
    assert_eq!(hear(&mut stereo(), &[(30.0, Some(-75.0))]), []);
    let mut listener = stereo();
    listener
        .settings
        .set(4, Value::Choice(Measure::ShortTerm as usize));
    assert_eq!(hear(&mut listener, &[(30.0, Some(-75.0))]), []);
}

#[test]
fn a_programme_far_off_is_reported_early_and_from_its_start() {
    let found = hear(&mut stereo(), &[(2.0, None), (20.0, Some(-10.0))]);
    let [begin] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (begin.kind, begin.channel),
        (LoudnessKind::Loudness as usize, None)
    );
    assert_eq!(begin.observation.detail.as_deref(), Some("too-loud"));
    near(begin.at as f64 / 1e9, 2.0, 0.4);
    assert!(begin.duration <= 11 * SECOND);
    near(begin.observation.value, 13.0, 0.2);
}

#[test]
fn a_programme_slightly_off_is_reported_within_a_minute() {
    let found = hear(&mut stereo(), &[(58.0, Some(-25.0))]);
    let [begin] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(begin.observation.detail.as_deref(), Some("too-quiet"));
    assert!(begin.duration > 30 * SECOND && begin.at < SECOND / 2);
}

#[test]
fn a_loud_start_is_not_the_programme() {
    assert_eq!(
        hear(&mut stereo(), &[(8.0, Some(-18.5)), (80.0, Some(-23.5))]),
        []
    );
}

#[test]
fn a_quiet_opening_is_not_the_programme() {
    assert_eq!(
        hear(&mut stereo(), &[(15.0, Some(-38.0)), (60.0, Some(-22.8))]),
        []
    );
    let found = hear(&mut stereo(), &[(22.0, Some(-38.0))]);
    let [begin] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(begin.at < SECOND / 2 && begin.duration <= 21 * SECOND);
}

#[test]
fn short_term_ends_with_the_loud_part() {
    let mut listener = stereo();
    listener
        .settings
        .set(4, Value::Choice(Measure::ShortTerm as usize));
    let found = hear(
        &mut listener,
        &[
            (20.0, Some(-23.0)),
            (20.0, Some(-15.0)),
            (20.0, Some(-23.0)),
        ],
    );
    let [begin, end] = &found[..] else {
        panic!("{found:?}")
    };
    near(begin.at as f64 / 1e9, 20.0, 1.0);
    near(end.duration as f64 / 1e9, 22.0, 1.5);
    near(end.observation.value, 8.0, 0.1);
}

#[test]
fn a_reset_begins_a_new_programme() {
    let mut listener = stereo();
    let found = hear(&mut listener, &[(20.0, Some(-10.0))]);
    assert_eq!(found.len(), 1);
    listener.settings.set(5, Value::Bool(true));
    assert_eq!(listener.settings.get(5), Value::Bool(false));
    let found = hear(&mut listener, &[(20.0, Some(-23.0))]);
    let [end] = &found[..] else {
        panic!("{found:?}")
    };
    near(end.duration as f64 / 1e9, 20.0, 0.1);
    let v = listener.result();
    near(v.integrated, -23.0, 0.1);
    near(v.momentary_max, -23.0, 0.1);
    near(v.true_peak, -23.0, 0.1);
}
