// SPDX-License-Identifier: MPL-2.0
//! `hissdetect` in real pipelines.

use crate::common::example::{run, text};

fn hiss(volume: f64, size: u32) -> Vec<gst::Structure> {
    let buffers = 48_000 * 16 / size;
    let format = "audio/x-raw,format=S16LE,rate=48000,channels=2";
    run(&format!(
        "audiotestsrc wave=gaussian-noise volume={volume} samplesperbuffer={size} num-buffers={buffers} ! {format} ! mix. \
         audiotestsrc wave=ticks volume=0.3 samplesperbuffer={size} num-buffers={buffers} ! {format} ! mix. \
         audiomixer name=mix ! hissdetect ! fakesink sync=false"
    ))
}

#[test]
fn noise_is_reported_from_its_beginning() {
    let said = hiss(0.003, 480);
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(text(&said[0], "kind"), "hiss");
    assert_eq!(text(&said[0], "detail"), "floor");
    assert!(said[0].get::<u64>("timestamp").unwrap() < 500_000_000);
    assert_eq!(text(&said[1], "reason"), "eos");
}

#[test]
fn ticks_alone_are_not() {
    assert!(hiss(0.0, 480).is_empty());
}

#[test]
fn a_higher_threshold_lets_it_pass() {
    let said = run(
        "audiotestsrc wave=gaussian-noise volume=0.003 samplesperbuffer=480 num-buffers=1600 ! audio/x-raw,rate=48000,channels=1 ! \
         hissdetect threshold=-40 ! fakesink sync=false",
    );
    assert!(said.is_empty(), "{said:?}");
}
