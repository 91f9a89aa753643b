// SPDX-License-Identifier: MPL-2.0
//! Law 1 again: queries and upstream events pass as if the element weren't there.

use gst::prelude::*;
use std::sync::{Arc, Mutex};

use super::*;

/// What a sink might want: a pool of its own, and metas.
fn answer_allocation(query: &mut gst::query::Allocation, pool: &gst::BufferPool) {
    query.add_allocation_pool(Some(pool), 4711, 3, 7);
    query.add_allocation_param(
        gst::Allocator::find(None).as_ref(),
        gst::AllocationParams::new(gst::MemoryFlags::empty(), 63, 16, 32),
    );
    query.add_allocation_meta::<gst_video::VideoMeta>(None);
    let crop = gst::Structure::builder("wish").field("n", 5i32).build();
    query.add_allocation_meta::<gst_video::VideoCropMeta>(Some(&crop));
}

#[test]
fn allocation_reaches_downstream_and_comes_back_unchanged() {
    for entry in streams() {
        init();
        let pool = gst::BufferPool::new();
        let offered = pool.clone();
        let rig = Rig::of_answering(&entry, move |pad, parent, query| match query.view_mut() {
            gst::QueryViewMut::Allocation(q) => {
                answer_allocation(q, &offered);
                true
            }
            _ => gst::Pad::query_default(pad, parent, query),
        });
        let stream = Stream::of(&entry);
        rig.open(&stream.caps());
        let mut expected = gst::query::Allocation::new(Some(&stream.caps()), true);
        answer_allocation(&mut expected, &pool);
        let mut query = gst::query::Allocation::new(Some(&stream.caps()), true);
        assert!(rig.before.peer_query(&mut query), "{}", entry.info.element);
        let what = |q: &gst::query::Allocation| {
            let (caps, need_pool) = q.get_owned();
            let pools: Vec<_> = q.allocation_pools().collect();
            let params: Vec<_> = q
                .allocation_params()
                .map(|(a, p)| (a, p.flags(), p.align(), p.prefix(), p.padding()))
                .collect();
            let metas: Vec<_> = q
                .allocation_metas()
                .map(|(t, s)| (t, s.map(|s| s.to_string())))
                .collect();
            (caps, need_pool, pools, params, metas)
        };
        assert_eq!(what(&query), what(&expected), "{}", entry.info.element);
    }
}

#[test]
fn a_pool_offered_by_the_sink_is_used_by_the_source() {
    for entry in video() {
        let pools = Arc::new(Mutex::new(Vec::new()));
        let used = pools.clone();
        run_with(
            &format!(
                "videotestsrc num-buffers=5 ! video/x-raw,format=I420 ! {} name=d ! fakesink",
                entry.info.element
            ),
            |p| {
                let d = p.by_name("d").unwrap();
                d.static_pad("src").unwrap().add_probe(
                    gst::PadProbeType::QUERY_DOWNSTREAM
                        | gst::PadProbeType::PULL
                        | gst::PadProbeType::PUSH,
                    |_, info| {
                        let Some(query) = info.query_mut() else {
                            return gst::PadProbeReturn::Ok;
                        };
                        if let gst::QueryViewMut::Allocation(q) = query.view_mut() {
                            let pool = gst_video::VideoBufferPool::new();
                            pool.set_property("name", "offered");
                            q.add_allocation_pool(Some(&pool), 100_000, 2, 0);
                            return gst::PadProbeReturn::Handled;
                        }
                        gst::PadProbeReturn::Ok
                    },
                );
                d.static_pad("sink").unwrap().add_probe(
                    gst::PadProbeType::BUFFER,
                    move |_, info| {
                        let pool = pool_of(info.buffer().unwrap());
                        used.lock().unwrap().push(pool);
                        gst::PadProbeReturn::Ok
                    },
                );
            },
        );
        let pools = pools.lock().unwrap();
        assert!(
            pools.iter().all(|p| p.as_deref() == Some("offered")),
            "{pools:?}"
        );
    }
}

/// The answers of a neighbour with these caps.
fn choosy(entry: &Entry, caps: &gst::Caps) -> Rig {
    let caps = caps.clone();
    Rig::of_answering(entry, move |pad, parent, query| match query.view_mut() {
        gst::QueryViewMut::Caps(q) => {
            let mut result = caps.clone();
            if let Some(filter) = q.filter() {
                result = filter.intersect_with_mode(&result, gst::CapsIntersectMode::First);
            }
            q.set_result(&result);
            true
        }
        gst::QueryViewMut::AcceptCaps(q) => {
            let accepted = q.caps().is_subset(&caps);
            q.set_result(accepted);
            true
        }
        _ => gst::Pad::query_default(pad, parent, query),
    })
}

