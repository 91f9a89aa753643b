// SPDX-License-Identifier: MPL-2.0
//! `defectbin`: builds what fits, hides what follows, disturbs nothing.

use crate::common::{Look, MS, Pictures, Rig, SECOND, Sounds, Wave, identity};
use gst::prelude::*;

fn bin(profile: &str, detectors: &str) -> gst::Element {
    crate::common::init();
    gst::ElementFactory::make("defectbin")
        .property_from_str("profile", profile)
        .property("detectors", detectors)
        .build()
        .unwrap()
}

fn children(bin: &gst::Element) -> Vec<String> {
    let bin = bin.downcast_ref::<gst::Bin>().unwrap();
    let mut names: Vec<_> = bin
        .children()
        .iter()
        .map(|c| c.name().to_string())
        .collect();
    names.sort();
    names
}

/// Seconds of one look.
fn show(rig: &Rig, pictures: &mut Pictures, look: Look, seconds: u64) {
    for _ in 0..seconds * 25 {
        rig.push(pictures.buffer(look));
    }
}

#[test]
fn only_what_is_asked_for_is_made() {
    let rig = Rig::around(bin("none", "freeze, black min-duration=300ms, hum"));
    let mut pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    assert_eq!(children(&rig.element), ["blackdetect", "freezedetect"]);
    show(&rig, &mut pictures, Look::Black, 1);
    assert_eq!(rig.finish_playing().of("black", "begin").len(), 1);
}

#[test]
fn what_can_not_be_is_refused_by_name() {
    for (detectors, named) in [
        ("blackdetct", "there are: stalldetect, blackdetect, "),
        ("blackdetect min-duratoin=1", "it has: active, "),
        ("blackdetect threshold=7", "a number from 0 to 1"),
    ] {
        let bin = bin("playout", detectors);
        let bus = gst::Bus::new();
        bin.set_bus(Some(&bus));
        assert!(bin.set_state(gst::State::Playing).is_err(), "{detectors}");
        let message = bus.pop_filtered(&[gst::MessageType::Error]).unwrap();
        let gst::MessageView::Error(e) = message.view() else {
            unreachable!();
        };
        // In the message that applications show, not in the debugging text.
        let said = e.error().to_string();
        assert!(said.contains(named), "{detectors}: {said}");
        bin.set_state(gst::State::Null).unwrap();
    }
}

/// A text that isn't a value as GStreamer writes it.
#[test]
fn any_text_may_be_set_in_detectors() {
    for text in ["\"", "\"a", "\"a\\"] {
        let rig = Rig::around(bin("none", &format!("slate slates={text}")));
        let mut pictures = Pictures::new("I420", 64, 48);
        rig.open(&pictures.caps());
        rig.push(pictures.buffer(Look::Noise));
        let set: String = child(&rig.element, "slatedetect").property("slates");
        assert_eq!(set, text);
        assert_eq!(rig.finish_playing().buffers().len(), 1);
    }
}

#[test]
fn every_medium_gets_its_chain_and_passes_untouched() {
    let rig = Rig::around(bin("all", ""));
    let mut sent = Vec::new();
    let mut push = |buffer: gst::Buffer| {
        sent.push(identity(&buffer));
        rig.push(buffer);
    };
    let mut pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    push(pictures.buffer(Look::Noise));
    let video = children(&rig.element);
    rig.event(gst::event::Caps::new(
        &gst::Caps::builder("video/x-h264").build(),
    ));
    push(gst::Buffer::from_slice([0_u8, 0, 1]));
    let mut sounds = Sounds::new("S16LE", 48_000, 2);
    rig.event(gst::event::Caps::new(&sounds.caps()));
    push(sounds.buffer(Wave::Noise, 40 * MS));
    let audio = children(&rig.element);
    rig.event(gst::event::Caps::new(&pictures.caps()));
    push(pictures.buffer(Look::Noise));
    assert_eq!(video, children(&rig.element));
    assert!(video.iter().any(|n| n == "blackdetect"), "{video:?}");
    assert!(audio.iter().any(|n| n == "humdetect"), "{audio:?}");
    assert!(!audio.iter().any(|n| n == "blackdetect"), "{audio:?}");

    let heard = rig.finish_playing();
    let came: Vec<_> = heard.buffers().iter().map(|b| identity(b)).collect();
    assert_eq!(came, sent);
    let events: Vec<_> = heard.events().iter().map(|e| e.type_()).collect();
    use gst::EventType::{Caps, Eos, Segment, StreamStart};
    let count = |wanted| events.iter().filter(|e| **e == wanted).count();
    assert_eq!(
        (count(StreamStart), count(Caps), count(Eos)),
        (1, 4, 1),
        "{events:?}"
    );
    assert!(count(Segment) >= 1);
}

