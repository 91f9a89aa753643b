// SPDX-License-Identifier: MPL-2.0
//! Section 4: one measurement per interval and kind, none missing.

use gst::prelude::*;

use super::*;

/// An element that measures every second.
fn measuring(entry: &Entry) -> (Rig, Stream) {
    let rig = Rig::of(entry);
    rig.element.set_property("measurement-interval", SECOND);
    (rig, Stream::of(entry))
}

/// What was measured, without holes: from `from` on, for every kind; the statuses, first kind's.
fn statuses(entry: &Entry, heard: &Heard, from: u64, until: u64) -> Vec<String> {
    Rules::check(entry, heard);
    let mut statuses = Vec::new();
    for kind in entry.info.kinds {
        let mut of_kind = heard.measurements();
        of_kind.retain(|m| m.kind == kind.name);
        let what = format!("{} {}", entry.info.element, kind.name);
        let first = of_kind
            .first()
            .unwrap_or_else(|| panic!("{what}: no measurement"));
        let last = of_kind.last().unwrap();
        assert_eq!(first.timestamp, from, "{what}");
        assert!(
            (last.timestamp + last.duration).abs_diff(until) <= 40 * MS,
            "{what}: {last:?}"
        );
        for m in &of_kind[..of_kind.len() - 1] {
            assert_eq!(m.duration, SECOND, "{what}");
            assert_eq!(
                (m.stream_time, m.running_time),
                (Some(m.timestamp), Some(m.timestamp))
            );
        }
        if statuses.is_empty() {
            statuses.extend(of_kind.into_iter().map(|m| m.status));
        }
    }
    statuses
}

#[test]
fn no_interval_is_missing() {
    for entry in all() {
        let (rig, mut stream) = measuring(&entry);
        rig.open(&stream.caps());
        for _ in 0..2 {
            feed_full(&rig, &mut stream, 4 * SECOND);
            feed_empty(&rig, &mut stream, 8 * SECOND);
        }
        let heard = rig.finish_playing();
        let statuses = statuses(&entry, &heard, 0, 24 * SECOND);
        assert_eq!(statuses.len(), 24, "{}", entry.info.element);
        assert!(statuses.iter().all(|s| s != "not-analysed"), "{statuses:?}");
        let measures: Vec<_> = heard
            .measurements()
            .iter()
            .map(|m| m.measures.len())
            .collect();
        let expected = entry.info.measure_count(if entry.is_video { 0 } else { 2 });
        let most = measures.into_iter().max().unwrap();
        assert!(most <= expected, "{most} of {expected} measures");
        if minds_emptiness(&entry) {
            assert_eq!(statuses[1], "ok", "{statuses:?}");
            assert_eq!(statuses[10], "defect", "{statuses:?}");
        }
    }
}

#[test]
fn off_by_default() {
    for entry in all() {
        let heard = troubled(&entry).0.finish_playing();
        assert!(heard.measurements().is_empty(), "{}", entry.info.element);
    }
}

#[test]
fn what_cant_be_read_is_not_analysed() {
    for entry in readers() {
        let (rig, mut stream) = measuring(&entry);
        rig.open(&stream.caps());
        feed_full(&rig, &mut stream, 3 * SECOND);
        for _ in 0..75 {
            let good = stream.full();
            let mut bad = unmappable(&good);
            bad.get_mut().unwrap().set_pts(good.pts());
            rig.push(bad);
        }
        feed_full(&rig, &mut stream, 3 * SECOND);
        let statuses = statuses(&entry, &rig.finish_playing(), 0, 9 * SECOND);
        assert_eq!(
            statuses[4], "not-analysed",
            "{}: {statuses:?}",
            entry.info.element
        );
        assert_ne!(statuses[1], "not-analysed");
        assert_ne!(statuses[7], "not-analysed");
    }
}

/// Unreadable and untimed at once: time goes on all the same.
#[test]
fn without_times_nothing_is_missing_either() {
    for entry in readers() {
        let (rig, mut stream) = measuring(&entry);
        rig.open(&stream.caps());
        for i in 0..250 {
            let good = stream.full();
            let mut buffer = if (75..150).contains(&i) {
                unmappable(&good)
            } else {
                good
            };
            let b = buffer.get_mut().unwrap();
            b.set_pts(None);
            b.set_duration(gst::ClockTime::from_mseconds(40));
            rig.push(buffer);
        }
        let statuses = statuses(&entry, &rig.finish_playing(), 0, 10 * SECOND);
        assert_eq!(
            statuses[4], "not-analysed",
            "{}: {statuses:?}",
            entry.info.element
        );
    }
}

#[test]
fn gaps_are_not_ok() {
    for entry in all() {
        let (rig, mut stream) = measuring(&entry);
        rig.open(&stream.caps());
        feed_full(&rig, &mut stream, 2 * SECOND);
        let at = gst::ClockTime::from_nseconds(stream.time());
        let gap = gst::event::Gap::builder(at).duration(gst::ClockTime::from_seconds(5));
        rig.event(gap.build());
        stream.seek(7 * SECOND);
        feed_full(&rig, &mut stream, 3 * SECOND);
        let statuses = statuses(&entry, &rig.finish_playing(), 0, 10 * SECOND);
        // Some detectors know what a gap is: no sound is silence.
        assert!(statuses[3..6].iter().all(|s| s != "ok"), "{statuses:?}");
    }
}

#[test]
fn a_format_that_cant_be_read_is_not_analysed() {
    for entry in readers() {
        let (rig, mut stream) = measuring(&entry);
        let foreign = if entry.is_video {
            "video/x-raw,format=I420_12LE,width=64,height=48,framerate=25/1"
        } else {
            "audio/x-raw,format=S16BE,rate=48000,channels=2,layout=interleaved"
        };
        rig.open(&foreign.parse().unwrap());
        feed_full(&rig, &mut stream, 5 * SECOND);
        let statuses = statuses(&entry, &rig.finish_playing(), 0, 5 * SECOND);
        assert!(statuses.iter().all(|s| s == "not-analysed"), "{statuses:?}");
    }
}

#[test]
fn turned_on_while_playing() {
    for entry in all() {
        let (rig, mut stream) = opened(&entry);
        feed_full(&rig, &mut stream, 2 * SECOND);
        rig.element.set_property("measurement-interval", SECOND);
        let from = stream.time();
        feed_full(&rig, &mut stream, 3 * SECOND);
        let mut heard = rig.finish_playing();
        let first = heard.measurements()[0].timestamp;
        assert!(
            first.abs_diff(from) <= 20 * MS,
            "{}: {first}",
            entry.info.element
        );
        heard.0.retain(|s| !matches!(s, Seen::Defect(_)));
        Rules::check(&entry, &heard);
    }
}

/// A wish for a measurement every nanosecond would flood the bus.
#[test]
fn tiny_intervals_are_bounded() {
    for entry in all() {
        let rig = Rig::of(&entry);
        rig.element.set_property("measurement-interval", 1u64);
        let mut stream = Stream::of(&entry);
        rig.open(&stream.caps());
        feed_full(&rig, &mut stream, SECOND);
        let heard = rig.finish_playing();
        let most = 101 * entry.info.kinds.len();
        assert!(heard.measurements().len() <= most);
        Rules::check(&entry, &heard);
    }
}
