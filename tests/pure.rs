// SPDX-License-Identifier: MPL-2.0
//! Whatever comes, a detector neither panics nor breaks the rules: arbitrary formats, planes, strides, samples, times and settings, into
//! every detector, without GStreamer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

use std::{collections::BTreeMap, sync::Arc};

use gstdefect::core::{
    Arrivals, Audio, Common, Detector, Medium, Ns, Pair, Reason, Report, Runner, SECOND, Settings,
    Span, State, Video, Visitor,
    arrival::{Arrival, Sequence, Stamps, StreamFormat, Wait},
    pair::{Content, Piece, Side, Timeline},
    picture::{
        Field, Fields, Grid, Health, Layout, Matrix, Measurer, Picture, Planes, Range, Scan,
        Transfer, VideoFormat,
    },
    settings::{Domain, Region, Value},
    sound::{AudioFormat, Block, Blocks, Position, SampleLayout, SampleType, Samples},
};
use proptest::prelude::*;

/// What happens to a detector.
#[derive(Debug, Clone)]
enum Step<T> {
    Unit(T),
    Gap(u64),
    Unread(u64),
    Jump(u64),
    Configure(Vec<u64>, bool),
    Finish,
}

fn steps<T: std::fmt::Debug + Clone>(
    unit: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Vec<Step<T>>> {
    let times = prop_oneof![Just(0), 1..20 * SECOND, any::<u64>()];
    let step = prop_oneof![
        20 => unit.prop_map(Step::Unit),
        1 => times.clone().prop_map(Step::Gap),
        1 => times.clone().prop_map(Step::Unread),
        1 => times.prop_map(Step::Jump),
        1 => (prop::collection::vec(any::<u64>(), 24), any::<bool>()).prop_map(|(v, a)| Step::Configure(v, a)),
        1 => Just(Step::Finish),
    ];
    prop::collection::vec(step, 1..40)
}

/// A value that the setting may have; the extremes are as likely as the rest.
fn value(domain: &Domain, chance: u64) -> Value {
    let part = (chance >> 2) as f64 / (u64::MAX >> 2) as f64;
    match domain {
        Domain::Bool => Value::Bool(chance & 1 == 1),
        Domain::Text => Value::Text(if chance & 1 == 1 {
            "?".into()
        } else {
            String::new()
        }),
        Domain::Choice(_, alternatives) => {
            Value::Choice((chance % alternatives.len() as u64) as usize)
        }
        Domain::U64(min, max) => Value::U64(match chance % 4 {
            0 => *min,
            1 => *max,
            2 => (chance % (30 * SECOND)).clamp(*min, *max),
            _ => (*min).max(chance.min(*max)),
        }),
        Domain::F64(min, max) => Value::F64(match chance % 4 {
            0 => *min,
            1 => *max,
            _ => (min + part * (max - min)).clamp(*min, *max),
        }),
        Domain::Region => Value::Region(match chance % 3 {
            0 => Region::ALL,
            1 => Region {
                x: part.min(0.999),
                y: 0.999,
                width: 0.001,
                height: 0.001,
            },
            _ => Region {
                x: part / 2.0,
                y: part / 3.0,
                width: 0.5,
                height: 0.3,
            },
        }),
    }
}

fn settings<D: Detector>(chances: &[u64], active: bool) -> (Common, D::Settings) {
    let (mut common, mut own) = (D::COMMON, D::Settings::default());
    let mut chances = chances.iter().copied().cycle();
    for (i, spec) in D::COMMON.specs().iter().enumerate().skip(1) {
        common.set(i, value(&spec.domain, chances.next().unwrap()));
    }
    for (i, spec) in D::Settings::specs().iter().enumerate() {
        own.set(i, value(&spec.domain, chances.next().unwrap()));
    }
    common.active = active;
    (common, own)
}

/// Runs the steps; `push` gives a unit to the runner and says where it ends.
fn run<D: Detector, T>(
    format: <D::Medium as Medium>::Format,
    steps: &[Step<T>],
    mut push: impl FnMut(&mut Runner<D>, &T, Ns) -> Ns,
) {
    let name = D::INFO.element;
    let mut runner = Runner::<D>::new(format, D::COMMON, D::Settings::default());
    let (mut now, mut open) = (0u64, BTreeMap::new());
    for step in steps {
        match step {
            Step::Unit(unit) if runner.is_active() => now = push(&mut runner, unit, now),
            Step::Unit(_) => {}
            Step::Gap(length) => {
                runner.gap(Span::new(now, now.saturating_add(*length)));
                now = now.saturating_add(*length);
            }
            Step::Unread(length) => {
                runner.unread(Span::new(now, now.saturating_add(*length)));
                now = now.saturating_add(*length);
            }
            Step::Jump(to) => now = *to,
            Step::Configure(chances, active) => {
                let (common, own) = settings::<D>(chances, *active);
                runner.configure(common, own);
            }
            Step::Finish => runner.finish(Reason::Flush),
        }
        runner
            .take_reports()
            .into_iter()
            .for_each(|r| rules::<D>(r, &mut open));
    }
    runner.finish(Reason::Eos);
    runner
        .take_reports()
        .into_iter()
        .for_each(|r| rules::<D>(r, &mut open));
    assert!(open.is_empty(), "{name}: still open {open:?}");
    runner.finish(Reason::Eos);
    assert!(
        runner.take_reports().is_empty(),
        "{name}: the end after the end"
    );
}

fn rules<D: Detector>(report: Report, open: &mut BTreeMap<u64, (usize, Option<usize>, Ns)>) {
    let name = D::INFO.element;
    match report {
        Report::Defect(finding) => {
            let seen = &finding.seen;
            assert!(
                seen.value.is_finite() && seen.threshold.is_finite(),
                "{name}: {finding:?}"
            );
            assert!(
                (0.0..=1.0).contains(&seen.confidence),
                "{name}: {finding:?}"
            );
            assert!(
                seen.extra.iter().flatten().all(|(_, v)| v.is_finite()),
                "{name}: {finding:?}"
            );
            let kind = &D::INFO.kinds[finding.kind];
            if let Some(detail) = &seen.detail {
                assert!(
                    kind.details.iter().any(|(d, _)| d == detail),
                    "{name}: {finding:?}"
                );
            }
            let what = (finding.kind, finding.channel, finding.at);
            match finding.state {
                State::Begin => assert_eq!(open.insert(finding.id, what), None, "{name}"),
                State::Ongoing => assert_eq!(open.get(&finding.id), Some(&what), "{name}"),
                State::End(_) => assert_eq!(open.remove(&finding.id), Some(what), "{name}"),
            }
        }
        Report::Measurement(m) => {
            assert!(m.values.iter().all(|v| !v.is_infinite()), "{name}: {m:?}");
            assert!(m.span.end > m.span.start, "{name}: {m:?}");
        }
        Report::Warning(text) => assert!(!text.is_empty(), "{name}: an empty warning"),
    }
}

/// What a picture shows: bytes that are repeated to fill the planes.
type Bytes = Vec<u8>;

fn video_format() -> impl Strategy<Value = VideoFormat> {
    let layouts: Vec<_> = Layout::all().collect();
    (
        (prop::sample::select(layouts), 1usize..130, 1usize..90),
        prop::sample::select(vec![Range::Limited, Range::Full]),
        prop::sample::select(vec![Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020]),
        prop::sample::select(vec![Transfer::Sdr, Transfer::Pq, Transfer::Hlg]),
        prop::sample::select(vec![
            Scan::Progressive,
            Scan::Interleaved,
            Scan::Mixed,
            Scan::Alternate,
        ]),
        prop::option::of(prop_oneof![1..SECOND, any::<u64>()]),
    )
        .prop_map(
            |((layout, width, height), range, matrix, transfer, scan, frame_duration)| {
                VideoFormat {
                    layout,
                    width,
                    height,
                    range,
                    matrix,
                    transfer,
                    scan,
                    frame_duration,
                }
            },
        )
}

#[derive(Debug, Clone)]
struct Frame {
    bytes: Bytes,
    padding: usize,
    length: u64,
    fields: (bool, bool, bool, Option<bool>),
}

fn frame() -> impl Strategy<Value = Frame> + Clone {
    let flat = any::<u8>().prop_map(|b| vec![b]);
    let bytes = prop_oneof![flat, prop::collection::vec(any::<u8>(), 1..300)];
    let length = prop_oneof![8 => Just(40_000_000), 1 => Just(0), 1 => any::<u64>()];
    (
        bytes,
        0usize..70,
        length,
        any::<(bool, bool, bool, Option<bool>)>(),
    )
        .prop_map(|(bytes, padding, length, fields)| Frame {
            bytes,
            padding,
            length,
            fields,
        })
}

struct Seeing {
    format: VideoFormat,
    steps: Vec<Step<Frame>>,
}

/// The bytes of each plane, and the stride: as the widest layout could need.
fn plane(format: &VideoFormat, frame: &Frame) -> (Vec<u8>, usize) {
    let stride = (format.width.div_ceil(6) * 16).max(format.width * 4 + 8) + frame.padding;
    let bytes = frame.bytes.iter().copied().cycle();
    (bytes.take(stride * format.height).collect(), stride)
}

fn planes<'a>(format: &VideoFormat, (plane, stride): &'a (Vec<u8>, usize)) -> Planes<'a> {
    Planes::new(format, &vec![(&plane[..], *stride); format.plane_count()]).unwrap()
}

