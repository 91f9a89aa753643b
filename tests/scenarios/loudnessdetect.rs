// SPDX-License-Identifier: MPL-2.0
//! `loudnessdetect` in real pipelines.

use gst::prelude::*;
use gstdefect::{DefectMessage, MeasurementMessage};

/// What was on the bus until EOS.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    defects: Vec<DefectMessage>,
    measurements: Vec<MeasurementMessage>,
}

fn run(description: &str, set_up: impl FnOnce(&gst::Pipeline)) -> Heard {
    gst::init().unwrap();
    gstdefect::plugin_register_static().unwrap();
    let pipeline = gst::parse::launch(description)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    set_up(&pipeline);
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut heard = Heard::default();
    for message in bus.iter_timed(gst::ClockTime::from_seconds(60)) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(e) => panic!("{e:?}"),
            gst::MessageView::Warning(e) => panic!("{e:?}"),
            _ => {}
        }
        heard
            .defects
            .extend(DefectMessage::try_from(message.as_ref()));
        heard
            .measurements
            .extend(MeasurementMessage::try_from(message.as_ref()));
    }
    pipeline.set_state(gst::State::Null).unwrap();
    heard
}

/// A tone of so many dBFS for some seconds, at 8 kHz to be quick.
fn tone(level: f64, seconds: u32, properties: &str) -> String {
    let volume = 10f64.powf(level / 20.0);
    let buffers = seconds * 10;
    format!(
        "audiotestsrc freq=1000 volume={volume} samplesperbuffer=800 num-buffers={buffers} \
         ! audio/x-raw,format=F32LE,rate=8000,channels=2 \
         ! loudnessdetect name=l {properties} ! fakesink sync=false"
    )
}

#[test]
fn measures_have_the_names_and_values_of_the_contract() {
    let heard = run(&tone(-23.0, 5, "measurement-interval=1000000000"), |_| {});
    assert_eq!(heard.defects, []);
    let last = heard.measurements.last().unwrap();
    for name in [
        "momentary",
        "short-term",
        "integrated",
        "true-peak",
        "momentary-max",
        "short-term-max",
    ] {
        let value = last.measures[name];
        assert!((value + 23.0).abs() < 0.1, "{name}: {value}");
    }
    assert!(last.measures["range"].abs() < 0.1);
    // One per second and kind.
    assert_eq!(heard.measurements.len(), 10);
}

#[test]
fn a_preset_moves_the_target_and_a_limit_of_its_own_stays() {
    let loud = tone(-10.0, 12, "preset=streaming");
    let heard = run(&loud, |_| {});
    let begin = &heard.defects[0];
    assert_eq!(
        (begin.kind.as_str(), begin.state.as_str()),
        ("loudness", "begin")
    );
    assert_eq!(begin.detail.as_deref(), Some("too-loud"));
    assert!((begin.value - 8.0).abs() < 0.2, "{}", begin.value);
    assert!((begin.extra["loudness"] + 10.0).abs() < 0.2);
    assert_eq!(begin.channel, Some(-1));
    assert_eq!(heard.defects[1].reason.as_deref(), Some("eos"));
    assert_eq!(
        run(&tone(-10.0, 12, "target=-10.5 preset=streaming"), |_| {}).defects,
        []
    );
}

#[test]
fn a_true_peak_is_announced_at_once() {
    let heard = run(&tone(-0.5, 1, ""), |_| {});
    let begins: Vec<_> = heard
        .defects
        .iter()
        .filter(|d| d.state == "begin")
        .collect();
    assert_eq!(begins.len(), 2);
    assert!(
        begins
            .iter()
            .all(|d| d.kind == "true-peak" && d.timestamp == 0)
    );
    assert_eq!(begins[1].channel, Some(1));
}

#[test]
fn reset_is_a_property_that_acts() {
    let description = tone(-10.0, 4, "measurement-interval=1000000000");
    let heard = run(&description, |pipeline| {
        let element = pipeline.by_name("l").unwrap();
        let pad = element.static_pad("sink").unwrap();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let at = info.buffer().and_then(|b| b.pts());
            if at == Some(gst::ClockTime::from_seconds(2)) {
                element.set_property("reset", true);
                assert!(!element.property::<bool>("reset"));
            }
            gst::PadProbeReturn::Ok
        });
    });
    // 3 s of sound there are only without the reset.
    assert!(
        heard
            .measurements
            .iter()
            .all(|m| !m.measures.contains_key("short-term"))
    );
}
