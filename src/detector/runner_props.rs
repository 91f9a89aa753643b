// SPDX-License-Identifier: MPL-2.0
//! Jumps, immense gaps, and what holds for any sequence of units, gaps, jumps and breaks.

use proptest::prelude::*;

use super::*;

#[test]
fn a_jump_ahead_is_an_interval_without_analysis() {
    let mut bench = Bench::new(SECOND);
    bench
        .play(0, 1500, [1.0; 2])
        .play(5200, 6000, [0.0; 2])
        .reset(Reason::Eos);
    assert!(
        bench
            .findings()
            .iter()
            .filter(|f| f.state == State::End(Reason::Discont))
            .count()
            == 2
    );
    let intervals = bench.intervals();
    for pair in intervals.windows(2) {
        assert_eq!(pair[0].1, pair[1].0, "{intervals:?}");
    }
    assert_eq!(
        (intervals[0].0, intervals[intervals.len() - 1].1),
        (0, 6000)
    );
    assert!(
        intervals.contains(&(2500, 3500, Status::NotAnalysed)),
        "{intervals:?}"
    );
}

#[test]
fn a_jump_back_begins_anew() {
    let mut bench = Bench::new(SECOND);
    bench
        .play(5000, 6000, [1.0; 2])
        .play(0, 1000, [0.0; 2])
        .reset(Reason::Eos);
    assert_eq!(
        bench.intervals(),
        [(5000, 6000, Status::Defect), (0, 1000, Status::Ok)]
    );
}

#[test]
fn an_immense_gap_is_bounded() {
    let mut bench = Bench::new(SECOND);
    bench.play(0, 1000, [0.0; 2]);
    bench.runner.gap(Span::new(SECOND, u64::MAX - 1));
    bench.reset(Reason::Eos);
    assert!(bench.reports.len() < 3000);
    let intervals = bench.intervals();
    assert!(intervals.windows(2).all(|pair| pair[0].1 == pair[1].0));
    assert_eq!(
        intervals.last().map(|i| i.1),
        Some(crate::media::LATEST / MS)
    );
    bench.runner.gap(Span::new(0, u64::MAX));
    bench.reset(Reason::Eos);
}

#[derive(Debug, Clone)]
enum Continuation {
    Play(u64, [f32; 2]),
    Gap(u64),
    Jump(u64),
    Finish,
    Interval(u64),
}

fn step() -> impl Strategy<Value = Continuation> {
    let level = || prop_oneof![Just(1f32), Just(0.0), Just(-1.0)];
    prop_oneof![
        8 => (1u64..100, level(), level()).prop_map(|(n, a, b)| Continuation::Play(n * 10, [a, b])),
        2 => (0u64..5000).prop_map(Continuation::Gap),
        2 => (0u64..9000).prop_map(Continuation::Jump),
        1 => Just(Continuation::Finish),
        1 => (0u64..3000).prop_map(Continuation::Interval),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_interval_is_missing_and_every_begin_has_an_end(
        steps in proptest::collection::vec(step(), 0..60), interval in 1u64..3000,
    ) {
        let mut bench = Bench::new(interval * MS);
        let (mut at, mut changed) = (0, false);
        for step in steps {
            match step {
                Continuation::Play(length, channels) => { bench.play(at, at + length, channels); at += length; }
                Continuation::Gap(length) => { bench.gap(at, at + length); at += length; }
                Continuation::Jump(length) => at += length,
                Continuation::Finish => { bench.reset(Reason::Segment); changed = true; }
                Continuation::Interval(length) => {
                    let common = Common { measurement_interval: length * MS, ..Mirror::COMMON };
                    bench.runner.configure(common, Nothing {});
                    changed = true;
                }
            }
        }
        bench.reset(Reason::Eos);
        let mut open = std::collections::BTreeMap::new();
        let mut last = 0;
        for f in bench.findings() {
            match f.state {
                State::Begin => {
                    prop_assert!(f.id == last + 1);
                    last = f.id;
                    open.insert(f.id, f.at);
                }
                State::Ongoing => prop_assert!(open.contains_key(&f.id)),
                State::End(_) => prop_assert_eq!(open.remove(&f.id), Some(f.at)),
            }
        }
        prop_assert!(open.is_empty());
        let spans: Vec<_> = bench.measurements().iter().map(|m| m.span).collect();
        for pair in spans.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
            // After a break or a change of the interval, counting begins anew.
            prop_assert!(changed || pair[0].end == pair[1].start, "{:?}", pair);
        }
    }
}