/// Another stream may have the number of the one before: its STREAM_START ends the EOS downstream.
#[test]
fn a_stream_after_the_end_goes_on() {
    let rig = Rig::around(bin("none", "black"));
    let mut pictures = Pictures::new("I420", 64, 48);
    let number = gst::Seqnum::next();
    let start = |id: &str| gst::event::StreamStart::builder(id).seqnum(number).build();
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    let coded = gst::Caps::builder("video/x-h264").build();
    // With the last one the chain is built anew.
    for (id, caps) in [("a", pictures.caps()), ("b", pictures.caps()), ("c", coded)] {
        rig.event(start(id));
        rig.event(gst::event::Caps::new(&caps));
        rig.segment(&segment);
        rig.push(pictures.buffer(Look::Noise));
        rig.eos();
    }
    let heard = rig.finish();
    let starts = heard.events().into_iter().filter_map(|e| match e.view() {
        gst::EventView::StreamStart(start) => Some(start.stream_id().to_owned()),
        _ => None,
    });
    assert_eq!(starts.collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(heard.buffers().len(), 3);
}

#[test]
fn a_freeze_is_hidden_while_the_picture_is_black() {
    let detectors = "black min-duration=1s, freeze min-duration=2s include-uniform=true";
    for (hide, freezes) in [(true, 0), (false, 1)] {
        let rig = Rig::around(bin("none", detectors));
        rig.element.set_property("hide-implied", hide);
        let mut pictures = Pictures::new("I420", 64, 48);
        rig.open(&pictures.caps());
        show(&rig, &mut pictures, Look::Noise, 1);
        show(&rig, &mut pictures, Look::Black, 5);
        show(&rig, &mut pictures, Look::Noise, 4);
        let hidden: u64 = rig.element.property("hidden");
        let heard = rig.finish_playing();
        assert_eq!(heard.of("black", "end").len(), 1);
        assert_eq!(heard.of("freeze", "begin").len(), freezes, "hide {hide}");
        assert_eq!(heard.of("freeze", "end").len(), freezes, "hide {hide}");
        assert_eq!(hidden, u64::from(hide));
    }
}

/// A freeze that outlasts the black is told late, with a begin, however often it was reported meanwhile.
#[test]
fn what_is_told_late_begins() {
    let detectors = "black min-duration=1s, freeze min-duration=2s include-uniform=true";
    let rig = Rig::around(bin("none", detectors));
    rig.element.set_property("update-interval", SECOND);
    let mut pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    show(&rig, &mut pictures, Look::Black, 5);
    child(&rig.element, "blackdetect").set_property("active", false);
    show(&rig, &mut pictures, Look::Black, 5);
    show(&rig, &mut pictures, Look::Noise, 4);
    let heard = rig.finish_playing();
    let mut freeze = heard.defects();
    freeze.retain(|d| d.kind == "freeze");
    let states: Vec<_> = freeze.iter().map(|d| d.state.as_str()).collect();
    let (first, last) = (states[0], states[states.len() - 1]);
    assert_eq!((first, last), ("begin", "end"), "{states:?}");
    assert!(
        states[1..states.len() - 1].iter().all(|s| *s == "ongoing"),
        "{states:?}"
    );
    let lasted: Vec<_> = freeze.iter().map(|d| (d.timestamp, d.duration)).collect();
    assert!(
        lasted.is_sorted() && lasted[0].0 == lasted[lasted.len() - 1].0,
        "{lasted:?}"
    );
}

/// The last time there is, in a programme, which asks how far the stream has come.
#[test]
fn absurd_times_pass() {
    let bin = bin("none", "black");
    bin.set_property("programme", "absurd-test");
    let rig = Rig::around(bin);
    let mut pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    for pts in [u64::MAX - 1, 0, u64::MAX - SECOND] {
        let mut buffer = pictures.buffer(Look::Noise);
        let b = buffer.make_mut();
        b.set_pts(gst::ClockTime::from_nseconds(pts));
        b.set_duration(gst::ClockTime::MAX);
        rig.push(buffer);
    }
    assert_eq!(rig.finish_playing().buffers().len(), 3);
}

#[test]
fn picture_and_sound_gone_at_once_are_an_outage() {
    let [video, audio] = ["black", "silence"].map(|detectors| {
        let bin = bin("none", detectors);
        bin.set_property("programme", "outage-test");
        Rig::around(bin)
    });
    let mut pictures = Pictures::new("I420", 64, 48);
    let mut sounds = Sounds::new("S16LE", 48_000, 2);
    video.open(&pictures.caps());
    audio.open(&sounds.caps());
    let second = |look, wave, seconds: u64, p: &mut Pictures, s: &mut Sounds| {
        for _ in 0..seconds {
            show(&video, p, look, 1);
            audio.push(s.buffer(wave, SECOND));
        }
    };
    second(Look::Noise, Wave::Noise, 2, &mut pictures, &mut sounds);
    second(Look::Black, Wave::Silence, 20, &mut pictures, &mut sounds);
    second(Look::Noise, Wave::Silence, 2, &mut pictures, &mut sounds);
    second(Look::Noise, Wave::Noise, 4, &mut pictures, &mut sounds);
    let (video, audio) = (video.finish_playing(), audio.finish_playing());
    let both: Vec<_> = [&video, &audio]
        .iter()
        .flat_map(|heard| heard.defects())
        .filter(|d| d.kind == "outage")
        .collect();
    assert_eq!(both.len(), 2, "{both:#?}");
    assert_eq!(
        (both[0].element == both[1].element, both[0].id),
        (true, both[1].id)
    );
    assert_eq!(both[1].state, "end");
    let (from, to) = (both[1].timestamp, both[1].timestamp + both[1].duration);
    assert!(from.abs_diff(2 * SECOND) < 50 * MS, "{from}");
    assert!(to.abs_diff(22 * SECOND) < 50 * MS, "{to}");
}

/// Running time begins again at 0: what was known of the first run doesn't count any more. The sound comes 3 s behind the picture.
#[test]
fn outages_of_one_run_say_nothing_of_the_next() {
    let [video, audio] = ["black", "silence"].map(|detectors| {
        let bin = bin("none", detectors);
        bin.set_property("programme", "outage-restart-test");
        Rig::around(bin)
    });
    for _ in 0..2 {
        let mut pictures = Pictures::new("I420", 64, 48);
        let mut sounds = Sounds::new("S16LE", 48_000, 2);
        video.open(&pictures.caps());
        audio.open(&sounds.caps());
        for second in 0..13 {
            let gone = |at: u64| (2..8).contains(&at);
            if second < 10 {
                let look = if gone(second) {
                    Look::Black
                } else {
                    Look::Noise
                };
                show(&video, &mut pictures, look, 1);
            }
            if let Some(second) = second.checked_sub(3) {
                let wave = if gone(second) {
                    Wave::Silence
                } else {
                    Wave::Noise
                };
                audio.push(sounds.buffer(wave, SECOND));
            }
        }
        let outages: Vec<_> = [&video, &audio]
            .iter()
            .flat_map(|rig| rig.take().defects())
            .filter(|d| d.kind == "outage")
            .map(|d| (d.state, d.timestamp / SECOND, d.duration / SECOND))
            .collect();
        let begin = outages.first().map(|(state, at, _)| (state.as_str(), *at));
        assert_eq!(begin, Some(("begin", 2)), "{outages:?}");
        assert_eq!(outages[1..], [("end".to_owned(), 2, 6)]);
        video.set_state(gst::State::Ready);
        audio.set_state(gst::State::Ready);
        video.play();
        audio.play();
    }
    video.finish();
    audio.finish();
}

#[test]
fn captions_are_missed_where_there_is_sound_and_not_in_silence() {
    for (wave, alarms) in [(Wave::Noise, 1), (Wave::Silence, 0)] {
        let detectors = ["caption required=true min-duration=4000000000", "silence"];
        let [video, audio] = detectors.map(|detectors| {
            let bin = bin("none", detectors);
            bin.set_property("programme", format!("captions-test-{alarms}"));
            Rig::around(bin)
        });
        let mut pictures = Pictures::new("I420", 64, 48);
        let mut sounds = Sounds::new("S16LE", 48_000, 2);
        video.open(&pictures.caps());
        audio.open(&sounds.caps());
        for _ in 0..12 {
            audio.push(sounds.buffer(wave, SECOND));
            show(&video, &mut pictures, Look::Noise, 1);
        }
        let heard = video.finish_playing();
        audio.finish_playing();
        assert_eq!(
            heard.of("captions-missing", "begin").len(),
            alarms,
            "{wave:?}"
        );
    }
}

#[test]
fn settings_change_while_playing_or_at_the_next_start() {
    let rig = Rig::around(bin("none", "black"));
    let mut pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    show(&rig, &mut pictures, Look::Black, 1);
    rig.element.set_property("active", false);
    show(&rig, &mut pictures, Look::Black, 4);
    assert!(rig.take().defects().is_empty());
    rig.element.set_property("active", true);
    show(&rig, &mut pictures, Look::Black, 4);
    rig.set_state(gst::State::Ready);
    assert_eq!(rig.take().of("black", "end").len(), 1);
    rig.element.set_property("detectors", "freeze");
    rig.play();
    rig.open(&pictures.caps());
    assert_eq!(children(&rig.element), ["freezedetect"]);
    rig.finish();
}

#[test]
fn episodes_are_numbered_across_detectors_and_chains() {
    let detectors = "black min-duration=1s, freeze min-duration=2s include-uniform=true, silence";
    let rig = Rig::around(bin("none", detectors));
    rig.element.set_property("hide-implied", false);
    let mut pictures = Pictures::new("I420", 64, 48);
    let mut sounds = Sounds::new("S16LE", 48_000, 2);
    rig.open(&pictures.caps());
    show(&rig, &mut pictures, Look::Black, 5);
    rig.event(gst::event::Caps::new(&sounds.caps()));
    for _ in 0..20 {
        rig.push(sounds.buffer(Wave::Silence, SECOND));
    }
    rig.event(gst::event::Caps::new(&pictures.caps()));
    show(&rig, &mut pictures, Look::Black, 5);
    let heard = rig.finish_playing().defects();
    let numbers = |state: &str| -> Vec<u64> {
        heard
            .iter()
            .filter(|d| d.state == state)
            .map(|d| d.id)
            .collect()
    };
    let (begun, mut ended) = (numbers("begin"), numbers("end"));
    ended.sort_unstable();
    assert_eq!(begun, (1..=begun.len() as u64).collect::<Vec<_>>());
    assert!(begun.len() >= 5, "{heard:#?}");
    assert_eq!(begun, ended);
}

fn child(bin: &gst::Element, name: &str) -> gst::Element {
    bin.downcast_ref::<gst::Bin>()
        .unwrap()
        .by_name(name)
        .unwrap()
}

/// A detector in the bin is reached by the name of its element, also while it plays.
#[test]
fn a_detector_in_the_bin_changes_while_playing() {
    let rig = Rig::around(bin("none", "black, freeze"));
    let proxy = rig.element.downcast_ref::<gst::Bin>().unwrap();
    let mut pictures = Pictures::new("I420", 64, 48);
    assert!(proxy.by_name("blackdetect").is_none());
    rig.open(&pictures.caps());
    proxy.set_child_property("blackdetect::min-duration", 5 * SECOND);
    show(&rig, &mut pictures, Look::Black, 3);
    assert!(rig.take().of("black", "begin").is_empty());
    child(&rig.element, "blackdetect").set_property("min-duration", SECOND);
    show(&rig, &mut pictures, Look::Black, 1);
    // Caps of the same sort leave the detectors as they are.
    rig.event(gst::event::Caps::new(&Pictures::new("I420", 32, 32).caps()));
    let value: u64 = child(&rig.element, "blackdetect").property("min-duration");
    assert_eq!(value, SECOND);
    assert_eq!(rig.finish_playing().of("black", "begin").len(), 1);
}

/// What `detectors` says of a property counts for that detector, whatever is set on the bin, and whenever.
#[test]
fn a_property_of_the_bin_doesnt_override_what_detectors_says() {
    let detectors = "black update-interval=1s active=false, freeze measurement-interval=2s post-messages=true, slate";
    let rig = Rig::around(bin("none", detectors));
    let pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    for value in [0, 7 * SECOND] {
        rig.element.set_property("update-interval", value);
        rig.element.set_property("measurement-interval", value);
        rig.element.set_property("active", value > 0);
        rig.element.set_property("post-messages", value > 0);
        let get = |name: &str, property: &str| child(&rig.element, name).property::<u64>(property);
        assert_eq!(get("blackdetect", "update-interval"), SECOND);
        assert_eq!(get("freezedetect", "measurement-interval"), 2 * SECOND);
        let is_active = |name| child(&rig.element, name).property::<bool>("active");
        assert!(!is_active("blackdetect"));
        let posts = |name| child(&rig.element, name).property::<bool>("post-messages");
        assert!(posts("freezedetect"));
        // The others follow.
        assert_eq!(posts("slatedetect"), value > 0);
        assert_eq!(get("slatedetect", "update-interval"), value);
        assert_eq!(get("freezedetect", "update-interval"), value);
        assert_eq!(get("blackdetect", "measurement-interval"), value);
        assert_eq!(is_active("freezedetect"), value > 0);
    }
}

/// A chain is replaced, which ends what is open, and an application answers by a change of the bin.
#[test]
fn what_is_set_while_the_chain_changes_counts() {
    let rig = Rig::around(bin("none", "black, silence"));
    let bin = rig.element.downgrade();
    rig.on_message(move |message| {
        let defect = gstdefect::DefectMessage::try_from(message);
        if defect.is_ok_and(|d| d.state == "end") {
            bin.upgrade()
                .unwrap()
                .set_property("update-interval", 7 * SECOND);
        }
    });
    let mut pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    show(&rig, &mut pictures, Look::Black, 4);
    let sounds = Sounds::new("S16LE", 48_000, 2);
    rig.event(gst::event::Caps::new(&sounds.caps()));
    let interval = |element: &gst::Element| element.property::<u64>("update-interval");
    assert_eq!(interval(&rig.element), 7 * SECOND);
    assert_eq!(interval(&child(&rig.element, "silencedetect")), 7 * SECOND);
    rig.finish();
}

/// With every medium that follows, what is open ends because of the caps, before they go on.
#[test]
fn what_is_open_ends_with_the_caps() {
    let sounds = Sounds::new("S16LE", 48_000, 2);
    let coded = gst::Caps::builder("video/x-h264").build();
    for caps in [sounds.caps(), coded, Pictures::new("I420", 32, 32).caps()] {
        let rig = Rig::around(bin("none", "black, freeze include-uniform=true"));
        rig.element.set_property("hide-implied", false);
        let mut pictures = Pictures::new("I420", 64, 48);
        rig.open(&pictures.caps());
        show(&rig, &mut pictures, Look::Black, 6);
        rig.event(gst::event::Caps::new(&caps));
        let heard = rig.take();
        let ends = heard.state("end");
        assert_eq!(ends.len(), 2, "{caps}: {ends:#?}");
        for end in ends {
            assert_eq!(end.reason.as_deref(), Some("caps"), "{caps}");
        }
        let is_caps = |seen: &crate::common::Seen| matches!(seen, crate::common::Seen::Event(e) if e.type_() == gst::EventType::Caps);
        let last = heard.0.iter().rposition(is_caps).unwrap();
        assert!(heard.end_position() < Some(last));
        assert_eq!(heard.warnings(), Vec::<String>::new());
    }
}

#[test]
fn what_cant_be_analysed_is_said_once() {
    for caps in [
        "video/x-raw,format=Y41B,width=64,height=48,framerate=25/1",
        "audio/x-raw,format=S16BE,rate=48000,channels=2,layout=interleaved",
        "audio/x-raw,format=S16LE,rate=384000,channels=2,layout=interleaved",
        "video/x-raw(memory:GLMemory),format=RGBA,width=64,height=48,framerate=25/1",
    ] {
        let rig = Rig::around(bin("all", ""));
        rig.open(&caps.parse().unwrap());
        let warnings = rig.take().warnings();
        assert_eq!(warnings.len(), 1, "{caps}: {warnings:#?}");
        // Again once after a restart.
        rig.set_state(gst::State::Ready);
        rig.play();
        rig.open(&caps.parse().unwrap());
        assert_eq!(rig.finish().warnings().len(), 1);
    }
}

/// What only counts at the start isn't taken while playing, and reads back as what counts.
#[test]
fn detectors_cant_be_changed_while_playing() {
    let rig = Rig::around(bin("none", "black"));
    let pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    for (property, value) in [
        ("detectors", "freeze"),
        ("detectors", "nonsense"),
        ("profile", "all"),
        ("programme", "other"),
    ] {
        let before = rig.element.property_value(property).serialize().unwrap();
        rig.element.set_property_from_str(property, value);
        let warnings = rig.take().warnings();
        assert_eq!(warnings.len(), 1, "{property}: {warnings:?}");
        assert!(warnings[0].contains(property) && warnings[0].contains("READY"));
        let after = rig.element.property_value(property).serialize().unwrap();
        assert_eq!(after, before);
    }
    rig.set_state(gst::State::Ready);
    rig.element.set_property("detectors", "freeze");
    assert_eq!(rig.take().warnings(), Vec::<String>::new());
    rig.play();
    rig.open(&pictures.caps());
    assert_eq!(children(&rig.element), ["freezedetect"]);
    rig.finish();
}

/// A bin without detectors needs no clock, and has no element of another plugin in it.
#[test]
fn an_empty_bin_is_a_mere_way_through() {
    let empty = bin("none", "");
    assert!(
        !empty
            .element_flags()
            .contains(gst::ElementFlags::REQUIRE_CLOCK)
    );
    assert_eq!(children(&empty), ["passthrough"]);
    let rig = Rig::around(empty);
    let mut pictures = Pictures::new("I420", 64, 48);
    rig.open(&pictures.caps());
    let sent = pictures.buffer(Look::Noise);
    let before = identity(&sent);
    rig.push(sent);
    let heard = rig.finish_playing();
    assert_eq!(identity(&heard.buffers()[0]), before);
}
