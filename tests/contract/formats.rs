// SPDX-License-Identifier: MPL-2.0
//! Laws 3 and 4: every promised format is read, and the verdict doesn't depend on it.

use gst::prelude::*;
use gstdefect::DefectMessage;

use super::*;

/// The content of the comparisons: lively, empty, lively. The messages, and how many intervals weren't analysed.
fn verdict(
    entry: &Entry,
    caps: &gst::Caps,
    mut next: impl FnMut(u64) -> gst::Buffer,
) -> Vec<DefectMessage> {
    let rig = Rig::of(entry);
    rig.element.set_property("measurement-interval", SECOND);
    rig.open(caps);
    let mut time = 0;
    while time < 9 * SECOND {
        let buffer = next(time);
        time = (buffer.pts().unwrap() + buffer.duration().unwrap()).nseconds();
        rig.push(buffer);
    }
    let heard = rig.finish_playing();
    assert_eq!(heard.warnings(), Vec::<String>::new(), "{caps}");
    assert!(
        heard
            .measurements()
            .iter()
            .all(|m| m.status != "not-analysed"),
        "{caps}"
    );
    Rules::check(entry, &heard);
    heard.defects()
}

fn is_empty_at(time: u64) -> bool {
    (2 * SECOND..7 * SECOND).contains(&time)
}

fn pictures(entry: &Entry, mut pictures: Pictures) -> Vec<DefectMessage> {
    let caps = pictures.caps();
    verdict(entry, &caps, |time| {
        pictures.buffer(if is_empty_at(time) {
            Look::Black
        } else {
            Look::Noise
        })
    })
}

/// What has to be the same: everything but the numbers, which may differ by what rounding to 8 bits does.
fn same(a: &[DefectMessage], b: &[DefectMessage], what: &str) {
    let words = |d: &DefectMessage| {
        (
            d.kind.clone(),
            d.state.clone(),
            d.id,
            d.timestamp,
            d.duration,
            d.detail.clone(),
            d.area,
            d.channel,
            d.count,
        )
    };
    let (x, y): (Vec<_>, Vec<_>) = (a.iter().map(words).collect(), b.iter().map(words).collect());
    assert!(x == y, "{what}:\n{x:?}\n{y:?}");
    for (a, b) in a.iter().zip(b) {
        let tolerance = 0.02 * a.value.abs().max(b.value.abs()).max(1.0);
        assert!(
            (a.value - b.value).abs() <= tolerance,
            "{what}: {a:?}, {b:?}"
        );
    }
}

#[test]
fn pictures_of_every_format_and_padding_have_one_verdict() {
    for entry in video() {
        let reference = pictures(&entry, Pictures::new("I420", 96, 64));
        assert!(!reference.is_empty() || !minds_emptiness(&entry));
        for format in VIDEO_FORMATS {
            for padding in [0, 16] {
                let found = pictures(&entry, Pictures::new(format, 96, 64).padded(padding));
                same(
                    &reference,
                    &found,
                    &format!("{} {format} +{padding}", entry.info.element),
                );
            }
        }
    }
}

#[test]
fn colorimetry_and_scan_of_every_sort_are_read() {
    let plain = "video/x-raw,format=I420,width=96,height=64,framerate=25/1";
    for entry in video() {
        let reference = pictures(&entry, Pictures::new("I420", 96, 64));
        for more in [
            "colorimetry=bt601",
            "colorimetry=bt709",
            "colorimetry=bt2020",
            "colorimetry=1:4:7:1",
            "colorimetry=1:3:5:1",
        ] {
            let caps: gst::Caps = format!("{plain},{more}").parse().unwrap();
            same(
                &reference,
                &pictures(&entry, Pictures::from_caps(&caps)),
                more,
            );
        }
        for more in [
            "interlace-mode=interleaved,field-order=top-field-first",
            "interlace-mode=mixed",
            "colorimetry=bt2100-pq",
        ] {
            let caps: gst::Caps = format!("{plain},{more}").parse().unwrap();
            pictures(&entry, Pictures::from_caps(&caps));
        }
    }
}

#[test]
fn pictures_of_every_size_are_read() {
    for entry in video() {
        for (width, height) in [
            (1, 1),
            (2, 1),
            (1, 100),
            (16, 16),
            (17, 9),
            (7, 33),
            (720, 576),
        ] {
            for format in ["I420", "v210", "RGB", "P010_10LE"] {
                let rig = Rig::of(&entry);
                rig.element.set_property("measurement-interval", SECOND);
                let mut pictures = Pictures::new(format, width, height);
                rig.open(&pictures.caps());
                for i in 0..8 {
                    rig.push(pictures.buffer(if i % 4 < 2 { Look::Noise } else { Look::Black }));
                }
                read(&entry, rig.finish_playing(), 8);
            }
        }
    }
}

