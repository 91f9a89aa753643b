// SPDX-License-Identifier: MPL-2.0
//! One look at the picture: a grid on a buffer is used by later detectors, and only if nothing has touched the pixels.

use std::sync::{Arc, Mutex};

use gst::prelude::*;
use gstdefect::grid_on;

use super::*;

const SOURCE: &str =
    "videotestsrc num-buffers=12 pattern=smpte ! video/x-raw,format=I420,width=160,height=120";

/// The number of the grid on each buffer as it leaves `a`, and as it leaves `b`.
type Grids = Arc<Mutex<[Vec<u64>; 2]>>;

fn listen(pipeline: &gst::Pipeline) -> Grids {
    let grids = Grids::default();
    for (i, name) in ["a", "b"].into_iter().enumerate() {
        let element = pipeline.by_name(name).unwrap();
        let log = grids.clone();
        element
            .static_pad("src")
            .unwrap()
            .add_probe(gst::PadProbeType::BUFFER, move |_, info| {
                let (_, number) = grid_on(info.buffer().unwrap()).expect("a grid");
                log.lock().unwrap()[i].push(number);
                gst::PadProbeReturn::Ok
            });
    }
    grids
}

/// Whether `b` used the grids of `a`, frame by frame.
fn used(between: &str, second: &str) -> Vec<bool> {
    let mut grids = Grids::default();
    run_with(
        &format!("{SOURCE} ! blackdetect name=a ! {between} ! {second} name=b ! fakesink"),
        |p| grids = listen(p),
    );
    let [a, b] = &*grids.lock().unwrap();
    assert_eq!((a.len(), b.len()), (12, 12), "{between}");
    a.iter().zip(b).map(|(a, b)| a == b).collect()
}

#[test]
fn used_again_behind_what_leaves_pixels_alone() {
    for entry in video() {
        for between in [
            "identity",
            "queue",
            "queue2",
            "queue ! identity silent=true ! queue",
            "tee ! queue",
            "tee name=t t. ! queue ! fakesink async=false t. ! queue",
            "capsfilter caps=video/x-raw",
            "clocksync sync=false",
            "blackdetect ! queue ! blackdetect",
            "valve",
            "progressreport silent=true",
        ] {
            let used = used(between, entry.info.element);
            assert!(used.iter().all(|u| *u), "{between}: {used:?}");
        }
    }
}

#[test]
fn measured_again_behind_what_may_touch_pixels() {
    for entry in video() {
        for between in [
            "videobalance brightness=0.3",
            // In passthrough, but who knows for how long.
            "videobalance",
            "textoverlay text=hello",
            "queue ! textoverlay text=hello ! queue",
            "videoconvert ! video/x-raw,format=NV12",
            "videoscale ! video/x-raw,width=80",
            "timeoverlay ! identity",
        ] {
            let used = used(between, entry.info.element);
            assert!(used.iter().all(|u| !u), "{between}: {used:?}");
        }
    }
}

/// The pixels of the first detector aren't those of the second: each has its own verdict.
#[test]
fn verdicts_are_about_the_pixels_at_hand() {
    let heard = run(
        "videotestsrc num-buffers=100 pattern=black ! video/x-raw,format=I420,width=160,height=120,framerate=25/1 \
         ! blackdetect name=a ! videobalance brightness=0.5 ! blackdetect name=b ! videobalance brightness=-1.0 \
         ! blackdetect name=c ! fakesink",
    );
    let mut who: Vec<_> = heard
        .state("begin")
        .into_iter()
        .map(|d| d.element)
        .collect();
    who.sort();
    assert_eq!(who, ["a", "c"]);
}

