// SPDX-License-Identifier: MPL-2.0
//! A runner and its watch at work, around a detector that does as its samples say.

use super::*;
use crate::detector::{
    Audio, Direction, Evidence, Finding, Info, Measurement, Observation, Severity, State, Status,
};
use crate::media::{
    MS,
    sound::{AudioFormat, Block, Position, SampleLayout, SampleType},
};

crate::kinds! {
    /// One.
    enum TestKind {
        Test {
            name: "test",
            value: "",
            direction: Direction::HigherIsWorse,
            details: &[],
        },
    }
}

crate::measures! {
    /// One of the whole, one of each channel.
    struct TestMeasures {
        /// how many
        "blocks" blocks: f64,
        /// the last sample
        "last" last: Vec<f64>,
    }
}

const INFO: Info = Info {
    element: "testdetect",
    type_name: "GstDefectTestDetect",
    long_name: "",
    description: "",
    kinds: TestKind::LIST,
    measures: TestMeasures::LIST,
};

crate::settings! {
    /// None.
    pub struct Nothing {}
}

/// Channel by channel: a sample over 0.5 is the defect, under -0.5 it can't tell; a gap is one in the programme.
struct Mirror {
    blocks: f64,
    last: Vec<f64>,
}

impl Detector for Mirror {
    type Medium = Audio;
    type Settings = Nothing;
    type Kind = TestKind;
    type Measures = TestMeasures;
    const INFO: &'static Info = &INFO;
    const COMMON: Common = Common::new(Severity::Error, 100 * MS, 100 * MS);

    fn new(format: &AudioFormat) -> Self {
        Self {
            blocks: 0.0,
            last: vec![0.0; format.channels],
        }
    }

    fn push(
        &mut self,
        span: Span,
        block: Block<'_>,
        _: &Nothing,
        episodes: &mut Episodes<TestKind>,
    ) {
        self.blocks += 1.0;
        for (c, samples) in block.iter().enumerate() {
            let value = f64::from(samples[0]);
            self.last[c] = value;
            let evidence = match value {
                v if v > 0.5 => Evidence::Present,
                v if v < -0.5 => Evidence::Unknown,
                _ => Evidence::Absent,
            };
            episodes.observe(
                TestKind::Test,
                Some(c),
                span,
                Observation::new(evidence, value, 0.5),
            );
        }
        episodes.clear(TestKind::Test, None, span);
    }

    fn gap(&mut self, span: Span, _: &Nothing, episodes: &mut Episodes<TestKind>) {
        assert!(span.duration() <= SECOND);
        episodes.observe(
            TestKind::Test,
            None,
            span,
            Observation::new(Evidence::Present, 1.0, 0.5),
        );
    }

    fn measure(&mut self) -> TestMeasures {
        TestMeasures {
            blocks: std::mem::take(&mut self.blocks),
            last: self.last.clone(),
        }
    }
}

fn format(channels: usize) -> AudioFormat {
    AudioFormat {
        sample: SampleType::F32,
        layout: SampleLayout::Planar,
        rate: 1000,
        channels,
        positions: vec![Position::Unpositioned; channels],
    }
}

struct Bench {
    runner: Runner<Mirror>,
    reports: Vec<Report>,
}

impl Bench {
    fn new(interval: Ns) -> Self {
        let common = Common {
            measurement_interval: interval,
            ..Mirror::COMMON
        };
        Self {
            runner: Runner::new(format(2), common, Nothing {}),
            reports: Vec::new(),
        }
    }

    /// Blocks of 10 ms from a time in ms on.
    fn play(&mut self, from: u64, to: u64, channels: [f32; 2]) -> &mut Self {
        for at in (from..to).step_by(10) {
            let span = Span::new(at * MS, (at + 10) * MS);
            self.runner.push(span, Block::new(&channels, 1, 1000));
        }
        self
    }

    fn gap(&mut self, from: u64, to: u64) -> &mut Self {
        self.runner.gap(Span::new(from * MS, to * MS));
        self
    }

    fn reset(&mut self, reason: Reason) -> &mut Self {
        self.runner.reset(reason);
        self.reports.extend(self.runner.take_reports());
        self
    }

    fn measurements(&self) -> Vec<&Measurement> {
        let reports = self.reports.iter();
        reports
            .filter_map(|r| match r {
                Report::Measurement(m) => Some(m),
                _ => None,
            })
            .collect()
    }

    /// Start, end in ms and status of the measurements.
    fn intervals(&self) -> Vec<(u64, u64, Status)> {
        let all = self.measurements().into_iter();
        all.map(|m| (m.span.start / MS, m.span.end / MS, m.status))
            .collect()
    }

