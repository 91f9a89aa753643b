// SPDX-License-Identifier: MPL-2.0
//! What streams do to time, and what it means to every detector: each meets its own fault in each of these streams.

use super::*;
use crate::common::faulty::timed;
use gst::prelude::*;

/// 50 days and a bit more than 3 years: more milliseconds than 32 bits hold, and more of anything.
const LATE: [u64; 2] = [50 * 86_400 * SECOND, 1100 * 86_400 * SECOND];

/// Detectors whose faults take a rhythm of pictures, so that other rates are other contents.
fn minds_rates(entry: &Entry) -> bool {
    ["stutterdetect", "interlacedetect", "teardetect"].contains(&entry.info.element)
}

/// The detector meets its fault, with buffers as `change` makes them from number, time and duration; events are pushed by `before`.
fn play(
    entry: &Entry,
    caps: impl Fn(&mut gst::CapsRef),
    mut before: impl FnMut(&Rig, usize),
    mut change: impl FnMut(usize, u64, u64) -> (u64, Option<u64>),
) -> Heard {
    let faulty = Faulty::of(entry);
    let rig = Rig::around(faulty.element());
    let mut own = faulty.caps.clone();
    caps(own.make_mut());
    rig.open(&own);
    for (n, buffer) in faulty.buffers.iter().enumerate() {
        before(&rig, n);
        let time = buffer.pts().unwrap().nseconds();
        let duration = buffer.duration().map_or(0, |d| d.nseconds());
        let (time, duration) = change(n, time, duration);
        rig.push(timed(buffer.clone(), time, duration));
        rig.drop_buffers();
    }
    let heard = rig.finish_playing();
    Rules::check(entry, &heard);
    heard
}

/// As it was recorded.
fn plain(entry: &Entry) -> Heard {
    play(
        entry,
        |_| (),
        |_, _| (),
        |_, time, length| (time, Some(length)),
    )
}

/// Every kind that is in the stream was found, and nothing broke off.
fn found(what: &str, entry: &Entry, heard: &Heard) {
    let name = entry.info.element;
    for kind in &Faulty::of(entry).kinds {
        let begins = heard.of(kind, "begin");
        assert!(!begins.is_empty(), "{what}: {name} didn't find {kind}");
    }
    unbroken(what, entry, heard);
}

fn unbroken(what: &str, entry: &Entry, heard: &Heard) {
    for end in heard.state("end") {
        let reason = end.reason.as_deref();
        let name = entry.info.element;
        assert_ne!(reason, Some("discont"), "{what}: {name} {end:?}");
    }
}

/// Kind, channel, start and end of every episode, in ms from `zero`.
fn episodes(heard: &Heard, zero: u64) -> Vec<(String, Option<i32>, u64, u64)> {
    let ends = heard.state("end").into_iter();
    ends.map(|d| {
        let start = (d.timestamp - zero) / MS;
        (d.kind, d.channel, start, start + d.duration / MS)
    })
    .collect()
}

#[test]
fn every_detector_finds_its_fault() {
    for entry in all() {
        let heard = plain(&entry);
        found("plain", &entry, &heard);
    }
}

#[test]
fn pictures_without_durations_last_until_the_next() {
    for entry in video() {
        let heard = play(&entry, |_| (), |_, _| (), |_, time, _| (time, None));
        found("no durations", &entry, &heard);
    }
}

