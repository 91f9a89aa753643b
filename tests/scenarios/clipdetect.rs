// SPDX-License-Identifier: MPL-2.0
//! `clipdetect` in a real pipeline: the example of it, and the same stream without the fault.

use crate::common::example::{self, reported, run, text};

fn example() -> String {
    example::pipeline(include_str!("../../pipelines/clipdetect.launch"))
}

#[test]
fn the_example_is_reported() {
    check(&reported(&example(), "clipping"));
}

fn check(ends: &[gst::Structure]) {
    assert_eq!(ends.len(), 2, "one for each channel");
    assert_eq!(text(&ends[0], "detail"), "lowered");
    assert!(ends[0].get::<u64>("timestamp").unwrap() < 20_000_000);
}

#[test]
fn a_loud_tone_is_not() {
    assert!(run(&example().replace("volume volume=2.8", "volume volume=0.99")).is_empty());
}
