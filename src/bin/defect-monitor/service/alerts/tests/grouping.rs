// SPDX-License-Identifier: MPL-2.0
//! From episodes to alarms: what comes and goes is one, what is muted is none, what lasts is sent again.

use super::super::alarms::{Alarms, Rules};
use super::*;

/// Rules with a hold-down of so many seconds.
fn alarms(hold_down: u64, repeat: Option<u64>, rig: &Rig) -> Alarms {
    let rules = Rules {
        hold_down: Duration::from_secs(hold_down),
        longest_hold_down: Duration::from_secs(600),
        repeat: repeat.map(Duration::from_secs),
        repeat_acknowledged: false,
        grace: Duration::from_secs(60),
    };
    Alarms::load("test", rules, &rig.operations, &rig.state)
}

fn rig(name: &str, runtime: &Handle) -> Rig {
    Rig::start(
        "type = \"stdout\"\nkinds = [\"hum\"]",
        &folder(name),
        runtime,
    )
    .unwrap()
}

fn after(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

fn said(notices: impl IntoIterator<Item = Notice>) -> Vec<(String, bool)> {
    notices
        .into_iter()
        .map(|n| (n.event.defect.state.clone(), n.flapping))
        .collect()
}

fn entry(state: &str, flapping: bool) -> (String, bool) {
    (state.to_owned(), flapping)
}

#[test]
fn a_percent_of_lost_packets_is_a_handful_of_notices() {
    let runtime = runtime();
    let rig = rig("loss", runtime.handle());
    let mut alarms = alarms(10, None, &rig);
    let (start, mut random, mut sent) = (Instant::now(), oorandom::Rand32::new(7), 0);
    // As the review measured it: 43 episodes of a second in 80 s, at random.
    let mut n = 0;
    for tenth in 0..800_u64 {
        let now = start + Duration::from_millis(tenth * 100);
        if random.rand_float() < 43.0 / 800.0 {
            n += 1;
            sent += alarms
                .note(&episode("a", n, "begin"), now)
                .into_iter()
                .count();
            sent += alarms
                .note(&episode("a", n, "end"), now)
                .into_iter()
                .count();
        }
        sent += alarms.due(now, false).len();
    }
    assert!(n > 25 && sent <= 3, "{n} episodes, {sent} notices");
    rig.kill();
}

#[test]
fn an_end_is_sent_once_it_has_held_and_covers_all_of_it() {
    let runtime = runtime();
    let rig = rig("held", runtime.handle());
    let mut alarms = alarms(10, None, &rig);
    let start = Instant::now();
    let begin = alarms.note(&episode("a", 1, "begin"), start).unwrap();
    assert!(
        alarms
            .note(&episode("a", 1, "end"), after(start, 1))
            .is_none()
    );
    assert!(alarms.due(after(start, 10), false).is_empty());
    assert!(
        alarms
            .note(&episode("a", 2, "begin"), after(start, 10))
            .is_none()
    );
    assert!(alarms.due(after(start, 100), false).is_empty());
    alarms.note(&episode("a", 2, "end"), after(start, 100));
    let ends = alarms.due(after(start, 110), false);
    assert_eq!(said(ends.clone()), [entry("end", false)]);
    assert_eq!(ends[0].event.episode, begin.event.episode);
    assert_eq!(ends[0].event.defect.count, Some(2));
    assert_eq!(ends[0].event.defect.reason.as_deref(), Some("cleared"));
    rig.kill();
}

#[test]
fn what_comes_back_again_and_again_is_held_longer_each_time() {
    let runtime = runtime();
    let rig = rig("flaps", runtime.handle());
    let mut alarms = alarms(10, None, &rig);
    let (start, mut sent) = (Instant::now(), Vec::new());
    // For an hour it is there for 5 s and away for 15.
    for n in 0..180 {
        let now = after(start, n * 20);
        sent.extend(alarms.note(&episode("a", n as usize, "begin"), now));
        alarms.note(&episode("a", n as usize, "end"), after(now, 5));
        for second in 5..20 {
            sent.extend(alarms.due(after(now, second), false));
        }
    }
    assert!(sent.len() <= 4, "{:?}", said(sent));
    // Away for good it ends, and after long enough it is as new.
    let end = after(start, 3600 + 600);
    assert_eq!(alarms.due(end, false).len(), 1);
    alarms.due(after(end, 601), false);
    let again = alarms.note(&episode("a", 999, "begin"), after(end, 602));
    assert_eq!(said(again), [entry("begin", false)]);
    rig.kill();
}

#[test]
fn a_worse_episode_is_said_and_kinds_and_streams_are_apart() {
    let runtime = runtime();
    let rig = rig("worse", runtime.handle());
    let mut alarms = alarms(10, None, &rig);
    let now = Instant::now();
    let of = |stream: &str, kind: &str, severity: &str, n: u32| Event {
        episode: format!("{stream}.{kind}.{n}").into(),
        ..event(stream, kind, severity)
    };
    assert!(alarms.note(&of("a", "black", "warning", 1), now).is_some());
    assert!(alarms.note(&of("a", "black", "warning", 2), now).is_none());
    let worse = alarms.note(&of("a", "black", "critical", 3), now).unwrap();
    assert_eq!(
        (
            worse.event.defect.state.as_str(),
            worse.event.defect.severity.as_str()
        ),
        ("ongoing", "critical")
    );
    assert!(alarms.note(&of("a", "freeze", "warning", 4), now).is_some());
    assert!(alarms.note(&of("b", "black", "warning", 5), now).is_some());
    rig.kill();
}

#[test]
fn what_is_muted_is_sent_when_that_ends_if_it_lasts() {
    let runtime = runtime();
    let rig = rig("muted", runtime.handle());
    let mut alarms = alarms(0, None, &rig);
    let mute = Mute {
        id: "1".to_owned(),
        stream: Some("a".to_owned()),
        kind: None,
        until: Timestamp::now() + SignedDuration::from_mins(60),
        who: "op".to_owned(),
        word: String::new(),
    };
    rig.operations.mute(mute).unwrap();
    let now = Instant::now();
    assert!(alarms.note(&episode("a", 1, "begin"), now).is_none());
    assert!(alarms.note(&episode("b", 1, "begin"), now).is_some());
    let short = Event {
        episode: "short".into(),
        ..event("a", "freeze", "error")
    };
    assert!(alarms.note(&short, now).is_none());
    let mut over = short.clone();
    over.defect.state = "end".to_owned();
    alarms.note(&over, now);
    assert!(alarms.due(now, false).is_empty());
    assert_eq!(rig.operations.unmute("1"), Ok(true));
    assert_eq!(rig.operations.unmute("1"), Ok(false));
    let sent = alarms.due(now, false);
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (&*sent[0].event.episode, sent[0].event.defect.state.as_str()),
        ("a.1", "begin")
    );
    rig.kill();
}

