// SPDX-License-Identifier: MPL-2.0
//! `humdetect` in real pipelines.

use crate::common::example::{messages as run, text};

fn hum(channels: u32, size: u32, tail: &str) -> Vec<gst::Structure> {
    let source = |wave: &str, volume: f64| {
        let buffers = 48_000 * 12 / size;
        format!(
            "audiotestsrc {wave} volume={volume} samplesperbuffer={size} num-buffers={buffers} ! \
             audio/x-raw,format=F32LE,rate=48000,channels={channels} ! mix. "
        )
    };
    run(&format!(
        "{} {} {} audiomixer name=mix ! {tail} ! fakesink sync=false",
        source("freq=50", 0.01),
        source("freq=150", 0.008),
        source("freq=440", 0.1),
    ))
}

#[test]
fn hum_has_a_frequency_and_a_level() {
    let said = hum(2, 480, "humdetect");
    assert_eq!(said.len(), 2, "{said:?}");
    let end = &said[1];
    assert_eq!(text(end, "detail"), "mains-50");
    assert_eq!(end.get("channel"), Ok(-1i32));
    assert!((end.get::<f64>("frequency").unwrap() - 50.0).abs() < 0.1);
    // Two sines: 0.01 and 0.008 at their peaks.
    assert!(
        (end.get::<f64>("value").unwrap() + 40.8).abs() < 1.0,
        "{end:?}"
    );
    assert!(end.get::<u64>("timestamp").unwrap() < 1_500_000_000);
}

#[test]
fn measurements_carry_frequency_and_level() {
    let said = hum(1, 480, "humdetect measurement-interval=10000000000");
    let first = said
        .iter()
        .find(|s| s.name() == "defect-measurement")
        .unwrap();
    assert!((first.get::<f64>("frequency").unwrap() - 50.0).abs() < 0.1);
    assert!(first.get::<f64>("level").unwrap() < -38.0);
}

#[test]
fn a_bass_note_is_no_hum() {
    let said = run(
        "audiotestsrc freq=49 volume=0.1 samplesperbuffer=480 num-buffers=1200 ! audio/x-raw,rate=48000,channels=1 ! \
         humdetect ! fakesink sync=false",
    );
    assert!(said.is_empty(), "{said:?}");
}