#[test]
fn slow_pictures_are_a_stream() {
    for entry in video() {
        for spacing in [SECOND * 2 / 5, 2 * SECOND] {
            for rate in [0, 25] {
                let set =
                    |caps: &mut gst::CapsRef| caps.set("framerate", gst::Fraction::new(rate, 1));
                let slow = |n: usize, _, _| (n as u64 * spacing, None);
                let measure = |rig: &Rig, n: usize| {
                    if n == 0 {
                        rig.element.set_property("measurement-interval", SECOND);
                    }
                };
                let heard = play(&entry, set, measure, slow);
                unbroken("slow", &entry, &heard);
                // How long the first two last is known only afterwards.
                let mut known = heard.measurements().into_iter();
                let unseen =
                    known.find(|m| m.timestamp > 2 * spacing && m.status == "not-analysed");
                assert!(unseen.is_none(), "{unseen:?}");
                if ["blackdetect", "slatedetect", "borderdetect"].contains(&entry.info.element) {
                    found("slow", &entry, &heard);
                    let longest = heard.state("end").iter().map(|d| d.duration).max();
                    let all = Faulty::of(&entry).buffers.len() as u64 * spacing;
                    assert!(
                        longest > Some(all / 4),
                        "{}: {longest:?}",
                        entry.info.element
                    );
                }
            }
        }
    }
}

#[test]
fn the_times_of_pictures_count_not_the_rate_of_caps() {
    for entry in video() {
        let set = |caps: &mut gst::CapsRef| caps.set("framerate", gst::Fraction::new(30, 1));
        for duration in [None, Some(SECOND / 30)] {
            let mut at = 0;
            let real = |n: usize, _, _| {
                let time = at;
                at += SECOND / 30 + n as u64 * 37 % 51 * MS;
                (time, duration)
            };
            let heard = play(&entry, set, |_, _| (), real);
            unbroken("varying", &entry, &heard);
            if !minds_rates(&entry) {
                found("varying", &entry, &heard);
            }
        }
    }
}

#[test]
fn sound_whose_times_wander_goes_on() {
    for entry in audio() {
        let away = |n: usize, time, length| (time + n as u64 * 7 % 41 * MS, Some(length));
        let heard = play(&entry, |_| (), |_, _| (), away);
        found("wandering", &entry, &heard);
        let steps = |n: usize, time, length| (time + (n as u64 / 50 % 2) * 25 * MS, Some(length));
        let heard = play(&entry, |_| (), |_, _| (), steps);
        found("in steps", &entry, &heard);
    }
}

#[test]
fn a_gap_ends_nothing_at_once() {
    for entry in all() {
        let faulty = Faulty::of(&entry);
        let rig = Rig::around(faulty.element());
        rig.open(&faulty.caps);
        let (mut shift, mut gaps) = (0, 0);
        for buffer in &faulty.buffers {
            let time = buffer.pts().unwrap().nseconds() + shift;
            let duration = buffer.duration().map(|d| d.nseconds());
            rig.push(timed(buffer.clone(), time, duration));
            let heard = rig.heard();
            let open = heard.state("begin").len() > heard.state("end").len();
            if open && gaps == 0 {
                let end = gst::ClockTime::from_nseconds(time + duration.unwrap_or(0));
                let length = gst::ClockTime::from_mseconds(300);
                let gap = gst::event::Gap::builder(end).duration(length).build();
                rig.event(gap);
                let after = rig.heard();
                let name = entry.info.element;
                let discont = |d: &gstdefect::DefectMessage| d.reason.as_deref() == Some("discont");
                assert!(!after.state("end").iter().any(discont), "{name}");
                (shift, gaps) = (shift + length.nseconds(), gaps + 1);
            }
            rig.drop_buffers();
        }
        assert_eq!(gaps, 1, "{}: nothing open", entry.info.element);
        let heard = rig.finish_playing();
        unbroken("gap", &entry, &heard);
        Rules::check(&entry, &heard);
    }
}

