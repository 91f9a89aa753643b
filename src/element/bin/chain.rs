// SPDX-License-Identifier: MPL-2.0
//! The elements inside of a `defectbin`.

use gst::{glib, prelude::*};

use super::{super::CAT, BinSettings};
use crate::alarms::Selection;
use crate::detector::Input;

/// What flows, as far as detectors differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Video,
    Audio,
    Other,
}

impl Flow {
    fn of(caps: &gst::CapsRef) -> Self {
        match caps.structure(0).map(|s| s.name().as_str()) {
            Some("video/x-raw") => Self::Video,
            Some("audio/x-raw") => Self::Audio,
            _ => Self::Other,
        }
    }
}

/// Elements from the sink pad to the source pad; never without one, so that there always is a way through.
#[derive(Debug, Default)]
pub struct Chain {
    /// None: built for other settings, or before there were caps.
    flow: Option<Flow>,
    elements: Vec<gst::Element>,
}

impl Chain {
    /// A mere way through.
    pub fn plain() -> Self {
        let way = gst::ElementFactory::make("identity").property("silent", true);
        Self {
            flow: None,
            elements: way.build().into_iter().collect(),
        }
    }

    /// For a stream with these caps; without the detectors that can't be made.
    pub fn build(caps: &gst::CapsRef, settings: &BinSettings, bin: &gst::Bin) -> Self {
        let flow = Flow::of(caps);
        // Was checked when the element started.
        let choice = Selection::of_stream(settings.profile, &settings.detectors)
            .inspect_err(|why| gst::error!(CAT, obj = bin, "detectors: {why}"))
            .unwrap_or_else(|_| Selection::of(settings.profile));
        let elements: Vec<_> = choice
            .iter()
            .filter(|chosen| match flow {
                Flow::Video => chosen.fits(true),
                Flow::Audio => chosen.fits(false),
                Flow::Other => chosen.entry.input == Input::Anything,
            })
            .filter_map(|chosen| {
                let name = chosen.entry.info.element;
                let element = gst::ElementFactory::make(name)
                    .name(name)
                    .property("active", settings.active)
                    .property("update-interval", settings.update_interval)
                    .property("measurement-interval", settings.measurement_interval)
                    .build();
                let element = element
                    .inspect_err(|why| gst::error!(CAT, obj = bin, "{name}: {why}"))
                    .ok()?;
                for (property, value) in &chosen.settings {
                    element.set_property_from_str(property, value);
                }
                Some(element)
            })
            .collect();
        let chain = Self {
            flow: Some(flow),
            elements,
        };
        if chain.elements.is_empty() {
            return Self {
                flow: Some(flow),
                ..Self::plain()
            };
        }
        chain
    }

    /// Whether it was built for such caps.
    pub fn fits(&self, caps: &gst::CapsRef) -> bool {
        self.flow == Some(Flow::of(caps))
    }

    /// The next caps get a new chain, whatever they are.
    pub fn outdate(&mut self) {
        self.flow = None;
    }

    /// Takes its place between the pads.
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
        let (Some(first), Some(last)) = (self.elements.first(), self.elements.last()) else {
            return Err(glib::bool_error!("no element"));
        };
        bin.add_many(&self.elements)?;
        gst::Element::link_many(&self.elements)?;
        for element in self.elements.iter().rev() {
            element.sync_state_with_parent()?;
        }
        src.set_target(last.static_pad("src").as_ref())?;
        sink.set_target(first.static_pad("sink").as_ref())
    }

    /// Stops, which closes all episodes, and goes.
    pub fn leave(self, bin: &gst::Bin, sink: &gst::GhostPad, src: &gst::GhostPad) {
        for pad in [sink, src] {
            if let Err(why) = pad.set_target(None::<&gst::Pad>) {
                gst::error!(CAT, obj = bin, "{}: {why}", pad.name());
            }
        }
        for element in &self.elements {
            if element.set_state(gst::State::Null).is_err() {
                gst::warning!(CAT, obj = bin, "{} doesn't stop", element.name());
            }
        }
        if let Err(why) = bin.remove_many(&self.elements) {
            gst::error!(CAT, obj = bin, "old chain not removed: {why}");
        }
    }
}

/// Hands a property on to all detectors that have it.
pub fn tell(bin: &gst::Bin, property: &str, value: &glib::Value) {
    for element in bin.children() {
        let is_same = |spec: glib::ParamSpec| spec.value_type() == value.type_();
        if element.find_property(property).is_some_and(is_same) {
            element.set_property_from_value(property, value);
        }
    }
}
