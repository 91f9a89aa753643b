// SPDX-License-Identifier: MPL-2.0
//! `tonedetect` in real pipelines.
#![cfg(feature = "plugin")]
#![allow(clippy::unwrap_used, reason = "tests")]

use gst::prelude::*;

/// Runs a pipeline to its end; the structures of its element messages.
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
            gst::MessageView::Element(e) => said.extend(e.structure().map(|s| s.to_owned())),
            _ => {}
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    said
}

/// Field `name` as text.
fn text(s: &gst::Structure, name: &str) -> String {
    s.get::<String>(name).unwrap_or_default()
}

fn tone(seconds: f64, rate: u32, size: u32) -> Vec<gst::Structure> {
    let buffers = (f64::from(rate) * seconds) as u32 / size;
    run(&format!(
        "audiotestsrc freq=1000 volume=0.125 samplesperbuffer={size} num-buffers={buffers} ! \
         audio/x-raw,format=S16LE,rate={rate},channels=2 ! tonedetect ! fakesink sync=false"
    ))
}

#[test]
fn a_tone_has_a_frequency_and_a_level() {
    for rate in [8000, 44_100, 48_000, 96_000] {
        let said = tone(3.0, rate, rate / 100);
        assert_eq!(said.len(), 2, "{rate}: {said:?}");
        let end = &said[1];
        assert_eq!(text(end, "detail"), "line-up");
        assert_eq!(end.get("timestamp"), Ok(0u64));
        assert!((end.get::<f64>("frequency").unwrap() - 1000.0).abs() < 2.0);
        assert!(
            (end.get::<f64>("value").unwrap() + 21.07).abs() < 0.2,
            "{end:?}"
        );
    }
}

#[test]
fn a_bleep_is_left_alone() {
    assert!(tone(1.0, 48_000, 480).is_empty());
}

#[test]
fn the_verdict_does_not_depend_on_buffers() {
    let times = |said: Vec<gst::Structure>| -> Vec<(u64, f64)> {
        said.iter()
            .map(|s| (s.get("timestamp").unwrap(), s.get("value").unwrap()))
            .collect()
    };
    assert_eq!(
        times(tone(3.0, 48_000, 64)),
        times(tone(3.0, 48_000, 48_000))
    );
}
