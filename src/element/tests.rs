// SPDX-License-Identifier: MPL-2.0
//! What no real detector does, or shouldn't: panic, speak nonsense, find a defect everywhere.

#[path = "../../tests/common/mod.rs"]
mod common;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use gst::prelude::*;

use crate::detector::{
    Audio, Common, Detector, Direction, Episodes, Info, Observation, Pair, Severity, Video,
    pair::{Content, Piece},
};
use crate::media::{
    SECOND, Span,
    picture::{Picture, VideoFormat},
    sound::{AudioFormat, Block},
};
use common::{Look, MS, PairRig, Pictures, Rig, Seen, Sounds, Wave};

crate::kinds! {
    /// One.
    pub enum TestKind {
        Trouble {
            name: "trouble",
            value: "none",
            direction: Direction::HigherIsWorse,
            details: &[],
        },
    }
}

crate::measures! {
    /// One.
    pub struct TestMeasures {
        /// how many
        "units" units: f64,
    }
}

const fn info(element: &'static str, type_name: &'static str) -> Info {
    Info {
        element,
        type_name,
        long_name: "Test",
        description: "Test",
        kinds: TestKind::LIST,
        measures: TestMeasures::LIST,
    }
}

/// The work of a detector on a picture, which lasts until it is told to be done.
struct Work {
    is_on: AtomicBool,
    is_done: AtomicBool,
}

impl Work {
    const fn new() -> Self {
        Self {
            is_on: AtomicBool::new(false),
            is_done: AtomicBool::new(false),
        }
    }

    fn last(&self) {
        self.is_on.store(true, SeqCst);
        let begun = std::time::Instant::now();
        while !self.is_done.load(SeqCst) && begun.elapsed().as_secs() < 20 {
            std::thread::yield_now();
        }
        self.is_on.store(false, SeqCst);
    }

    fn is_on(&self) -> bool {
        self.is_on.load(SeqCst)
    }

    fn wait_until_on(&self) {
        let start = std::time::Instant::now();
        while !self.is_on() {
            assert!(start.elapsed().as_secs() < 60, "it doesn't begin");
            std::thread::yield_now();
        }
    }

    fn end(&self) {
        self.is_done.store(true, SeqCst);
    }
}

/// Fails when it is told to.
mod failing {
    use super::*;

    pub static WORK: Work = Work::new();

    crate::settings! {
        pub struct Settings {
            /// Whether the next picture makes it panic
            "panic-on-push" panic_on_push: bool = false;
            /// Whether the next picture takes long
            "slow" slow: bool = false;
            /// Whether it panics when its measures are asked for
            "panic-on-measure" panic_on_measure: bool = false;
            /// Whether it speaks nonsense
            "nonsense" nonsense: bool = false;
        }
    }

    #[derive(Debug)]
    pub struct Failing {
        units: f64,
        panics_on_measure: bool,
    }

    impl Detector for Failing {
        type Medium = Video;
        type Settings = Settings;
        type Kind = TestKind;
        type Measures = TestMeasures;
        const INFO: &'static Info = &info("failingdetect", "GstDefectFailingDetect");
        const COMMON: Common = Common::new(Severity::Info, 0, 0);

        fn new(format: &VideoFormat) -> Self {
            assert_ne!(format.width, 80, "a width that it can't stand");
            Self {
                units: 0.0,
                panics_on_measure: false,
            }
        }

        fn push(
            &mut self,
            span: Span,
            _: Picture<'_>,
            settings: &Settings,
            episodes: &mut Episodes<TestKind>,
        ) {
            self.units += 1.0;
            if settings.slow {
                WORK.last();
            }
            self.panics_on_measure = settings.panic_on_measure;
            assert!(!settings.panic_on_push, "as told");
            let mut seen = Observation::present_if(true, 1.0, 0.5);
            if settings.nonsense {
                seen = Observation::present_if(true, f64::NAN, f64::INFINITY)
                    .extra("more", f64::NEG_INFINITY);
                seen.confidence = 7.0;
            }
            episodes.observe(TestKind::Trouble, None, span, seen);
        }

        fn measure(&mut self) -> TestMeasures {
            assert!(!self.panics_on_measure, "as told");
            TestMeasures { units: self.units }
        }
    }
}

/// Finds a defect everywhere in sound.
mod hearing {
    use super::*;

    crate::settings! {
        pub struct Settings {
            /// Another than that of the other one
            "hear" hear: f64 = 0.25, in 0.0..=1.0;
        }
    }

