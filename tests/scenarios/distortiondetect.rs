// SPDX-License-Identifier: MPL-2.0
//! `distortiondetect` in real pipelines.

use crate::common::example::{run, text};

const NOISE: &str = "audiotestsrc wave=pink-noise volume=0.2 samplesperbuffer=480 num-buffers=500";

#[test]
fn swapped_bytes_are_known() {
    let said = run(&format!(
        "{NOISE} ! audio/x-raw,format=S16BE,rate=48000,channels=1 ! capssetter join=false \
         caps=audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved ! distortiondetect ! fakesink sync=false"
    ));
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(text(&said[0], "detail"), "byte-swap");
    assert!(said[0].get::<f64>("confidence").unwrap() > 0.9);
}

#[test]
fn overdrive_is_known_at_any_level() {
    for volume in [1.0, 0.05] {
        let said = run(&format!(
            "{NOISE} ! audio/x-raw,format=S16LE,rate=48000,channels=2 ! volume volume=9 ! volume volume=9 ! audioconvert ! \
             audio/x-raw,format=F32LE ! volume volume={volume} ! distortiondetect ! fakesink sync=false"
        ));
        assert_eq!(said.len(), 2, "{volume}: {said:?}");
        assert_eq!(text(&said[0], "detail"), "overdrive");
        assert_eq!(said[0].get("channel"), Ok(-1i32));
    }
}

#[test]
fn clean_noise_and_tones_are_left_alone() {
    for source in [NOISE, "audiotestsrc freq=1000 volume=0.5 num-buffers=200"] {
        let said = run(&format!(
            "{source} ! audio/x-raw,format=S16LE,rate=48000,channels=2 ! distortiondetect ! fakesink sync=false"
        ));
        assert!(said.is_empty(), "{said:?}");
    }
}