#[test]
fn caps_are_those_of_the_neighbour() {
    for entry in streams() {
        let wanted: gst::Caps = if entry.is_video {
            "video/x-raw,format={NV12,P010_10LE},width=[16,1920];video/x-raw(memory:DMABuf),width=64"
        } else {
            "audio/x-raw,format={F32LE,U8},rate=[8000,48000],channels=2;audio/x-raw,format=S16BE,layout=interleaved"
        }
        .parse()
        .unwrap();
        let rig = choosy(&entry, &wanted);
        assert_eq!(
            rig.before.peer_query_caps(None),
            wanted,
            "{}",
            entry.info.element
        );
        let filter: gst::Caps = if entry.is_video {
            "video/x-raw,width=32,height=16"
        } else {
            "audio/x-raw,rate=44100"
        }
        .parse()
        .unwrap();
        let direct = filter.intersect_with_mode(&wanted, gst::CapsIntersectMode::First);
        assert_eq!(rig.before.peer_query_caps(Some(&filter)), direct);
        let stream = Stream::of(&entry);
        for caps in [stream.caps(), first(&wanted)] {
            let accepted = rig.before.peer_query_accept_caps(&caps);
            assert_eq!(accepted, caps.is_subset(&wanted), "{caps}");
        }
    }
}

/// The first of these caps, fixed.
fn first(caps: &gst::Caps) -> gst::Caps {
    let mut first = caps.clone();
    first.truncate();
    first.fixate();
    first
}

#[test]
fn no_latency_is_added() {
    for entry in all() {
        let source = if entry.is_video {
            "videotestsrc is-live=true num-buffers=3"
        } else {
            "audiotestsrc is-live=true num-buffers=3"
        };
        let latency = |middle: &str| {
            init();
            let line = format!("{source} ! {middle} ! fakesink sync=true name=s");
            let pipeline = gst::parse::launch(&line)
                .unwrap()
                .downcast::<gst::Pipeline>()
                .unwrap();
            pipeline.set_state(gst::State::Playing).unwrap();
            let bus = pipeline.bus().unwrap();
            let _ =
                bus.timed_pop_filtered(gst::ClockTime::from_seconds(20), &[gst::MessageType::Eos]);
            let mut query = gst::query::Latency::new();
            let pad = pipeline.by_name("s").unwrap().static_pad("sink").unwrap();
            assert!(pad.peer_query(&mut query));
            pipeline.set_state(gst::State::Null).unwrap();
            query.result()
        };
        assert_eq!(latency(entry.info.element), latency("identity"));
    }
}

#[test]
fn other_queries_and_upstream_events_pass() {
    for entry in streams() {
        init();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        let rig = Rig::of_answering(&entry, move |pad, parent, query| match query.type_() {
            gst::QueryType::Drain | gst::QueryType::Context | gst::QueryType::Custom => {
                heard.lock().unwrap().push(query.type_());
                true
            }
            _ => gst::Pad::query_default(pad, parent, query),
        });
        let (rig, stream) = (rig, Stream::of(&entry));
        rig.open(&stream.caps());
        asked.lock().unwrap().clear();
        let custom = gst::Structure::new_empty("x");
        assert!(rig.before.peer_query(&mut gst::query::Drain::new()));
        assert!(rig.before.peer_query(&mut gst::query::Context::new("c")));
        let mut query = gst::query::Custom::new(custom.clone());
        assert!(rig.before.peer_query(&mut query));
        assert_eq!(
            asked.lock().unwrap().len(),
            3,
            "{:?}",
            asked.lock().unwrap()
        );

        let seen = Arc::new(Mutex::new(0));
        let count = seen.clone();
        rig.before
            .add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, _| {
                *count.lock().unwrap() += 1;
                gst::PadProbeReturn::Handled
            });
        assert!(
            rig.behind
                .push_event(gst::event::CustomUpstream::new(custom))
        );
        assert!(rig.behind.push_event(gst::event::Reconfigure::new()));
        assert!(
            rig.behind
                .push_event(gst_video::UpstreamForceKeyUnitEvent::builder().build())
        );
        assert_eq!(*seen.lock().unwrap(), 3);
    }
}

#[test]
fn downstream_events_pass_in_order() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        rig.push(stream.full());
        let tags = gst::TagList::new();
        let events = [
            gst::event::Tag::new(tags),
            gst::event::Gap::builder(gst::ClockTime::from_seconds(1)).build(),
            gst::event::CustomDownstream::new(gst::Structure::new_empty("x")),
            gst::event::SinkMessage::new("m", &gst::message::Eos::new()),
            gst::event::StreamGroupDone::new(gst::GroupId::next()),
            gst::event::Eos::new(),
        ];
        rig.take();
        for event in &events {
            rig.event(event.clone());
        }
        let out = rig.heard().events();
        let seqnums = |e: &[gst::Event]| {
            e.iter()
                .map(|e| (e.type_(), e.seqnum()))
                .collect::<Vec<_>>()
        };
        assert_eq!(seqnums(&events), seqnums(&out), "{}", entry.info.element);
    }
}
