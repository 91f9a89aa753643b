// SPDX-License-Identifier: MPL-2.0
//! `freezedetect` in real pipelines, on holds that went through real codecs.

use gst::prelude::*;

const WIDTH: usize = 640;
const HEIGHT: usize = 360;
const FRAME: u64 = 40_000_000;
const SLACK: u64 = 200_000_000;

/// One episode, as its messages tell.
#[derive(Debug)]
struct Episode {
    kind: String,
    detail: String,
    start: u64,
    end: u64,
}

/// A pseudo-random number from 0 to 1.
fn random(n: u64) -> f64 {
    let mut h = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    h = (h ^ h >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ h >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((h ^ h >> 31) >> 11) as f64 / (1u64 << 53) as f64
}

/// A scene: waves, edges, and grain that is different at every `offset`.
fn picture(offset: f64, grain: f64, seed: u64) -> Vec<u8> {
    let mut bytes = vec![128u8; WIDTH * HEIGHT * 3 / 2];
    for (i, p) in bytes[..WIDTH * HEIGHT].iter_mut().enumerate() {
        let (x, y) = ((i % WIDTH) as f64 + offset, (i / WIDTH) as f64);
        let wave = 35.0 * (x * 0.06 + (y * 0.03).sin()).sin() + 25.0 * (y * 0.11 - x * 0.02).cos();
        let edge = 40.0 * f64::from(u8::from((x * 0.013 + y * 0.021).sin() > 0.3));
        let key = seed << 32 | i as u64;
        let noise = grain * 2.0 * (random(key) + random(!key) + random(key ^ 0x5555) - 1.5);
        *p = (110.0 + wave + edge + noise).clamp(16.0, 235.0) as u8;
    }
    bytes
}

/// Runs pictures through `chain` and `freezedetect` with its defaults.
fn watch(chain: &str, pictures: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Vec<Episode> {
    gst::init().unwrap();
    gstdefect::plugin_register_static().ok();
    let pipeline = gst::parse::launch(&format!(
        "appsrc name=source format=time caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate=25/1 ! {chain} \
         freezedetect ! fakesink sync=false"
    ))
    .unwrap()
    .downcast::<gst::Pipeline>()
    .unwrap();
    let source = pipeline.by_name("source").unwrap();
    let source = source.downcast::<gst_app::AppSrc>().unwrap();
    source.set_block(true);
    let feeder = std::thread::spawn(move || {
        for (n, bytes) in pictures.enumerate() {
            let mut buffer = gst::Buffer::from_slice(bytes);
            let b = buffer.get_mut().unwrap();
            b.set_pts(gst::ClockTime::from_nseconds(n as u64 * FRAME));
            b.set_duration(gst::ClockTime::from_nseconds(FRAME));
            source.push_buffer(buffer).unwrap();
        }
        source.end_of_stream().unwrap();
    });
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut episodes = Vec::new();
    for message in pipeline.bus().unwrap().iter_timed(gst::ClockTime::NONE) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(e) => panic!("{e:?}"),
            gst::MessageView::Element(e) => episodes.extend(e.structure().and_then(ended)),
            _ => {}
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    feeder.join().unwrap();
    episodes
}

fn ended(s: &gst::StructureRef) -> Option<Episode> {
    if s.get::<&str>("state") != Ok("end") {
        return None;
    }
    // Encoders may shift all times; stream time starts at the first picture.
    let start = s.get::<u64>("stream-time").ok()?;
    Some(Episode {
        kind: s.get::<String>("kind").ok()?,
        detail: s.get::<String>("detail").unwrap_or_default(),
        start,
        end: start + s.get::<u64>("duration").ok()?,
    })
}

/// Motion for two seconds, a hold of `held` pictures, motion for a second.
fn hold(held: u64, grain: f64) -> impl Iterator<Item = Vec<u8>> + Send {
    (0..75 + held).map(move |n| {
        let n = n.min(49) + n.saturating_sub(49 + held);
        picture(n as f64 * 2.0, grain, n)
    })
}

fn is_found(episodes: &[Episode], held: u64, detail: &str, slack: u64) {
    assert_eq!(episodes.len(), 1, "{episodes:?}");
    let e = &episodes[0];
    assert_eq!((e.kind.as_str(), e.detail.as_str()), ("freeze", detail));
    assert!(e.start.abs_diff(49 * FRAME) <= slack.max(FRAME), "{e:?}");
    assert!(e.end.abs_diff((50 + held) * FRAME) <= slack, "{e:?}");
}

#[test]
fn an_exact_hold() {
    is_found(&watch("", hold(55, 2.0)), 55, "exact", 0);
}

#[test]
fn a_hold_in_other_formats() {
    for format in ["NV12", "UYVY", "v210", "I420_10LE", "RGB", "GRAY8"] {
        let chain = format!("videoconvert ! video/x-raw,format={format} !");
        is_found(&watch(&chain, hold(55, 2.0)), 55, "exact", 0);
    }
}

#[test]
fn holds_after_h264() {
    for (rate, gop, grain) in [(400, 250, 0.0), (1000, 50, 3.0), (3000, 25, 5.0)] {
        let chain = format!(
            "x264enc bitrate={rate} key-int-max={gop} speed-preset=veryfast threads=1 ! avdec_h264 !"
        );
        is_found(&watch(&chain, hold(100, grain)), 100, "coded", SLACK);
    }
}

#[test]
fn holds_after_hevc() {
    for (rate, grain) in [(400, 0.0), (1500, 3.0)] {
        let chain = format!(
            "x265enc bitrate={rate} key-int-max=60 speed-preset=ultrafast ! h265parse ! avdec_h265 !"
        );
        is_found(&watch(&chain, hold(80, grain)), 80, "coded", SLACK);
    }
}

#[test]
fn holds_after_mpeg2() {
    // libav's encoder refuses the time base that GStreamer 1.22 gives it.
    for (rate, grain) in [(2000, 0.0), (4000, 3.0)] {
        let chain = format!(
            "mpeg2enc format=3 bitrate={rate} max-gop-size=12 b-per-refframe=2 ! mpegvideoparse ! avdec_mpeg2video !"
        );
        is_found(&watch(&chain, hold(100, grain)), 100, "coded", SLACK);
    }
}

#[test]
fn a_slow_pan_after_h264_is_none() {
    let pan = (0..125u64).map(|n| picture(n as f64 * 0.25, 0.0, 0));
    let chain = "x264enc bitrate=1000 speed-preset=veryfast threads=1 ! avdec_h264 !";
    let episodes = watch(chain, pan);
    assert!(episodes.is_empty(), "{episodes:?}");
}

#[test]
fn a_still_scene_with_noise_after_h264_lives() {
    let noise = (0..100u64).map(|n| picture(0.0, 3.0, n));
    let chain = "x264enc bitrate=4000 speed-preset=veryfast threads=1 ! avdec_h264 !";
    let episodes = watch(chain, noise);
    assert!(episodes.is_empty(), "{episodes:?}");
}
