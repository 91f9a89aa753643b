// SPDX-License-Identifier: MPL-2.0
//! `dcdetect` in a real pipeline: the example of it, and the same stream without the fault.

use crate::common::example::{self, reported, run, text};

fn example() -> String {
    example::pipeline(include_str!("../../pipelines/dcdetect.launch"))
}

#[test]
fn the_example_is_reported() {
    check(&reported(&example(), "dc-offset"));
}

fn check(ends: &[gst::Structure]) {
    assert_eq!(ends.len(), 1, "{ends:#?}");
    let end = &ends[0];
    assert_eq!(text(end, "detail"), "positive");
    assert_eq!(end.get::<i32>("channel"), Ok(0));
    assert!((end.get::<f64>("value").unwrap() - 0.05).abs() < 0.01);
}

#[test]
fn noise_without_the_offset_is_not() {
    assert!(run(&example().replace("volume=0.05", "volume=0.0")).is_empty());
}