    #[derive(Debug)]
    pub struct Hearing;

    impl Detector for Hearing {
        type Medium = Audio;
        type Settings = Settings;
        type Kind = TestKind;
        type Measures = TestMeasures;
        const INFO: &'static Info = &info("hearingdetect", "GstDefectHearingDetect");
        const COMMON: Common = Common::new(Severity::Critical, SECOND, 0);

        fn new(_: &AudioFormat) -> Self {
            Self
        }

        fn push(
            &mut self,
            span: Span,
            block: Block<'_>,
            _: &Settings,
            episodes: &mut Episodes<TestKind>,
        ) {
            for channel in 0..block.channels() {
                let seen = Observation::present_if(true, 1.0, 0.5);
                episodes.observe(TestKind::Trouble, Some(channel), span, seen);
            }
        }

        fn measure(&mut self) -> TestMeasures {
            TestMeasures { units: f64::NAN }
        }
    }
}

/// Takes as long for a picture as it is told to, and counts sound.
mod slow {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    pub static WORK: Work = Work::new();
    pub static BLOCKS: AtomicUsize = AtomicUsize::new(0);

    crate::settings! {
        pub struct Settings {
            /// Nothing
            "nothing" nothing: bool = false;
        }
    }

    #[derive(Debug)]
    pub struct Slow;

    impl Detector for Slow {
        type Medium = Pair;
        type Settings = Settings;
        type Kind = TestKind;
        type Measures = TestMeasures;
        const INFO: &'static Info = &info("slowdetect", "GstDefectSlowDetect");
        const COMMON: Common = Common::new(Severity::Info, 0, 0);

        fn new((): &()) -> Self {
            Self
        }

        fn push(&mut self, _: Span, piece: Piece<'_>, _: &Settings, _: &mut Episodes<TestKind>) {
            match piece.content {
                Content::Picture(_) => WORK.last(),
                Content::Sound(_) => {
                    BLOCKS.fetch_add(1, SeqCst);
                }
                _ => {}
            }
        }

        fn measure(&mut self) -> TestMeasures {
            TestMeasures { units: f64::NAN }
        }
    }
}

mod slow_element {
    element!(crate::element::pair::session::PairSession<super::slow::Slow>);
}

mod failing_element {
    element!(crate::element::stream::StreamSession<super::failing::Failing>);
}

mod hearing_element {
    element!(crate::element::stream::StreamSession<super::hearing::Hearing>);
}

fn rig(name: &str) -> Rig {
    common::init();
    let known = |name| gst::ElementFactory::find(name).is_some();
    if !known("failingdetect") || !known("hearingdetect") {
        failing_element::register(None).unwrap();
        hearing_element::register(None).unwrap();
    }
    Rig::new(name)
}

fn failing() -> (Rig, Pictures) {
    let (rig, pictures) = (rig("failingdetect"), Pictures::new("GRAY8", 64, 48));
    rig.open(&pictures.caps());
    (rig, pictures)
}

fn push(rig: &Rig, pictures: &mut Pictures, count: usize) {
    for _ in 0..count {
        rig.push(pictures.buffer(Look::Grey(0.5)));
    }
}

#[test]
fn a_panic_ends_the_episode_and_not_the_stream() {
    let (rig, mut pictures) = failing();
    push(&rig, &mut pictures, 5);
    rig.element.set_property("panic-on-push", true);
    push(&rig, &mut pictures, 1);
    rig.element.set_property("panic-on-push", false);
    push(&rig, &mut pictures, 5);
    rig.eos();
    let heard = rig.finish();
    assert_eq!(heard.buffers().len(), 11);
    assert_eq!(heard.warnings().len(), 1);
    let ends = heard.state("end");
    let reasons: Vec<_> = ends.iter().filter_map(|d| d.reason.as_deref()).collect();
    assert_eq!(reasons, ["discont", "eos"]);
    assert_eq!(
        ends[1].timestamp,
        240 * MS,
        "it begins anew after the bad picture"
    );
    assert_eq!((ends[0].id, ends[1].id), (1, 2));
}

