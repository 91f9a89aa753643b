// SPDX-License-Identifier: MPL-2.0
//! `dropoutdetect` in a real pipeline: the example of it, and the same stream without the fault.
#![cfg(feature = "plugin")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use gst::prelude::*;

/// Runs a pipeline to its end; the structures of the messages about defects.
fn run(description: &str) -> Vec<gst::Structure> {
    gst::init().unwrap();
    gstdefect::plugin_register_static().ok();
    let pipeline = gst::parse::launch(description).unwrap();
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut said = Vec::new();
    for message in bus.iter_timed(gst::ClockTime::from_seconds(120)) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(e) => panic!("{e:?}"),
            gst::MessageView::Element(e) => {
                said.extend(
                    e.structure()
                        .filter(|s| s.name() == "defect")
                        .map(|s| s.to_owned()),
                );
            }
            _ => {}
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    said
}

fn example() -> String {
    let text = include_str!("../pipelines/dropoutdetect.launch");
    text.lines()
        .filter(|l| !l.starts_with('#'))
        .collect::<Vec<_>>()
        .join(" ")
}

fn text(s: &gst::Structure, field: &str) -> String {
    s.get::<String>(field).unwrap_or_default()
}

/// Those of the kind, with that state.
fn states(said: &[gst::Structure], state: &str) -> Vec<gst::Structure> {
    let wanted = |s: &&gst::Structure| text(s, "kind") == "dropout" && text(s, "state") == state;
    said.iter().filter(wanted).cloned().collect()
}

#[test]
fn the_example_is_reported() {
    let said = run(&example());
    let (begins, ends) = (states(&said, "begin"), states(&said, "end"));
    assert!(
        !begins.is_empty() && begins.len() == ends.len(),
        "{said:#?}"
    );
    check(&ends);
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
