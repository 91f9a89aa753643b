// SPDX-License-Identifier: MPL-2.0
//! Which detectors watch, and what they are told: what the options say.

use gstdefect::core::LATEST;
use gstdefect::detectors::choice::Profile;

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

    /// All detectors, or those of a text that `defectbin` could read as well.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let profile = if text.trim().is_empty() {
            Profile::All
        } else {
            Profile::Auto
        };
        gstdefect::detectors::Choice::from_text(profile, text).map(Self)
    }

    /// The element that watches a stream; `live`: whether it matters when its data comes.
    pub fn element(&self, live: bool) -> Result<gst::Element, String> {
        build(self.0.to_string(), live)
    }

    /// One of the detectors alone, by its element's name, for a stream whose data may come when it likes.
    pub fn alone(&self, name: &str) -> Result<gst::Element, String> {
        let mut rest = Self(gstdefect::detectors::Choice::from_text(
            Profile::None,
            &self.0.to_string(),
        )?);
        for other in self
            .0
            .iter()
            .map(|d| d.entry.info.element)
            .filter(|n| *n != name)
        {
            rest.0.remove(other)?;
        }
        rest.element(false)
    }

    /// Names of the detectors for a stream.
    pub fn names(&self, is_video: bool) -> Vec<&'static str> {
        self.0
            .iter()
            .filter(|d| d.fits(is_video))
            .map(|d| d.entry.info.element)
            .collect()
    }

    /// Whether one of them reports that kind.
    pub fn reports(&self, kind: &str) -> bool {
        self.0
            .iter()
            .any(|d| d.entry.info.kinds.iter().any(|k| k.name == kind))
    }
}

fn build(mut text: String, live: bool) -> Result<gst::Element, String> {
    if !live {
        // What is read as fast as possible can't come too late.
        let never = format!("stalldetect min-duration={LATEST}");
        text = text.replace("stalldetect", &never);
    }
    gst::ElementFactory::make("defectbin")
        .name("detectors")
        .property_from_str("profile", Profile::None.nick())
        .property("detectors", text)
        .build()
        .map_err(|e| e.to_string())
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
