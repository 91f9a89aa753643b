// SPDX-License-Identifier: MPL-2.0

use super::*;

const MACHINE: Machine = Machine {
    cores: 2.0,
    memory: 1_000_000_000,
};

fn second(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn new() -> LoadModel {
    LoadModel::new(MACHINE, HEADROOM)
}

/// Starts streams that take so many cores each for as long as they may start; how many there are at last, and what was said.
fn filled(cores: f64, memory: u64) -> (usize, Answer) {
    let mut admission = new();
    let (mut streams, mut used) = (0, Use::default());
    let mut said = Answer::Wait;
    for n in 0..120 {
        used.at = second(n);
        used.streams = streams;
        used.memory = 50_000_000 + memory * streams as u64;
        admission.note(used);
        loop {
            said = admission.may_start(streams, streams);
            match said {
                Answer::Start => streams += 1,
                _ => break,
            }
        }
        used.cpu += Duration::from_secs_f64(streams as f64 * cores);
        used.watched += second(streams as u64);
    }
    (streams, said)
}

#[test]
fn as_many_start_as_fit() {
    let (streams, said) = filled(0.099, 1);
    assert_eq!(streams, 16);
    assert!(matches!(&said, Answer::Refuse(why) if why.contains("17 streams take 1.68 cores")));
    assert_eq!(filled(0.39, 1).0, 4);
}

#[test]
fn memory_is_a_limit_too() {
    let (streams, said) = filled(0.001, 10_000_000);
    assert_eq!(streams, 76, "{said:?}");
    assert!(matches!(&said, Answer::Refuse(why) if why.contains("MB")));
}

#[test]
fn nothing_is_judged_before_it_is_known() {
    let mut admission = new();
    admission.note(Use::default());
    let answers = [0, 1, 2, 3].map(|n| admission.may_start(n, n));
    assert_eq!(
        answers,
        [Answer::Start, Answer::Start, Answer::Wait, Answer::Wait]
    );
    // Those whose source doesn't answer teach nothing.
    assert_eq!(admission.may_start(50, 1), Answer::Start);
    assert_eq!(admission.load(), None);
}

#[test]
fn files_that_are_read_faster_cost_no_more() {
    let mut admission = new();
    admission.note(Use::default());
    // One file, at ten times its speed, takes a whole core.
    admission.note(Use {
        at: second(10),
        cpu: second(10),
        watched: second(100),
        streams: 1,
        ..Use::default()
    });
    assert_eq!(admission.load().map(|load| load.fits), Some(16));
}

#[test]
fn what_was_long_ago_is_forgotten() {
    let mut admission = new();
    let mut used = Use {
        streams: 4,
        ..Use::default()
    };
    let mut note = |cores: u64, admission: &mut LoadModel| {
        for _ in 0..100 {
            used.at += second(1);
            used.cpu += Duration::from_millis(cores * 1000 / 10);
            used.watched += second(4);
            admission.note(used);
        }
    };
    note(16, &mut admission);
    assert_eq!(admission.load().map(|load| load.fits), Some(4));
    note(4, &mut admission);
    assert_eq!(admission.load().map(|load| load.fits), Some(16));
}

#[test]
fn streams_that_fall_behind_let_no_other_in() {
    let mut admission = new();
    let used = |n, lag| Use {
        at: second(n),
        cpu: second(n) / 10,
        watched: second(n),
        streams: 1,
        lag: second(lag),
        ..Use::default()
    };
    (0..=20).for_each(|n| admission.note(used(n, n / 2)));
    assert!(matches!(admission.may_start(1, 1), Answer::Refuse(why) if why.contains("by 10.0 s")));
    // It doesn't grow: a source that stood still for a while.
    (21..=90).for_each(|n| admission.note(used(n, 10)));
    assert_eq!(admission.may_start(1, 1), Answer::Start);
}

#[test]
fn the_headroom_is_a_share() {
    let config = |text: &str| toml::from_str::<Config>(text);
    assert_eq!(config("").unwrap(), Config::default());
    let refuse = config("admission = \"refuse\"\nheadroom = 0.5").unwrap();
    assert_eq!((refuse.admission, refuse.headroom), (Policy::Refuse, 0.5));
    for wrong in ["headroom = 0.0", "headroom = 1.5", "headrom = 0.5"] {
        assert!(config(wrong).is_err(), "{wrong}");
    }
}
