// SPDX-License-Identifier: MPL-2.0
//! Section 3: when an episode is closed, and in which order with what goes downstream.

use gst::prelude::*;

use super::*;

/// Takes every detector into an episode, does something to the stream, and looks at how the episode ended: for that reason, and before
/// that event went downstream.
fn closes(reason: &str, event: Option<gst::EventType>, act: impl Fn(&Rig, &mut Stream)) {
    for entry in all() {
        let name = entry.info.element;
        let (rig, mut stream) = in_episode(&entry);
        let mut all = rig.take();
        let open = all.state("begin").len() - all.state("end").len();
        act(&rig, &mut stream);
        let after = rig.take();
        let ends = after.state("end");
        assert!(ends.len() >= open, "{name}: {open} open, {ends:#?}");
        for end in &ends[..open] {
            assert_eq!(end.reason.as_deref(), Some(reason), "{name}");
        }
        if let (Some(event), true) = (event, open > 0) {
            let (end, event) = (after.end_position(), after.event_position(event));
            assert!(event.is_some() && end < event, "{name}: {end:?}, {event:?}");
        }
        all.0.extend(after.0);
        all.0.extend(rig.finish_playing().0);
        Rules::check(&entry, &all);
    }
}

#[test]
fn when_it_is_over() {
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let (rig, mut stream) = troubled(entry);
        feed_full(&rig, &mut stream, 20 * SECOND);
        let ends = rig.take().state("end");
        assert!(!ends.is_empty(), "{}", entry.info.element);
        for end in ends {
            assert_eq!(end.reason.as_deref(), Some("cleared"), "{end:?}");
        }
    }
}

#[test]
fn at_the_end_of_the_stream() {
    closes("eos", Some(gst::EventType::Eos), |rig, _| rig.eos());
}

/// A loop by segment seeks: no part of it is the end of the stream.
#[test]
fn at_the_end_of_a_segment() {
    closes("segment", Some(gst::EventType::SegmentDone), |rig, _| {
        rig.event(gst::event::SegmentDone::new(gst::ClockTime::from_seconds(
            11,
        )));
    });
}

#[test]
fn what_lasts_over_the_boundary_of_a_loop_is_announced_again_at_once() {
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let (rig, mut stream) = opened(entry);
        for turn in 0..3 {
            feed_empty(&rig, &mut stream, SECOND);
            rig.event(gst::event::SegmentDone::new(gst::ClockTime::SECOND));
            let mut next = gst::FormattedSegment::<gst::ClockTime>::new();
            next.set_base(gst::ClockTime::from_seconds(turn + 1));
            rig.segment(&next);
            stream.seek(0);
        }
        feed_empty(&rig, &mut stream, SECOND);
        let heard = rig.finish_playing();
        let (begun, ended) = (heard.state("begin"), heard.state("end"));
        assert!(begun.len() >= 2, "{}: {begun:?}", entry.info.element);
        let reasons = ended.iter().map(|d| d.reason.as_deref());
        let last = ended.len() - 1;
        for (i, reason) in reasons.enumerate().take(last) {
            assert_eq!(reason, Some("segment"), "{i}: {ended:?}");
        }
        let again = &begun[last];
        assert_eq!(again.timestamp, 0, "{again:?}");
        assert!(again.duration < SECOND / 2, "{again:?}");
    }
}

#[test]
fn at_a_flush() {
    closes("flush", Some(gst::EventType::FlushStop), |rig, _| {
        rig.flush()
    });
}

#[test]
fn at_a_new_segment() {
    closes("segment", Some(gst::EventType::Segment), |rig, _| {
        rig.segment(&gst::FormattedSegment::new());
    });
    closes("segment", Some(gst::EventType::StreamStart), |rig, _| {
        rig.event(gst::event::StreamStart::new("another"));
    });
}

#[test]
fn at_new_caps() {
    closes("caps", Some(gst::EventType::Caps), |rig, stream| {
        let caps = match stream {
            Stream::Pictures(_) => Pictures::new("I420", 80, 48).caps(),
            Stream::Sounds(_) => Sounds::new("S16LE", 44_100, 2).caps(),
        };
        rig.event(gst::event::Caps::new(&caps));
    });
}

/// The same caps again aren't new ones.
#[test]
fn not_at_the_same_caps() {
    for entry in all() {
        let (rig, _) = in_episode(&entry);
        rig.take();
        rig.event(gst::event::Caps::new(&Faulty::of(&entry).caps));
        assert!(rig.take().defects().is_empty(), "{}", entry.info.element);
    }
}

