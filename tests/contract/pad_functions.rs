// SPDX-License-Identifier: MPL-2.0
//! gst-validate and other tools put functions of their own into pads, which call those that were there before. Setting a function
//! frees what the old one captured, so no function may have captured anything.
#![allow(unsafe_code, reason = "bindings don't hand out the functions of a pad")]

use std::{collections::HashMap, sync::Mutex};

use gst::{ffi, glib, prelude::*};

use super::*;

type Chain = unsafe extern "C" fn(
    *mut ffi::GstPad,
    *mut ffi::GstObject,
    *mut ffi::GstBuffer,
) -> ffi::GstFlowReturn;
type Event = unsafe extern "C" fn(
    *mut ffi::GstPad,
    *mut ffi::GstObject,
    *mut ffi::GstEvent,
) -> glib::ffi::gboolean;
type Query = unsafe extern "C" fn(
    *mut ffi::GstPad,
    *mut ffi::GstObject,
    *mut ffi::GstQuery,
) -> glib::ffi::gboolean;

#[derive(Clone, Copy)]
struct Old {
    chain: Option<Chain>,
    event: Option<Event>,
    query: Option<Query>,
}

static OLD: Mutex<Option<HashMap<usize, Old>>> = Mutex::new(None);

fn old(pad: *mut ffi::GstPad) -> Old {
    OLD.lock().unwrap().as_ref().unwrap()[&(pad as usize)]
}

unsafe extern "C" fn chain(
    pad: *mut ffi::GstPad,
    parent: *mut ffi::GstObject,
    buffer: *mut ffi::GstBuffer,
) -> ffi::GstFlowReturn {
    // SAFETY: called as the function that it replaces would have been.
    unsafe { old(pad).chain.unwrap()(pad, parent, buffer) }
}

unsafe extern "C" fn event(
    pad: *mut ffi::GstPad,
    parent: *mut ffi::GstObject,
    event: *mut ffi::GstEvent,
) -> glib::ffi::gboolean {
    // SAFETY: as above.
    unsafe { old(pad).event.unwrap()(pad, parent, event) }
}

unsafe extern "C" fn query(
    pad: *mut ffi::GstPad,
    parent: *mut ffi::GstObject,
    query: *mut ffi::GstQuery,
) -> glib::ffi::gboolean {
    // SAFETY: as above.
    unsafe { old(pad).query.unwrap()(pad, parent, query) }
}

/// Replaces the functions of all pads of an element as gst-validate does.
fn replace(element: &gst::Element) {
    for pad in element.pads() {
        let raw: *mut ffi::GstPad = pad.as_ptr();
        // SAFETY: the pad is alive, and nothing flows yet.
        unsafe {
            let before = Old {
                chain: (*raw).chainfunc,
                event: (*raw).eventfunc,
                query: (*raw).queryfunc,
            };
            let mut all = OLD.lock().unwrap();
            all.get_or_insert_default().insert(raw as usize, before);
            drop(all);
            let nothing = std::ptr::null_mut();
            if before.chain.is_some() {
                ffi::gst_pad_set_chain_function_full(raw, Some(chain), nothing, None);
            }
            ffi::gst_pad_set_event_function_full(raw, Some(event), nothing, None);
            ffi::gst_pad_set_query_function_full(raw, Some(query), nothing, None);
        }
    }
}

#[test]
fn functions_of_pads_may_be_replaced() {
    for entry in streams() {
        let rig = Rig::of(&entry);
        replace(&rig.element);
        let mut stream = Stream::of(&entry);
        rig.open(&stream.caps());
        feed_full(&rig, &mut stream, SECOND);
        assert!(rig.behind.peer_query(&mut gst::query::Caps::new(None)));
        let heard = rig.finish_playing();
        assert_eq!(heard.buffers().len(), 25, "{}", entry.info.element);
    }
}

#[test]
fn functions_of_pads_may_be_replaced_in_an_element_with_sound_and_picture() {
    let rig = PairRig::new(&["audio", "video", "reference_audio", "reference_video"]);
    replace(&rig.element);
    let (mut pictures, mut sounds) = (
        Pictures::new("I420", 64, 48),
        Sounds::new("S16LE", 48_000, 2),
    );
    for stream in ["audio", "video", "reference_audio", "reference_video"] {
        let is_video = stream.ends_with("video");
        rig.open(
            stream,
            &if is_video {
                pictures.caps()
            } else {
                sounds.caps()
            },
        );
        let mut query = gst::query::Caps::new(None);
        assert!(rig.pad(stream).peer_query(&mut query));
    }
    for _ in 0..25 {
        let (picture, sound) = (
            pictures.buffer(Look::Noise),
            sounds.buffer(Wave::Noise, 40 * MS),
        );
        for side in ["", "reference_"] {
            rig.push(&format!("{side}video"), picture.clone());
            rig.push(&format!("{side}audio"), sound.clone());
        }
    }
    rig.eos();
    for stream in ["audio", "video"] {
        assert_eq!(rig.out(stream).buffers().len(), 25);
    }
}
