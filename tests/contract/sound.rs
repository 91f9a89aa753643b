// SPDX-License-Identifier: MPL-2.0
//! Laws 3 and 4 of every detector of sound, with a programme for each kind of defect: however its samples are stored and divided
//! into buffers, the messages are the same.

use gst::prelude::*;
use gstdefect::{DefectMessage, MeasurementMessage};

use super::{common::programme::Channels, *};

/// Enough for every detector, and little enough for buffers of one sample.
const RATE: u32 = 16_000;

/// All that an element said.
#[derive(Debug, PartialEq)]
struct Said {
    defects: Vec<DefectMessage>,
    measurements: Vec<MeasurementMessage>,
}

impl Said {
    fn begins(&self, kind: &str) -> bool {
        self.defects
            .iter()
            .any(|d| d.kind == kind && d.state == "begin")
    }
}

/// An element hears the channels in buffers of so many frames.
fn listen(element: &str, sounds: &Sounds, channels: &Channels, size: usize) -> Said {
    let rig = Rig::new(element);
    // Every element has the same name, since messages tell it.
    rig.element.set_property("name", "one");
    rig.element
        .set_property("measurement-interval", 700_000_000u64);
    rig.open(&sounds.caps());
    let frames = channels[0].len();
    for (n, from) in (0..frames).step_by(size).enumerate() {
        rig.push(sounds.part(channels, from..(from + size).min(frames)));
        if n % 1000 == 0 {
            rig.drop_buffers();
        }
    }
    let heard = rig.finish_playing();
    assert_eq!(heard.warnings(), Vec::<String>::new());
    Said {
        defects: heard.defects(),
        measurements: heard.measurements(),
    }
}

/// For so many kinds of each detector: its element, its name, and a programme that has it.
fn each_kind(kinds: usize, rate: u32, mut act: impl FnMut(&'static str, &'static str, Channels)) {
    for entry in audio() {
        for kind in entry.info.kinds.iter().take(kinds) {
            act(entry.info.element, kind.name, with_defect(kind.name, rate));
        }
    }
}

const EVERY: usize = usize::MAX;

#[test]
fn the_size_of_buffers_makes_no_difference() {
    each_kind(EVERY, RATE, |element, kind, channels| {
        let stored = [
            Sounds::new("S16LE", RATE, 2),
            Sounds::planar("F32LE", RATE, 2),
        ];
        let first = listen(element, &stored[0], &channels, 1024);
        assert!(first.begins(kind), "{element} didn't hear {kind}");
        for (sounds, size) in [
            (0, 1),
            (0, 64),
            (0, 48_000),
            (1, 64),
            (1, 1024),
            (1, 48_000),
        ] {
            let said = listen(element, &stored[sounds], &channels, size);
            assert!(
                said == first,
                "{kind} in buffers of {size}:\n{said:#?}\n{first:#?}"
            );
        }
    });
}

#[test]
fn formats_and_layouts_make_no_difference() {
    each_kind(EVERY, RATE, |element, kind, channels| {
        let mut first: Option<Said> = None;
        for format in AUDIO_FORMATS {
            for sounds in [
                Sounds::new(format, RATE, 2),
                Sounds::planar(format, RATE, 2),
            ] {
                let said = listen(element, &sounds, &channels, 480);
                match &first {
                    Some(first) => {
                        assert!(said == *first, "{kind} as {format}:\n{said:#?}\n{first:#?}")
                    }
                    None => first = Some(said),
                }
            }
        }
    });
}

#[test]
fn every_rate_will_do() {
    // The kinds of a detector share what depends on the rate, and much sound takes long.
    for (rate, kinds) in [(8_000, EVERY), (44_100, EVERY), (192_000, 1)] {
        each_kind(kinds, rate, |element, kind, channels| {
            let said = listen(element, &Sounds::new("S16LE", rate, 2), &channels, 1024);
            assert!(said.begins(kind), "{kind} at {rate} Hz");
        });
    }
}

#[test]
fn so_will_any_number_of_channels() {
    for (count, kinds) in [(1, EVERY), (6, EVERY), (64, 1)] {
        each_kind(kinds, RATE, |element, kind, mut channels| {
            if count == 1 && element == "phasedetect" {
                return;
            }
            let silent = vec![0.0; channels[0].len()];
            channels.resize(count, silent);
            let said = listen(
                element,
                &Sounds::new("S16LE", RATE, count as u32),
                &channels,
                1024,
            );
            assert!(said.begins(kind), "{kind} of {count} channels");
        });
    }
}
