// SPDX-License-Identifier: MPL-2.0

use super::super::admission::Answer;
use super::*;

const MACHINE: Machine = Machine {
    cores: 2.0,
    memory: 4_000_000_000,
};

/// A room on a machine of two cores, and so many streams in it.
fn room(policy: Policy, streams: usize) -> (Arc<Room>, Vec<Seat>) {
    let room = Arc::new(Room::default());
    room.set(&Config {
        admission: policy,
        headroom: 0.8,
    });
    lock(&room.0).admission.set_limits(MACHINE, 0.8);
    let seats = (0..streams).map(|n| room.seat(&format!("s{n}").into()));
    let seats: Vec<Seat> = seats.collect();
    (room, seats)
}

/// Seconds that go by, in which each stream takes so many cores.
fn pass(room: &Room, seats: &[Seat], seconds: std::ops::Range<u64>, cores: f64, parts: &Parts) {
    for n in seconds {
        let at = Duration::from_secs(n);
        let cpu = at.mul_f64(cores * seats.len() as f64);
        let mut known = lock(&room.0);
        known.note(at, cpu, 0);
        known.say(parts);
        drop(known);
        for seat in seats {
            seat.note(Duration::from_secs(1), Duration::ZERO);
        }
    }
}

fn health(parts: &Parts) -> Health {
    parts.list().remove(0).health
}

#[test]
fn those_that_came_last_are_flagged_and_watched_all_the_same() {
    let (room, mut seats) = room(Policy::Flag, 10);
    let parts = Parts::default();
    assert!(seats.iter().all(|seat| seat.ask() == Answer::Start));
    pass(&room, &seats, 0..9, 0.2, &parts);
    // It might be no more than the start.
    assert_eq!(health(&parts), Health::Fine);
    pass(&room, &seats, 9..30, 0.2, &parts);
    let flags: Vec<bool> = seats.iter().map(|seat| seat.beyond().is_some()).collect();
    assert_eq!(flags, [&[false; 8][..], &[true; 2][..]].concat());
    let said = health(&parts);
    assert!(
        matches!(&said, Health::Degraded(why) if why.contains("2.00 cores") && why.contains("late: s8, s9")),
        "{said:?}"
    );
    let numbers = parts.numbers();
    assert_eq!(numbers["defect_capacity_load_ratio"].values[PART], 1.25);
    assert_eq!(numbers["defect_capacity_beyond_streams"].values[PART], 2.0);
    // Others leave: their room is free.
    seats.drain(..2);
    let mut known = lock(&room.0);
    let load = known.admission.load();
    known.flag(load.as_ref());
    drop(known);
    assert!(seats.iter().all(|seat| seat.beyond().is_none()));
}

#[test]
fn what_does_not_fit_waits_until_there_is_room() {
    let (room, mut seats) = room(Policy::Refuse, 5);
    let parts = Parts::default();
    let first: Vec<Answer> = seats.iter().map(Seat::ask).collect();
    assert_eq!(first[..2], [Answer::Start, Answer::Start]);
    assert_eq!(first[2..], [Answer::Wait, Answer::Wait, Answer::Wait]);
    pass(&room, &seats[..2], 0..20, 0.5, &parts);
    assert_eq!(seats[2].ask(), Answer::Start);
    assert!(
        matches!(seats[3].ask(), Answer::Refuse(why) if why.starts_with("no room: 4 streams take 2.00 cores"))
    );
    lock(&room.0).say(&parts);
    assert_eq!(
        health(&parts),
        Health::Degraded("not watched, no room: s3".to_owned())
    );
    // Who is in stays in, and comes back in.
    assert_eq!(seats[0].ask(), Answer::Start);
    seats.remove(0);
    assert_eq!(seats[2].ask(), Answer::Start);
    lock(&room.0).say(&parts);
    assert_eq!(health(&parts), Health::Fine);
}

#[test]
fn who_is_late_is_named_until_it_has_caught_up() {
    let (room, seats) = room(Policy::Off, 2);
    let parts = Parts::default();
    let look = |lag: f64| {
        seats[1].note(Duration::from_secs(1), Duration::from_secs_f64(lag));
        let mut known = lock(&room.0);
        known.note(Duration::ZERO, Duration::ZERO, 0);
        known.say(&parts);
        health(&parts)
    };
    assert_eq!(look(4.9), Health::Fine);
    assert_eq!(look(7.25), Health::Degraded("late: s1 7.2 s".to_owned()));
    assert_ne!(look(3.0), Health::Fine);
    assert_eq!(look(2.0), Health::Fine);
    look(9.0);
    seats[1].rest();
    let mut known = lock(&room.0);
    known.note(Duration::ZERO, Duration::ZERO, 0);
    known.say(&parts);
    assert_eq!(health(&parts), Health::Fine);
}