fn grid(format: &VideoFormat, measurer: &mut Measurer, planes: &Planes<'_>) -> Arc<Grid> {
    let mut grid = Grid::new(format);
    measurer.measure(planes, &mut grid);
    Arc::new(grid)
}

impl Visitor for Seeing {
    fn video<D: Detector<Medium = Video>>(&mut self) {
        let mut measurer = Measurer::new(&self.format);
        run::<D, _>(self.format, &self.steps, |runner, frame, now| {
            let plane = plane(&self.format, frame);
            let planes = planes(&self.format, &plane);
            let grid = grid(&self.format, &mut measurer, &planes);
            let (interlaced, top_first, repeat_first, single) = frame.fields;
            let single = single.map(|top| if top { Field::Top } else { Field::Bottom });
            let fields = Fields {
                interlaced,
                top_first,
                repeat_first,
                single,
            };
            let span = Span::new(now, now.saturating_add(frame.length));
            runner.push(
                span,
                Picture {
                    grid: &grid,
                    fields,
                    health: Health::default(),
                    pixels: Some(&planes),
                },
            );
            span.end
        });
    }

    fn audio<D: Detector<Medium = Audio>>(&mut self) {}

    /// Pictures of both sides, and sound beside them, as far as the bytes go.
    fn pair<D: Detector<Medium = Pair>>(&mut self) {
        let mut measurer = Measurer::new(&self.format);
        let mut timeline = Timeline::default();
        run::<D, _>((), &self.steps, |runner, frame, now| {
            let plane = plane(&self.format, frame);
            let grid = grid(&self.format, &mut measurer, &planes(&self.format, &plane));
            let byte = frame.bytes.first().copied().unwrap_or(0);
            let span = Span::new(now, now.saturating_add(frame.length)).sane();
            let samples: Vec<f32> = frame.bytes.iter().map(|b| f32::from(*b) / 256.0).collect();
            let stamp = Arrival {
                at: Some(now),
                expected: Some(now ^ u64::from(byte)),
                duration: frame.length,
                ..Arrival::default()
            };
            let contents = [
                Content::PictureStamp(stamp),
                Content::Picture(Picture::progressive(&grid)),
                Content::SoundStamp(stamp),
                Content::Sound(Block::new(&samples, samples.len(), 48_000)),
            ];
            for (i, content) in contents.into_iter().enumerate() {
                let reference = (byte >> i) & 1 == 1;
                let side = if reference {
                    Side::Reference
                } else {
                    Side::Programme
                };
                let piece = Piece {
                    side,
                    span,
                    content,
                };
                if reference || i % 2 == 0 {
                    runner.aside(piece);
                } else {
                    runner.push(timeline.advance(i / 2, span), piece);
                }
            }
            span.end
        });
    }
}