    fn findings(&self) -> Vec<&Finding> {
        let reports = self.reports.iter();
        reports
            .filter_map(|r| match r {
                Report::Defect(f) => Some(f),
                _ => None,
            })
            .collect()
    }
}

#[path = "runner_props.rs"]
mod props;

#[test]
fn channels_have_episodes_of_their_own() {
    let mut bench = Bench::new(0);
    bench
        .play(0, 500, [1.0, 0.0])
        .play(500, 1000, [1.0, 1.0])
        .reset(Reason::Eos);
    let heard: Vec<_> = bench
        .findings()
        .iter()
        .map(|f| (f.channel, f.state, f.id, f.at / MS))
        .collect();
    let end = State::End(Reason::Eos);
    let expected = [
        (Some(0), State::Begin, 1, 0),
        (Some(1), State::Begin, 2, 500),
        (Some(0), end, 1, 0),
        (Some(1), end, 2, 500),
    ];
    assert_eq!(heard, expected);
}

#[test]
fn a_unit_longer_than_an_interval_is_analysed_in_each() {
    for (sample, status) in [(0.0, Status::Ok), (1.0, Status::Defect)] {
        let mut bench = Bench::new(SECOND);
        let long = Span::new(0, 2500 * MS);
        bench.runner.push(long, Block::new(&[sample; 2], 1, 1000));
        bench.reset(Reason::Eos);
        let expected = [(0, 1000), (1000, 2000), (2000, 2500)];
        assert_eq!(
            bench.intervals(),
            expected.map(|(from, to)| (from, to, status))
        );
        // It is measured where it begins.
        let measured = bench.measurements();
        assert_eq!(measured[0].values[0], 1.0);
        assert!(measured[1..].iter().all(|m| m.values[0].is_nan()));
    }
}

#[test]
fn behind_a_long_unit_nothing_is_analysed() {
    let mut bench = Bench::new(SECOND);
    let long = Span::new(0, 1500 * MS);
    bench.runner.push(long, Block::new(&[0.0; 2], 1, 1000));
    bench
        .runner
        .push_unreadable(Span::new(1500 * MS, 4000 * MS));
    bench.reset(Reason::Eos);
    let statuses: Vec<_> = bench.intervals().iter().map(|i| i.2).collect();
    let not = Status::NotAnalysed;
    assert_eq!(statuses, [Status::Ok, Status::Ok, not, not]);
}

#[test]
fn intervals_follow_each_other() {
    let mut bench = Bench::new(SECOND);
    bench.play(0, 1000, [0.0; 2]).play(1000, 2000, [1.0, 0.0]);
    bench
        .play(2000, 3000, [0.0; 2])
        .play(3000, 3500, [0.0; 2])
        .reset(Reason::Eos);
    let expected = [
        (0, 1000, Status::Ok),
        (1000, 2000, Status::Defect),
        (2000, 3000, Status::Defect),
        (3000, 3500, Status::Ok),
    ];
    assert_eq!(bench.intervals(), expected);
    let first = bench.measurements()[0];
    assert_eq!(first.values, [100.0, 0.0, 0.0]);
}

#[test]
fn what_nobody_can_judge_is_inconclusive() {
    let mut bench = Bench::new(SECOND);
    // Mirror clears the programme as a whole in each block, so that something is always known.
    bench.play(0, 1000, [-1.0; 2]).reset(Reason::Eos);
    assert_eq!(bench.intervals(), [(0, 1000, Status::Ok)]);
    let mut episodes = Episodes::new(&INFO, Mirror::COMMON, 0);
    episodes.observe(
        TestKind::Test,
        None,
        Span::new(0, MS),
        Observation::unknown(),
    );
    episodes.measured(Span::new(0, MS), true, false, &[]);
    let reports = episodes.take_reports();
    assert!(matches!(&reports[..], [Report::Measurement(m)] if m.status == Status::Inconclusive));
}

#[test]
fn gaps_have_intervals_too() {
    let mut bench = Bench::new(SECOND);
    bench
        .play(0, 1000, [0.0; 2])
        .gap(1000, 4500)
        .reset(Reason::Eos);
    let expected = [
        (0, 1000, Status::Ok),
        (1000, 2000, Status::Defect),
        (2000, 3000, Status::Defect),
        (3000, 4000, Status::Defect),
        (4000, 4500, Status::Defect),
    ];
    assert_eq!(bench.intervals(), expected);
    assert!(bench.measurements()[1].values.iter().all(|v| v.is_nan()));
}

