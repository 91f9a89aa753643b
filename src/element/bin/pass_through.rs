// SPDX-License-Identifier: MPL-2.0
//! Placeholder element of a bin without detectors: buffers, events and queries pass.

use std::sync::LazyLock;

use gst::{glib, prelude::*, subclass::prelude::*};

use super::super::{
    object::AUTHOR,
    pads::{self, refuse, uncapturing},
};

#[derive(Debug)]
pub struct Imp {
    sink: gst::Pad,
    src: gst::Pad,
}

glib::wrapper! {
    pub struct PassThrough(ObjectSubclass<Imp>) @extends gst::Element, gst::Object;
}

impl PassThrough {
    /// A new one, which belongs to no factory.
    pub fn element() -> gst::Element {
        glib::Object::builder::<Self>()
            .property("name", "passthrough")
            .build()
            .upcast()
    }
}

#[glib::object_subclass]
impl ObjectSubclass for Imp {
    const NAME: &'static str = "GstDefectPassThrough";
    type Type = PassThrough;
    type ParentType = gst::Element;

    fn with_class(class: &Self::Class) -> Self {
        let sink = pads::proxy_pad(class.pad_template("sink"))
            .chain_function(uncapturing(
                |_: &gst::Pad, parent: Option<&gst::Object>, buffer: gst::Buffer| {
                    Self::catch_panic_pad_function(parent, refuse, |imp| imp.src.push(buffer))
                },
            ))
            .chain_list_function(uncapturing(
                |_: &gst::Pad, parent: Option<&gst::Object>, list: gst::BufferList| {
                    Self::catch_panic_pad_function(parent, refuse, |imp| imp.src.push_list(list))
                },
            ))
            .build();
        let src = pads::proxy_pad(class.pad_template("src")).build();
        Self { sink, src }
    }
}

impl ObjectImpl for Imp {
    fn constructed(&self) {
        self.parent_constructed();
        pads::add_to(self.obj().upcast_ref(), [&self.sink, &self.src]);
    }
}

impl GstObjectImpl for Imp {}

impl ElementImpl for Imp {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static META: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new("Pass-through", "Generic", "Passes buffers", AUTHOR)
        });
        Some(&META)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static PADS: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| pads::templates("ANY"));
        &PADS
    }
}
