// SPDX-License-Identifier: MPL-2.0
//! `clickdetect` in a real pipeline: the example of it, and the same stream without the fault.

use crate::common::example::{self, reported, run};

fn example() -> String {
    example::pipeline(include_str!("../../pipelines/clickdetect.launch"))
}

#[test]
fn the_example_is_reported() {
    check(&reported(&example(), "click"));
}

fn check(ends: &[gst::Structure]) {
    assert!((3..=5).contains(&ends.len()), "{ends:#?}");
    assert!(ends.iter().all(|e| e.get::<u64>("count") == Ok(1)));
    assert!(ends.iter().all(|e| e.get::<i32>("channel") == Ok(-1)));
}

#[test]
fn the_tone_alone_is_not() {
    let quiet = example().replace("marker-tick-volume=0.5 volume=0.5", "volume=0.0");
    assert!(run(&quiet).is_empty());
}
