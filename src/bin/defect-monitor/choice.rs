// SPDX-License-Identifier: MPL-2.0
//! Which detectors watch, and what they are told: what the options say.

use gst::prelude::*;
use gstdefect::detectors::choice::{Chosen, Profile};

use super::options::Options;

/// The chosen detectors with their settings.
pub struct Choice(gstdefect::detectors::Choice);

impl Choice {
    /// What the options ask for; an error says what is possible.
    pub fn of(options: &Options) -> Result<Self, String> {
        let profile = if options.detectors.is_empty() {
            Profile::All
        } else {
            Profile::None
        };
        let mut choice = gstdefect::detectors::Choice::of(profile);
        for name in &options.detectors {
            choice.add(name.trim())?;
        }
        for name in &options.without {
            choice.remove(name.trim())?;
        }
        if choice.is_empty() {
            return Err("no detector is left".to_owned());
        }
        if let Some(interval) = options.measure {
            let text = interval.as_nanos().to_string();
            for chosen in choice.iter_mut() {
                chosen.set("measurement-interval", &text)?;
            }
        }
        for text in &options.set {
            let (name, property, value) = split(text)?;
            choice
                .get_mut(name)?
                .ok_or_else(|| format!("--set {text}: {name} isn't among the chosen detectors"))?
                .set(property, value)
                .map_err(|why| format!("--set {text}: {why}"))?;
        }
        Ok(Self(choice))
    }

    /// New elements for a stream.
    pub fn elements(&self, is_video: bool) -> Result<Vec<gst::Element>, String> {
        self.for_medium(is_video)
            .map(|d| {
                let name = d.entry.info.element;
                let element = gst::ElementFactory::make(name)
                    .name(name)
                    .build()
                    .map_err(|e| e.to_string())?;
                for (property, value) in &d.settings {
                    element.set_property_from_str(property, value);
                }
                Ok(element)
            })
            .collect()
    }

    /// Names of the detectors for a stream.
    pub fn names(&self, is_video: bool) -> Vec<&'static str> {
        self.for_medium(is_video)
            .map(|d| d.entry.info.element)
            .collect()
    }

    /// Whether one of them reports that kind.
    pub fn reports(&self, kind: &str) -> bool {
        self.0
            .iter()
            .any(|d| d.entry.info.kinds.iter().any(|k| k.name == kind))
    }

    fn for_medium(&self, is_video: bool) -> impl Iterator<Item = &Chosen> {
        self.0.iter().filter(move |d| d.entry.is_video == is_video)
    }
}

fn split(text: &str) -> Result<(&str, &str, &str), String> {
    text.split_once('=')
        .and_then(|(target, value)| {
            let (detector, property) = target.split_once('.')?;
            Some((detector.trim(), property.trim(), value.trim()))
        })
        .ok_or_else(|| {
            format!("--set {text}: not of the form DETECTOR.PROPERTY=VALUE, e.g. black.min-duration=500ms")
        })
}
