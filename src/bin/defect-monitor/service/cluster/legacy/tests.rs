// SPDX-License-Identifier: MPL-2.0
//! What a member has left behind goes on with another.

use super::*;
use crate::service::http::tests::made;
use crate::service::outcome::Event;

/// What it goes on with, by a process that has all receivers.
fn inherited(
    legacy: &mut Legacy,
    held: &BTreeSet<Arc<str>>,
    live: &BTreeSet<u64>,
    now: Instant,
) -> Vec<Mirrored> {
    let mut all = Vec::new();
    legacy.inherit(held, live, now, |left| {
        all.push(left.clone());
        true
    });
    all
}

fn of(section: Section, key: &str, value: &str) -> Mirrored {
    Mirrored {
        section,
        key: key.to_owned(),
        value: Some(value.to_owned()),
    }
}

fn event(episode: &str, begin: i64, state: &str) -> Event {
    let event = made::event("a.b", "black", "error", state, 5, Duration::from_secs(2));
    Event {
        episode: episode.into(),
        time: Timestamp::from_second(begin).unwrap(),
        ..event
    }
}

fn alarm(episode: &str, begin: i64) -> Mirrored {
    let event = event(episode, begin, "begin");
    let value = serde_json::json!({ "begin": event }).to_string();
    of(Section::Alarms, "r\u{1f}a.b\u{1f}black", &value)
}

fn notice(episode: &str, begin: i64, state: &str) -> Mirrored {
    let event = event(episode, begin, state);
    let value = serde_json::json!({ "notice": event }).to_string();
    of(Section::Queue, &format!("r\u{1f}{episode}"), &value)
}

#[test]
fn alarms_go_with_their_stream_and_notices_wait_until_their_process_is_gone() {
    let (alarm, notice) = (alarm("x", 100), notice("x", 100, "begin"));
    let (mut first, mut second, now) = (Legacy::new(1), Legacy::new(2), Instant::now());
    for mirrored in [&alarm, &notice] {
        let place = first.leave(mirrored).unwrap();
        assert!(
            place
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        );
        let left = first.own(&place).unwrap();
        assert!(!first.is_anothers(&place, left.as_ref().unwrap(), true));
        first.note_written(&place, left.as_ref(), 1, true);
        second.note(&place, left, 1, now);
    }
    let held: BTreeSet<Arc<str>> = ["a.b".into()].into();
    let (all, one) = ([1, 2].into(), [2].into());
    let later = now + LAST_WORDS;
    assert_eq!(inherited(&mut first, &held, &all, later), []);
    assert_eq!(inherited(&mut second, &BTreeSet::new(), &one, later), []);
    // A member without the receiver leaves it until it has one.
    second.inherit(&held, &one, now, |_| false);
    assert_eq!(inherited(&mut second, &held, &one, now), [alarm]);
    assert_eq!(inherited(&mut second, &held, &all, later), []);
    assert_eq!(inherited(&mut second, &held, &one, later), [notice]);
    // What it has handed over isn't written again.
    assert_eq!(first.places().len(), 2);
    first.hand_over(&held);
    assert_eq!(first.places().len(), 1);
}

#[test]
fn an_alarm_is_left_to_the_process_that_was_first() {
    let (mut first, mut second) = (Legacy::new(1), Legacy::new(2));
    let now = Instant::now();
    let place = first.leave(&alarm("x", 100)).unwrap();
    let left = first.own(&place).unwrap().unwrap();
    second.note(&place, Some(left.clone()), 7, now);

    // The other one has found it as well, and doesn't speak of it.
    let own = second.leave(&alarm("y", 101)).unwrap();
    let of = |process: &Legacy, place: &str| process.own(place).unwrap().unwrap();
    assert_eq!(own, place);
    assert!(second.is_anothers(&own, &of(&second, &own), true));
    for state in ["begin", "end"] {
        let own = second.leave(&notice("y", 101, state)).unwrap();
        assert!(second.is_anothers(&own, &of(&second, &own), true));
    }
    // It goes on with it where it has the stream, but for what was said already.
    let end = second.leave(&notice("x", 100, "end")).unwrap();
    assert!(second.is_anothers(&end, &of(&second, &end), false));
    assert!(!second.is_anothers(&end, &of(&second, &end), true));
    first.note_written(&place, Some(&left), 7, true);
    let gone = Mirrored {
        value: None,
        ..alarm("x", 100)
    };
    assert_eq!(first.leave(&gone), Some(place.clone()));
    let over = of(&first, &place);
    first.note_written(&place, Some(&over), 8, true);
    assert!(first.own(&place).is_none());
    second.note(&place, Some(over), 8, now);
    assert!(second.is_anothers(&end, &of(&second, &end), true));
}

