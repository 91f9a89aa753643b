// SPDX-License-Identifier: MPL-2.0
//! `captiondetect` in real pipelines: captions attached to pictures, and timed text.

use crate::common::{
    Heard, Rig, SECOND,
    example::{self, reported},
};

#[test]
fn the_example_is_reported() {
    let line = example::pipeline(include_str!("../../pipelines/captiondetect.launch"));
    let ends = reported(&line, "captions-missing");
    assert_eq!(ends.len(), 1, "{ends:#?}");
}

/// Odd parity, as CEA-608 has it.
fn odd(byte: u8) -> u8 {
    byte | if byte.count_ones().is_multiple_of(2) {
        0x80
    } else {
        0
    }
}

/// Roll-up captions as pairs: a command now and then, and letters.
fn letters(n: u64) -> [u8; 2] {
    let letter = |n: u64| odd(b'a' + (n % 26) as u8);
    match n % 30 {
        0 => [odd(0x14), odd(0x25)],
        _ => [letter(n), letter(3 * n + 1)],
    }
}

/// Pictures at 30 a second with captions attached as that type.
fn attached(
    seconds: u64,
    kind: gst_video::VideoCaptionType,
    data: impl Fn(u64) -> Option<[u8; 2]>,
) -> Heard {
    let rig = Rig::new("captiondetect");
    rig.open(
        &"video/x-raw,format=GRAY8,width=16,height=16,framerate=30/1"
            .parse()
            .unwrap(),
    );
    for n in 0..30 * seconds {
        let mut buffer = gst::Buffer::with_size(256).unwrap();
        let b = buffer.get_mut().unwrap();
        b.set_pts(gst::ClockTime::from_nseconds(n * SECOND / 30));
        b.set_duration(gst::ClockTime::from_nseconds(SECOND / 30));
        if let Some([x, y]) = data(n) {
            let bytes = match kind {
                gst_video::VideoCaptionType::Cea708Raw => vec![0xfc, x, y],
                _ => vec![x, y],
            };
            gst_video::VideoCaptionMeta::add(b, kind, &bytes);
        }
        rig.push(buffer);
    }
    rig.finish_playing()
}

fn details(heard: &Heard) -> Vec<String> {
    let ends = heard.state("end").into_iter();
    ends.map(|d| format!("{} {}", d.kind, d.detail.unwrap_or_default()))
        .collect()
}

#[test]
fn captions_attached_to_pictures_are_read() {
    use gst_video::VideoCaptionType as Kind;
    for kind in [Kind::Cea608Raw, Kind::Cea708Raw] {
        let heard = attached(30, kind, |n| Some(letters(n)));
        assert_eq!(details(&heard), [""; 0]);
        let heard = attached(40, kind, |n| (n < 300).then(|| letters(n)));
        assert_eq!(details(&heard), ["captions-missing absent"]);
        let broken = |n: u64| {
            let [a, b] = letters(n);
            Some(if n > 300 && n.is_multiple_of(10) {
                [a ^ 0x80, b]
            } else {
                [a, b]
            })
        };
        assert_eq!(
            details(&attached(30, kind, broken)),
            ["captions-corrupt parity"]
        );
    }
}

#[test]
fn subtitles_that_stop_are_reported() {
    let rig = Rig::new("captiondetect");
    rig.open(&"text/x-raw,format=utf8".parse().unwrap());
    for n in 0..10 {
        let mut buffer = gst::Buffer::from_slice(format!("line {n}"));
        let b = buffer.get_mut().unwrap();
        b.set_pts(gst::ClockTime::from_seconds(3 * n));
        b.set_duration(gst::ClockTime::from_seconds(3));
        rig.push(buffer);
    }
    for n in 30..180 {
        let gap = gst::event::Gap::builder(gst::ClockTime::from_seconds(n))
            .duration(gst::ClockTime::SECOND);
        rig.event(gap.build());
    }
    assert_eq!(details(&rig.finish_playing()), ["captions-missing stopped"]);
}

/// When phrases begin and end, in ms: a quarter of a second to four seconds, with pauses of half a second to three.
fn phrases(seed: u32, seconds: u64) -> Vec<(u64, u64)> {
    let mut state = seed;
    let mut up_to = |most: u64| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from(state >> 8) % most
    };
    let mut at = 1000;
    let mut phrases = Vec::new();
    while at < 1000 * seconds {
        let end = at + 250 + up_to(3750);
        phrases.push((at, end));
        at = end + 500 + up_to(2500);
    }
    phrases
}

