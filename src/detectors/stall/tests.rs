// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::detector::{Finding, Reason, Report, Runner, State};
use crate::media::timestamps::{Content, Sequence, Stamps};

struct Bench {
    runner: Runner<Stall>,
    sequence: Sequence,
}

impl Bench {
    fn new(raw: bool, common: Common) -> Self {
        let format = StreamFormat {
            content: Content::Pictures,
            raw,
            reorders: false,
            parts: false,
            frame_duration: Some(40 * MS),
        };
        Self {
            runner: Runner::new(format, common, StallSettings::default()),
            sequence: Sequence::new(format),
        }
    }

    fn play(&mut self, times: impl IntoIterator<Item = Option<u64>>) -> &mut Self {
        for pts in times {
            let stamps = Stamps {
                pts: pts.map(|ms| ms * MS),
                dts: None,
                duration: Some(40 * MS),
                discontinuous: false,
            };
            let (span, check) = self.sequence.next(stamps);
            self.runner.push(span, check);
        }
        self
    }

    fn stall(&mut self, lasted: u64) -> &mut Self {
        self.runner.on_timeout(idle(lasted));
        self
    }

    fn resume(&mut self, lasted: u64) -> &mut Self {
        self.runner.on_resume(idle(lasted));
        self
    }

    fn finish(&mut self) -> Vec<Finding> {
        self.runner.reset(Reason::Eos);
        let reports = self.runner.take_reports();
        reports.into_iter().filter_map(Report::finding).collect()
    }
}

fn idle(lasted: u64) -> Idle {
    Idle {
        position: 400 * MS,
        lasted: lasted * MS,
        first: false,
        blocked: false,
        duration: 40 * MS,
    }
}

fn even(from: u64, count: u64) -> impl Iterator<Item = Option<u64>> {
    (0..count).map(move |i| Some(from + i * 40))
}

fn detail(f: &Finding) -> &str {
    f.observation.detail.as_deref().unwrap_or("")
}

#[test]
fn an_even_stream_has_nothing() {
    assert_eq!(
        Bench::new(true, Stall::COMMON).play(even(0, 500)).finish(),
        []
    );
}

#[test]
fn a_stall_lasts_until_the_first_buffer() {
    let mut bench = Bench::new(true, Stall::COMMON);
    bench
        .play(even(0, 10))
        .stall(2000)
        .resume(3000)
        .play(even(400, 10));
    // The next one begins where the stream stands, though the last one lasted longer than the stream did since.
    bench.stall(2000);
    let said = bench.finish();
    assert_eq!(said.len(), 4, "{said:#?}");
    assert_eq!((said[0].state, said[0].at), (State::Begin, 400 * MS));
    assert_eq!(said[0].duration, 2 * SECOND);
    assert_eq!(said[1].state, State::End(Reason::Cleared));
    assert_eq!(said[1].duration, 3 * SECOND);
    assert_eq!(said[1].observation.value, 3000.0);
    assert_eq!(detail(&said[1]), "no-data");
    assert_eq!((said[2].state, said[2].at), (State::Begin, 400 * MS));
}

#[test]
fn the_timeout_is_min_duration_and_the_length_of_a_longer_buffer() {
    let settings = StallSettings::default();
    let timeout = |w: &Idle, s: &StallSettings| Stall::timeout(w, &Stall::COMMON, s);
    assert_eq!(timeout(&idle(0), &settings), Some(2 * SECOND));
    let still = Idle {
        duration: 10 * SECOND,
        ..idle(0)
    };
    assert_eq!(timeout(&still, &settings), Some(12 * SECOND));
    let first = Idle {
        first: true,
        ..idle(0)
    };
    assert_eq!(timeout(&first, &settings), Some(2 * SECOND));
    let only_later = StallSettings {
        before_first: false,
        ..settings
    };
    assert_eq!(timeout(&first, &only_later), None);
    assert_eq!(timeout(&idle(0), &only_later), Some(2 * SECOND));
}

#[test]
fn each_way_of_going_wrong_has_its_name() {
    let cases: [(Vec<Option<u64>>, &str, f64); 7] = [
        (even(0, 10).chain(even(440, 10)).collect(), "gap", 40.0),
        (even(0, 10).chain(even(9000, 10)).collect(), "gap", 8600.0),
        (even(0, 10).chain(even(370, 10)).collect(), "overlap", 30.0),
        (even(0, 30).chain(even(1160, 10)).collect(), "overlap", 40.0),
        (
            even(0, 10).chain(even(200, 10)).collect(),
            "backwards",
            200.0,
        ),
        (
            even(9000, 10).chain(even(0, 10)).collect(),
            "backwards",
            9400.0,
        ),
        (
            even(0, 10)
                .chain([None, None])
                .chain(even(480, 10))
                .collect(),
            "missing",
            80.0,
        ),
    ];
    for (times, name, value) in cases {
        let said = Bench::new(true, Stall::COMMON).play(times).finish();
        assert_eq!(said.len(), 2, "{name}: {said:#?}");
        assert_eq!(detail(&said[1]), name);
        assert!(
            (said[1].observation.value - value).abs() < 1e-6,
            "{said:#?}"
        );
        assert_eq!(said[1].state, State::End(Reason::Eos), "{name}");
    }
}

#[test]
fn a_gap_covers_what_is_missing() {
    let said = Bench::new(true, Stall::COMMON)
        .play(even(0, 10).chain(even(600, 100)))
        .finish();
    assert_eq!((said[0].at, said[0].duration), (400 * MS, 200 * MS));
    assert_eq!(said[1].state, State::End(Reason::Cleared));
    assert_eq!(said[1].count, Some(1));
}

#[test]
fn what_is_within_the_tolerance_is_none() {
    let jitter = (0..500).map(|i| Some(i * 40 + i % 3 * 9));
    assert_eq!(Bench::new(true, Stall::COMMON).play(jitter).finish(), []);
    let mut strict = Bench::new(true, Stall::COMMON);
    strict.runner.configure(
        Stall::COMMON,
        StallSettings {
            tolerance: 5.0,
            ..StallSettings::default()
        },
    );
    let jitter = (0..50).map(|i| Some(i * 40 + i % 3 * 9));
    assert!(!strict.play(jitter).finish().is_empty());
}

#[test]
fn coded_streams_need_a_timestamp_now_and_then() {
    let sparse = (0..100).map(|i| (i % 10 == 0).then_some(i * 40));
    assert_eq!(Bench::new(false, Stall::COMMON).play(sparse).finish(), []);
    let none = (0..100).map(|i| (i == 0).then_some(0));
    let said = Bench::new(false, Stall::COMMON).play(none).finish();
    assert_eq!(detail(&said[0]), "missing");
    assert_eq!(said[0].observation.threshold, 700.0);
}

#[test]
fn the_rate_is_measured() {
    let mut bench = Bench::new(
        true,
        Common {
            measurement_interval: SECOND,
            ..Stall::COMMON
        },
    );
    // 24 pictures per second, where 25 are declared.
    bench.play((0..240u64).map(|i| Some(i * 1000 / 24)));
    let reports = bench.runner.take_reports();
    let measured = reports.iter().filter_map(|r| match r {
        Report::Measurement(m) if m.kind == StallKind::TimestampGap as usize => {
            Some(m.values.clone())
        }
        _ => None,
    });
    let measured: Vec<_> = measured.collect();
    assert_eq!(measured.len(), 9);
    for values in measured {
        assert!((values[0] - 24.0).abs() < 0.03, "{values:?}");
        assert_eq!(values[1], 25.0);
    }
}
