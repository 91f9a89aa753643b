// SPDX-License-Identifier: MPL-2.0
use super::*;

const PICTURE: u64 = 1;
const SOUND: u64 = 2;

fn id(stream: u64, id: u64) -> EpisodeId {
    EpisodeId {
        stream,
        element: "e".into(),
        id,
    }
}

/// What happens to one stream, by the time at which it is told, in seconds.
#[derive(Clone, Copy)]
enum Told {
    Begin(u64, f64),
    Still(u64, f64),
    End(u64, f64),
    Nothing,
}

fn ns(seconds: f64) -> Ns {
    (seconds * SECOND as f64) as Ns
}

fn tell(tracker: &mut OutageTracker, stream: u64, at: f64, told: Told) {
    let half = if stream == PICTURE {
        Half::Picture
    } else {
        Half::Sound
    };
    match told {
        Told::Begin(n, since) | Told::Still(n, since) => tracker.begin(Absence {
            half,
            is_still: matches!(told, Told::Still(..)),
            episode: id(stream, n),
            since: ns(since),
            announced: ns(at),
            clear_duration: SECOND / 5,
        }),
        Told::End(n, end) => tracker.end(&id(stream, n), ns(end), None),
        Told::Nothing => {}
    }
    tracker.set_position(stream, ns(at));
}

/// Outages of two streams, of which one is told that far ahead of the other.
fn outages(pictures: &[(f64, Told)], sounds: &[(f64, Told)], ahead: f64) -> Vec<OutageChange> {
    let every = |stream, told: &[(f64, Told)]| {
        let ticks = (0..400).map(move |i| (stream, f64::from(i) / 10.0, Told::Nothing));
        let told: Vec<_> = told.iter().map(|(at, told)| (stream, *at, *told)).collect();
        ticks.chain(told).collect::<Vec<_>>()
    };
    let mut all = [every(PICTURE, pictures), every(SOUND, sounds)].concat();
    let arrival = |(stream, at, _): &(u64, f64, Told)| {
        if *stream == PICTURE { *at } else { *at - ahead }
    };
    all.sort_by(|a, b| arrival(a).total_cmp(&arrival(b)));
    let mut tracker = OutageTracker::default();
    let mut changes = Vec::new();
    for (stream, at, told) in all {
        tell(&mut tracker, stream, at, told);
        changes.extend(std::iter::from_fn(|| tracker.next_change()));
    }
    changes
}

#[test]
fn an_outage_lasts_while_both_are_gone_whichever_stream_is_ahead() {
    let pictures = [(4.05, Told::Begin(1, 2.0)), (8.25, Told::End(1, 8.0))];
    let sounds = [(5.05, Told::Begin(1, 3.0)), (10.25, Told::End(1, 10.0))];
    for ahead in [-6.0, -3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0, 6.0] {
        assert_eq!(
            outages(&pictures, &sounds, ahead),
            [
                OutageChange::Begin {
                    since: ns(3.0),
                    until: ns(4.05)
                },
                OutageChange::End {
                    since: ns(3.0),
                    at: ns(8.0),
                    reason: None
                }
            ],
            "{ahead}"
        );
    }
}

#[test]
fn what_does_not_overlap_is_no_outage() {
    let pictures = [(4.05, Told::Begin(1, 2.0)), (6.25, Told::End(1, 6.0))];
    let sounds = [(8.05, Told::Begin(1, 6.0)), (20.25, Told::End(1, 20.0))];
    for ahead in [-6.0, -1.0, 0.0, 1.0, 6.0] {
        assert_eq!(outages(&pictures, &sounds, ahead), [], "{ahead}");
    }
}

#[test]
fn stills_of_a_programme_without_sound_are_no_outages() {
    let stills = [
        (3.0, Told::Still(1, 1.0)),
        (5.0, Told::End(1, 4.8)),
        (16.0, Told::Still(2, 14.0)),
        (18.0, Told::End(2, 17.8)),
    ];
    // Silent from the start, by two episodes of which one follows the other.
    let silence = [
        (2.0, Told::Begin(1, 0.0)),
        (9.0, Told::End(1, 9.0)),
        (11.0, Told::Begin(2, 9.0)),
    ];
    let of = |pictures: &[(f64, Told)], sounds: &[(f64, Told)]| {
        let changes = outages(pictures, sounds, 0.0).into_iter();
        let since = changes.filter_map(|change| match change {
            OutageChange::Begin { since, .. } => Some(since),
            OutageChange::End { .. } => None,
        });
        since.collect::<Vec<_>>()
    };
    assert_eq!(of(&stills, &silence), [ns(1.0)]);
    // Black is one at any time, and so is what breaks off with both.
    let black = [(16.0, Told::Begin(1, 14.0)), (18.0, Told::End(1, 17.8))];
    assert_eq!(of(&black, &silence), [ns(14.0)]);
    let late = [(13.0, Told::Begin(1, 11.0))];
    assert_eq!(of(&stills, &late), [ns(14.0)]);
}