fn audio_format() -> impl Strategy<Value = AudioFormat> {
    let samples = vec![
        SampleType::S16,
        SampleType::S24,
        SampleType::S32,
        SampleType::F32,
        SampleType::F64,
    ];
    let positions = vec![
        Position::Mono,
        Position::FrontLeft,
        Position::FrontRight,
        Position::FrontCenter,
        Position::Lfe,
        Position::SideLeft,
        Position::SideRight,
        Position::RearLeft,
        Position::RearRight,
        Position::Other,
        Position::Unpositioned,
    ];
    let channels = prop_oneof![3 => 1usize..9, 1 => Just(64)];
    (
        prop::sample::select(samples),
        any::<bool>(),
        prop_oneof![Just(48_000u32), Just(44_100), 8_000u32..=192_000],
        channels,
        prop::collection::vec(prop::sample::select(positions), 64),
    )
        .prop_map(|(sample, planar, rate, channels, positions)| AudioFormat {
            sample,
            layout: if planar {
                SampleLayout::Planar
            } else {
                SampleLayout::Interleaved
            },
            rate,
            channels,
            positions: positions[..channels].to_vec(),
        })
}

/// Bytes that are repeated, so many milliseconds of them, and whether the buffer says when it is.
type Sound = (Bytes, u64, bool);