/// A second of a voice: a buzz of four syllables a second while a phrase lasts.
fn voice(second: u64, phrases: &[(u64, u64)]) -> gst::Buffer {
    const RATE: u64 = 16_000;
    let sample = |n: u64| {
        let ms = 1000 * second + n * 1000 / RATE;
        let phrase = phrases.iter().find(|(from, to)| (*from..*to).contains(&ms));
        let syllable = phrase.map_or(0.0, |(from, _)| (ms - from) as f64 / 250.0);
        let loud = 0.2 * (std::f64::consts::PI * syllable).sin().abs();
        let buzz = (n % (RATE / 125)) as f64 / (RATE / 125) as f64 - 0.5;
        (loud * buzz) as f32
    };
    let bytes: Vec<u8> = (0..RATE).flat_map(|n| sample(n).to_le_bytes()).collect();
    let mut buffer = gst::Buffer::from_slice(bytes);
    let b = buffer.get_mut().unwrap();
    b.set_pts(gst::ClockTime::from_seconds(second));
    b.set_duration(gst::ClockTime::SECOND);
    buffer
}

/// Ten pictures of a second, with the first letters of a roll-up line as often as one of `lines` begins, in ms.
fn pictures(second: u64, lines: &[u64]) -> Vec<gst::Buffer> {
    let picture = |n: u64| {
        let mut buffer = gst::Buffer::with_size(256).unwrap();
        let b = buffer.get_mut().unwrap();
        let from = 1000 * second + 100 * n;
        b.set_pts(gst::ClockTime::from_mseconds(from));
        b.set_duration(gst::ClockTime::from_mseconds(100));
        let line = lines.iter().position(|at| (from..from + 100).contains(at));
        let pair = match line {
            Some(line) => letters(30 * line as u64 + 1),
            None if n == 0 => letters(0),
            None => [0x80, 0x80],
        };
        gst_video::VideoCaptionMeta::add(b, gst_video::VideoCaptionType::Cea608Raw, &pair);
        buffer
    };
    (0..10).map(picture).collect()
}

/// Five minutes of a programme, watched by a bin for the sound and one for the pictures, with at most 3 s of delay.
fn programme(name: &str, phrases: &[(u64, u64)], lines: &[u64]) -> Heard {
    let [sound, picture] = ["silence", "caption max-delay=3000000000"].map(|detectors| {
        crate::common::init();
        let bin = gst::ElementFactory::make("defectbin")
            .property_from_str("profile", "none")
            .property("detectors", detectors)
            .property("programme", name)
            .property("measurement-interval", 10 * SECOND);
        Rig::around(bin.build().unwrap())
    });
    let sounds = "audio/x-raw,format=F32LE,rate=16000,channels=1,layout=interleaved";
    sound.open(&sounds.parse().unwrap());
    let video = "video/x-raw,format=GRAY8,width=16,height=16,framerate=10/1";
    picture.open(&video.parse().unwrap());
    for second in 0..300 {
        sound.push(voice(second, phrases));
        pictures(second, lines)
            .into_iter()
            .for_each(|p| picture.push(p));
    }
    assert!(
        sound
            .finish_playing()
            .defects()
            .iter()
            .all(|d| d.kind == "silence")
    );
    picture.finish_playing()
}

#[test]
fn captions_are_late_against_the_speech_or_nothing_is_said() {
    let spoken = phrases(1, 300);
    let lines = |delay: u64| -> Vec<u64> { spoken.iter().map(|(from, _)| from + delay).collect() };
    let unrelated: Vec<u64> = phrases(2, 300).iter().map(|(from, _)| *from).collect();
    for (lines, delay) in [
        (lines(6000), Some(6.0)),
        (lines(1000), Some(1.0)),
        (unrelated, None),
    ] {
        let heard = programme(&format!("late-{delay:?}"), &spoken, &lines);
        let late = heard.of("captions-late", "end");
        assert_eq!(
            late.len(),
            usize::from(delay > Some(3.0)),
            "{delay:?}: {late:#?}"
        );
        if let Some(late) = late.first() {
            assert!(
                (late.value - 6.0).abs() < 0.3 && late.threshold == 3.0,
                "{late:?}"
            );
        }
        let measured = heard
            .measurements()
            .into_iter()
            .filter(|m| m.kind == "captions-late");
        let measured: Vec<_> = measured
            .filter_map(|m| m.measures.get("delay").copied())
            .collect();
        let is_right = |told: &f64| delay.is_some_and(|delay| (told - delay).abs() < 0.3);
        assert!(measured.iter().all(is_right), "{delay:?}: {measured:?}");
        assert_eq!(measured.is_empty(), delay.is_none());
    }
}