#[test]
fn a_silent_second_sound_hides_no_outage() {
    let mut tracker = OutageTracker::default();
    tell(&mut tracker, 3, 2.0, Told::Begin(1, 0.0));
    for (stream, told) in [
        (SOUND, Told::Begin(1, 100.0)),
        (PICTURE, Told::Still(1, 100.0)),
    ] {
        tell(&mut tracker, stream, 102.0, told);
    }
    tell(&mut tracker, 3, 102.0, Told::Nothing);
    let change = tracker.next_change();
    assert!(matches!(change, Some(OutageChange::Begin { since, .. }) if since == ns(100.0)));
}

#[test]
fn a_stream_that_stands_still_is_not_waited_for_forever() {
    let mut tracker = OutageTracker::default();
    tell(&mut tracker, PICTURE, 4.0, Told::Begin(1, 2.0));
    tell(&mut tracker, SOUND, 4.0, Told::Begin(1, 2.0));
    assert!(tracker.next_change().is_some());
    assert!(tracker.is_silent());
    tell(&mut tracker, PICTURE, 9.0, Told::End(1, 8.8));
    assert_eq!(tracker.next_change(), None);
    tell(&mut tracker, PICTURE, 19.0, Told::Nothing);
    assert_eq!(
        tracker.next_change(),
        Some(OutageChange::End {
            since: ns(2.0),
            at: ns(8.8),
            reason: None
        })
    );
}

#[test]
fn a_second_episode_goes_on_with_the_outage_of_the_first() {
    let pictures = [
        (4.05, Told::Begin(1, 2.0)),
        (6.05, Told::Begin(2, 4.0)),
        (8.25, Told::End(1, 8.0)),
        (12.25, Told::End(2, 12.0)),
    ];
    let sounds = [(4.05, Told::Begin(1, 2.0)), (20.25, Told::End(1, 20.0))];
    let found = outages(&pictures, &sounds, 0.0);
    let end = OutageChange::End {
        since: ns(2.0),
        at: ns(12.0),
        reason: None,
    };
    assert_eq!(found.last(), Some(&end), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn an_outage_ends_long_after_its_first_episode() {
    let pictures = [
        (4.05, Told::Begin(1, 2.0)),
        (6.05, Told::Begin(2, 4.0)),
        (8.25, Told::End(1, 8.0)),
    ];
    let mut tracker = OutageTracker::default();
    tell(&mut tracker, SOUND, 4.0, Told::Begin(1, 2.0));
    for (at, told) in pictures {
        tell(&mut tracker, PICTURE, at, told);
        tell(&mut tracker, SOUND, at, Told::Nothing);
        let change = tracker.next_change();
        assert_eq!(change.is_some(), at < 5.0, "{at}: {change:?}");
    }
    for at in 9..200 {
        tell(&mut tracker, PICTURE, f64::from(at), Told::Nothing);
        tell(&mut tracker, SOUND, f64::from(at), Told::Nothing);
        assert_eq!(tracker.next_change(), None);
    }
    tell(&mut tracker, PICTURE, 200.2, Told::End(2, 200.0));
    tell(&mut tracker, SOUND, 200.3, Told::Nothing);
    assert_eq!(
        tracker.next_change(),
        Some(OutageChange::End {
            since: ns(2.0),
            at: ns(200.0),
            reason: None
        })
    );
}

/// A flush ends the episodes of one stream first, and its times begin again before the other stream has come that far.
#[test]
fn an_outage_ends_with_a_seek() {
    let mut tracker = OutageTracker::default();
    for stream in [PICTURE, SOUND] {
        tell(&mut tracker, stream, 4.0, Told::Begin(1, 2.0));
    }
    assert!(tracker.next_change().is_some());
    tell(&mut tracker, SOUND, 19.7, Told::Nothing);
    tracker.end(&id(PICTURE, 1), ns(20.0), Some("flush".into()));
    tracker.set_position(PICTURE, ns(20.0));
    assert_eq!(tracker.next_change(), None);
    tracker.set_position(PICTURE, 0);
    assert_eq!(
        tracker.next_change(),
        Some(OutageChange::End {
            since: ns(2.0),
            at: ns(19.5),
            reason: Some("flush".into())
        })
    );
    assert_eq!(tracker.next_change(), None);
    tracker.end(&id(SOUND, 1), ns(19.7), Some("flush".into()));
    tracker.set_position(SOUND, 0);
    assert_eq!(tracker.next_change(), None);
    for stream in [PICTURE, SOUND] {
        tell(&mut tracker, stream, 5.0, Told::Begin(2, 3.0));
    }
    assert!(matches!(
        tracker.next_change(),
        Some(OutageChange::Begin { since, .. }) if since == ns(3.0)
    ));
}