/// A playlist of clips, each of which begins at 0: segments whose running time goes on.
#[test]
fn what_buds_goes_on_over_segments() {
    for entry in all() {
        let whole = plain(&entry);
        for restarts in [false, true] {
            let (mut zero, mut clips) = (0, 0);
            let faulty = Faulty::of(&entry);
            let rig = Rig::around(faulty.element());
            rig.open(&faulty.caps);
            for buffer in &faulty.buffers {
                let time = buffer.pts().unwrap().nseconds();
                let duration = buffer.duration().map(|d| d.nseconds());
                if time >= (clips + 1) * SECOND {
                    (zero, clips) = (time, time / SECOND);
                    if restarts {
                        rig.event(gst::event::StreamStart::new(&format!("clip {clips}")));
                        rig.event(gst::event::Caps::new(&faulty.caps));
                    }
                    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
                    segment.set_base(gst::ClockTime::from_nseconds(time));
                    rig.segment(&segment);
                }
                rig.push(timed(buffer.clone(), time - zero, duration));
                rig.drop_buffers();
            }
            let heard = rig.finish_playing();
            Rules::check(&entry, &heard);
            // An example starts its fault after a second at the earliest, or ends it.
            if entry.info.element != "stalldetect" {
                found("clips", &entry, &heard);
            }
            for kind in &faulty.kinds {
                covers(&entry, &whole.of(kind, "end"), &heard.of(kind, "end"));
            }
        }
    }
}

/// Episodes that last are there again in parts, each of which begins where the last one was ended by a segment.
fn covers(entry: &Entry, whole: &[gstdefect::DefectMessage], parts: &[gstdefect::DefectMessage]) {
    let lasts = |d: &&gstdefect::DefectMessage| d.count.is_none();
    for episode in whole.iter().filter(lasts) {
        let own = parts.iter().filter(|p| p.channel == episode.channel);
        let total: u64 = own.map(|p| p.duration).sum();
        let missing = episode.duration.saturating_sub(total);
        assert!(
            missing <= SECOND,
            "{}: {missing} ns of {episode:?} are missing in {parts:#?}",
            entry.info.element
        );
    }
}

#[test]
fn the_rate_of_the_segment_changes_no_verdict() {
    for entry in all() {
        let whole = episodes(&plain(&entry), 0);
        for rate in [0.5, 2.0, 8.0] {
            let rated = |rig: &Rig, n: usize| {
                if n == 0 {
                    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
                    segment.set_rate(rate);
                    segment.set_applied_rate(1.0);
                    rig.segment(&segment);
                }
            };
            let heard = play(
                &entry,
                |_| (),
                rated,
                |_, time, length| (time, Some(length)),
            );
            assert_eq!(
                episodes(&heard, 0),
                whole,
                "{} at {rate}",
                entry.info.element
            );
        }
    }
}

/// While a stream is played backwards, only what is true of one picture is reported, and nothing of sound.
#[test]
fn backwards_the_rules_hold() {
    for entry in all() {
        let faulty = Faulty::of(&entry);
        let element = faulty.element();
        // Intervals can't follow one another there.
        element.set_property("measurement-interval", 0u64);
        let rig = Rig::around(element);
        rig.open(&faulty.caps);
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_rate(-1.0);
        segment.set_stop(gst::ClockTime::from_seconds(60));
        rig.segment(&segment);
        for buffer in faulty.buffers.iter().rev() {
            rig.push(buffer.clone());
            rig.drop_buffers();
        }
        let heard = rig.finish_playing();
        Rules::check(&entry, &heard);
        if entry.input == Input::Sound {
            assert!(episodes(&heard, 0).is_empty(), "{heard:?}");
        }
    }
}

#[test]
fn nothing_wraps_in_years() {
    for entry in all() {
        let whole = episodes(&plain(&entry), 0);
        for late in LATE {
            let heard = play(
                &entry,
                |_| (),
                |_, _| (),
                |_, time, length| (late + time, Some(length)),
            );
            let own = episodes(&heard, late);
            assert_eq!(
                own.len(),
                whole.len(),
                "{} {late}: {own:?}",
                entry.info.element
            );
            for (own, whole) in own.iter().zip(&whole) {
                assert_eq!((&own.0, own.1), (&whole.0, whole.1), "{late}");
                assert!(
                    own.2.abs_diff(whole.2) <= 1 && own.3.abs_diff(whole.3) <= 2,
                    "{late}: {own:?} {whole:?}"
                );
            }
        }
    }
}