#[test]
fn pictures_of_8k_are_read() {
    for entry in video() {
        for format in ["I420", "v210"] {
            let rig = Rig::of(&entry);
            rig.element.set_property("measurement-interval", SECOND);
            let mut pictures = Pictures::new(format, 7680, 4320);
            rig.open(&pictures.caps());
            let picture = pictures.buffer(Look::Grey(0.5));
            for i in 0..3 {
                let mut again = picture.copy();
                again
                    .get_mut()
                    .unwrap()
                    .set_pts(gst::ClockTime::from_mseconds(40 * i));
                rig.push(again);
            }
            read(&entry, rig.finish_playing(), 3);
        }
    }
}

fn read(entry: &Entry, heard: Heard, buffers: usize) {
    assert_eq!(heard.buffers().len(), buffers);
    assert_eq!(
        heard.warnings(),
        Vec::<String>::new(),
        "{}",
        entry.info.element
    );
    assert!(!heard.measurements().is_empty());
    assert!(
        heard
            .measurements()
            .iter()
            .all(|m| m.status != "not-analysed"),
        "{}",
        entry.info.element
    );
    Rules::check(entry, &heard);
}

fn sounds(entry: &Entry, mut sounds: Sounds, step: u64) -> Vec<DefectMessage> {
    let caps = sounds.caps();
    verdict(entry, &caps, |time| {
        sounds.buffer(
            if is_empty_at(time) {
                Wave::Silence
            } else {
                Wave::Noise
            },
            step,
        )
    })
}

#[test]
fn sound_of_every_format_and_layout_has_one_verdict() {
    for entry in audio() {
        let reference = sounds(&entry, Sounds::new("F32LE", 48_000, 2), 40 * MS);
        assert!(!reference.is_empty() || !minds_emptiness(&entry));
        for format in AUDIO_FORMATS {
            let mut padded = Sounds::planar(format, 48_000, 2);
            padded.padding = 64;
            for stream in [
                Sounds::new(format, 48_000, 2),
                Sounds::planar(format, 48_000, 2),
                padded,
            ] {
                let found = sounds(&entry, stream, 40 * MS);
                same(
                    &reference,
                    &found,
                    &format!("{} {format}", entry.info.element),
                );
            }
        }
    }
}

#[test]
fn the_verdict_doesnt_depend_on_buffer_sizes() {
    for entry in audio() {
        let reference = sounds(&entry, Sounds::new("S16LE", 48_000, 2), 40 * MS);
        for step in [MS, 10 * MS, 125 * MS / 10, 20 * MS, 500 * MS, SECOND] {
            let found = sounds(&entry, Sounds::new("S16LE", 48_000, 2), step);
            // Only the last block of an uneven stream may be another.
            if (9 * SECOND).is_multiple_of(step)
                && (2 * SECOND).is_multiple_of(step)
                && (7 * SECOND).is_multiple_of(step)
            {
                same(
                    &reference,
                    &found,
                    &format!("{} {step} ns", entry.info.element),
                );
            }
        }
    }
}

#[test]
fn sound_of_every_rate_and_channel_count_is_read() {
    for entry in audio() {
        for rate in [
            8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000,
        ] {
            listen(&entry, Sounds::new("S16LE", rate, 2));
        }
        for rate in [8_000, 192_000] {
            for channels in [1, 3, 6, 8, 16] {
                listen(&entry, Sounds::new("S16LE", rate, channels));
            }
        }
        for format in AUDIO_FORMATS {
            for channels in [1, 5, 64] {
                listen(&entry, Sounds::planar(format, 48_000, channels));
                listen(&entry, Sounds::new(format, 48_000, channels));
            }
        }
    }
}

fn listen(entry: &Entry, mut sounds: Sounds) {
    let rig = Rig::of(entry);
    rig.element.set_property("measurement-interval", SECOND / 5);
    rig.open(&sounds.caps());
    for i in 0..10 {
        rig.push(sounds.buffer(
            if i % 4 < 2 {
                Wave::Noise
            } else {
                Wave::Silence
            },
            40 * MS,
        ));
    }
    read(entry, rig.finish_playing(), 10);
}
