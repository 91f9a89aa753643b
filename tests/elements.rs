// SPDX-License-Identifier: MPL-2.0
//! What applications rely on - names, properties, ranges, defaults, caps - changes only on purpose.
//!
//! `UPDATE=1 cargo test --test elements` writes `tests/elements.json` anew; the difference belongs in the changelog.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

mod common;

use gst::{glib, prelude::*};
use serde_json::{Map, Value, json};

#[test]
fn elements_are_as_announced() {
    common::init();
    let elements: Map<String, Value> = gstdefect::detectors::all()
        .iter()
        .map(|entry| entry.info.element)
        .chain(["defectbin"])
        .map(|name| (name.to_owned(), element(name)))
        .collect();
    common::golden(
        "tests/elements.json",
        &(serde_json::to_string_pretty(&elements).unwrap() + "\n"),
    );
}

fn element(name: &str) -> Value {
    let factory = gst::ElementFactory::find(name).unwrap();
    let element = factory.create().build().unwrap();
    let metadata = |key| factory.metadata(key).unwrap_or_default();
    let pads: Map<String, Value> = element
        .pad_template_list()
        .iter()
        .map(|pad| {
            let words = json!({
                "direction": format!("{:?}", pad.direction()),
                "presence": format!("{:?}", pad.presence()),
                "caps": pad.caps().to_string(),
            });
            (pad.name_template().to_string(), words)
        })
        .collect();
    let properties: Map<String, Value> = element
        .list_properties()
        .iter()
        .filter(|spec| spec.owner_type() == element.type_())
        .map(|spec| (spec.name().to_owned(), property(&element, spec)))
        .collect();
    json!({
        "type": element.type_().name(),
        "long-name": metadata(gst::ELEMENT_METADATA_LONGNAME),
        "class": metadata(gst::ELEMENT_METADATA_KLASS),
        "description": metadata(gst::ELEMENT_METADATA_DESCRIPTION),
        "rank": i32::from(factory.rank()),
        "pads": pads,
        "properties": properties,
    })
}

fn property(element: &gst::Element, spec: &glib::ParamSpec) -> Value {
    let default = element.property_value(spec.name());
    let mut words = json!({
        "type": spec.value_type().name(),
        "blurb": spec.blurb(),
        "default": default.serialize().unwrap().as_str(),
        "playing": spec.flags().contains(gst::PARAM_FLAG_MUTABLE_PLAYING),
        "writable": spec.flags().contains(glib::ParamFlags::WRITABLE),
    });
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecDouble>() {
        words["range"] = json!([spec.minimum(), spec.maximum()]);
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt64>() {
        words["range"] = json!([spec.minimum(), spec.maximum()]);
    }
    if let Some(class) = glib::EnumClass::with_type(spec.value_type()) {
        let names = class
            .values()
            .iter()
            .map(|v| (v.nick().to_owned(), json!(v.name())));
        words["values"] = names.collect::<Map<_, _>>().into();
    }
    words
}