#[test]
fn where_time_jumps() {
    closes("discont", None, |rig, stream| {
        stream.seek(100 * SECOND);
        feed_full(rig, stream, SECOND);
    });
    closes("discont", None, |rig, stream| {
        // Some find their fault at once, so that there is no way back.
        let back = stream.time() > SECOND;
        stream.seek(if back { 0 } else { stream.time() + 2 * SECOND });
        feed_full(rig, stream, SECOND);
    });
}

/// A flag alone says that data was lost, not that the programme is another.
#[test]
fn not_at_a_flag() {
    for entry in all() {
        let (rig, mut stream) = in_episode(&entry);
        rig.take();
        let mut buffer = stream.empty();
        let flags = gst::BufferFlags::DISCONT | gst::BufferFlags::RESYNC;
        buffer.get_mut().unwrap().set_flags(flags);
        rig.push(buffer);
        let ended = rig.take().state("end");
        assert!(ended.is_empty(), "{}: {ended:?}", entry.info.element);
    }
}

#[test]
fn when_switched_off() {
    closes("inactive", None, |rig, stream| {
        rig.element.set_property("active", false);
        feed_empty(rig, stream, 40 * MS);
    });
}

#[test]
fn when_stopped() {
    closes("stopped", None, |rig, stream| {
        rig.set_state(gst::State::Ready);
        rig.play();
        rig.open(&stream.caps());
    });
    closes("stopped", None, |rig, stream| {
        rig.set_state(gst::State::Null);
        rig.play();
        rig.open(&stream.caps());
    });
}

#[test]
fn a_stopped_detector_detects_again() {
    for entry in all() {
        let (rig, _) = in_episode(&entry);
        rig.set_state(gst::State::Ready);
        rig.play();
        let first = rig.take();
        rig.open(&Faulty::of(&entry).caps);
        until_begin(&entry, &rig);
        let second = rig.take();
        let begun = |h: &Heard| -> Vec<_> {
            let kinds = h.state("begin").into_iter();
            // Which channel is first over a limit depends on the sound, which goes on where it was.
            let mut begun: Vec<_> = kinds.map(|d| (d.kind, d.channel)).collect();
            begun.sort();
            begun
        };
        assert_eq!(begun(&first), begun(&second), "{}", entry.info.element);
    }
}

#[test]
fn an_empty_stream_has_no_defects() {
    for entry in all() {
        let (rig, _) = opened(&entry);
        rig.eos();
        rig.flush();
        assert!(rig.finish().defects().is_empty(), "{}", entry.info.element);
        let rig = Rig::of(&entry);
        assert!(rig.finish().defects().is_empty(), "{}", entry.info.element);
    }
}

#[test]
fn lively_content_is_no_black_and_no_silence() {
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let (rig, mut stream) = opened(entry);
        feed_full(&rig, &mut stream, 10 * SECOND);
        assert!(
            rig.finish_playing().defects().is_empty(),
            "{}",
            entry.info.element
        );
    }
}

/// `begin` comes as soon as the defect has lasted `min-duration`, and before the buffer that made it so.
#[test]
fn announced_in_time() {
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let (rig, mut stream) = opened(entry);
        feed_full(&rig, &mut stream, SECOND);
        rig.take();
        let min_duration = rig.element.property::<u64>("min-duration");
        loop {
            rig.push(stream.empty());
            if let Some(begin) = rig.take().state("begin").first() {
                Rules::announced_by(begin, min_duration, stream.time());
                assert!(begin.timestamp.abs_diff(SECOND) <= 40 * MS, "{begin:?}");
                break;
            }
            assert!(stream.time() < 20 * SECOND, "{}: never", entry.info.element);
        }
    }
}

#[test]
fn ongoing_messages_come_at_the_interval() {
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let rig = Rig::of(entry);
        rig.element.set_property("update-interval", SECOND / 2);
        let mut stream = Stream::of(entry);
        rig.open(&stream.caps());
        feed_empty(&rig, &mut stream, 10 * SECOND);
        let heard = rig.finish_playing();
        let begin = heard.state("begin").remove(0);
        let updates: Vec<_> = heard
            .state("ongoing")
            .into_iter()
            .filter(|d| d.id == begin.id)
            .collect();
        let open = 10 * SECOND - begin.duration;
        let expected = open / (SECOND / 2);
        assert!(
            (updates.len() as u64).abs_diff(expected) <= 1,
            "{expected}: {updates:#?}"
        );
        for pair in updates.windows(2) {
            let step = pair[1].duration - pair[0].duration;
            assert!((SECOND / 2..SECOND / 2 + 40 * MS).contains(&step), "{step}");
        }
        Rules::check(entry, &heard);
    }
}
