// SPDX-License-Identifier: MPL-2.0

use super::super::admission::Answer;
use super::*;

const MACHINE: Machine = Machine {
    cores: 2.0,
    memory: 4_000_000_000,
};

/// A gate on a machine of two cores, with that many streams.
fn gate(policy: Policy, streams: usize) -> (Arc<CapacityGate>, Vec<Ticket>) {
    let gate = Arc::new(CapacityGate::default());
    gate.set(&Config {
        admission: policy,
        headroom: 0.8,
    });
    lock(&gate.0).load.set_limits(MACHINE, 0.8);
    let tickets = (0..streams).map(|n| gate.ticket(&format!("s{n}").into()));
    let tickets: Vec<Ticket> = tickets.collect();
    (gate, tickets)
}

/// Seconds that go by, in which each stream takes so many cores.
fn pass(
    gate: &CapacityGate,
    tickets: &[Ticket],
    seconds: std::ops::Range<u64>,
    cores: f64,
    parts: &Parts,
) {
    for n in seconds {
        let at = Duration::from_secs(n);
        let cpu = at.mul_f64(cores * tickets.len() as f64);
        let mut inner = lock(&gate.0);
        inner.note(at, cpu, 0);
        inner.say(parts);
        drop(inner);
        for ticket in tickets {
            ticket.note(Duration::from_secs(1), Duration::ZERO);
        }
    }
}

fn health(parts: &Parts) -> PartHealth {
    parts.list().remove(0).health
}

#[test]
fn those_that_came_last_are_flagged_and_watched_all_the_same() {
    let (gate, mut tickets) = gate(Policy::Flag, 10);
    let parts = Parts::default();
    assert!(
        tickets
            .iter()
            .all(|ticket| ticket.may_start() == Answer::Start)
    );
    pass(&gate, &tickets, 0..9, 0.2, &parts);
    // It might be no more than the start.
    assert_eq!(health(&parts), PartHealth::Fine);
    pass(&gate, &tickets, 9..30, 0.2, &parts);
    let flags: Vec<bool> = tickets
        .iter()
        .map(|ticket| ticket.over_capacity().is_some())
        .collect();
    assert_eq!(flags, [&[false; 8][..], &[true; 2][..]].concat());
    let said = health(&parts);
    assert!(
        matches!(&said, PartHealth::Degraded(why) if why.contains("2.00 cores") && why.contains("late: s8, s9")),
        "{said:?}"
    );
    let numbers = parts.numbers();
    assert_eq!(numbers["defect_capacity_load_ratio"].values[PART], 1.25);
    assert_eq!(numbers["defect_capacity_beyond_streams"].values[PART], 2.0);
    // Others leave: their room is free.
    tickets.drain(..2);
    let mut inner = lock(&gate.0);
    let load = inner.load.load();
    inner.flag(load.as_ref());
    drop(inner);
    assert!(
        tickets
            .iter()
            .all(|ticket| ticket.over_capacity().is_none())
    );
}

#[test]
fn what_does_not_fit_waits_until_there_is_room() {
    let (gate, mut tickets) = gate(Policy::Refuse, 5);
    let parts = Parts::default();
    let first: Vec<Answer> = tickets.iter().map(Ticket::may_start).collect();
    assert_eq!(first[..2], [Answer::Start, Answer::Start]);
    assert_eq!(first[2..], [Answer::Wait, Answer::Wait, Answer::Wait]);
    pass(&gate, &tickets[..2], 0..20, 0.5, &parts);
    assert_eq!(tickets[2].may_start(), Answer::Start);
    assert!(
        matches!(tickets[3].may_start(), Answer::Refuse(why) if why.starts_with("no room: 4 streams take 2.00 cores"))
    );
    lock(&gate.0).say(&parts);
    assert_eq!(
        health(&parts),
        PartHealth::Degraded("not watched, no room: s3".to_owned())
    );
    // Who is in stays in, and comes back in.
    assert_eq!(tickets[0].may_start(), Answer::Start);
    tickets.remove(0);
    assert_eq!(tickets[2].may_start(), Answer::Start);
    lock(&gate.0).say(&parts);
    assert_eq!(health(&parts), PartHealth::Fine);
}

#[test]
fn who_is_late_is_named_until_it_has_caught_up() {
    let (gate, tickets) = gate(Policy::Off, 2);
    let parts = Parts::default();
    let look = |lag: f64| {
        tickets[1].note(Duration::from_secs(1), Duration::from_secs_f64(lag));
        let mut inner = lock(&gate.0);
        inner.note(Duration::ZERO, Duration::ZERO, 0);
        inner.say(&parts);
        health(&parts)
    };
    assert_eq!(look(4.9), PartHealth::Fine);
    assert_eq!(
        look(7.25),
        PartHealth::Degraded("late: s1 7.2 s".to_owned())
    );
    assert_ne!(look(3.0), PartHealth::Fine);
    assert_eq!(look(2.0), PartHealth::Fine);
    look(9.0);
    tickets[1].pause();
    let mut inner = lock(&gate.0);
    inner.note(Duration::ZERO, Duration::ZERO, 0);
    inner.say(&parts);
    assert_eq!(health(&parts), PartHealth::Fine);
}
