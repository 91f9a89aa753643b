// SPDX-License-Identifier: MPL-2.0
//! What may happen to a detector, and the rules it must keep all the same.

use super::*;

/// What happens to a detector.
#[derive(Debug, Clone)]
pub enum Step<T> {
    Unit(T),
    Gap(u64),
    Unread(u64),
    Jump(u64),
    Configure(Vec<u64>, bool),
    Finish,
}

pub fn steps<T: std::fmt::Debug + Clone>(
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
pub fn run<D: Detector, T>(
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
                runner.push_unreadable(Span::new(now, now.saturating_add(*length)));
                now = now.saturating_add(*length);
            }
            Step::Jump(to) => now = *to,
            Step::Configure(chances, active) => {
                let (common, own) = settings::<D>(chances, *active);
                runner.configure(common, own);
            }
            Step::Finish => runner.reset(Reason::Flush),
        }
        runner
            .take_reports()
            .into_iter()
            .for_each(|r| rules::<D>(r, &mut open));
    }
    runner.reset(Reason::Eos);
    runner
        .take_reports()
        .into_iter()
        .for_each(|r| rules::<D>(r, &mut open));
    assert!(open.is_empty(), "{name}: still open {open:?}");
    runner.reset(Reason::Eos);
    assert!(
        runner.take_reports().is_empty(),
        "{name}: the end after the end"
    );
}

fn rules<D: Detector>(report: Report, open: &mut BTreeMap<u64, (usize, Option<usize>, Ns)>) {
    let name = D::INFO.element;
    match report {
        Report::Defect(finding) => {
            let seen = &finding.observation;
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
