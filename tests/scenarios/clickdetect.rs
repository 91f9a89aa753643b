// SPDX-License-Identifier: MPL-2.0
//! `clickdetect` in a real pipeline: the example of it, and the same stream without the fault.

use crate::common::example::{self, run, states};

fn example() -> String {
    example::pipeline(include_str!("../../pipelines/clickdetect.launch"))
}

#[test]
fn the_example_is_reported() {
    let said = run(&example());
    let (begins, ends) = (
        states(&said, "click", "begin"),
        states(&said, "click", "end"),
    );
    assert!(
        !begins.is_empty() && begins.len() == ends.len(),
        "{said:#?}"
    );
    check(&ends);
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
