// SPDX-License-Identifier: MPL-2.0
//! The pads of an element with sound and picture. A constant tells their functions which stream they serve, since
//! they capture nothing.

use std::sync::OnceLock;

use gst::{prelude::*, subclass::prelude::*};

use super::super::{
    object::{DetectorElement, Session},
    pads::{self, Flow, refuse, uncapturing},
};
use crate::detector::pair::Side;

/// One of the streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The programme's sound.
    Sound,
    /// The programme's pictures.
    Picture,
    /// Sound of the reference.
    ReferenceSound,
    /// Pictures of the reference.
    ReferencePicture,
}

impl Which {
    /// In the order of their numbers.
    pub const ALL: [Self; 4] = [
        Self::Sound,
        Self::Picture,
        Self::ReferenceSound,
        Self::ReferencePicture,
    ];

    /// The stream whose sink pad has that name.
    pub fn of(sink: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.sink() == sink)
    }

    /// Name of its sink pad.
    pub fn sink(self) -> &'static str {
        match self {
            Self::Sound => "audio_sink",
            Self::Picture => "video_sink",
            Self::ReferenceSound => "reference_audio_sink",
            Self::ReferencePicture => "reference_video_sink",
        }
    }

    /// Name of its source pad; the reference ends here.
    pub fn src(self) -> Option<&'static str> {
        match self {
            Self::Sound => Some("audio_src"),
            Self::Picture => Some("video_src"),
            _ => None,
        }
    }

    /// Whether it is sound.
    pub fn is_sound(self) -> bool {
        matches!(self, Self::Sound | Self::ReferenceSound)
    }

    /// Its origin: the judged programme or the reference.
    pub fn side(self) -> Side {
        if self.src().is_some() {
            Side::Programme
        } else {
            Side::Reference
        }
    }
}

/// The pads that such an element has.
pub fn templates() -> Vec<gst::PadTemplate> {
    let template = |name: &str, direction, which: Which| {
        let caps = if which.is_sound() {
            "audio/x-raw(ANY)"
        } else {
            "video/x-raw(ANY)"
        };
        let caps = caps.parse().unwrap_or_else(|_| gst::Caps::new_any());
        let presence = match which.side() {
            Side::Programme => gst::PadPresence::Always,
            Side::Reference => gst::PadPresence::Request,
        };
        gst::PadTemplate::new(name, direction, presence, &caps).ok()
    };
    let mut all = Vec::new();
    for which in Which::ALL {
        all.extend(template(which.sink(), gst::PadDirection::Sink, which));
        if let Some(src) = which.src() {
            all.extend(template(src, gst::PadDirection::Src, which));
        }
    }
    all
}

/// A session with sound and picture, as its pads see it.
pub trait SoundAndPicture: Session {
    /// The source pad of a stream of the programme, once the element has it.
    fn src(&self, which: Which) -> Option<&gst::Pad>;
    /// Analyses a buffer; returns the buffer to push, whatever the result.
    fn pass(&self, element: &gst::Element, which: Which, buffer: gst::Buffer) -> gst::Buffer;
    /// Takes note of an event, before it goes downstream.
    fn event(&self, element: &gst::Element, which: Which, event: &gst::Event);
}

/// Adds the pads of one of the programme's streams; `known` is set to the source pad.
pub fn add<I: DetectorElement<Session: SoundAndPicture>, const WHICH: usize>(
    element: &gst::Element,
    known: &OnceLock<gst::Pad>,
) {
    let which = Which::ALL[WHICH];
    let Some(src) = which.src() else { return };
    let sink = linked::<WHICH>(element.pad_template(which.sink()))
        .chain_function(uncapturing(
            |_: &gst::Pad, parent: Option<&gst::Object>, buffer: gst::Buffer| {
                I::catch_panic_pad_function(parent, refuse, |imp| {
                    push::<I, WHICH>(imp, |pass, src| src.push(pass(buffer)))
                })
            },
        ))
        .chain_list_function(uncapturing(
            |_: &gst::Pad, parent: Option<&gst::Object>, list: gst::BufferList| {
                I::catch_panic_pad_function(parent, refuse, |imp| {
                    push::<I, WHICH>(imp, |pass, src| src.push_list(pads::pass_list(list, pass)))
                })
            },
        ))
        .event_function(uncapturing(
            |pad: &gst::Pad, parent: Option<&gst::Object>, event: gst::Event| {
                let refuse = || false;
                I::catch_panic_pad_function(parent, refuse, |imp| {
                    let element = imp.obj();
                    let element = element.upcast_ref();
                    imp.session().event(element, Which::ALL[WHICH], &event);
                    gst::Pad::event_default(pad, Some(element), event)
                })
            },
        ))
        .build();
    let src = linked::<WHICH>(element.pad_template(src)).build();
    pads::add_to(element, [&sink, &src]);
    let _only_once = known.set(src);
}

