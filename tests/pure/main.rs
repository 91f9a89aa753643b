// SPDX-License-Identifier: MPL-2.0
//! Whatever comes, a detector neither panics nor breaks the rules: arbitrary formats, planes, strides, samples, times and settings, into
//! every detector, without GStreamer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

use std::{collections::BTreeMap, sync::Arc};

use gstdefect::detector::{
    Audio, Common, Detector, Medium, Pair, Reason, Report, Runner, Settings, State, Video, Visitor,
    pair::{Content, PairTimeline, Piece, Side},
    settings::{Domain, Value},
    timing::{Idle, TimingDetector},
};
use gstdefect::media::{
    Ns, SECOND, Span,
    picture::{
        BufferFlags, Field, Fields, Grid, Layout, Matrix, Measurer, Picture, Planes, Range, Region,
        Transfer, VideoFormat,
    },
    sound::{AudioFormat, Block, Blocks, Position, SampleLayout, SampleType, Samples},
    timestamps::{Content as Stream, Sequence, Stamps, StreamFormat, TimestampCheck},
};
use proptest::prelude::*;

mod hearing;
mod rooms;
mod seeing;
mod settled;
mod steps;

use hearing::{Hearing, audio_format, sound};
use seeing::{Seeing, frame, video_format};
use steps::steps;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn detectors_of_pictures_survive(format in video_format(), steps in steps(frame())) {
        gstdefect::detectors::visit(&mut Seeing { format, steps });
    }

    #[test]
    fn detectors_of_sound_survive(format in audio_format(), steps in steps(sound())) {
        gstdefect::detectors::visit(&mut Hearing { format, steps });
    }

    /// Planes that don't fit are refused, whatever the strides and sizes.
    #[test]
    fn planes_are_checked(
        format in video_format(),
        planes in prop::collection::vec((0usize..40_000, prop_oneof![0usize..3000, any::<usize>()]), 0..5),
    ) {
        let bytes = vec![0x55u8; 40_000];
        let planes: Vec<_> = planes.into_iter().map(|(length, stride)| (&bytes[..length], stride)).collect();
        if let Ok(planes) = Planes::new(&format, &planes) {
            Measurer::new(&format).measure(&planes, &mut Grid::new(&format));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn settled_detectors_of_pictures_survive_changes(parts in settled::scenes()) {
        gstdefect::detectors::visit(&mut settled::Showing::new(&parts));
    }

    #[test]
    fn settled_detectors_of_sound_survive_changes(parts in settled::waves()) {
        gstdefect::detectors::visit(&mut settled::Playing::new(&parts));
    }
}