fn sound() -> impl Strategy<Value = Sound> + Clone {
    let flat = any::<u8>().prop_map(|b| vec![b]);
    let bytes = prop_oneof![flat, prop::collection::vec(any::<u8>(), 1..300)];
    (bytes, 0u64..150, any::<bool>())
}

struct Hearing {
    format: AudioFormat,
    steps: Vec<Step<Sound>>,
}

impl Visitor for Hearing {
    fn video<D: Detector<Medium = Video>>(&mut self) {}

    fn audio<D: Detector<Medium = Audio>>(&mut self) {
        let format = &self.format;
        let mut blocks = Blocks::new(format);
        run::<D, _>(
            format.clone(),
            &self.steps,
            |runner, (bytes, ms, timed), now| {
                let frames = *ms as usize * format.rate as usize / 1000;
                let size = frames * format.channels * format.sample.bytes();
                let data: Vec<u8> = bytes.iter().copied().cycle().take(size).collect();
                let samples = Samples::packed(format, &data);
                blocks.push(timed.then_some(now), &samples, |span, block| {
                    runner.push(span, block)
                });
                now.saturating_add(ms * 1_000_000)
            },
        );
    }

    /// The bytes say what sort of time buffers have, and whether something was waited for.
    fn arrivals<D: Detector<Medium = Arrivals>>(&mut self) {
        for raw in [false, true] {
            let format = StreamFormat {
                raw,
                reorders: !raw,
                frame_duration: raw.then_some(SECOND / 25),
            };
            let mut sequence = Sequence::new(format);
            run::<D, _>(format, &self.steps, |runner, (bytes, ms, timed), now| {
                let byte = bytes.first().copied().unwrap_or(0);
                let stamps = Stamps {
                    pts: timed.then_some(now),
                    dts: (byte & 1 == 1).then_some(now ^ u64::from(byte)),
                    duration: (byte & 2 == 2).then_some(ms * 1_000_000),
                };
                if byte & 4 == 4 {
                    runner.wait(Wait {
                        position: runner.position().unwrap_or(0),
                        lasted: now.min(3600 * SECOND),
                        first: byte & 8 == 8,
                        blocked: byte & 16 == 16,
                        over: byte & 32 == 32,
                        duration: *ms,
                    });
                }
                let (span, arrival) = sequence.next(stamps);
                runner.push(span, arrival);
                now.saturating_add(ms * 1_000_000)
            });
        }
    }
}

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
