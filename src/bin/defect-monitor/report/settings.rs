// SPDX-License-Identifier: MPL-2.0
//! The settings of the detectors, read from the elements.

use gst::prelude::*;

use super::data::Setting;
use crate::choice::Choice;

/// Set by the report itself, which needs measurements.
const OWN: [&str; 2] = ["measurement-interval", "update-interval"];

/// The settings of all chosen detectors.
pub fn of(choice: &Choice) -> Result<Vec<Setting>, String> {
    let mut settings = Vec::new();
    for chosen in choice.chosen() {
        let element = chosen.entry.info.element;
        let make = || gst::ElementFactory::make(element);
        let mut builder = make();
        for (property, value) in &chosen.settings {
            builder = builder.property_from_str(property, value);
        }
        let set = builder.build().map_err(|e| e.to_string())?;
        let usual = make().build().map_err(|e| e.to_string())?;
        for spec in chosen
            .entry
            .specs()
            .iter()
            .filter(|s| !OWN.contains(&s.name))
        {
            let read = |element: &gst::Element| text(&element.property_value(spec.name));
            let value = read(&set);
            settings.push(Setting {
                element,
                property: spec.name,
                is_changed: value != read(&usual),
                value,
                meaning: spec.doc,
            });
        }
    }
    Ok(settings)
}

/// A value as people write it: GStreamer writes 0.1 with 17 digits.
fn text(value: &gst::glib::Value) -> String {
    match value.get::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) => value.serialize().map(|v| v.to_string()).unwrap_or_default(),
    }
}

/// A setting that is a number.
pub fn number(settings: &[Setting], element: &str, property: &str) -> Option<f64> {
    let setting = settings
        .iter()
        .find(|s| s.element == element && s.property == property)?;
    setting.value.parse().ok()
}
