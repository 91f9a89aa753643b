// SPDX-License-Identifier: MPL-2.0
//! `avsyncdetect`: two streams side by side, each as if the other weren't there; offsets by timestamps, in the data,
//! and against a reference behind a transcoder.

use crate::common::{
    Example, Heard, Look, MS, PairRig, Pictures, SECOND, Sounds, Wave, identity, run,
};
use gst::prelude::*;
use gstdefect::DefectMessage;

fn example(name: &str) -> String {
    let all = Example::all();
    all.into_iter().find(|e| e.name == name).unwrap().line
}

/// The one episode.
fn episode(heard: &Heard) -> DefectMessage {
    let ends = heard.of("av-sync", "end");
    assert_eq!(ends.len(), 1, "{:?}", heard.defects());
    assert_eq!(heard.of("av-sync", "begin").len(), 1);
    ends[0].clone()
}

#[test]
fn a_ts_offset_is_known_to_the_millisecond() {
    let end = episode(&run(&example("avsyncdetect")));
    assert!((end.value + 200.0).abs() <= 1.0, "{end:?}");
    assert_eq!(end.threshold, -60.0);
    let together = example("avsyncdetect").replace("timestamp-offset=200000000", "");
    assert!(run(&together).defects().is_empty());
}

#[test]
fn a_line_up_sequence_is_known_to_the_millisecond() {
    let end = episode(&run(&example("avsync-line-up")));
    assert!((end.value + 150.0).abs() <= 1.0, "{end:?}");
    assert_eq!(end.detail.as_deref(), Some("flash-beep"));
    let aligned = example("avsync-line-up").replace("=560000000", "=420000000");
    assert!(run(&aligned).defects().is_empty());
}

/// A flash and a beep every 0.8 s for six seconds, the beep so many ms before the flash.
fn line_up(rig: &PairRig, early: i64) {
    let (mut pictures, mut sounds) = (
        Pictures::new("I420", 64, 48),
        Sounds::new("S16LE", 48_000, 2),
    );
    rig.open("video", &pictures.caps());
    rig.open("audio", &sounds.caps());
    for flash in (1..8).map(|n| n * 800 * MS) {
        let beep = flash.strict_add_signed(-early * MS as i64);
        let silence = beep - sounds.time;
        rig.push("audio", sounds.buffer(Wave::Silence, silence));
        rig.push("audio", sounds.buffer(Wave::Sine(1000.0, 0.5), 40 * MS));
        while pictures.time <= flash {
            let lit = pictures.time == flash;
            let look = if lit { Look::Grey(0.9) } else { Look::Black };
            rig.push("video", pictures.buffer(look));
        }
    }
    rig.eos();
}

#[test]
fn delays_in_the_data_are_known_by_flash_and_beep() {
    for early in [-300, -151, -73, 51, 150, 299] {
        let rig = PairRig::new(&["audio", "video"]);
        rig.element.set_property_from_str("evidence", "flash-beep");
        line_up(&rig, early);
        let end = episode(&rig.all());
        assert!((end.value - early as f64).abs() <= 1.0, "{early}: {end:?}");
    }
}

#[test]
fn an_offset_of_a_branch_is_known_by_timestamps_and_by_what_it_moves() {
    for (evidence, late) in [("timestamps", 72), ("timestamps", 333), ("flash-beep", 215)] {
        for moved in ["audio", "video"] {
            let rig = PairRig::new(&["audio", "video"]);
            rig.element.set_property_from_str("evidence", evidence);
            rig.pad(moved).set_offset(late * MS as i64);
            line_up(&rig, 0);
            let end = episode(&rig.all());
            let expected = if moved == "audio" { -late } else { late };
            let off = end.value - expected as f64;
            assert!(off.abs() <= 1.0, "{evidence} {moved}: {end:?}");
        }
    }
}

#[test]
fn a_transcoder_is_told_from_what_it_adds() {
    let end = episode(&run(&example("avsync-reference")));
    // The link's 150 ms, and 1024 samples that the sound's coder needs.
    assert!((end.value + 171.3).abs() <= 40.0, "{end:?}");
    let straight = example("avsync-reference").replace("ts-offset=150000000", "");
    assert!(run(&straight).defects().is_empty());
}

/// Pictures and sound of two seconds, in step; returns what went in, by stream.
fn play(rig: &PairRig, streams: &[&str]) -> Vec<(String, Vec<crate::common::Identity>)> {
    let mut pictures = Pictures::new("I420", 64, 48);
    let mut sounds = Sounds::new("S16LE", 48_000, 2);
    let mut went: Vec<_> = streams
        .iter()
        .map(|s| ((*s).to_owned(), Vec::new()))
        .collect();
    for stream in streams {
        let caps = if stream.ends_with("video") {
            pictures.caps()
        } else {
            sounds.caps()
        };
        rig.open(stream, &caps);
    }
    for _ in 0..50 {
        let (picture, sound) = (
            pictures.buffer(Look::Noise),
            sounds.buffer(Wave::Noise, 40 * MS),
        );
        for (stream, log) in &mut went {
            let buffer = if stream.ends_with("video") {
                &picture
            } else {
                &sound
            };
            log.push(identity(buffer));
            rig.push(stream, buffer.clone());
        }
    }
    went
}

