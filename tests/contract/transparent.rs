// SPDX-License-Identifier: MPL-2.0
//! Law 1: what comes out is what went in.

use super::*;

/// Pushes buffers through every detector and compares each with what came out. `keep`: somebody else holds them, too.
fn same_out_as_in(keep: bool, change: impl Fn(gst::Buffer, u64) -> gst::Buffer) {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        let (mut before, mut held) = (Vec::new(), Vec::new());
        for i in 0..50 {
            let buffer = if i % 20 < 10 {
                stream.full()
            } else {
                stream.empty()
            };
            let buffer = change(buffer, i);
            before.push(identity(&buffer));
            if keep {
                let ours = buffer.clone();
                let content = ours.map_readable().map(|m| m.to_vec()).ok();
                held.push((ours, content));
            }
            rig.push(buffer);
        }
        let after: Vec<_> = rig.heard().buffers().iter().map(|b| identity(b)).collect();
        assert_eq!(before, after, "{}", entry.info.element);
        for (buffer, content) in held {
            let now = buffer.map_readable().map(|m| m.to_vec()).ok();
            assert_eq!(content, now, "{}", entry.info.element);
        }
        Rules::check(&entry, &rig.finish_playing());
    }
}

/// A buffer with everything on it that may be there.
fn decorated(mut buffer: gst::Buffer, i: u64) -> gst::Buffer {
    let b = buffer.get_mut().unwrap();
    b.set_dts(b.pts());
    b.set_offset(i);
    b.set_offset_end(i + 1);
    b.set_flags(gst::BufferFlags::MARKER | gst::BufferFlags::CORRUPTED);
    let caps = gst::Caps::new_empty_simple("timestamp/x-unix");
    gst::ReferenceTimestampMeta::add(b, &caps, gst::ClockTime::from_seconds(i), None);
    gst_video::VideoCropMeta::add(b, (0, 0, 8, 8));
    buffer
}

#[test]
fn buffers_pass_as_they_are() {
    same_out_as_in(false, |b, _| b);
    same_out_as_in(false, decorated);
}

#[test]
fn shared_buffers_pass_with_their_memory() {
    same_out_as_in(true, |b, _| b);
    same_out_as_in(true, decorated);
}

#[test]
fn memory_that_refuses_to_be_shared_passes() {
    same_out_as_in(false, |b, _| no_share(&b));
    same_out_as_in(true, |b, _| no_share(&b));
}

#[test]
fn memory_that_cant_be_mapped_passes() {
    same_out_as_in(false, |b, _| unmappable(&b));
    same_out_as_in(true, |b, _| unmappable(&b));
}

/// Mapping a buffer of several memories merges them, and a writable one would stay merged.
#[test]
fn buffers_of_several_memories_stay_so() {
    let cut = |b: gst::Buffer, _| {
        let bytes = b.map_readable().unwrap().to_vec();
        let mut pieces = gst::Buffer::new();
        let p = pieces.get_mut().unwrap();
        let half = (bytes.len() / 2) & !7;
        p.append_memory(gst::Memory::from_mut_slice(bytes[..half].to_vec()));
        p.append_memory(gst::Memory::from_mut_slice(bytes[half..].to_vec()));
        p.set_pts(b.pts());
        p.set_duration(b.duration());
        pieces
    };
    same_out_as_in(false, cut);
    same_out_as_in(true, cut);
}

#[test]
fn a_writable_buffer_keeps_its_header() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        for _ in 0..10 {
            let buffer = stream.full();
            let header = buffer.as_ptr() as usize;
            rig.push(buffer);
            let out = rig.take().buffers().remove(0);
            assert_eq!(header, out.as_ptr() as usize, "{}", entry.info.element);
            assert!(out.is_writable(), "{}", entry.info.element);
        }
    }
}

/// Behind a `tee` one branch has the detector, and the other the same memory.
#[test]
fn behind_a_tee_the_memory_is_one() {
    for entry in all() {
        let source = if entry.is_video {
            "videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48"
        } else {
            "audiotestsrc num-buffers=20 ! audio/x-raw,format=S16LE"
        };
        let collect = |pipeline: &gst::Pipeline, name: &str| {
            let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
            let log = seen.clone();
            let pad = gst::prelude::GstBinExt::by_name(pipeline, name).unwrap();
            let pad = gst::prelude::ElementExt::static_pad(&pad, "sink").unwrap();
            gst::prelude::PadExtManual::add_probe(
                &pad,
                gst::PadProbeType::BUFFER,
                move |_, info| {
                    log.lock().unwrap().push(identity(info.buffer().unwrap()));
                    gst::PadProbeReturn::Ok
                },
            );
            seen
        };
        let mut logs = Vec::new();
        run_with(
            &format!(
                "{source} ! tee name=t t. ! queue ! {} ! fakesink name=a t. ! queue ! fakesink name=b",
                entry.info.element
            ),
            |p| logs.extend([collect(p, "a"), collect(p, "b")]),
        );
        let [a, b] = [&logs[0], &logs[1]].map(|log| log.lock().unwrap().clone());
        assert_eq!(a.len(), 20);
        assert_eq!(a, b, "{}", entry.info.element);
    }
}

#[test]
fn lists_stay_lists() {
    for entry in streams() {
        for shared in [false, true] {
            let (rig, mut stream) = opened(&entry);
            let mut list = gst::BufferList::new();
            for _ in 0..5 {
                list.get_mut().unwrap().add(stream.full());
            }
            let before: Vec<_> = list.iter().map(identity).collect();
            let held = shared.then(|| list.clone());
            assert!(gst::prelude::PadExt::push_list(&rig.before, list).is_ok());
            let after: Vec<_> = rig.heard().buffers().iter().map(|b| identity(b)).collect();
            assert_eq!(before, after, "{}", entry.info.element);
            drop(held);
            rig.finish();
        }
    }
}

#[test]
fn an_inactive_detector_touches_nothing() {
    for entry in streams() {
        let (rig, mut stream) = opened(&entry);
        gst::prelude::ObjectExt::set_property(&rig.element, "active", false);
        for _ in 0..10 {
            let buffer = stream.full();
            let metas = buffer.iter_meta::<gst::Meta>().count();
            rig.push(buffer);
            let out = rig.take().buffers().remove(0);
            assert_eq!(metas, out.iter_meta::<gst::Meta>().count());
        }
    }
}