#[test]
fn an_alarm_that_is_over_does_not_replace_another_one_that_is_open() {
    let (mut first, mut second) = (Legacy::new(1), Legacy::new(2));
    let place = first.leave(&alarm("x", 100)).unwrap();
    let left = first.own(&place).unwrap();
    let far = Timestamp::now().as_second() + 1000;
    second.note(&place, left, 7, Instant::now());
    second.leave(&alarm("y", far)).unwrap();
    let gone = Mirrored {
        value: None,
        ..alarm("y", far)
    };
    second.leave(&gone).unwrap();
    let over = second.own(&place).unwrap().unwrap();
    assert!(second.is_anothers(&place, &over, true));
    assert!(!second.is_replaced(&place, &over, true));
    // One of that name is over there as well.
    let mut third = Legacy::new(3);
    third.note(&place, first.own(&place).unwrap(), 7, Instant::now());
    third.leave(&alarm("x", 100)).unwrap();
    third.leave(&Mirrored {
        value: None,
        ..alarm("x", 100)
    });
    let over = third.own(&place).unwrap().unwrap();
    assert!(!third.is_anothers(&place, &over, true));
}

#[test]
fn an_inherited_notice_of_an_alarm_that_is_over_is_removed_when_it_is_sent() {
    let (mut first, mut second, now) = (Legacy::new(1), Legacy::new(2), Instant::now());
    let held: BTreeSet<Arc<str>> = ["a.b".into()].into();
    let place = first.leave(&alarm("x", 100)).unwrap();
    let mut over = first.own(&place).unwrap().unwrap();
    over.over = Some(Timestamp::from_second(102).unwrap());
    second.note(&place, Some(over), 1, now);
    let end = notice("x", 100, "end");
    let place = first.leave(&end).unwrap();
    second.note(&place, first.own(&place).unwrap(), 2, now);
    let live = [2].into();
    let due = inherited(&mut second, &held, &live, now + LAST_WORDS);
    assert_eq!(due, std::slice::from_ref(&end));
    // It waits here, is written as this process' own, and then sent.
    assert_eq!(second.leave(&end), Some(place.clone()));
    let own = second.own(&place).unwrap();
    assert!(!second.is_anothers(&place, own.as_ref().unwrap(), true));
    second.note_written(&place, own.as_ref(), 3, true);
    let gone = Mirrored { value: None, ..end };
    assert_eq!(second.leave(&gone), Some(place.clone()));
    assert_eq!(second.own(&place), Some(None));
    second.note_written(&place, None, 0, false);
    assert!(second.own(&place).is_none() && second.inherited.is_empty());
}

#[test]
fn an_alarm_of_an_earlier_run_goes_to_who_has_its_stream() {
    let (mut legacy, now) = (Legacy::new(1), Instant::now());
    let (alarm, notice) = (alarm("x", 100), notice("x", 100, "begin"));
    assert!(legacy.restore(&alarm) && legacy.restore(&notice));
    let places = legacy.places();
    let left = places.iter().map(|place| legacy.own(place).unwrap());
    let left: Vec<_> = left.collect();
    assert!(!legacy.is_anothers(&places[0], left[0].as_ref().unwrap(), false));
    legacy.note_written(&places[0], left[0].as_ref(), 7, false);
    assert_eq!(legacy.places(), [places[1].clone()]);
    // It is announced already, but its begin may not be sent yet.
    assert!(!legacy.is_anothers(&places[1], left[1].as_ref().unwrap(), false));
    legacy.note(&places[0], left[0].clone(), 7, now);
    let held: BTreeSet<Arc<str>> = ["a.b".into()].into();
    assert_eq!(
        inherited(&mut legacy, &BTreeSet::new(), &[1].into(), now),
        []
    );
    assert_eq!(inherited(&mut legacy, &held, &[1].into(), now), [alarm]);
}

#[test]
fn what_is_of_no_use_to_others_stays_here() {
    let unwatched = of(Section::Alarms, "r\u{1f}a\u{1f}unwatched", "{}");
    assert_eq!(Legacy::new(1).leave(&unwatched), None);
    let notice = of(Section::Queue, "r\u{1f}a.unwatched.all.stream.5", "{}");
    assert_eq!(Legacy::new(1).leave(&notice), None);
    // Streams may be called so.
    let place = |section, key: &str| place_of(section, key);
    let alarm = place(Section::Alarms, "r\u{1f}unwatched-gate\u{1f}black");
    let notice = place(Section::Queue, "r\u{1f}a.unwatched.b.1.video.blackdetect.5");
    assert!(alarm.is_some() && notice.is_some());
    let gone = Mirrored {
        value: None,
        ..of(Section::Queue, "r\u{1f}x", "")
    };
    assert_eq!(Legacy::new(1).leave(&gone), None);
}