#[test]
fn an_alarm_is_sent_again_until_somebody_takes_care_of_it() {
    let runtime = runtime();
    let rig = rig("rings", runtime.handle());
    let mut alarms = alarms(10, Some(60), &rig);
    let start = Instant::now();
    alarms.note(&episode("a", 1, "begin"), start);
    assert!(alarms.due(after(start, 59), false).is_empty());
    let again = alarms.due(after(start, 60), false);
    assert_eq!(
        (said(again.clone()), again[0].repeats),
        (vec![entry("ongoing", false)], 1)
    );
    assert_eq!(alarms.due(after(start, 120), false).len(), 1);
    let by = Acknowledgement {
        who: "anna".to_owned(),
        word: "on it".to_owned(),
        time: Timestamp::now(),
        stream: "a".to_owned(),
        kind: "black".to_owned(),
    };
    rig.operations.acknowledge("a.1", by).unwrap();
    assert!(alarms.due(after(start, 180), false).is_empty());
    assert!(alarms.due(after(start, 600), false).is_empty());
    rig.kill();
}

#[test]
fn an_alarm_outlasts_the_process_and_ends_only_if_it_isnt_found_again() {
    let (runtime, place) = (runtime(), folder("restart"));
    let (url, came) = server(&runtime, |_, _, _| 200);
    let text = format!(
        "restart-grace-seconds = 3\nhold-down-seconds = 0\n{}",
        webhook(&url)
    );
    let start = || Rig::start(&text, &place, runtime.handle()).unwrap();
    let rig = start();
    rig.alerts.send(&episode("lasts", 1, "begin"));
    rig.alerts.send(&episode("gone", 1, "begin"));
    wait("both", || lock(&came).len() == 2);
    wait("said to have arrived", || {
        rig.number("defect_alerts_sent", "alerts: webhook") == 2.0
    });
    rig.kill();
    let rig = start();
    // The same defect, found again by a process that counts anew.
    rig.alerts.send(&episode("lasts", 7, "begin"));
    wait("the end", || count(&came, "gone", "end") == 1);
    let end = lock(&came)
        .iter()
        .find(|(_, _, body)| body["state"] == "end")
        .unwrap()
        .2
        .clone();
    assert_eq!(
        (&end["reason"], &end["episode"]),
        (&"monitor-restarted".into(), &"gone.1".into())
    );
    assert_eq!(
        (count(&came, "lasts", "begin"), count(&came, "lasts", "end")),
        (1, 0)
    );
    rig.alerts.send(&episode("lasts", 7, "end"));
    wait("its end", || count(&came, "lasts", "end") == 1);
    let end = lock(&came).last().unwrap().2.clone();
    assert_eq!(
        (&end["episode"], &end["reason"]),
        (&"lasts.1".into(), &"cleared".into())
    );
    rig.close();
}

#[test]
fn an_alarm_goes_on_in_another_process_and_ends_there() {
    let runtime = runtime();
    let (first, second) = (
        rig("giver", runtime.handle()),
        rig("taker", runtime.handle()),
    );
    let mut told = first.state.mirror_alarms().told;
    let (mut giver, mut taker) = (alarms(10, None, &first), alarms(10, None, &second));
    let start = Instant::now();
    let begin = giver.note(&episode("a", 1, "begin"), start).unwrap();
    let mirrored = told.try_recv().unwrap();
    let value = mirrored.value.unwrap();
    let other = taker.take_over("other\u{1f}a\u{1f}hum", &value, start);
    assert!(other.is_none());
    let taken = taker.take_over(&mirrored.key, &value, start);
    assert!(taken.unwrap().is_empty());

    // Who gives it up says no more of it, and others keep it.
    giver.hand_over(|stream| stream == "a");
    assert_eq!(said(giver.due(after(start, 700), true)), []);
    assert!(told.try_recv().is_err());

    // It is found again, which isn't told, and is over under the same name.
    let again = taker.note(&episode("a", 7, "begin"), after(start, 5));
    assert_eq!(said(again), []);
    taker.note(&episode("a", 7, "end"), after(start, 6));
    assert_eq!(said(taker.due(after(start, 15), false)), []);
    let end = taker.due(after(start, 16), false).remove(0);
    assert_eq!(end.event.episode, begin.event.episode);
    assert_eq!(end.event.defect.state, "end");
    first.kill();
    second.kill();
}