/// Mirror takes a gap for a defect of the programme.
#[test]
fn time_that_no_sound_covers_is_a_gap() {
    let mut bench = Bench::new(0);
    bench
        .play(0, 1000, [0.0; 2])
        .play(1160, 1500, [0.0; 2])
        .reset(Reason::Eos);
    let heard: Vec<_> = bench
        .findings()
        .iter()
        .map(|f| (f.channel, f.at / MS, f.duration / MS))
        .collect();
    assert_eq!(heard, [(None, 1000, 160), (None, 1000, 160)]);
    // A millisecond is rounding.
    let mut bench = Bench::new(0);
    bench.play(0, 1000, [0.0; 2]).play(1001, 1501, [0.0; 2]);
    bench.reset(Reason::Eos);
    assert!(bench.findings().is_empty());
}

#[test]
fn switched_off_and_on() {
    let mut bench = Bench::new(0);
    let off = Common {
        active: false,
        ..Mirror::COMMON
    };
    bench.play(0, 500, [1.0, 0.0]);
    bench.runner.configure(off, Nothing {});
    assert!(!bench.runner.is_active());
    bench.runner.configure(Mirror::COMMON, Nothing {});
    bench.play(500, 1000, [1.0, 0.0]).reset(Reason::Flush);
    let heard: Vec<_> = bench.findings().iter().map(|f| (f.state, f.id)).collect();
    let end = State::End;
    let expected = [
        (State::Begin, 1),
        (end(Reason::Inactive), 1),
        (State::Begin, 2),
        (end(Reason::Flush), 2),
    ];
    assert_eq!(heard, expected);
}

#[test]
fn numbers_go_on_from_runner_to_runner() {
    let mut bench = Bench::new(0);
    bench.play(0, 500, [1.0; 2]).reset(Reason::Caps);
    let next = bench.runner.next_id();
    assert_eq!(next, 3);
    bench.runner = Runner::new(format(2), Mirror::COMMON, Nothing {}).numbered_from(next);
    bench.play(500, 1000, [1.0, 0.0]).reset(Reason::Eos);
    assert_eq!(bench.findings().last().map(|f| f.id), Some(3));
}

#[test]
fn a_part_that_goes_on_keeps_what_was_budding() {
    let mut bench = Bench::new(0);
    bench.play(0, 60, [1.0, 0.0]);
    bench.runner.close(Reason::Segment);
    bench.play(60, 200, [1.0, 0.0]);
    bench.runner.close(Reason::Segment);
    bench.play(200, 210, [1.0, 0.0]).reset(Reason::Eos);
    let heard: Vec<_> = bench
        .findings()
        .iter()
        .map(|f| (f.state, f.at / MS, f.duration / MS))
        .collect();
    let expected = [
        (State::Begin, 0, 100),
        (State::End(Reason::Segment), 0, 200),
        (State::Begin, 200, 10),
        (State::End(Reason::Eos), 200, 10),
    ];
    assert_eq!(heard, expected);
}

#[test]
fn a_part_that_does_not_go_on_is_another_stream() {
    let mut bench = Bench::new(0);
    bench.play(0, 90, [1.0, 0.0]);
    bench.runner.close(Reason::Segment);
    bench.play(5000, 5090, [1.0, 0.0]).reset(Reason::Eos);
    assert!(bench.findings().is_empty());
}

#[test]
fn another_interval_ends_the_one_in_progress() {
    let mut bench = Bench::new(60 * SECOND);
    bench.play(0, 10_000, [0.0; 2]);
    let common = Common {
        measurement_interval: SECOND,
        ..Mirror::COMMON
    };
    bench.runner.configure(common, Nothing {});
    bench.play(10_000, 12_000, [0.0; 2]).reset(Reason::Eos);
    let expected = [
        (0, 10_000, Status::Ok),
        (10_000, 11_000, Status::Ok),
        (11_000, 12_000, Status::Ok),
    ];
    assert_eq!(bench.intervals(), expected);
}

#[test]
fn the_first_interval_has_nothing_of_the_time_before() {
    let mut bench = Bench::new(0);
    bench.play(0, 10_000, [0.0; 2]);
    let common = Common {
        measurement_interval: SECOND,
        ..Mirror::COMMON
    };
    bench.runner.configure(common, Nothing {});
    bench.play(10_000, 11_000, [0.0; 2]).reset(Reason::Eos);
    assert_eq!(bench.intervals(), [(10_000, 11_000, Status::Ok)]);
    assert_eq!(bench.measurements()[0].values[0], 100.0);
}