#[test]
fn seen_through_the_walls_of_bins() {
    init();
    let pipeline = gst::parse::launch(&format!("{SOURCE} ! queue name=q ! fakesink name=s"))
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let first =
        gst::parse::bin_from_description("identity ! blackdetect name=a ! identity", true).unwrap();
    let inner = gst::parse::bin_from_description("queue ! blackdetect name=b", true).unwrap();
    let second = gst::Bin::builder().name("outer").build();
    second.add(&inner).unwrap();
    for name in ["sink", "src"] {
        let pad = gst::GhostPad::with_target(&inner.static_pad(name).unwrap()).unwrap();
        second.add_pad(&pad).unwrap();
    }
    pipeline.add_many([&first, &second]).unwrap();
    let [q, s] = ["q", "s"].map(|n| pipeline.by_name(n).unwrap());
    q.unlink(&s);
    gst::Element::link_many([&q, first.upcast_ref(), second.upcast_ref(), &s]).unwrap();
    let grids = listen(&pipeline);
    pipeline.set_state(gst::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    let end = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus
        .timed_pop_filtered(gst::ClockTime::from_seconds(60), &end)
        .unwrap();
    assert_eq!(message.type_(), gst::MessageType::Eos);
    pipeline.set_state(gst::State::Null).unwrap();
    let [a, b] = &*grids.lock().unwrap();
    assert_eq!(a.len(), 12);
    assert_eq!(a, b);
}

/// An element is put between two detectors, and taken out again, while frames flow.
#[test]
fn relinked_while_playing() {
    let rig = |between: &[&gst::Element], a: &gst::Element, b: &gst::Element| {
        let mut chain = vec![a];
        chain.extend(between);
        chain.push(b);
        gst::Element::link_many(chain).unwrap();
    };
    init();
    let make = |n: &str| gst::ElementFactory::make(n).build().unwrap();
    let (a, b, balance) = (
        make("blackdetect"),
        make("blackdetect"),
        make("videobalance"),
    );
    balance.set_property("brightness", 0.5);
    let (before, _behind, out) = ends(&a, &b);
    rig(&[], &a, &b);
    for e in [&a, &b, &balance] {
        e.set_state(gst::State::Playing).unwrap();
    }
    let mut pictures = Pictures::new("I420", 64, 48);
    before.push_event(gst::event::StreamStart::new("s"));
    before.push_event(gst::event::Caps::new(&pictures.caps()));
    before.push_event(gst::event::Segment::new(&gst::FormattedSegment::<
        gst::ClockTime,
    >::new()));
    let mut makers = |n: usize| -> Vec<bool> {
        (0..n)
            .map(|_| {
                before.push(pictures.buffer(Look::Black)).unwrap();
                let buffer = out.lock().unwrap().pop().unwrap();
                grid_on(&buffer).unwrap().0 == b.as_ptr() as usize
            })
            .collect()
    };
    assert_eq!(makers(5), [false; 5]);
    a.unlink(&b);
    rig(&[&balance], &a, &b);
    assert_eq!(makers(5), [true; 5]);
    a.unlink(&balance);
    balance.unlink(&b);
    rig(&[], &a, &b);
    // The first frame might have come out of a queue that isn't there any more.
    assert_eq!(makers(5), [true, false, false, false, false]);
    for e in [&a, &b, &balance] {
        e.set_state(gst::State::Null).unwrap();
    }
}

/// Pads of ours before `a` and behind `b`, and what came out.
fn ends(a: &gst::Element, b: &gst::Element) -> (gst::Pad, gst::Pad, Arc<Mutex<Vec<gst::Buffer>>>) {
    let out = Arc::new(Mutex::new(Vec::new()));
    let log = out.clone();
    let behind = gst::Pad::builder(gst::PadDirection::Sink)
        .chain_function(move |_, _, buffer| {
            log.lock().unwrap().push(buffer);
            Ok(gst::FlowSuccess::Ok)
        })
        .event_function(|_, _, _| true)
        .build();
    let before = gst::Pad::builder(gst::PadDirection::Src).build();
    before.link(&a.static_pad("sink").unwrap()).unwrap();
    b.static_pad("src").unwrap().link(&behind).unwrap();
    behind.set_active(true).unwrap();
    before.set_active(true).unwrap();
    (before, behind, out)
}

/// Frames with a grid wait in a queue behind an element that changed them; that element goes, the frames come.
#[test]
fn frames_that_went_another_way_are_measured_again() {
    init();
    let make = |n: &str| gst::ElementFactory::make(n).build().unwrap();
    let (a, b, balance) = (
        make("blackdetect"),
        make("blackdetect"),
        make("videobalance"),
    );
    balance.set_property("brightness", 0.5);
    let (before, _behind, out) = ends(&a, &b);
    let held = Arc::new(Mutex::new(Vec::new()));
    gst::Element::link_many([&a, &balance, &b]).unwrap();
    for e in [&a, &b, &balance] {
        e.set_state(gst::State::Playing).unwrap();
    }
    let mut pictures = Pictures::new("I420", 64, 48);
    before.push_event(gst::event::StreamStart::new("s"));
    before.push_event(gst::event::Caps::new(&pictures.caps()));
    before.push_event(gst::event::Segment::new(&gst::FormattedSegment::<
        gst::ClockTime,
    >::new()));
    before.push(pictures.buffer(Look::Black)).unwrap();
    // What a queue before `b` would hold at the moment of relinking.
    let hold = held.clone();
    let probe =
        b.static_pad("sink")
            .unwrap()
            .add_probe(gst::PadProbeType::BUFFER, move |_, info| {
                hold.lock().unwrap().extend(info.take_buffer());
                gst::PadProbeReturn::Handled
            });
    for _ in 0..3 {
        before.push(pictures.buffer(Look::Black)).unwrap();
    }
    b.static_pad("sink").unwrap().remove_probe(probe.unwrap());
    a.unlink(&balance);
    balance.unlink(&b);
    a.link(&b).unwrap();
    out.lock().unwrap().clear();
    for buffer in held.lock().unwrap().drain(..) {
        b.static_pad("sink").unwrap().chain(buffer).unwrap();
    }
    for buffer in &*out.lock().unwrap() {
        assert_eq!(grid_on(buffer).unwrap().0, b.as_ptr() as usize);
    }
    for e in [&a, &b, &balance] {
        e.set_state(gst::State::Null).unwrap();
    }
}
