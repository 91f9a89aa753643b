// SPDX-License-Identifier: MPL-2.0
//! The chain of elements inside a `defectbin`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gst::{glib, prelude::*};

use super::{
    super::{CAT, captions, object, pads},
    BinSettings,
    pass_through::PassThrough,
};
use crate::alarms::{Selection, selection::ChosenDetector};
use crate::detector::Input;

/// The detector of captions.
const CAPTIONS: &str = "captiondetect";

/// The content of a stream, as far as detectors differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContentType {
    Video,
    Audio,
    /// Coded pictures, captions and subtitles.
    Captions,
    Other,
}

impl ContentType {
    fn of(caps: &gst::CapsRef) -> Self {
        match caps.structure(0).map(|s| s.name().as_str()) {
            Some("video/x-raw") => Self::Video,
            Some("audio/x-raw") => Self::Audio,
            Some(name) if carries_captions(name) => Self::Captions,
            _ => Self::Other,
        }
    }

    fn suits(self, chosen: &ChosenDetector) -> bool {
        match self {
            Self::Video => chosen.fits(true),
            Self::Audio => chosen.fits(false),
            Self::Captions => matches!(chosen.entry.input, Input::Anything | Input::Captions),
            Self::Other => chosen.entry.input == Input::Anything,
        }
    }
}

/// Whether streams of that type are captions or may have some attached.
fn carries_captions(name: &str) -> bool {
    let types = ["video/x-h264", "video/x-h265", "video/mpeg"];
    types.contains(&name) || captions::is_caption_stream(name)
}

/// A detector in a bin.
#[derive(Debug, Clone)]
struct Member {
    element: gst::Element,
    /// The properties that `detectors` sets: those of the bin don't override them.
    own: Vec<&'static str>,
}

impl Member {
    fn make(chosen: &ChosenDetector, settings: &BinSettings) -> Result<Self, glib::BoolError> {
        let name = chosen.entry.info.element;
        let element = gst::ElementFactory::make(name)
            .name(name)
            .property("active", settings.active)
            .property("update-interval", settings.update_interval)
            .property("measurement-interval", settings.measurement_interval)
            .property("post-messages", settings.post_messages)
            .build()?;
        for (property, value) in &chosen.settings {
            let is_text = |spec: glib::ParamSpec| spec.value_type() == glib::Type::STRING;
            if element.find_property(property).is_some_and(is_text) {
                // Any text will do, also one that GStreamer can't read as a value.
                element.set_property(property, value);
            } else {
                element.set_property_from_str(property, value);
            }
        }
        let own = chosen.settings.iter().map(|(name, _)| *name).collect();
        Ok(Self { element, own })
    }
}

impl Member {
    /// Hears when someone begins to speak, for the captions of the programme.
    fn phrases(settings: &BinSettings) -> Self {
        let element = object::phrases::element();
        element.set_property("active", settings.active);
        Self {
            element,
            own: vec!["update-interval", "measurement-interval", "post-messages"],
        }
    }
}

/// Elements from the sink pad to the source pad; never without one, so that there always is a way through.
#[derive(Debug, Default)]
pub struct Chain {
    /// The caps it was built for; `None`: built for other settings, or before there were caps.
    content: Option<ContentType>,
    members: Vec<Member>,
}

impl Chain {
    /// A chain without detectors.
    pub fn plain() -> Self {
        let member = Member {
            element: PassThrough::element(),
            own: Vec::new(),
        };
        Self {
            content: None,
            members: vec![member],
        }
    }

    /// Builds the chain for a stream with these caps, without detectors that can't be made.
    pub fn build(caps: &gst::CapsRef, settings: &BinSettings, bin: &gst::Bin) -> Self {
        let content = ContentType::of(caps);
        let built = catch_unwind(AssertUnwindSafe(|| Self::members(content, settings, bin)));
        let members = built.unwrap_or_else(|_| {
            let text = "the detectors can't be made; the stream passes unwatched";
            gst::element_warning!(bin, gst::StreamError::Failed, ("{text}"));
            Vec::new()
        });
        let chain = if members.is_empty() {
            Self::plain()
        } else {
            Self {
                content: None,
                members,
            }
        };
        Self {
            content: Some(content),
            ..chain
        }
    }

