// SPDX-License-Identifier: MPL-2.0
//! `gamutdetect` in real pipelines.

use crate::common::{
    example::{self, reported, run},
    show::{Show, episodes},
};

fn example() -> String {
    example::pipeline(include_str!("../../pipelines/gamutdetect.launch"))
}

#[test]
fn the_example_is_reported() {
    let ends = reported(&example(), "gamut");
    assert_eq!(ends[0].get::<u64>("running-time"), Ok(2_000_000_000));
}

#[test]
fn bars_are_within_range() {
    let plain = example().replace("brightness=0.25", "brightness=0.0");
    assert!(run(&plain).is_empty());
}

/// A patch too bright, of that share of the picture, whatever the format.
#[test]
fn a_hundredth_of_the_picture_is_the_limit() {
    let show = Show {
        caps: ",colorimetry=bt709",
        ..Show::new(1280, 720)
    };
    for format in [
        "I420",
        "NV12",
        "Y444",
        "UYVY",
        "I422_10LE",
        "v210",
        "P010_10LE",
    ] {
        for (lines, found) in [(86, false), (106, true)] {
            let chain = format!("videoconvert ! video/x-raw,format={format} ! gamutdetect");
            let heard = show.run(&chain, 60, move |_| {
                let luma = |x: usize, y: usize| match (x, y) {
                    (64..160, 64..) if y < 64 + lines => 255,
                    _ => 120,
                };
                show.paint(|x, y| [luma(x, y), 128, 128])
            });
            assert_eq!(!episodes(&heard).is_empty(), found, "{format} {lines}");
        }
    }
}

/// Caps may say the range alone.
#[test]
fn the_range_that_caps_declare_counts() {
    let white = |colorimetry| {
        let show = Show {
            caps: colorimetry,
            ..Show::new(320, 240)
        };
        let heard = show.run("gamutdetect", 60, move |_| {
            show.paint(|_, _| [255, 128, 128])
        });
        episodes(&heard).len()
    };
    assert_eq!(white(",colorimetry=(string)2:0:0:0"), 1);
    assert_eq!(white(",colorimetry=(string)1:0:0:0"), 0);
    assert_eq!(white(""), 1);
}