#[test]
fn after_three_panics_it_is_left_alone_until_the_next_stop() {
    let (rig, mut pictures) = failing();
    rig.element.set_property("measurement-interval", SECOND / 5);
    rig.element.set_property("panic-on-push", true);
    push(&rig, &mut pictures, 20);
    rig.element.set_property("panic-on-push", false);
    push(&rig, &mut pictures, 20);
    let heard = rig.take();
    assert_eq!(heard.warnings().len(), 3, "{:?}", heard.warnings());
    assert!(heard.warnings()[2].contains("given up"));
    assert_eq!(heard.buffers().len(), 40);
    assert!(heard.defects().is_empty());
    let statuses: Vec<_> = heard.measurements().into_iter().map(|m| m.status).collect();
    assert!(
        statuses.len() >= 6 && statuses.iter().all(|s| s == "not-analysed"),
        "{statuses:?}"
    );

    // Not by new caps,
    rig.open(&Pictures::new("GRAY8", 32, 32).caps());
    rig.open(&pictures.caps());
    push(&rig, &mut pictures, 5);
    assert!(rig.take().defects().is_empty());
    // but by a restart.
    rig.set_state(gst::State::Ready);
    rig.play();
    rig.open(&pictures.caps());
    push(&rig, &mut pictures, 5);
    rig.eos();
    assert_eq!(rig.finish().state("end").len(), 1);
}

/// It fails at the end of an interval, and again when the stream is broken off, which ends the interval.
#[test]
fn an_episode_ends_whatever_fails() {
    let (rig, mut pictures) = failing();
    rig.element.set_property("measurement-interval", 160 * MS);
    rig.element.set_property("panic-on-measure", true);
    push(&rig, &mut pictures, 5);
    rig.eos();
    let heard = rig.finish();
    assert_eq!(heard.state("begin").len(), 1);
    let ends = heard.state("end");
    assert_eq!(ends.len(), 1, "{ends:#?}");
    assert_eq!((ends[0].id, ends[0].duration), (1, 160 * MS));
    assert_eq!(ends[0].reason.as_deref(), Some("discont"));
    assert_eq!(heard.warnings().len(), 1, "{:?}", heard.warnings());
}

#[test]
fn a_detector_that_cant_be_made_is_no_obstacle() {
    let (rig, mut pictures) = failing();
    push(&rig, &mut pictures, 3);
    let mut bad = Pictures::new("GRAY8", 80, 48);
    rig.open(&bad.caps());
    push(&rig, &mut bad, 3);
    rig.open(&pictures.caps());
    push(&rig, &mut pictures, 3);
    rig.eos();
    let heard = rig.finish();
    assert_eq!(heard.buffers().len(), 9);
    assert_eq!(heard.warnings().len(), 1, "{:?}", heard.warnings());
    let ids: Vec<_> = heard.state("end").iter().map(|d| d.id).collect();
    assert_eq!(ids, [1, 2]);
}

#[test]
fn nonsense_doesnt_reach_the_bus() {
    let (rig, mut pictures) = failing();
    rig.element.set_property("nonsense", true);
    push(&rig, &mut pictures, 3);
    rig.eos();
    for d in rig.finish().defects() {
        assert!(d.value.is_finite() && d.threshold.is_finite() && d.extra["more"].is_finite());
        assert_eq!(d.confidence, 1.0);
    }
}

#[test]
fn each_channel_has_episodes_of_its_own() {
    let rig = rig("hearingdetect");
    let mut sounds = Sounds::planar("F64LE", 44_100, 3);
    rig.open(&sounds.caps());
    for _ in 0..100 {
        rig.push(sounds.buffer(Wave::Noise, 33 * MS));
    }
    rig.segment(&gst::FormattedSegment::new());
    let heard = rig.finish();
    let channels: Vec<_> = heard.state("end").iter().map(|d| d.channel).collect();
    assert_eq!(channels, [Some(0), Some(1), Some(2)]);
    for end in heard.state("end") {
        assert_eq!(end.timestamp, 0);
        assert!(end.duration.abs_diff(3300 * MS) <= 10 * MS, "{end:?}");
    }
    let (end, event) = (
        heard.end_position(),
        heard
            .0
            .iter()
            .rposition(|s| matches!(s, Seen::Event(e) if e.type_() == gst::EventType::Segment)),
    );
    assert!(end < event);
}

/// What has to be static exists once per type: the two share nothing.
#[test]
fn types_have_their_own_properties_and_pads() {
    let (failing, hearing) = (
        rig("failingdetect").element.clone(),
        rig("hearingdetect").element.clone(),
    );
    assert!(failing.has_property("nonsense") && !failing.has_property("hear"));
    assert!(hearing.has_property("hear") && !hearing.has_property("nonsense"));
    assert_eq!(failing.property::<u64>("min-duration"), 0);
    assert_eq!(hearing.property::<u64>("min-duration"), SECOND);
    let media = |e: &gst::Element| {
        e.static_pad("sink")
            .unwrap()
            .pad_template_caps()
            .to_string()
    };
    assert!(
        media(&failing).starts_with("video/x-raw") && media(&hearing).starts_with("audio/x-raw")
    );
    failing.set_property("min-duration", 5u64);
    assert_eq!(hearing.property::<u64>("min-duration"), SECOND);
}

