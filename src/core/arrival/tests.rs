// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::core::{MS, SECOND};

fn raw() -> StreamFormat {
    StreamFormat {
        raw: true,
        reorders: false,
        frame_duration: Some(40 * MS),
    }
}

fn stamps(pts: Option<u64>, dts: Option<u64>) -> Stamps {
    Stamps {
        pts: pts.map(|ms| ms * MS),
        dts: dts.map(|ms| ms * MS),
        duration: Some(40 * MS),
    }
}

#[test]
fn each_is_expected_at_the_end_of_the_one_before() {
    let mut sequence = Sequence::new(raw());
    let (span, first) = sequence.next(stamps(Some(1000), None));
    assert_eq!((span.start, span.end), (1000 * MS, 1040 * MS));
    assert_eq!((first.expected, first.before), (None, None));
    let (_, second) = sequence.next(stamps(Some(1100), None));
    assert_eq!(second.expected, Some(1040 * MS));
    assert_eq!(second.at, Some(1100 * MS));
}

#[test]
fn without_timestamps_time_is_counted() {
    let mut sequence = Sequence::new(raw());
    sequence.next(stamps(Some(0), None));
    let (span, none) = sequence.next(stamps(None, None));
    assert_eq!(span.start, 40 * MS);
    assert_eq!(none.unstamped, Some(40 * MS));
    let (_, again) = sequence.next(stamps(None, None));
    assert_eq!(again.unstamped, Some(80 * MS));
    let (_, good) = sequence.next(stamps(Some(120), None));
    assert_eq!((good.expected, good.unstamped), (Some(120 * MS), None));
}

#[test]
fn coded_pictures_are_judged_by_when_they_are_decoded() {
    let coded = StreamFormat {
        raw: false,
        reorders: true,
        frame_duration: Some(40 * MS),
    };
    let mut sequence = Sequence::new(coded);
    let mut last = 0;
    for (i, shown) in [0, 160, 80, 40, 120, 320].into_iter().enumerate() {
        let (span, arrival) = sequence.next(stamps(Some(shown), Some(i as u64 * 40)));
        assert!(span.start >= last, "the timeline doesn't go back");
        last = span.start;
        assert!(arrival.expected.is_none_or(|e| Some(e) == arrival.at));
    }
}

#[test]
fn a_gap_that_is_announced_is_none() {
    let mut sequence = Sequence::new(raw());
    sequence.next(stamps(Some(0), None));
    sequence.skip(SECOND);
    assert_eq!(
        sequence.next(stamps(Some(1000), None)).1.expected,
        Some(SECOND)
    );
}

#[test]
fn only_the_time_in_which_something_could_come_counts() {
    let mut waiting = Waiting::default();
    assert_eq!(waiting.look(SECOND, 0), None);
    waiting.play(SECOND);
    let first = waiting.look(3 * SECOND, 7).unwrap();
    assert_eq!(
        (first.lasted, first.first, first.position),
        (2 * SECOND, true, 7)
    );
    assert_eq!(waiting.arrived(3 * SECOND, 0), 2 * SECOND);
    assert!(waiting.look(4 * SECOND, 0).unwrap().blocked);
    waiting.taken(5 * SECOND);
    let wait = waiting.look(6 * SECOND, 0).unwrap();
    assert_eq!(
        (wait.lasted, wait.first, wait.blocked),
        (SECOND, false, false)
    );

    waiting.pause(6 * SECOND);
    assert_eq!(waiting.since(), None);
    waiting.play(16 * SECOND);
    assert_eq!(waiting.look(17 * SECOND, 0).unwrap().lasted, 2 * SECOND);

    waiting.flush();
    assert_eq!(waiting.since(), None);
    waiting.restart(20 * SECOND);
    assert_eq!(waiting.look(21 * SECOND, 0).unwrap().lasted, SECOND);
    waiting.end();
    assert_eq!(waiting.since(), None);
    waiting.arrived(22 * SECOND, 0);
    assert_eq!(waiting.since(), Some(22 * SECOND));
}
