// SPDX-License-Identifier: MPL-2.0
//! The element with sound and picture in an episode of its own fault: it ends at every boundary of either stream,
//! before the boundary goes on.

use gst::prelude::*;

use super::*;

/// The element with sound and picture that have caps, but no data yet.
fn open() -> (PairRig, Pictures, Sounds) {
    let rig = PairRig::new(&["audio", "video"]);
    let (pictures, sounds) = (
        Pictures::new("I420", 64, 48),
        Sounds::new("S16LE", 48_000, 2),
    );
    rig.open("video", &pictures.caps());
    rig.open("audio", &sounds.caps());
    (rig, pictures, sounds)
}

/// Sound that begins 500 ms after the picture, until that is announced.
fn in_episode() -> (PairRig, Pictures, Sounds) {
    let (rig, mut pictures, mut sounds) = open();
    rig.element.set_property_from_str("evidence", "timestamps");
    sounds.time = 500 * MS;
    play(&rig, &mut pictures, &mut sounds, 150);
    assert_eq!(rig.all().of("av-sync", "begin").len(), 1);
    (rig, pictures, sounds)
}

fn play(rig: &PairRig, pictures: &mut Pictures, sounds: &mut Sounds, count: usize) {
    for _ in 0..count {
        rig.push("video", pictures.buffer(Look::Noise));
        rig.push("audio", sounds.buffer(Wave::Noise, 40 * MS));
    }
}

/// Does something to one of the streams, then plays on, and ends all.
fn closes(reason: &str, event: Option<gst::EventType>, act: impl Fn(&PairRig, &str)) {
    let entries = gstdefect::detectors::all();
    let entry = entries.iter().find(|e| e.input == Input::Pair).unwrap();
    for stream in ["audio", "video"] {
        let (rig, mut pictures, mut sounds) = in_episode();
        let before = rig.all().0.len();
        act(&rig, stream);
        let all = rig.all();
        let ends = all.of("av-sync", "end");
        assert_eq!(ends.len(), 1, "{stream}: {:?}", all.defects());
        assert_eq!(ends[0].reason.as_deref(), Some(reason), "{stream}");
        if let Some(event) = event {
            let is_event = |seen: &Seen| matches!(seen, Seen::Event(e) if e.type_() == event);
            let went = before + all.0[before..].iter().position(is_event).unwrap();
            assert!(all.end_position().unwrap() < went, "{stream}");
        }
        if !["eos", "stopped"].contains(&reason) {
            play(&rig, &mut pictures, &mut sounds, 25);
        }
        rig.eos();
        rig.element.set_state(gst::State::Null).unwrap();
        Rules::check(entry, &rig.all());
    }
    nothing_critical();
}

#[test]
fn at_a_flush_of_either_stream() {
    closes("flush", Some(gst::EventType::FlushStop), |rig, stream| {
        rig.pad(stream).push_event(gst::event::FlushStart::new());
        rig.pad(stream).push_event(gst::event::FlushStop::new(true));
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        rig.pad(stream)
            .push_event(gst::event::Segment::new(&segment));
    });
}

#[test]
fn at_a_new_segment_of_either_stream() {
    closes("segment", Some(gst::EventType::Segment), |rig, stream| {
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_base(gst::ClockTime::from_seconds(1));
        rig.pad(stream)
            .push_event(gst::event::Segment::new(&segment));
    });
}

#[test]
fn at_new_caps_of_either_stream() {
    closes("caps", Some(gst::EventType::Caps), |rig, stream| {
        let caps = match stream {
            "audio" => Sounds::new("F32LE", 44_100, 1).caps(),
            _ => Pictures::new("GRAY8", 32, 32).caps(),
        };
        rig.pad(stream).push_event(gst::event::Caps::new(&caps));
        rig.pad(stream)
            .push_event(gst::event::Caps::new(&match stream {
                "audio" => Sounds::new("S16LE", 48_000, 2).caps(),
                _ => Pictures::new("I420", 64, 48).caps(),
            }));
    });
}

/// A crop meta says what will be shown: other pictures than before, as new caps say it.
#[test]
fn at_a_crop_of_the_picture() {
    let (rig, mut pictures, mut sounds) = in_episode();
    for crop in [(16, 8, 32, 32), (0, 0, 32, 32)] {
        for _ in 0..150 {
            let mut picture = pictures.buffer(Look::Noise);
            gst_video::VideoCropMeta::add(picture.make_mut(), crop);
            rig.push("video", picture);
            rig.push("audio", sounds.buffer(Wave::Noise, 40 * MS));
        }
    }
    let all = rig.all();
    assert_eq!(all.warnings(), Vec::<String>::new());
    let ends = all.of("av-sync", "end");
    // Another place of the same size breaks nothing.
    assert_eq!(ends.len(), 1, "{ends:#?}");
    assert_eq!(ends[0].reason.as_deref(), Some("caps"));
    assert_eq!(all.of("av-sync", "begin").len(), 2);
}

