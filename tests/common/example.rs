// SPDX-License-Identifier: MPL-2.0
//! The examples in `pipelines/` as scenarios: run one, and read what it said.
#![allow(dead_code, reason = "no scenario uses all of it")]

use gst::prelude::*;

/// Runs a pipeline to its end; the structures of the messages about defects.
pub fn run(description: &str) -> Vec<gst::Structure> {
    let mut said = messages(description);
    said.retain(|s| s.name() == "defect");
    said
}

/// Runs a pipeline to its end; the structures of all element messages.
pub fn messages(description: &str) -> Vec<gst::Structure> {
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
                said.extend(e.structure().map(|s| s.to_owned()));
            }
            _ => {}
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    said
}

/// The pipeline of an example, without its comments.
pub fn pipeline(text: &str) -> String {
    text.lines()
        .filter(|l| !l.starts_with('#'))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text field, empty if it isn't there.
pub fn text(s: &gst::Structure, field: &str) -> String {
    s.get::<String>(field).unwrap_or_default()
}

/// Those of the kind, with that state.
pub fn states(said: &[gst::Structure], kind: &str, state: &str) -> Vec<gst::Structure> {
    let wanted = |s: &&gst::Structure| text(s, "kind") == kind && text(s, "state") == state;
    said.iter().filter(wanted).cloned().collect()
}

/// Runs a pipeline that has that kind of defect in it; its episodes, each of which began and ended.
pub fn reported(description: &str, kind: &str) -> Vec<gst::Structure> {
    let said = run(description);
    let (begins, ends) = (states(&said, kind, "begin"), states(&said, kind, "end"));
    assert!(
        !begins.is_empty() && begins.len() == ends.len(),
        "{said:#?}"
    );
    ends
}
