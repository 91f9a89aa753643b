// SPDX-License-Identifier: MPL-2.0
use proptest::prelude::*;

use super::*;
use crate::detector::Severity;
use crate::media::{MS, SECOND};

/// A track and what it said.
struct Bench {
    machine: EpisodeMachine,
    common: Common,
    direction: Direction,
    next_id: u64,
    said: Vec<Finding>,
}

impl Bench {
    fn new(min_duration: Ns, clear_duration: Ns) -> Self {
        Self {
            machine: EpisodeMachine::default(),
            common: Common::new(Severity::Error, min_duration, clear_duration),
            direction: Direction::HigherIsWorse,
            next_id: 1,
            said: Vec::new(),
        }
    }

    fn with<R>(&mut self, act: impl FnOnce(&mut EpisodeMachine, &mut Context<'_>) -> R) -> R {
        let mut context = Context {
            kind: 0,
            channel: None,
            direction: self.direction,
            common: &self.common,
            next_id: &mut self.next_id,
            emit: &mut |finding| self.said.push(finding),
        };
        act(&mut self.machine, &mut context)
    }

    /// Units of 100 ms from a time in ms on, all seen the same.
    fn see(&mut self, from: u64, to: u64, seen: Observation) -> &mut Self {
        for at in (from..to).step_by(100) {
            let span = Span::new(at * MS, (at + 100) * MS);
            self.with(|machine, context| machine.observe(span, seen.clone(), false, context));
        }
        self
    }

    fn hit(&mut self, at: u64) -> &mut Self {
        let span = Span::new(at * MS, (at + 100) * MS);
        self.with(|machine, context| machine.observe(span, present(), true, context));
        self
    }

    fn close(&mut self, reason: Reason) -> &mut Self {
        self.with(|machine, context| machine.reset(reason, context));
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
fn unknown_time_does_not_count() {
    let mut bench = Bench::new(SECOND, 300 * MS);
    bench
        .see(0, 500, present())
        .see(500, 800, Observation::unknown());
    bench.see(800, 1200, present());
    assert!(bench.said.is_empty(), "half a second and 400 ms");
    bench.see(1200, 1300, present());
    assert_eq!(bench.heard(), [(State::Begin, 0, 1300)]);
    bench.see(1300, 9000, Observation::unknown());
    assert_eq!(bench.said.len(), 1, "an announced one stays");
}

#[test]
fn a_candidate_that_stays_unknown_is_forgotten() {
    let mut bench = Bench::new(SECOND, 300 * MS);
    bench
        .see(0, 900, present())
        .see(900, 1300, Observation::unknown());
    bench.see(1300, 2200, present());
    assert!(bench.said.is_empty(), "two that are too short");
    bench.see(2200, 2300, present());
    assert_eq!(bench.heard(), [(State::Begin, 1300, 1000)]);
    // Time without any observation is unknown, too.
    let mut bench = Bench::new(SECOND, 300 * MS);
    bench.see(0, 900, present());
    let gap = Span::new(900 * MS, 1300 * MS);
    bench.with(|machine, context| machine.unjudged(gap, context));
    bench.see(1300, 2200, present());
    assert!(bench.said.is_empty());
}

#[test]
fn what_is_judged_after_all_counts() {
    let mut bench = Bench::new(SECOND, 5 * SECOND);
    bench
        .see(0, 200, present())
        .see(200, 3000, Observation::unknown());
    bench.see(3000, 3100, present().since(100 * MS));
    assert_eq!(bench.heard(), [(State::Begin, 0, 3100)]);
}

#[test]
fn over_a_boundary_candidates_go_on_and_announced_ones_begin_again() {
    let close = |bench: &mut Bench, at: u64| {
        bench.with(|machine, context| machine.close(Reason::Segment, at * MS, context));
    };
    let segment = State::End(Reason::Segment);
    let mut bench = Bench::new(SECOND, 300 * MS);
    bench.see(0, 600, present());
    close(&mut bench, 600);
    assert!(bench.said.is_empty());
    bench.see(600, 1500, present());
    assert_eq!(bench.heard(), [(State::Begin, 0, 1000)]);
    close(&mut bench, 1500);
    bench.see(1500, 1600, present());
    let again = [(segment, 0, 1500), (State::Begin, 1500, 100)];
    assert_eq!(bench.heard()[1..], again);
    // A lapse over the boundary is bridged, too; but not a longer one.
    bench.see(1600, 1700, absent());
    close(&mut bench, 1700);
    bench.see(1700, 1800, absent()).see(1800, 1900, present());
    let again = [(segment, 1500, 100), (State::Begin, 1700, 200)];
    assert_eq!(bench.heard()[3..], again);
    close(&mut bench, 1900);
    bench.see(1900, 2200, absent()).see(2200, 3100, present());
    assert_eq!(bench.said.len(), 6);
}

#[test]
fn what_is_counted_does_not_begin_again() {
    let mut bench = Bench::new(0, 500 * MS);
    bench.hit(0);
    bench.with(|machine, context| machine.close(Reason::Eos, 100 * MS, context));
    bench.see(100, 400, absent()).hit(400).close(Reason::Eos);
    let eos = State::End(Reason::Eos);
    let expected = [
        (State::Begin, 0, 100),
        (eos, 0, 100),
        (State::Begin, 400, 100),
        (eos, 400, 100),
    ];
    assert_eq!(bench.heard(), expected);
}

#[test]
fn an_observation_may_stand_for_several() {
    let mut bench = Bench::new(0, 500 * MS);
    let span = Span::new(0, 100 * MS);
    bench.with(|machine, context| machine.observe(span, present().count(3), true, context));
    bench.hit(100).close(Reason::Eos);
    let counts: Vec<_> = bench.said.iter().map(|f| f.count).collect();
    assert_eq!(counts, [Some(3), Some(4)]);
}

#[test]
fn the_limit_is_that_of_the_begin() {
    let mut bench = Bench::new(200 * MS, 0);
    for (at, limit) in [(0, 1.0), (100, 2.0), (200, 3.0)] {
        bench.see(
            at,
            at + 100,
            Observation::new(Evidence::Present, 5.0, limit),
        );
    }
    bench.close(Reason::Eos);
    let limits: Vec<_> = bench.said.iter().map(|f| f.observation.threshold).collect();
    assert_eq!(limits, [2.0, 2.0]);
}

#[test]
fn updates_cannot_flood() {
    let mut bench = Bench::new(0, 0);
    bench.common.update_interval = 1;
    for at in 0..1000 {
        let span = Span::new(at * MS, (at + 1) * MS);
        bench.with(|machine, context| machine.observe(span, present(), false, context));
    }
    assert!((9..=11).contains(&bench.said.len()), "{}", bench.said.len());
}

#[test]
fn backdated_start_and_end() {
    let mut bench = Bench::new(SECOND, 300 * MS);
    bench.see(1000, 2000, present().since(900 * MS));
    assert_eq!(bench.heard(), [(State::Begin, 900, 1000)]);
    bench.see(2000, 2100, absent().since(1700 * MS));
    // The end was earlier than known at the begin; what was reported isn't taken back.
    assert_eq!(bench.heard()[1..], [(CLEARED, 900, 1000)]);
}

#[test]
fn an_episode_does_not_start_before_the_end_of_the_last() {
    let mut bench = Bench::new(0, 0);
    bench.see(0, 1000, present()).see(1000, 1100, absent());
    bench.see(1100, 1200, present().since(500 * MS));
    assert_eq!(bench.heard()[2], (State::Begin, 1000, 200));
}

#[test]
fn an_end_before_the_start_does_not_shorten_it() {
    let mut bench = Bench::new(0, 0);
    bench
        .see(1000, 1100, present())
        .see(1100, 1200, absent().since(0));
    assert_eq!(bench.heard()[1], (CLEARED, 1000, 100));
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
        let last = &bench.said[1].observation;
        assert_eq!((last.value, last.detail.as_deref()), (worst, Some("3")));
        assert_eq!(last.confidence, 0.75);
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
        let (mut at, mut breaks) = (0, Vec::new());
        for (step, length) in steps {
            match step {
                Step::Unit(evidence, since, wait, isolated) => {
                    let span = Span::new(at, at + length * MS);
                    let mut seen = Observation::new(evidence, 1.0, 0.5);
                    seen.since = since.map(|s| u64::from(s) * 1000);
                    seen.min_duration = wait.map(|w| u64::from(w) * MS);
                    bench.with(|machine, context| machine.observe(span, seen, isolated, context));
                    at = span.end;
                }
                Step::Close => {
                    bench.close(Reason::Discont);
                    breaks.push(bench.said.len());
                }
            }
        }
        bench.close(Reason::Eos);
        let (mut open, mut next, mut ended) = (None, 1, 0);
        for (i, f) in bench.said.iter().enumerate() {
            if breaks.contains(&i) {
                // Times begin anew.
                ended = 0;
            }
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
