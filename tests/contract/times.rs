// SPDX-License-Identifier: MPL-2.0
//! Section 3: the time bases of a message, those of the old segment included, and the stamps of the world.

use super::*;

fn time(ns: u64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(ns)
}

/// Content from 100 s on in a segment that starts there, plays at double speed, and is 7 s into the pipeline and 1000 s into the programme.
fn segment() -> gst::FormattedSegment<gst::ClockTime> {
    let mut segment = gst::FormattedSegment::new();
    segment.set_rate(2.0);
    segment.set_start(time(100 * SECOND));
    segment.set_base(time(7 * SECOND));
    segment.set_time(time(1000 * SECOND));
    segment
}

#[test]
fn times_are_those_of_the_segment_in_which_it_happened() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        rig.segment(&segment());
        stream.seek(101 * SECOND);
        feed_full(&rig, &mut stream, SECOND);
        feed_empty(&rig, &mut stream, 10 * SECOND);
        // Whatever is open ends here, and isn't touched by what comes now.
        let mut next = gst::FormattedSegment::new();
        next.set_time(time(5 * SECOND));
        rig.segment(&next);
        let heard = rig.finish_playing();
        for d in heard.defects() {
            let at = d.timestamp - 100 * SECOND;
            assert_eq!(d.stream_time, Some(1000 * SECOND + at), "{d:?}");
            assert_eq!(d.running_time, Some(7 * SECOND + at / 2), "{d:?}");
        }
        Rules::check(&entry, &heard);
        assert!(!heard.defects().is_empty() || !minds_emptiness(&entry));
    }
}

/// The time base that an instant doesn't have is left out.
#[test]
fn outside_the_segment_there_is_no_time() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        let mut segment = gst::FormattedSegment::new();
        segment.set_start(time(1000 * SECOND));
        rig.segment(&segment);
        feed_full(&rig, &mut stream, SECOND);
        feed_empty(&rig, &mut stream, 10 * SECOND);
        for d in rig.finish_playing().defects() {
            assert_eq!((d.stream_time, d.running_time), (None, None), "{d:?}");
        }
    }
}

#[test]
fn a_segment_in_bytes_gives_no_times() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        rig.event(gst::event::Segment::new(&gst::FormattedSegment::<
            gst::format::Bytes,
        >::new()));
        feed_empty(&rig, &mut stream, 10 * SECOND);
        for d in rig.finish_playing().defects() {
            assert_eq!((d.stream_time, d.running_time), (None, None), "{d:?}");
        }
    }
}

#[test]
fn trick_modes_harm_nothing() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        let mut segment = gst::FormattedSegment::new();
        segment.set_rate(-1.0);
        segment.set_stop(time(60 * SECOND));
        rig.segment(&segment);
        for i in (0..100).rev() {
            stream.seek(i * 40 * MS);
            rig.push(stream.empty());
        }
        let heard = rig.finish_playing();
        assert_eq!(heard.buffers().len(), 100);
        Rules::check(&entry, &heard);
    }
}

fn timecode(frame: u64) -> gst_video::ValidVideoTimeCode {
    let (minutes, seconds) = ((frame / 25 / 60) as u32, (frame / 25 % 60) as u32);
    gst_video::ValidVideoTimeCode::new(
        gst::Fraction::new(25, 1),
        None,
        gst_video::VideoTimeCodeFlags::empty(),
        10,
        minutes,
        seconds,
        (frame % 25) as u32,
        0,
    )
    .unwrap()
}

/// An episode longer than the element remembers buffers still ends with the stamps of its start.
#[test]
fn stamps_of_the_start_are_in_every_message() {
    const NTP: u64 = 3_900_000_000 * SECOND;
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let (rig, mut stream) = opened(entry);
        let caps = gst::Caps::new_empty_simple("timestamp/x-ntp");
        for frame in 0..4000 {
            let at = stream.time();
            let mut buffer = if frame < 25 {
                stream.full()
            } else {
                stream.empty()
            };
            let b = buffer.get_mut().unwrap();
            gst::ReferenceTimestampMeta::add(b, &caps, time(NTP + at), None);
            if entry.is_video {
                gst_video::VideoTimeCodeMeta::add(b, &timecode(frame));
            }
            rig.push(buffer);
        }
        let heard = rig.finish_playing();
        Rules::check(entry, &heard);
        assert_eq!(heard.state("end").len(), heard.state("begin").len());
        assert!(!heard.defects().is_empty());
        for d in heard.defects() {
            assert_eq!(d.reference_time, Some(NTP + d.timestamp), "{d:?}");
            if entry.is_video {
                assert_eq!(d.timecode.as_deref(), Some("10:00:01:00"), "{d:?}");
            }
        }
    }
}

#[test]
fn without_stamps_there_are_none() {
    for entry in streams() {
        for d in troubled(&entry).0.finish_playing().defects() {
            assert_eq!((d.timecode, d.reference_time), (None, None));
        }
    }
}
