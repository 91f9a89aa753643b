// SPDX-License-Identifier: MPL-2.0
//! Which detectors watch, and what they are told.

use gst::prelude::*;
use gstdefect::detectors::{self, Entry, Input};

use super::options::Options;
use super::setting;

/// The chosen detectors with their settings.
pub struct Choice {
    detectors: Vec<Chosen>,
}

struct Chosen {
    entry: Entry,
    /// Property and value, known to fit.
    settings: Vec<(&'static str, String)>,
}

impl Choice {
    /// What the options ask for; an error says what is possible.
    pub fn of(options: &Options) -> Result<Self, String> {
        let named = |names: &[String]| -> Result<Vec<&'static str>, String> {
            names.iter().map(|name| element(name.trim())).collect()
        };
        let (only, without) = (named(&options.detectors)?, named(&options.without)?);
        let wanted = |entry: &Entry| {
            let name = entry.info.element;
            (only.is_empty() || only.contains(&name)) && !without.contains(&name)
        };
        let mut detectors: Vec<Chosen> = known()
            .into_iter()
            .filter(wanted)
            .map(|entry| Chosen {
                entry,
                settings: Vec::new(),
            })
            .collect();
        if detectors.is_empty() {
            return Err("no detector is left".to_owned());
        }
        if let Some(interval) = options.measure {
            let text = interval.as_nanos().to_string();
            for d in &mut detectors {
                d.settings.push(("measurement-interval", text.clone()));
            }
        }
        for text in &options.set {
            let (name, property, value) = split(text)?;
            let name = element(name)?;
            let chosen = detectors
                .iter_mut()
                .find(|d| d.entry.info.element == name)
                .ok_or_else(|| format!("--set {text}: {name} isn't among the chosen detectors"))?;
            let setting = setting::check(&chosen.entry, property, value)
                .map_err(|why| format!("--set {text}: {why}"))?;
            chosen.settings.push(setting);
        }
        Ok(Self { detectors })
    }

    /// New elements for a stream; `live`: whether it matters when its data comes.
    pub fn elements(&self, is_video: bool, live: bool) -> Result<Vec<gst::Element>, String> {
        self.for_medium(is_video)
            .map(|d| {
                let name = d.entry.info.element;
                let element = gst::ElementFactory::make(name)
                    .name(name)
                    .build()
                    .map_err(|e| e.to_string())?;
                // What is read as fast as possible can't come too late.
                if d.entry.input == Input::Anything && !live {
                    element.set_property("min-duration", gstdefect::core::LATEST);
                }
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
        self.detectors
            .iter()
            .any(|d| d.entry.info.kinds.iter().any(|k| k.name == kind))
    }

    /// Those that don't look at what is in it come first.
    fn for_medium(&self, is_video: bool) -> impl Iterator<Item = &Chosen> {
        let own = if is_video {
            Input::Pictures
        } else {
            Input::Sound
        };
        let of = |input| {
            self.detectors
                .iter()
                .filter(move |d| d.entry.input == input)
        };
        of(Input::Anything).chain(of(own))
    }
}

/// The detectors that a chain of one stream can have: those of sound and picture together need both streams side by side.
pub fn known() -> Vec<Entry> {
    let mut known = detectors::all();
    known.retain(|entry| entry.input != Input::Pair);
    known
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

/// The element that is meant by `black` or `blackdetect`.
fn element(name: &str) -> Result<&'static str, String> {
    let all = known();
    all.iter()
        .map(|e| e.info.element)
        .find(|e| *e == name || e.strip_suffix("detect") == Some(name))
        .ok_or_else(|| {
            let known: Vec<_> = all.iter().map(|e| e.info.element).collect();
            format!(
                "there is no detector {name:?}; there are: {}",
                known.join(", ")
            )
        })
}
