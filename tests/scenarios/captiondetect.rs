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
