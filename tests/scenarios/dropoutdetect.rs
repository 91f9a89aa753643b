// SPDX-License-Identifier: MPL-2.0
//! `dropoutdetect` in a real pipeline: the example of it, and the same stream without the fault.

use crate::common::example::{self, reported, run, text};

fn example() -> String {
    example::pipeline(include_str!("../../pipelines/dropoutdetect.launch"))
}

#[test]
fn the_example_is_reported() {
    check(&reported(&example(), "dropout"));
}

fn check(ends: &[gst::Structure]) {
    assert_eq!(ends.len(), 1, "{ends:#?}");
    let end = &ends[0];
    assert_eq!(text(end, "detail"), "aac-frame");
    assert_eq!(end.get::<i32>("channel"), Ok(-1));
    assert!(end.get::<u64>("timestamp").unwrap().abs_diff(2_000_000_000) < 100_000);
    assert!((end.get::<f64>("value").unwrap() - 21.33).abs() < 0.1);
}

#[test]
fn noise_without_the_gap_is_not() {
    assert!(
        run(&example().replace("timestamp-offset=2021333334", "timestamp-offset=2000000000"))
            .is_empty()
    );
}