fn push<I: DetectorElement<Session: SoundAndPicture>, const WHICH: usize>(
    imp: &I,
    push: impl FnOnce(&dyn Fn(gst::Buffer) -> gst::Buffer, &gst::Pad) -> Flow,
) -> Flow {
    let (element, session, which) = (imp.obj(), imp.session(), Which::ALL[WHICH]);
    let src = session.src(which).ok_or(gst::FlowError::NotLinked)?;
    push(
        &|buffer| session.pass(element.upcast_ref(), which, buffer),
        src,
    )
}

/// A pad of one of the streams: it passes queries to its own partner, and to no other pad.
fn linked<const WHICH: usize>(template: Option<gst::PadTemplate>) -> gst::PadBuilder<gst::Pad> {
    pads::proxy_pad(template).iterate_internal_links_function(uncapturing(
        |pad: &gst::Pad, parent: Option<&gst::Object>| {
            let element = parent.and_then(|p| p.downcast_ref::<gst::Element>());
            let which = Which::ALL[WHICH];
            let partner = match pad.direction() {
                gst::PadDirection::Sink => which.src(),
                _ => Some(which.sink()),
            };
            let partner = element.and_then(|e| e.static_pad(partner?));
            gst::Iterator::from_vec(partner.into_iter().collect())
        },
    ))
}

/// A pad of the reference, at which a stream ends.
pub fn end<I: DetectorElement<Session: SoundAndPicture>>(
    template: &gst::PadTemplate,
) -> Option<gst::Pad> {
    match Which::of(template.name_template())? {
        Which::ReferenceSound => Some(end_of::<I, { Which::ReferenceSound as usize }>(template)),
        Which::ReferencePicture => {
            Some(end_of::<I, { Which::ReferencePicture as usize }>(template))
        }
        _ => None,
    }
}

fn end_of<I: DetectorElement<Session: SoundAndPicture>, const WHICH: usize>(
    template: &gst::PadTemplate,
) -> gst::Pad {
    linked::<WHICH>(Some(template.clone()))
        .name(Which::ALL[WHICH].sink())
        .chain_function(uncapturing(
            |_: &gst::Pad, parent: Option<&gst::Object>, buffer: gst::Buffer| {
                I::catch_panic_pad_function(parent, refuse, |imp| {
                    let element = imp.obj();
                    let session = imp.session();
                    drop(session.pass(element.upcast_ref(), Which::ALL[WHICH], buffer));
                    Ok(gst::FlowSuccess::Ok)
                })
            },
        ))
        .event_function(uncapturing(
            |_: &gst::Pad, parent: Option<&gst::Object>, event: gst::Event| {
                let refuse = || false;
                I::catch_panic_pad_function(parent, refuse, |imp| {
                    let element = imp.obj();
                    let session = imp.session();
                    session.event(element.upcast_ref(), Which::ALL[WHICH], &event);
                    true
                })
            },
        ))
        .query_function(uncapturing(answer))
        .build()
}

/// Answers queries at the end of a reference, which accepts everything.
fn answer(pad: &gst::Pad, parent: Option<&gst::Object>, query: &mut gst::QueryRef) -> bool {
    use gst::QueryViewMut as Q;
    match query.view_mut() {
        Q::Allocation(_) | Q::Drain(_) => false,
        Q::Caps(q) => {
            let own = pad.pad_template_caps();
            q.set_result(&q.filter().map_or(own.clone(), |filter| {
                filter.intersect_with_mode(&own, gst::CapsIntersectMode::First)
            }));
            true
        }
        Q::AcceptCaps(q) => {
            let accepted = q.caps().is_subset(&pad.pad_template_caps());
            q.set_result(accepted);
            true
        }
        _ => gst::Pad::query_default(pad, parent, query),
    }
}
