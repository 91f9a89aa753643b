// SPDX-License-Identifier: MPL-2.0
//! Regular stripes.

use super::*;

#[test]
fn patterns_fail_by_area_and_motion() {
    let screening = Screening::srgb(25);
    let found = |share, shift: &dyn Fn(usize) -> usize| {
        let found = screening.of(60, stripes(16, shift, share));
        found
            .iter()
            .map(|f| {
                (
                    INFO.kinds[f.kind].name,
                    f.observation.detail.clone().unwrap().into_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    let one = |detail: &str| vec![("pattern", detail.to_owned())];
    let still = |_: usize| 0;
    let drift = |n: usize| n;
    let oscillation = |n: usize| [0, 1, 2, 3, 4, 3, 2, 1][n / 2 % 8];
    assert_eq!(found(0.5, &still), one("stationary"));
    assert_eq!(found(0.3, &still), []);
    assert_eq!(found(0.5, &drift), []);
    assert_eq!(found(0.35, &oscillation), one("changing"));
    assert_eq!(found(0.2, &oscillation), []);
}

#[test]
fn patterns_are_found_in_any_direction_and_only_if_there_are_enough_pairs() {
    let screening = Screening::srgb(25);
    let kinds = |found: Vec<Finding>| {
        found
            .iter()
            .map(|f| INFO.kinds[f.kind].name)
            .collect::<Vec<_>>()
    };
    let light = |on: bool| grey(if on { 200 } else { 20 });
    assert_eq!(
        kinds(screening.of(40, |_, _, y| light(y % 12 < 6))),
        ["pattern"]
    );
    assert_eq!(
        kinds(screening.of(40, |_, x, y| light((x + y) % 20 < 10))),
        ["pattern"]
    );
    assert_eq!(
        kinds(screening.of(40, |_, x, _| light(x % 48 < 24))),
        Vec::<&str>::new(),
        "five pairs"
    );
    // Low contrast.
    assert_eq!(
        kinds(screening.of(40, |_, x, _| grey(if x % 16 < 8 { 90 } else { 100 }))),
        Vec::<&str>::new()
    );
}
