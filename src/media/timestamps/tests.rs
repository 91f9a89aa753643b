// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::media::{MS, SECOND};

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
