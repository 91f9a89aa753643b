// SPDX-License-Identifier: MPL-2.0
//! The pads.

use gst::prelude::*;

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

    /// That of a sink pad of that name.
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

    /// Whether it is judged.
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

/// A pad for one of the streams: what is asked of it is asked of its own partner, and of no other pad.
pub fn pad(
    template: Option<gst::PadTemplate>,
    partner: Option<&'static str>,
) -> gst::PadBuilder<gst::Pad> {
    crate::element::medium::pad(template).iterate_internal_links_function(move |_, parent| {
        let element = parent.and_then(|p| p.downcast_ref::<gst::Element>());
        let pad = element.and_then(|e| e.static_pad(partner?));
        gst::Iterator::from_vec(pad.into_iter().collect())
    })
}
