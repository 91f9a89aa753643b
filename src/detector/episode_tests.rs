// SPDX-License-Identifier: MPL-2.0
use proptest::prelude::*;

use super::*;
use crate::detector::Severity;
use crate::media::{MS, SECOND};

/// A track and what it said.
struct Bench {
    track: Track,
    common: Common,
    direction: Direction,
    next_id: u64,
    said: Vec<Finding>,
}

impl Bench {
    fn new(min_duration: Ns, clear_duration: Ns) -> Self {
        Self {
            track: Track::default(),
            common: Common::new(Severity::Error, min_duration, clear_duration),
            direction: Direction::HigherIsWorse,
            next_id: 1,
            said: Vec::new(),
        }
    }

    fn with<R>(&mut self, act: impl FnOnce(&mut Track, &mut Context<'_>) -> R) -> R {
        let mut context = Context {
            kind: 0,
            channel: None,
            direction: self.direction,
            common: &self.common,
            next_id: &mut self.next_id,
            emit: &mut |finding| self.said.push(finding),
        };
        act(&mut self.track, &mut context)
    }

    /// Units of 100 ms from a time in ms on, all seen the same.
    fn see(&mut self, from: u64, to: u64, seen: Observation) -> &mut Self {
        for at in (from..to).step_by(100) {
            let span = Span::new(at * MS, (at + 100) * MS);
            self.with(|track, context| track.observe(span, seen.clone(), false, context));
        }
        self
    }

    fn hit(&mut self, at: u64) -> &mut Self {
        let span = Span::new(at * MS, (at + 100) * MS);
        self.with(|track, context| track.observe(span, present(), true, context));
        self
    }

    fn close(&mut self, reason: Reason) -> &mut Self {
        self.with(|track, context| track.close(reason, context));
        self
    }

    /// State, start and duration in ms of all that was said.
    fn heard(&self) -> Vec<(State, u64, u64)> {
        let finding = |f: &Finding| (f.state, f.at / MS, f.duration / MS);
        self.said.iter().map(finding).collect()
    }
}

fn present() -> Observation {
    Observation::new(Evidence::Present, 1.0, 0.5)
}

fn absent() -> Observation {
    Observation::new(Evidence::Absent, 0.0, 0.5)
}

const CLEARED: State = State::End(Reason::Cleared);

#[test]
fn announced_after_min_duration_and_ended_after_clear_duration() {
    let mut bench = Bench::new(SECOND, 300 * MS);
    bench.see(500, 1400, present());
    assert!(bench.said.is_empty());
    bench.see(1400, 1500, present());
    assert_eq!(bench.heard(), [(State::Begin, 500, 1000)]);
    bench.see(1500, 2500, present()).see(2500, 2700, absent());
    assert_eq!(bench.said.len(), 1);
    bench.see(2700, 3000, absent());
    assert_eq!(bench.heard()[1..], [(CLEARED, 500, 2000)]);
}

#[test]
fn too_short_is_nothing() {
    let mut bench = Bench::new(SECOND, 0);
    for at in [0, 2000, 4000] {
        bench
            .see(at, at + 900, present())
            .see(at + 900, at + 2000, absent());
    }
    bench.see(6000, 6900, present()).close(Reason::Eos);
    assert!(bench.said.is_empty());
}

#[test]
fn a_lapse_shorter_than_clear_duration_is_bridged() {
    let mut bench = Bench::new(SECOND, 500 * MS);
    bench.see(0, 1000, present()).see(1000, 1400, absent());
    bench.see(1400, 2000, present()).close(Reason::Eos);
    let end = State::End(Reason::Eos);
    assert_eq!(bench.heard(), [(State::Begin, 0, 1000), (end, 0, 2000)]);
}

#[test]
fn what_closes_it_while_it_clears_does_not_prolong_it() {
    let mut bench = Bench::new(SECOND, SECOND);
    bench
        .see(0, 1000, present())
        .see(1000, 1500, absent())
        .close(Reason::Flush);
    assert_eq!(bench.heard()[1], (State::End(Reason::Flush), 0, 1000));
}

#[test]
fn unknown_changes_nothing() {
    let mut bench = Bench::new(SECOND, 300 * MS);
    bench
        .see(0, 500, present())
        .see(500, 3000, Observation::unknown());
    assert!(bench.said.is_empty(), "not announced on what nobody saw");
    bench.see(3000, 3100, present());
    assert_eq!(bench.heard(), [(State::Begin, 0, 3100)]);
    bench.see(3100, 9000, Observation::unknown());
    assert_eq!(bench.said.len(), 1, "nor ended");
}

#[test]
fn backdated_start_and_end() {
    let mut bench = Bench::new(SECOND, 300 * MS);
    bench.see(1000, 2000, present().since(900 * MS));
    assert_eq!(bench.heard(), [(State::Begin, 900, 1000)]);
    bench.see(2000, 2100, absent().since(1700 * MS));
    assert_eq!(bench.heard()[1..], [(CLEARED, 900, 800)]);
}

#[test]
fn an_episode_does_not_start_before_the_end_of_the_last() {
    let mut bench = Bench::new(0, 0);
    bench.see(0, 1000, present()).see(1000, 1100, absent());
    bench.see(1100, 1200, present().since(500 * MS));
    assert_eq!(bench.heard()[2], (State::Begin, 1000, 200));
}

#[test]
fn an_end_before_the_start_is_an_empty_episode() {
    let mut bench = Bench::new(0, 0);
    bench
        .see(1000, 1100, present())
        .see(1100, 1200, absent().since(0));
    assert_eq!(bench.heard()[1], (CLEARED, 1000, 0));
}

#[test]
fn the_observation_can_wait_longer() {
    let mut bench = Bench::new(0, 0);
    bench.see(0, 1900, present().min_duration(2 * SECOND));
    assert!(bench.said.is_empty());
    bench.see(1900, 2000, present().min_duration(2 * SECOND));
    assert_eq!(bench.said.len(), 1);
}

#[test]
fn ongoing_at_the_interval() {
    let mut bench = Bench::new(500 * MS, 0);
    bench.common.update_interval = SECOND;
    bench.see(0, 3000, present());
    let ongoing = |duration| (State::Ongoing, 0, duration);
    assert_eq!(
        bench.heard(),
        [(State::Begin, 0, 500), ongoing(1500), ongoing(2500)]
    );
}

#[test]
fn isolated_defects_are_announced_at_once_and_counted() {
    let mut bench = Bench::new(10 * SECOND, 500 * MS);
    bench
        .hit(0)
        .see(100, 300, absent())
        .hit(300)
        .see(400, 2000, absent())
        .hit(2000);
    bench.close(Reason::Stopped);
    let stopped = State::End(Reason::Stopped);
    let expected = [
        (State::Begin, 0, 100),
        (CLEARED, 0, 400),
        (State::Begin, 2000, 100),
        (stopped, 2000, 100),
    ];
    assert_eq!(bench.heard(), expected);
    let counts: Vec<_> = bench.said.iter().map(|f| f.count).collect();
    assert_eq!(counts, [Some(1), Some(2), Some(1), Some(1)]);
    let ids: Vec<_> = bench.said.iter().map(|f| f.id).collect();
    assert_eq!(ids, [1, 1, 2, 2]);
}

#[test]
fn the_worst_value_and_the_newest_words() {
    let all = [
        (Direction::HigherIsWorse, 3.0),
        (Direction::LowerIsWorse, 1.0),
        (Direction::AwayFromZero, 3.0),
    ];
    for (worse, worst) in all {
        let mut bench = Bench::new(300 * MS, 0);
        bench.direction = worse;
        for (i, value) in [2.0, 1.0, 3.0, 2.0].into_iter().enumerate() {
            let seen = Observation::new(Evidence::Present, value, 0.5).detail(format!("{i}"));
            let at = i as u64 * 100;
            bench.see(at, at + 100, seen.confidence(value / 4.0));
        }
        bench.close(Reason::Caps);
        let seen = &bench.said[1].seen;
        assert_eq!((seen.value, seen.detail.as_deref()), (worst, Some("3")));
        assert_eq!(seen.confidence, 0.75);
    }
}

#[test]
fn every_reason_has_its_name() {
    use Reason::*;
    let all = [
        Cleared, Eos, Flush, Caps, Segment, Discont, Inactive, Stopped,
    ];
    let names: Vec<_> = all.into_iter().map(Reason::name).collect();
    assert_eq!(
        names.join(" "),
        "cleared eos flush caps segment discont inactive stopped"
    );
}

#[derive(Debug, Clone)]
enum Step {
    Unit(Evidence, Option<u32>, Option<u32>, bool),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    let evidence = prop_oneof![
        Just(Evidence::Present),
        Just(Evidence::Absent),
        Just(Evidence::Unknown)
    ];
    let unit = (
        evidence,
        any::<Option<u32>>(),
        proptest::option::of(0..5000u32),
        any::<bool>(),
    );
    prop_oneof![
        20 => unit.prop_map(|(e, since, wait, isolated)| Step::Unit(e, since, wait, isolated)),
        1 => Just(Step::Close),
    ]
}

proptest! {
    #[test]
    fn every_begin_has_exactly_one_end(
        steps in proptest::collection::vec((step(), 0u64..3000), 0..200),
        min in 0u64..3000, clear in 0u64..3000, update in 0u64..1000,
    ) {
        let mut bench = Bench::new(min * MS, clear * MS);
        bench.common.update_interval = update * MS;
        let mut at = 0;
        for (step, length) in steps {
            match step {
                Step::Unit(evidence, since, wait, isolated) => {
                    let span = Span::new(at, at + length * MS);
                    let mut seen = Observation::new(evidence, 1.0, 0.5);
                    seen.since = since.map(|s| u64::from(s) * 1000);
                    seen.min_duration = wait.map(|w| u64::from(w) * MS);
                    bench.with(|track, context| track.observe(span, seen, isolated, context));
                    at = span.end;
                }
                Step::Close => { bench.close(Reason::Discont); }
            }
        }
        bench.close(Reason::Eos);
        let (mut open, mut next, mut ended) = (None, 1, 0);
        for f in &bench.said {
            match f.state {
                State::Begin => {
                    prop_assert!(open.is_none() && f.id == next && f.at >= ended);
                    (open, next) = (Some((f.id, f.at)), next + 1);
                }
                State::Ongoing => prop_assert_eq!(open, Some((f.id, f.at))),
                State::End(_) => {
                    prop_assert_eq!(open.take(), Some((f.id, f.at)));
                    ended = f.at + f.duration;
                }
            }
        }
        prop_assert!(open.is_none());
    }
}
