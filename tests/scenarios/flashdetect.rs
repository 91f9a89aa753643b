// SPDX-License-Identifier: MPL-2.0
//! `flashdetect` in real pipelines: flashes as the test media of TRACE have them, plain and behind a codec.

use crate::common::{
    example::{self, reported},
    show::{Show, episodes, h264, one},
};

const SHOW: Show = Show {
    width: 640,
    height: 360,
    fps: 30,
    caps: ",colorimetry=bt709",
};

/// A grey area of that many lines from the top, half as wide as the picture, that is dark and bright in turn from the second second on.
fn flashing(
    lines: usize,
    transitions: u64,
    every: u64,
) -> impl Fn(u64) -> Vec<u8> + Send + 'static {
    move |n| {
        let step = n.saturating_sub(30) / every + u64::from(n >= 30);
        let bright = step.min(transitions) % 2 == 1;
        SHOW.paint(|x, y| {
            let inside = x < 320 && y < lines;
            [if inside && bright { 150 } else { 90 }, 128, 128]
        })
    }
}

#[test]
fn the_example_is_reported() {
    let line = example::pipeline(include_str!("../../pipelines/flashdetect.launch"));
    let ends = reported(&line, "flash");
    // The stream has three parts, and a new part begins a new episode.
    assert!(ends.len() <= 2, "{ends:#?}");
    assert_eq!(ends[0].get::<u64>("running-time"), Ok(1_000_000_000));
    assert_eq!(ends[0].get::<u32>("width"), Ok(320));
}

#[test]
fn seven_transitions_in_a_second_are_too_many_and_six_are_not() {
    for chain in [
        "flashdetect".to_owned(),
        format!("{} ! flashdetect", h264(8000)),
    ] {
        for (lines, transitions, every, found) in [
            (184, 7, 2, true),
            (176, 7, 2, false),
            (184, 6, 2, false),
            (184, 20, 5, false),
        ] {
            let heard = SHOW.run(&chain, 120, flashing(lines, transitions, every));
            if found {
                one(&heard, "flash", "rate", 1000, 50);
                let [x, y, width, height] = heard.state("end")[0].area.unwrap();
                assert!(x <= 3 && y <= 3 && width.abs_diff(320) <= 6 && height.abs_diff(184) <= 6);
            } else {
                assert_eq!(
                    episodes(&heard),
                    [],
                    "{chain} {lines} {transitions} {every}"
                );
            }
        }
    }
}

#[test]
fn lively_pictures_are_none() {
    let show = Show::new(640, 360);
    let heard = show.run("flashdetect", 100, move |n| show.scene(n as f64));
    assert_eq!(episodes(&heard), []);
}

#[test]
fn fields_that_move_are_none() {
    let show = Show::new(640, 360).at(50);
    let chain = "interlace field-pattern=1:1 top-field-first=true ! flashdetect";
    let heard = show.run(chain, 150, move |n| show.scene(n as f64 / 2.0));
    assert_eq!(episodes(&heard), []);
}
