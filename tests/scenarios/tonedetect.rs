// SPDX-License-Identifier: MPL-2.0
//! `tonedetect` in real pipelines.

use crate::common::example::{run, text};

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
