// SPDX-License-Identifier: MPL-2.0
//! The pads of an element with one stream.
//!
//! No function of a pad captures anything: gst-validate and other tools replace a pad's functions and call the old
//! ones from the new ones, after the captured values were freed.

use std::sync::{Arc, OnceLock};

use gst::{prelude::*, subclass::prelude::*};

use super::{
    CAT,
    object::{DetectorElement, Session},
};

/// A session with one stream, as its pads see it.
pub trait OneStream: Session {
    /// The source pad, once the element has it.
    fn src(&self) -> Option<&gst::Pad>;
    /// Analyses a buffer; returns the buffer to push, whatever the result.
    fn pass(&self, element: &gst::Element, buffer: gst::Buffer) -> gst::Buffer;
    /// Called when a buffer or a list was pushed, and the next element has taken it.
    fn on_downstream_return(self: &Arc<Self>, _element: &gst::Element) {}
    /// Takes note of an event, before it goes downstream.
    fn event(self: &Arc<Self>, element: &gst::Element, event: &gst::Event);
}

/// What a pad function returns.
pub type Flow = Result<gst::FlowSuccess, gst::FlowError>;

/// A pad function; the compiler checks that it captures nothing.
pub const fn uncapturing<F>(function: F) -> F {
    const { assert!(size_of::<F>() == 0, "a pad function captures something") };
    function
}

/// A pad that proxies queries about caps and allocation to the other side.
pub fn proxy_pad(template: Option<gst::PadTemplate>) -> gst::PadBuilder<gst::Pad> {
    let flags = gst::PadFlags::PROXY_CAPS | gst::PadFlags::PROXY_ALLOCATION;
    match template {
        Some(template) => gst::Pad::builder_from_template(&template).flags(flags),
        None => gst::Pad::builder(gst::PadDirection::Unknown),
    }
}

/// The templates of `sink` and `src`.
pub fn templates(caps: &str) -> Vec<gst::PadTemplate> {
    let caps: gst::Caps = caps.parse().unwrap_or_else(|_| gst::Caps::new_any());
    [
        ("sink", gst::PadDirection::Sink),
        ("src", gst::PadDirection::Src),
    ]
    .into_iter()
    .filter_map(|(name, direction)| {
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).ok()
    })
    .collect()
}

/// Adds `sink` and `src` to an element with one stream; `known` is set to `src`.
pub fn add<I: DetectorElement<Session: OneStream>>(
    element: &gst::Element,
    known: &OnceLock<gst::Pad>,
) {
    let sink = proxy_pad(element.pad_template("sink"))
        .chain_function(uncapturing(
            |_: &gst::Pad, parent: Option<&gst::Object>, buffer: gst::Buffer| {
                I::catch_panic_pad_function(parent, refuse, |imp| {
                    push(imp, |session, element, src| {
                        src.push(session.pass(element, buffer))
                    })
                })
            },
        ))
        .chain_list_function(uncapturing(
            |_: &gst::Pad, parent: Option<&gst::Object>, list: gst::BufferList| {
                I::catch_panic_pad_function(parent, refuse, |imp| {
                    push(imp, |session, element, src| {
                        src.push_list(pass_list(list, |buffer| session.pass(element, buffer)))
                    })
                })
            },
        ))
        .event_function(uncapturing(
            |pad: &gst::Pad, parent: Option<&gst::Object>, event: gst::Event| {
                let refuse = || false;
                I::catch_panic_pad_function(parent, refuse, |imp| {
                    let element = imp.obj();
                    let element = element.upcast_ref();
                    imp.session().event(element, &event);
                    gst::Pad::event_default(pad, Some(element), event)
                })
            },
        ))
        .build();
    let src = proxy_pad(element.pad_template("src")).build();
    add_to(element, [&sink, &src]);
    let _only_once = known.set(src);
}

fn push<I: DetectorElement<Session: OneStream>>(
    imp: &I,
    push: impl FnOnce(&I::Session, &gst::Element, &gst::Pad) -> Flow,
) -> Flow {
    let (element, session) = (imp.obj(), imp.session());
    let element = element.upcast_ref();
    let src = session.src().ok_or(gst::FlowError::NotLinked)?;
    let flow = push(session, element, src);
    session.on_downstream_return(element);
    flow
}

/// What a pad returns if its function panicked.
pub fn refuse() -> Flow {
    Err(gst::FlowError::Error)
}

/// Analyses every buffer of a list.
pub fn pass_list(
    mut list: gst::BufferList,
    mut pass: impl FnMut(gst::Buffer) -> gst::Buffer,
) -> gst::BufferList {
    list.make_mut()
        .foreach_mut(|buffer, _| std::ops::ControlFlow::Continue(Some(pass(buffer))));
    list
}

/// Adds pads, which can't fail since their names differ.
pub fn add_to(element: &gst::Element, pads: [&gst::Pad; 2]) {
    for pad in pads {
        if element.add_pad(pad).is_err() {
            gst::error!(CAT, obj = element, "pad {} is there already", pad.name());
        }
    }
}

/// Name of the structure of the event that ends a stream's format, see [`end_of_format`].
const END_OF_FORMAT: &str = "defect-end-of-format";

/// The event with which a bin announces caps that its detectors aren't made for: open episodes end.
pub fn end_of_format() -> gst::Event {
    gst::event::CustomDownstream::new(gst::Structure::new_empty(END_OF_FORMAT))
}

/// Whether it is that event.
pub fn is_end_of_format(event: &gst::EventRef) -> bool {
    event.has_name(END_OF_FORMAT)
}
