// SPDX-License-Identifier: MPL-2.0
//! `phasedetect` in real pipelines.

use gst::prelude::*;
use gstdefect::DefectMessage;

/// The defects until EOS of noise whose channels are made by this matrix.
fn run(matrix: &str, mask: &str, properties: &str, size: u32) -> Vec<DefectMessage> {
    gst::init().unwrap();
    gstdefect::plugin_register_static().unwrap();
    let pipeline = gst::parse::launch(&format!(
        "audiotestsrc wave=pink-noise samplesperbuffer=48000 num-buffers=15 \
         ! audio/x-raw,format=F32LE,rate=48000,channels=1 ! audioconvert mix-matrix=\"{matrix}\" \
         ! audio/x-raw,format=F32LE,{mask} ! audiobuffersplit output-buffer-size={size} \
         ! phasedetect name=p {properties} ! fakesink sync=false"
    ))
    .unwrap()
    .downcast::<gst::Pipeline>()
    .unwrap();
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut defects = Vec::new();
    for message in bus.iter_timed(gst::ClockTime::from_seconds(60)) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(e) => panic!("{e:?}"),
            gst::MessageView::Warning(e) => panic!("{e:?}"),
            _ => defects.extend(DefectMessage::try_from(message.as_ref())),
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    defects
}

const STEREO: &str = "channels=2,channel-mask=(bitmask)0x3";
const FRAMES: u32 = 8 * 1_024;

#[track_caller]
fn one(defects: &[DefectMessage], kind: &str, detail: &str, channel: i32) {
    let [begin, end] = defects else {
        panic!("{defects:#?}")
    };
    for message in [begin, end] {
        assert_eq!(message.kind, kind);
        assert_eq!(message.detail.as_deref(), Some(detail));
        assert_eq!(message.channel, Some(channel));
        assert_eq!(message.timestamp, 0);
    }
    assert_eq!(end.reason.as_deref(), Some("eos"));
}

#[test]
fn an_inverted_channel() {
    let found = run("<<(float)1.0>,<(float)-1.0>>", STEREO, "", FRAMES);
    one(&found, "phase-inversion", "full", -1);
}

#[test]
fn dual_mono() {
    let found = run("<<(float)1.0>,<(float)1.0>>", STEREO, "", FRAMES);
    one(&found, "dual-mono", "identical", -1);
}

#[test]
fn a_dead_leg() {
    let found = run("<<(float)0.0>,<(float)1.0>>", STEREO, "", FRAMES);
    one(&found, "imbalance", "dead-leg", 0);
}

#[test]
fn properties_apply() {
    let matrix = "<<(float)0.6>,<(float)1.0>>";
    let found = run(
        matrix,
        STEREO,
        "imbalance-threshold=4 mono-threshold=-80",
        FRAMES,
    );
    one(&found, "imbalance", "level", 0);
    assert_eq!(found[0].threshold, 4.0);
    let found = run(matrix, STEREO, "min-duration=20000000000", FRAMES);
    assert_eq!(found, []);
}
