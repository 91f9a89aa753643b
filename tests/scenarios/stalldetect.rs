// SPDX-License-Identifier: MPL-2.0
//! `stalldetect` with live sources that stop: the alarm comes within 100 ms of its limit, and goes with the first buffer.

use std::{
    net::UdpSocket,
    sync::{Arc, Mutex},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::common::{Heard, Seen, in_a_quiet_moment, init};
use gst::prelude::*;
use gstdefect::DefectMessage;

/// A pipeline, and when it said what.
struct Live {
    pipeline: gst::Pipeline,
    log: Arc<Mutex<Vec<(Instant, Seen)>>>,
}

const LIMIT: Duration = Duration::from_millis(500);
const SLACK: Duration = Duration::from_millis(100);

impl Live {
    fn new(line: &str) -> Self {
        init();
        let pipeline = gst::parse::launch(line)
            .unwrap()
            .downcast::<gst::Pipeline>()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let said = log.clone();
        pipeline.bus().unwrap().set_sync_handler(move |_, message| {
            let seen = Seen::message(message).map(|seen| (Instant::now(), seen));
            said.lock().unwrap().extend(seen);
            gst::BusSyncReply::Drop
        });
        let live = Self { pipeline, log };
        let detector = live.element("d");
        detector.set_property("min-duration", LIMIT.as_nanos() as u64);
        live
    }

    fn element(&self, name: &str) -> gst::Element {
        self.pipeline.by_name(name).unwrap()
    }

    fn play(&self) -> Instant {
        self.pipeline.set_state(gst::State::Playing).unwrap();
        Instant::now()
    }

    fn source(&self) -> gst_app::AppSrc {
        self.element("s").downcast().unwrap()
    }

    /// Feeds an appsrc in real time for so long; returns when the last buffer went in.
    fn feed(&self, length: Duration) -> Instant {
        let until = Instant::now() + length;
        loop {
            let now = Instant::now();
            // In GStreamer 1.26 a live appsrc takes nothing for a moment after it has gone to PLAYING.
            let pushed = self.source().push_buffer(gst::Buffer::from_slice([0u8; 4]));
            assert!(matches!(pushed, Ok(_) | Err(gst::FlowError::Flushing)));
            if now >= until {
                return now;
            }
            sleep(Duration::from_millis(20));
        }
    }

    fn stalls(&self, state: &str) -> Vec<(Instant, DefectMessage)> {
        let log = self.log.lock().unwrap();
        let stall = |(at, seen): &(Instant, Seen)| match seen {
            Seen::Defect(d) if d.kind == "stall" && d.state == state => Some((*at, d.clone())),
            _ => None,
        };
        log.iter().filter_map(stall).collect()
    }

    /// Waits for so many of them.
    fn wait(&self, state: &str, count: usize) -> (Instant, DefectMessage) {
        let patience = Instant::now() + Duration::from_secs(10);
        loop {
            let mut stalls = self.stalls(state);
            if stalls.len() >= count {
                return stalls.swap_remove(count - 1);
            }
            assert!(Instant::now() < patience, "no stall: {:?}", self.log);
            sleep(Duration::from_millis(5));
        }
    }

    fn heard(&self) -> Heard {
        let log = self.log.lock().unwrap();
        Heard(log.iter().map(|(_, seen)| seen.clone()).collect())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn in_time(begin: Instant, last: Instant) {
    let after = begin.saturating_duration_since(last);
    // The clock of the test starts a little before or after that of the element.
    let early = LIMIT - SLACK / 2;
    assert!((early..LIMIT + SLACK).contains(&after), "{after:?}");
}

const APPSRC: &str = "appsrc name=s is-live=true do-timestamp=true format=time caps=application/x-x \
    ! stalldetect name=d ! fakesink sync=false async=false";

#[test]
fn an_appsrc_that_isnt_fed_any_more() {
    in_a_quiet_moment(|| {
        let live = Live::new(APPSRC);
        live.play();
        let last = live.feed(Duration::from_millis(300));
        let (at, begin) = live.wait("begin", 1);
        in_time(at, last);
        assert_eq!(begin.detail.as_deref(), Some("no-data"));
        assert!((begin.value - 500.0).abs() < 100.0, "{begin:?}");
        assert!(begin.running_time.is_some());
        sleep(Duration::from_millis(300));
        let again = live.feed(Duration::ZERO);
        let (at, end) = live.wait("end", 1);
        assert!(at.saturating_duration_since(again) < SLACK);
        assert_eq!(end.reason.as_deref(), Some("cleared"));
        let length = Duration::from_nanos(end.duration);
        assert!(length > LIMIT + Duration::from_millis(250), "{length:?}");
        // And once more.
        let last = live.feed(Duration::from_millis(100));
        in_time(live.wait("begin", 2).0, last);
        live.source().end_of_stream().unwrap();
        let (_, end) = live.wait("end", 2);
        assert_eq!(end.reason.as_deref(), Some("eos"));
    });
}

#[test]
fn a_stream_that_never_begins() {
    in_a_quiet_moment(|| {
        let live = Live::new(APPSRC);
        let start = live.play();
        let (at, begin) = live.wait("begin", 1);
        in_time(at, start);
        assert_eq!(begin.detail.as_deref(), Some("not-begun"));
        live.feed(Duration::ZERO);
        live.wait("end", 1);

        let patient = Live::new(APPSRC);
        patient.element("d").set_property("before-first", false);
        patient.play();
        sleep(2 * LIMIT);
        assert!(patient.stalls("begin").is_empty());
    });
}

#[test]
fn a_plug_that_is_pulled() {
    in_a_quiet_moment(|| {
        let receiver = "udpsrc port=0 name=s caps=application/x-x ! stalldetect name=d ! fakesink sync=false async=false";
        let live = Live::new(receiver);
        live.pipeline.set_state(gst::State::Paused).unwrap();
        let port: i32 = live.element("s").property("port");
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let send = || {
            socket
                .send_to(&[1u8; 188], ("127.0.0.1", port as u16))
                .unwrap()
        };
        live.play();
        let mut last = Instant::now();
        for _ in 0..20 {
            send();
            last = Instant::now();
            sleep(Duration::from_millis(20));
        }
        in_time(live.wait("begin", 1).0, last);
        let again = Instant::now();
        send();
        let (at, end) = live.wait("end", 1);
        assert!(at.saturating_duration_since(again) < SLACK);
        assert_eq!(end.reason.as_deref(), Some("cleared"));
    });
}

#[test]
fn pausing_seeking_and_the_end_are_no_stalls() {
    in_a_quiet_moment(|| {
        let live = Live::new(
            "videotestsrc num-buffers=60 ! video/x-raw,width=64,height=48,framerate=25/1 ! stalldetect name=d ! fakesink sync=true",
        );
        live.play();
        sleep(LIMIT);
        live.pipeline.set_state(gst::State::Paused).unwrap();
        sleep(2 * LIMIT);
        live.play();
        sleep(LIMIT / 2);
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
        live.pipeline
            .seek_simple(flags, gst::ClockTime::from_seconds(1))
            .unwrap();
        // It plays to its end, and nothing comes after that.
        sleep(Duration::from_millis(2500) + 2 * LIMIT);
        assert!(live.stalls("begin").is_empty(), "{:?}", live.heard());
        assert!(live.heard().errors().is_empty());
    });
}

#[test]
fn a_flush_and_what_follows_the_end_are_no_stalls() {
    in_a_quiet_moment(|| {
        let live = Live::new(APPSRC);
        live.play();
        live.feed(LIMIT / 5);
        let source = live.element("s");
        assert!(source.send_event(gst::event::FlushStart::new()));
        sleep(2 * LIMIT);
        assert!(source.send_event(gst::event::FlushStop::new(true)));
        live.feed(LIMIT / 5);
        live.source().end_of_stream().unwrap();
        sleep(2 * LIMIT);
        assert!(live.stalls("begin").is_empty(), "{:?}", live.heard());
    });
}

#[test]
fn what_the_next_element_doesnt_take_is_blocked() {
    in_a_quiet_moment(|| {
        let live = Live::new(
            "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=25/1 ! stalldetect name=d ! identity name=i ! fakesink \
        sync=false async=false",
        );
        live.play();
        sleep(LIMIT / 2);
        let pad = live.element("i").static_pad("src").unwrap();
        let block = pad
            .add_probe(gst::PadProbeType::BLOCK_DOWNSTREAM, |_, _| {
                gst::PadProbeReturn::Ok
            })
            .unwrap();
        assert_eq!(live.wait("begin", 1).1.detail.as_deref(), Some("blocked"));
        sleep(2 * LIMIT);
        pad.remove_probe(block);
        let end = live.wait("end", 1).1;
        assert_eq!(end.detail.as_deref(), Some("blocked"));
        assert_eq!(end.reason.as_deref(), Some("cleared"));
        let length = Duration::from_nanos(end.duration);
        assert!(
            (3 * LIMIT - SLACK..3 * LIMIT + 2 * SLACK).contains(&length),
            "{length:?}"
        );
        assert!(
            (end.value - length.as_secs_f64() * 1e3).abs() < 1.0,
            "{end:?}"
        );
        // What comes after that comes in time.
        sleep(LIMIT);
        assert_eq!(live.stalls("begin").len(), 1);
    });
}

/// Whatever happens before the first PLAYING: caps and events only, or a buffer that a sink holds.
#[test]
fn nobody_waits_in_paused() {
    in_a_quiet_moment(|| {
        let test = "video/x-raw,width=64,height=48,framerate=25/1";
        for line in [
            format!("videotestsrc is-live=true ! {test} ! stalldetect name=d ! fakesink sync=true"),
            format!(
                "videotestsrc num-buffers=25 ! {test} ! stalldetect name=d ! fakesink sync=true"
            ),
            APPSRC.to_owned(),
        ] {
            let live = Live::new(&line);
            live.pipeline.set_state(gst::State::Paused).unwrap();
            sleep(3 * LIMIT);
            live.play();
            sleep(LIMIT / 2);
            assert!(
                live.stalls("begin").is_empty(),
                "{line}: {:?}",
                live.heard()
            );
            // The same once more, after it has played.
            live.pipeline.set_state(gst::State::Paused).unwrap();
            sleep(3 * LIMIT);
            let since = live.stalls("begin").len();
            live.play();
            sleep(LIMIT / 4);
            assert_eq!(live.stalls("begin").len(), since, "{line}");
        }
    });
}

#[test]
fn it_may_be_switched_on_while_nothing_comes() {
    in_a_quiet_moment(|| {
        let live = Live::new(APPSRC);
        live.element("d").set_property("active", false);
        live.play();
        live.feed(Duration::ZERO);
        sleep(2 * LIMIT);
        let on = Instant::now();
        live.element("d").set_property("active", true);
        in_time(live.wait("begin", 1).0, on);
        // And off and on again, within the stall.
        live.element("d").set_property("active", false);
        assert_eq!(live.wait("end", 1).1.reason.as_deref(), Some("inactive"));
        let on = Instant::now();
        live.element("d").set_property("active", true);
        in_time(live.wait("begin", 2).0, on);
    });
}

#[test]
fn updates_may_be_asked_for_while_nothing_comes() {
    in_a_quiet_moment(|| {
        let live = Live::new(APPSRC);
        live.play();
        live.feed(Duration::ZERO);
        live.wait("begin", 1);
        sleep(LIMIT / 2);
        assert!(live.stalls("ongoing").is_empty());
        live.element("d")
            .set_property("update-interval", 100_000_000u64);
        sleep(LIMIT);
        let updates = live.stalls("ongoing");
        assert!((3..=6).contains(&updates.len()), "{updates:?}");
    });
}

/// Time that the threads of GStreamer's clock have computed, in ticks of 10 ms.
fn clock_ticks() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let of_clock = tasks.filter(|task| {
        let name = std::fs::read_to_string(task.path().join("comm"));
        name.is_ok_and(|name| name.starts_with("GstSystemClock"))
    });
    let ticks = of_clock.map(|task| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let fields: Vec<_> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let number = |i: usize| fields.get(i).and_then(|f| f.parse().ok()).unwrap_or(0u64);
        number(11) + number(12)
    });
    ticks.sum()
}

/// Whatever time the settings name: nothing hangs, and nothing is computed while it is waited for.
#[test]
fn a_wait_of_any_length_can_be_stopped_and_costs_nothing() {
    in_a_quiet_moment(|| {
        let live = Live::new(APPSRC);
        live.play();
        let before = clock_ticks();
        let start = Instant::now();
        for limit in [
            i64::MAX as u64,
            u64::MAX - 1,
            1 << 63,
            9_000_000_000_000_000_000,
            1 << 40,
        ] {
            for name in ["min-duration", "clear-duration", "measurement-interval"] {
                live.element("d").set_property(name, limit);
            }
            live.feed(Duration::from_millis(100));
            sleep(Duration::from_millis(100));
            live.pipeline.set_state(gst::State::Paused).unwrap();
            live.play();
        }
        // In a stall, too.
        live.element("d").set_property("min-duration", 0u64);
        live.wait("begin", 1);
        for update in [i64::MAX as u64, u64::MAX - 1, 1 << 63] {
            live.element("d").set_property("update-interval", update);
            sleep(Duration::from_millis(100));
        }
        live.pipeline.set_state(gst::State::Null).unwrap();
        let (time, ticks) = (start.elapsed(), clock_ticks() - before);
        assert!(time < Duration::from_secs(5), "{time:?}");
        assert!(ticks < 50, "{ticks} ticks of 10 ms in {time:?}");
    });
}

#[test]
fn ongoing_messages_come_while_nothing_else_does() {
    in_a_quiet_moment(|| {
        let live = Live::new(APPSRC);
        live.element("d")
            .set_property("update-interval", 100_000_000u64);
        live.play();
        live.feed(Duration::ZERO);
        live.wait("begin", 1);
        sleep(LIMIT);
        let updates = live.stalls("ongoing");
        assert!((3..=6).contains(&updates.len()), "{updates:?}");
    });
}

#[test]
fn the_limit_may_be_changed_while_nothing_comes() {
    let live = Live::new(APPSRC);
    live.element("d")
        .set_property("min-duration", 3600 * crate::common::SECOND);
    live.play();
    live.feed(Duration::ZERO);
    sleep(LIMIT);
    live.element("d")
        .set_property("min-duration", 100_000_000u64);
    live.wait("begin", 1);
}

/// Coded pictures with B-frames, in the order of decoding.
#[test]
fn reordered_pictures_are_no_gaps() {
    let heard = crate::common::run(
        "videotestsrc num-buffers=150 pattern=ball ! video/x-raw,width=320,height=180,framerate=25/1 ! x264enc bframes=2 b-adapt=false \
         ! stalldetect ! h264parse ! stalldetect ! fakesink sync=false",
    );
    assert!(heard.defects().is_empty(), "{:?}", heard.defects());
}
