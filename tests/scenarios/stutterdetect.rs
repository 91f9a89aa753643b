// SPDX-License-Identifier: MPL-2.0
//! `stutterdetect` in real pipelines.

use crate::common::show::{Show, episodes, h264, one};

const SHOW: Show = Show {
    width: 320,
    height: 180,
    fps: 25,
    caps: "",
};

/// What is said when pictures show the scene at these times.
fn said(show: Show, chain: &str, count: u64, time: fn(u64) -> u64) -> Vec<(String, String)> {
    episodes(&show.run(chain, count, move |n| show.scene(time(n) as f64 * 0.5)))
}

/// Every sixth picture of three seconds is the one before again, and its own is left out.
fn repeats(n: u64) -> u64 {
    if (75..150).contains(&n) && n.is_multiple_of(6) {
        n - 1
    } else {
        n
    }
}

#[test]
fn native_rates_in_faster_ones_are_cadences() {
    for (fps, into) in [(24, 60), (25, 50), (30, 60), (24, 30), (24, 25)] {
        let chain = format!("videorate ! video/x-raw,framerate={into}/1 ! stutterdetect");
        assert_eq!(
            said(SHOW.at(fps), &chain, 6 * fps, |n| n),
            [],
            "{fps} in {into}"
        );
    }
}

#[test]
fn cadences_are_cadences_also_after_h264() {
    for into in [50, 60] {
        let coded = h264(700);
        let chain = format!("videorate ! video/x-raw,framerate={into}/1 ! {coded} ! stutterdetect");
        assert_eq!(said(SHOW.at(24), &chain, 144, |n| n), [], "24 in {into}");
    }
}

#[test]
fn film_in_interlaced_pictures_by_pulldown_is_a_cadence() {
    let chain = "interlace field-pattern=2:3 ! stutterdetect";
    assert_eq!(said(SHOW.at(24), chain, 144, |n| n), []);
}

#[test]
fn animation_on_twos_and_threes_is_a_cadence() {
    let chain = format!("{} ! stutterdetect", h264(1500));
    assert_eq!(said(SHOW, &chain, 150, |n| n / 2), []);
    assert_eq!(said(SHOW, &chain, 150, |n| n / 3), []);
}

#[test]
fn still_pictures_never_stutter() {
    let chain = format!("{} ! stutterdetect", h264(300));
    for chain in ["stutterdetect", &chain] {
        assert_eq!(said(SHOW, chain, 150, |_| 3), []);
        assert_eq!(said(SHOW, chain, 200, |n| n / 50), [], "slides");
    }
    let flashes = |n: u64| {
        SHOW.paint(|x, _| {
            [
                if (n / 4).is_multiple_of(2) {
                    40
                } else {
                    200 + (x % 3) as u8
                },
                128,
                128,
            ]
        })
    };
    assert_eq!(
        episodes(&SHOW.run("stutterdetect", 150, flashes)),
        [],
        "flashes"
    );
}

#[test]
fn repeats_and_drops_are_found_also_after_h264() {
    let coded = format!("{} ! stutterdetect", h264(1500));
    for chain in ["stutterdetect", &coded] {
        let heard = SHOW.run(chain, 225, |n| SHOW.scene(repeats(n) as f64 * 0.5));
        one(&heard, "stutter", "repeat-drop", 3000, 400);
    }
}

#[test]
fn repeats_without_a_rhythm_and_steps_back() {
    // Held for one to five pictures, as a player does that starves.
    const RUNS: [u64; 24] = [
        3, 1, 4, 2, 5, 3, 5, 2, 4, 1, 5, 4, 3, 2, 1, 5, 3, 4, 4, 2, 1, 3, 5, 3,
    ];
    let starving = |n: u64| {
        let mut starts = RUNS.iter().scan(75, |next, length| {
            *next += length;
            Some(*next - length..*next)
        });
        starts
            .find(|run| run.contains(&n))
            .map_or(n, |run| run.start)
    };
    assert_eq!(said(SHOW, "stutterdetect", 225, starving).len(), 1);
    let back = |n: u64| match n {
        75..150 if n.is_multiple_of(6) => n - 2,
        _ => n,
    };
    let found = said(SHOW, "stutterdetect", 225, back);
    assert_eq!(found, [("stutter".into(), "back".into())]);
}

#[test]
fn measurements_give_repeats_and_drops_per_second() {
    let chain = "stutterdetect measurement-interval=1000000000";
    let heard = SHOW.run(chain, 150, |n| {
        SHOW.scene((n - u64::from(n.is_multiple_of(5) && n > 0)) as f64 * 0.5)
    });
    let last = &heard.measurements()[4];
    assert!((last.measures["repeats"] - 5.0).abs() < 0.5, "{last:?}");
    assert!((last.measures["drops"] - 5.0).abs() < 0.5, "{last:?}");
}

#[test]
fn a_region_is_judged_alone() {
    let left = |n: u64| {
        SHOW.paint(|x, y| {
            let time = if x < 160 { n } else { repeats(n) };
            [
                crate::common::show::scene(x, y, time as f64 * 0.5),
                128,
                128,
            ]
        })
    };
    let left_half = "stutterdetect region=<0.0,0.0,0.5,1.0>";
    assert_eq!(episodes(&SHOW.run(left_half, 225, left)), []);
    let right_half = "stutterdetect region=<0.5,0.0,0.5,1.0>";
    one(
        &SHOW.run(right_half, 225, left),
        "stutter",
        "repeat-drop",
        3000,
        400,
    );
}