    fn members(content: ContentType, settings: &BinSettings, bin: &gst::Bin) -> Vec<Member> {
        // The selection was checked when the element started.
        let selection = Selection::of_stream(settings.profile, &settings.detectors)
            .inspect_err(|why| gst::error!(CAT, obj = bin, "detectors: {why}"))
            .unwrap_or_else(|_| Selection::of(settings.profile));
        let make = |chosen: &ChosenDetector| {
            Member::make(chosen, settings)
                .inspect_err(|why| {
                    gst::error!(CAT, obj = bin, "{}: {why}", chosen.entry.info.element)
                })
                .ok()
        };
        let suitable = selection.iter().filter(|chosen| content.suits(chosen));
        let mut members: Vec<_> = suitable.filter_map(make).collect();
        if content == ContentType::Audio && !settings.programme.is_empty() {
            members.push(Member::phrases(settings));
        }
        members
    }

    /// Whether it was built for these caps.
    pub fn fits(&self, caps: &gst::CapsRef) -> bool {
        self.content == Some(ContentType::of(caps))
    }

    /// Lets the next caps get a new chain, whatever they are.
    pub fn outdate(&mut self) {
        self.content = None;
    }

    /// The detector of captions, if there is one.
    pub fn captions(&self) -> Option<gst::Element> {
        self.elements()
            .find(|element| element.name() == CAPTIONS)
            .cloned()
    }

    /// Those of its elements that take a property of that name from the bin.
    pub fn followers(&self, property: &str) -> Vec<gst::Element> {
        let follows = |member: &&Member| !member.own.contains(&property);
        let members = self.members.iter().filter(follows);
        members.map(|member| member.element.clone()).collect()
    }

    fn elements(&self) -> impl DoubleEndedIterator<Item = &gst::Element> {
        self.members.iter().map(|member| &member.element)
    }

    /// Adds the chain to the bin and links it to the pads.
    pub fn enter(&self, bin: &gst::Bin, sink: &gst::GhostPad, src: &gst::GhostPad) {
        if let Err(why) = self.try_enter(bin, sink, src) {
            gst::error!(CAT, obj = bin, "chain not in place: {why}");
        }
    }

    fn try_enter(
        &self,
        bin: &gst::Bin,
        sink: &gst::GhostPad,
        src: &gst::GhostPad,
    ) -> Result<(), glib::BoolError> {
        let (Some(first), Some(last)) = (self.elements().next(), self.elements().next_back())
        else {
            return Err(glib::bool_error!("no element"));
        };
        bin.add_many(self.elements())?;
        gst::Element::link_many(self.elements())?;
        for element in self.elements().rev() {
            element.sync_state_with_parent()?;
        }
        src.set_target(last.static_pad("src").as_ref())?;
        sink.set_target(first.static_pad("sink").as_ref())
    }

    /// Ends all episodes, since other caps come, and removes the chain.
    pub fn leave(self, bin: &gst::Bin, sink: &gst::GhostPad, src: &gst::GhostPad) {
        for pad in [src, sink] {
            if let Err(why) = pad.set_target(None::<&gst::Pad>) {
                gst::error!(CAT, obj = bin, "{}: {why}", pad.name());
            }
        }
        if let Some(first) = self.elements().next().and_then(|e| e.static_pad("sink")) {
            // Goes through all of them, and comes to nothing at the end.
            let _ = first.send_event(pads::end_of_format());
        }
        for element in self.elements() {
            // Else the bin, which may be about to start, starts it again.
            element.set_locked_state(true);
            if element.set_state(gst::State::Null).is_err() {
                gst::warning!(CAT, obj = bin, "{} doesn't stop", element.name());
            }
        }
        if let Err(why) = bin.remove_many(self.elements()) {
            gst::error!(CAT, obj = bin, "old chain not removed: {why}");
        }
    }
}
