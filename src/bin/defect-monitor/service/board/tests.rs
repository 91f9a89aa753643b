// SPDX-License-Identifier: MPL-2.0
//! The board with streams that say made things.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::super::http::made::{event, id, record, register, second};
use super::super::outcome::{Outcome, Status};
use super::day::minute_of;
use super::sheet::RECENT;
use super::*;

fn one() -> Board {
    let board = Board::default();
    register(&board, 0);
    board
}

fn note(board: &Board, kind: &str, state: &str, began: i64) {
    let lasted = Duration::from_secs(began.unsigned_abs());
    let event = event(&id(0), kind, "error", state, began, lasted);
    board.note(&Outcome::Defect(event.into()));
}

#[test]
fn an_episode_is_open_until_its_end_and_counted_once() {
    let board = one();
    let mut begun = event(
        &id(0),
        "black",
        "error",
        "begin",
        10,
        Duration::from_secs(2),
    );
    board.note(&Outcome::Defect(begun.clone().into()));
    begun.defect.state = "ongoing".to_owned();
    begun.defect.duration = 5_000_000_000;
    board.note(&Outcome::Defect(begun.clone().into()));
    let sheet = board.sheet(&id(0)).unwrap();
    assert_eq!(sheet.open.len(), 1);
    assert_eq!(sheet.open[0].defect.duration, 5_000_000_000);
    assert_eq!((sheet.counts[0].open, sheet.counts[0].total), (1, 1));
    begun.defect.state = "end".to_owned();
    board.note(&Outcome::Defect(begun.into()));
    let sheet = board.sheet(&id(0)).unwrap();
    assert_eq!((sheet.open.len(), sheet.recent.len()), (0, 1));
    assert_eq!((sheet.counts[0].open, sheet.counts[0].total), (0, 1));
}

#[test]
fn what_is_over_is_forgotten_in_time_and_nothing_grows() {
    let board = one();
    for i in 0..1000 {
        let began = 5000 - 5 * i;
        let mut episode = event(&id(0), "black", "error", "begin", began, Duration::ZERO);
        board.note(&Outcome::Defect(episode.clone().into()));
        episode.defect.state = "end".to_owned();
        board.note(&Outcome::Defect(episode.into()));
    }
    for i in 0..5000 {
        let mut open = event(&id(0), "freeze", "error", "begin", 1, Duration::ZERO);
        open.episode = format!("{i}").into();
        board.note(&Outcome::Defect(open.into()));
    }
    let sheet = board.sheet(&id(0)).unwrap();
    assert_eq!(sheet.recent.len(), RECENT);
    assert!(sheet.open.len() < 1000);
    assert_eq!(sheet.counts[0].total, 1000);
}

#[test]
fn a_day_tells_gaps_defects_and_maintenance_apart() {
    let board = one();
    let now = Timestamp::now();
    let at = |minutes: i64| now - SignedDuration::from_mins(minutes);
    let say = |minutes, status| {
        board.note(&Outcome::Second(record(
            &id(0),
            "audio-0",
            "silencedetect",
            status,
            at(minutes),
        )));
    };
    say(9, Status::Ok);
    say(8, Status::NotAnalysed);
    say(7, Status::Inconclusive);
    say(6, Status::Inconclusive);
    say(6, Status::Ok);
    // A condition that hasn't become an episode isn't a defect.
    say(5, Status::Defect);
    let mut planned = event(&id(0), "black", "error", "end", 240, Duration::from_secs(5));
    planned.maintenance = true;
    board.note(&Outcome::Defect(planned.into()));
    note(&board, "freeze", "begin", 180);
    let state = |minutes| board.minute(&id(0), minute_of(at(minutes))).unwrap().0;
    assert_eq!(
        [9, 8, 7, 6, 5, 4, 3, 2].map(state),
        [
            MinuteState::Ok,
            MinuteState::Unwatched,
            MinuteState::Inconclusive,
            MinuteState::Ok,
            MinuteState::Ok,
            MinuteState::Info,
            MinuteState::Error,
            MinuteState::Error
        ]
    );
    // While it is open, every second is one of it.
    say(0, Status::Ok);
    assert_eq!(state(0), MinuteState::Error);
    let (_, what) = board.minute(&id(0), minute_of(at(8))).unwrap();
    assert_eq!(&*board.words()[usize::from(what)], "lost");
}

#[test]
fn strangers_are_ignored_and_those_who_return_are_remembered() {
    let board = one();
    note(&board, "black", "begin", 3);
    register(&board, 0);
    assert_eq!(board.sheet(&id(0)).unwrap().open.len(), 1);
    board.forget(&id(0));
    note(&board, "black", "end", 3);
    board.set_state(&id(0), State::Watching, None);
    assert!(board.sheet(&id(0)).is_none() && board.day(&id(0), 0).is_none());
    assert_eq!(board.removed(), board.revision());
}

#[test]
fn five_thousand_streams_speak_while_others_read() {
    // Programs of other tests may take the processors for a while.
    let mut tries = (0..3).map(|_| speak_and_read());
    let is_quick = |(took, longest): &(Duration, Duration)| {
        *took < Duration::from_secs(10) && *longest < Duration::from_secs(5)
    };
    assert!(tries.any(|took| is_quick(&took)));
}

/// How long it takes to note a second of 5000 streams, and at most to read them meanwhile.
fn speak_and_read() -> (Duration, Duration) {
    let board = std::sync::Arc::new(Board::default());
    for i in 0..5000 {
        register(&board, i);
        board.set_state(&id(i), State::Watching, None);
    }
    let start = Instant::now();
    let reader = {
        let board = board.clone();
        std::thread::spawn(move || {
            let mut longest = Duration::ZERO;
            for _ in 0..5 {
                let start = Instant::now();
                assert_eq!(board.sheets().len(), 5000);
                longest = longest.max(start.elapsed());
            }
            longest
        })
    };
    // A second of 16 detectors each: 80,000 records at most.
    (0..5000).for_each(|i| second(&board, i));
    let took = start.elapsed();
    let longest = reader.join().unwrap();
    eprintln!(
        "5000 streams: a second of them all noted in {took:?}, all read in {longest:?} at most"
    );
    (took, longest)
}

#[test]
fn a_track_that_has_gone_is_no_longer_told_of_but_its_seconds_stay() {
    let board = one();
    let now = Timestamp::now();
    let ok = record(&id(0), "audio-0", "silencedetect", Status::Ok, now);
    board.note(&Outcome::Second(ok));
    board.set_tracks(&id(0), Vec::new());
    let sheet = board.sheet(&id(0)).unwrap();
    let later = |seconds| now + SignedDuration::from_secs(seconds);
    assert_eq!(sheet.current(later(2)).count(), 1);
    assert_eq!(sheet.current(later(30)).count(), 0);
    assert_eq!(sheet.verdicts[0].seconds.ok, 1);
}