#[test]
fn when_both_streams_end_or_the_element_stops() {
    closes("eos", None, |rig, _| rig.eos());
    closes("stopped", None, |rig, _| {
        rig.element.set_state(gst::State::Ready).unwrap();
    });
}

#[test]
fn when_switched_off() {
    closes("inactive", None, |rig, stream| {
        rig.element.set_property("active", false);
        // With the next buffer, which isn't analysed any more.
        match stream {
            "audio" => {
                let mut sounds = Sounds::new("S16LE", 48_000, 2);
                sounds.time = 6500 * MS;
                rig.push("audio", sounds.buffer(Wave::Noise, 40 * MS));
            }
            _ => rig.push("video", {
                let mut pictures = Pictures::new("I420", 64, 48);
                pictures.time = 6000 * MS;
                pictures.buffer(Look::Noise)
            }),
        }
        rig.element.set_property("active", true);
    });
}

/// Measurements of every second, in a segment of that rate, where the sound ends before the picture, between two steps of time.
fn measured_at(rate: f64) -> Vec<gstdefect::MeasurementMessage> {
    let entries = gstdefect::detectors::all();
    let entry = entries.iter().find(|e| e.input == Input::Pair).unwrap();
    let (rig, mut pictures, mut sounds) = open();
    rig.element.set_property("measurement-interval", SECOND);
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_rate(rate);
    for stream in ["video", "audio"] {
        rig.pad(stream)
            .push_event(gst::event::Segment::new(&segment));
    }
    play(&rig, &mut pictures, &mut sounds, 200);
    rig.pad("audio").push_event(gst::event::Eos::new());
    for _ in 0..50 {
        rig.push("video", pictures.buffer(Look::Noise));
    }
    rig.eos();
    Rules::check(entry, &rig.all());
    rig.all().measurements()
}

#[test]
fn measurements_cover_the_stream_once_at_any_rate() {
    for rate in [1.0, 1.02, 2.0, 4.0] {
        let measured = measured_at(rate);
        let last = measured.last().unwrap();
        let end = last.timestamp + last.duration;
        assert!(end >= 10 * SECOND - 40 * MS, "rate {rate}: ends at {end}");
        for pair in measured.windows(2) {
            let end = pair[0].timestamp + pair[0].duration;
            assert!(
                end.abs_diff(pair[1].timestamp) < MS,
                "rate {rate}: {pair:?}"
            );
        }
    }
    nothing_critical();
}

#[test]
fn what_has_no_timestamps_is_said_once() {
    for stream in ["audio", "video"] {
        let (rig, mut pictures, mut sounds) = open();
        for _ in 0..5 {
            let mut buffer = match stream {
                "audio" => sounds.buffer(Wave::Noise, 40 * MS),
                _ => pictures.buffer(Look::Noise),
            };
            buffer.make_mut().set_pts(None);
            rig.push(stream, buffer);
        }
        let warnings = rig.all().warnings();
        assert_eq!(warnings.len(), 1, "{stream}: {warnings:?}");
        assert!(
            warnings[0].contains("without timestamps"),
            "{stream}: {warnings:?}"
        );
    }
}

/// A gap that a stream announces last is part of it, though no buffer says that nothing filled it.
#[test]
fn a_gap_before_the_end_is_measured() {
    crate::common::init();
    for event in [
        gst::event::Eos::new(),
        gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new()),
    ] {
        let (rig, mut pictures, mut sounds) = open();
        rig.element.set_property("measurement-interval", SECOND);
        play(&rig, &mut pictures, &mut sounds, 100);
        for stream in ["audio", "video"] {
            let start = gst::ClockTime::from_seconds(4);
            let gap = gst::event::Gap::builder(start).duration(start).build();
            assert!(rig.pad(stream).push_event(gap));
            assert!(rig.pad(stream).push_event(event.clone()));
        }
        rig.element.set_state(gst::State::Null).unwrap();
        let measured = rig.all().measurements();
        let last = measured.last().unwrap();
        let end = last.timestamp + last.duration;
        assert!(end.abs_diff(8 * SECOND) <= MS, "{event:?}: ends at {end}");
    }
}