/// Nobody listens: buffers pass all the same.
#[test]
fn without_a_bus_all_goes_on() {
    let (rig, mut pictures) = failing();
    rig.element.set_bus(None);
    push(&rig, &mut pictures, 5);
    rig.eos();
    assert_eq!(rig.finish().buffers().len(), 5);
}

/// `GST_DEBUG=defect:6` tells of each picture what was observed, and of which element; with lower levels nothing is described.
#[test]
fn the_log_says_why_a_picture_counts() {
    use std::sync::{Arc, Mutex};
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (said, ours) = (lines.clone(), "logged");
    let handler = gst::log::add_log_function(move |category, level, _, _, _, object, message| {
        let name = object.map(|o| o.to_string()).unwrap_or_default();
        if category.name() == "defect" && name.contains(ours) {
            said.lock()
                .unwrap()
                .push((level, message.get().unwrap_or_default().to_string()));
        }
    });
    let count = |wanted: gst::DebugLevel, text: &str| {
        let lines = lines.lock().unwrap();
        lines
            .iter()
            .filter(|(level, line)| *level == wanted && line.contains(text))
            .count()
    };
    let (rig, mut pictures) = failing();
    rig.element.set_property("name", ours);
    let before = crate::element::CAT.threshold();
    crate::element::CAT.set_threshold(gst::DebugLevel::Debug);
    push(&rig, &mut pictures, 5);
    assert_eq!(count(gst::DebugLevel::Log, "trouble"), 0);
    assert_eq!(count(gst::DebugLevel::Debug, "state=(string)begin"), 1);
    crate::element::CAT.set_threshold(gst::DebugLevel::Log);
    push(&rig, &mut pictures, 6);
    rig.eos();
    crate::element::CAT.set_threshold(before);
    gst::log::remove_log_function(handler);
    // The first picture notices that the level has changed.
    assert_eq!(
        count(
            gst::DebugLevel::Log,
            "present, value 1, limit 0.5; episode 1 is open"
        ),
        5
    );
    assert_eq!(count(gst::DebugLevel::Debug, "state=(string)end"), 1);
}

/// A seek interrupts what is under way: it doesn't wait for the work on a picture.
#[test]
fn a_flush_doesnt_wait_for_the_analysis() {
    let (rig, mut pictures) = failing();
    rig.element.set_property("slow", true);
    std::thread::scope(|scope| {
        let picture = pictures.buffer(Look::Grey(0.5));
        // Refused behind the element, where the flush comes first.
        scope.spawn(|| rig.before.push(picture));
        failing::WORK.wait_until_on();
        rig.event(gst::event::FlushStart::new());
        let flushed = rig.heard().event_position(gst::EventType::FlushStart);
        assert!(
            failing::WORK.is_on() && flushed.is_some(),
            "the flush waited"
        );
        failing::WORK.end();
    });
}

/// While the detector is at work on a picture, sound passes, and none of it is lost.
#[test]
fn no_stream_waits_for_the_work_on_the_other() {
    common::init();
    slow_element::register(None).unwrap();
    let element = gst::ElementFactory::make("slowdetect").build().unwrap();
    let rig = PairRig::around(element, &["audio", "video"]);
    let (mut pictures, mut sounds) = (
        Pictures::new("GRAY8", 64, 48),
        Sounds::new("S16LE", 48_000, 2),
    );
    rig.open("video", &pictures.caps());
    rig.open("audio", &sounds.caps());
    std::thread::scope(|scope| {
        let picture = pictures.buffer(Look::Grey(0.5));
        scope.spawn(|| rig.push("video", picture));
        slow::WORK.wait_until_on();
        for _ in 0..20 {
            rig.push("audio", sounds.buffer(Wave::Noise, 10 * MS));
        }
        assert!(slow::WORK.is_on(), "sound waited for the picture");
        assert_eq!(rig.out("audio").buffers().len(), 20);
        slow::WORK.end();
    });
    rig.eos();
    assert_eq!(slow::BLOCKS.load(SeqCst), 20);
}