#[test]
fn each_stream_passes_as_it_is_alone_or_not() {
    for streams in [
        &["audio", "video", "reference_audio", "reference_video"][..],
        &["audio", "video"],
        &["audio"],
        &["video"],
        &["video", "reference_video"],
    ] {
        let rig = PairRig::new(streams);
        rig.element.set_property("measurement-interval", SECOND);
        for (stream, before) in play(&rig, streams) {
            let out = rig.out(&stream).buffers();
            let after: Vec<_> = out.iter().map(|b| identity(b)).collect();
            if stream.starts_with("reference") {
                assert!(after.is_empty());
            } else {
                assert_eq!(before, after, "{stream} of {streams:?}");
            }
        }
        rig.eos();
        let heard = rig.all();
        assert!(heard.warnings().is_empty(), "{:?}", heard.warnings());
        assert!(heard.measurements().len() >= 2, "{streams:?}");
        assert!(
            heard
                .measurements()
                .iter()
                .all(|m| m.status == "inconclusive")
        );
    }
    crate::common::nothing_critical();
}

#[test]
fn events_and_queries_stay_with_their_stream() {
    let rig = PairRig::new(&["audio", "video"]);
    play(&rig, &["audio", "video"]);
    let counts = || ["audio", "video"].map(|s| rig.out(s).events().len());
    let before = counts();
    let custom = gst::event::CustomDownstream::new(gst::Structure::new_empty("x"));
    assert!(rig.pad("audio").push_event(custom));
    assert_eq!(counts(), [before[0] + 1, before[1]]);
    let caps = Pictures::new("I420", 64, 48).caps();
    assert!(rig.pad("video").peer_query_accept_caps(&caps));
    let sound = Sounds::new("S16LE", 48_000, 2).caps();
    assert!(!rig.pad("video").peer_query_accept_caps(&sound));
    // EOS of one: the other goes on.
    assert!(rig.pad("audio").push_event(gst::event::Eos::new()));
    assert_eq!(counts()[1], before[1]);
    let mut pictures = Pictures::new("I420", 64, 48);
    pictures.time = 2 * SECOND;
    rig.push("video", pictures.buffer(Look::Noise));
    assert_eq!(rig.out("video").buffers().len(), 51);
}

/// An open episode ends when one stream has ended and the other has come to that time, before it goes on.
#[test]
fn what_is_open_ends_with_the_stream_that_ends_first() {
    for ended in ["audio", "video"] {
        let rig = PairRig::new(&["audio", "video"]);
        rig.element.set_property_from_str("evidence", "timestamps");
        let (mut pictures, mut sounds) = (
            Pictures::new("I420", 64, 48),
            Sounds::new("S16LE", 48_000, 2),
        );
        rig.open("video", &pictures.caps());
        rig.open("audio", &sounds.caps());
        sounds.time = 500 * MS;
        for _ in 0..150 {
            rig.push("video", pictures.buffer(Look::Black));
            rig.push("audio", sounds.buffer(Wave::Noise, 40 * MS));
        }
        assert_eq!(rig.all().of("av-sync", "begin").len(), 1);
        rig.pad(ended).push_event(gst::event::Eos::new());
        if ended == "audio" {
            // The sound is 500 ms ahead of the picture.
            assert!(rig.all().of("av-sync", "end").is_empty());
            for _ in 0..13 {
                rig.push("video", pictures.buffer(Look::Black));
            }
        } else {
            let all = rig.all();
            let (end, event) = (all.end_position(), all.event_position(gst::EventType::Eos));
            assert!(end.is_some() && end < event, "{end:?} {event:?}");
        }
        let end = episode(&rig.all());
        assert!((end.value + 500.0).abs() <= 1.0, "{end:?}");
        assert_eq!(end.reason.as_deref(), Some("eos"));
        assert!(end.stream_time.is_some() && end.channel.is_none());
    }
}

/// A step of timestamps is an error, unless a damaged buffer behind it says that something was lost.
#[test]
fn a_step_before_damage_is_a_loss() {
    for damaged in [false, true] {
        let rig = PairRig::new(&["audio", "video"]);
        let (mut pictures, mut sounds) = (
            Pictures::new("I420", 64, 48),
            Sounds::new("S16LE", 48_000, 2),
        );
        rig.open("video", &pictures.caps());
        rig.open("audio", &sounds.caps());
        for n in 0..250 {
            rig.push("video", pictures.buffer(Look::Noise));
            if n == 100 {
                sounds.time += 137 * MS;
            }
            let mut sound = sounds.buffer(Wave::Noise, 40 * MS);
            if damaged && n == 100 {
                sound.make_mut().set_flags(gst::BufferFlags::CORRUPTED);
            }
            rig.push("audio", sound);
        }
        rig.eos();
        let found = rig.all().of("av-sync", "begin").len();
        assert_eq!(found, usize::from(!damaged), "damaged: {damaged}");
    }
}

#[test]
fn what_cant_be_read_passes_and_is_said_once() {
    let rig = PairRig::new(&["audio", "video"]);
    let foreign: gst::Caps = "audio/x-raw,format=S16BE,rate=48000,channels=2,layout=interleaved"
        .parse()
        .unwrap();
    rig.open("audio", &foreign);
    let mut pictures = Pictures::new("I420", 64, 48);
    rig.open("video", &pictures.caps());
    for _ in 0..10 {
        rig.push("audio", gst::Buffer::from_slice([0u8; 64]));
        rig.push(
            "video",
            crate::common::unmappable(&pictures.buffer(Look::Noise)),
        );
    }
    let all = rig.all();
    assert_eq!(all.warnings().len(), 2, "{:?}", all.warnings());
    assert_eq!(all.buffers().len(), 20);
}

#[test]
fn a_reference_pad_comes_and_goes() {
    let rig = PairRig::new(&["audio", "video", "reference_video"]);
    let pad = rig.element.static_pad("reference_video_sink").unwrap();
    rig.pad("reference_video").unlink(&pad).unwrap();
    rig.element.release_request_pad(&pad);
    assert!(rig.element.static_pad("reference_video_sink").is_none());
    assert!(
        rig.element
            .request_pad_simple("reference_video_sink")
            .is_some()
    );
}
