// SPDX-License-Identifier: MPL-2.0
//! Detectors and settings from the command line, as elements for each stream.

#[cfg(feature = "service")]
use gstdefect::alarms::relations;
use gstdefect::alarms::selection::{ChosenDetector, Profile};
use gstdefect::detectors::Input;
use gstdefect::media::LATEST;

use super::options::{DetectorArgs, Options};
use super::report;

/// The chosen detectors with their settings.
pub struct Choice {
    chosen: gstdefect::alarms::Selection,
    pictures: Pictures,
}

/// Which pictures the detectors get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// All of them.
    All,
    /// Only some: the detectors that need all aren't used.
    #[cfg(feature = "service")]
    Some,
    /// All or only some, at different times. What arrives, and when, is judged before the decoder.
    #[cfg(feature = "service")]
    Adaptive,
}

impl Pictures {
    /// Detectors of pictures that can't be used.
    fn unfit(self) -> &'static [&'static str] {
        match self {
            #[cfg(feature = "service")]
            Self::Some => relations::CONSECUTIVE,
            _ => &[],
        }
    }

    fn is_adaptive(self) -> bool {
        #[cfg(feature = "service")]
        return self == Self::Adaptive;
        #[cfg(not(feature = "service"))]
        false
    }
}

/// As [`from_text`](Choice::from_text) reads it.
impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.chosen.fmt(f)
    }
}

impl Choice {
    /// The choice that the options describe; an error names the possible values.
    pub fn of(options: &Options) -> Result<Self, String> {
        let mut choice = Self::new(&options.choice)?;
        if let Some(interval) = options.measure {
            choice.fill("measurement-interval", &interval.as_nanos().to_string())?;
        }
        if options.report.is_some() {
            choice.fill("measurement-interval", report::INTERVAL)?;
            choice.fill("update-interval", report::UPDATES)?;
        }
        Ok(choice)
    }

    /// All detectors or those of texts with that syntax, without some, with changed settings; an error says what is possible.
    pub fn new(args: &DetectorArgs) -> Result<Self, String> {
        let mut chosen = Self::from_text(&args.detectors.join(","))?.chosen;
        for name in &args.without {
            chosen.remove(name.trim())?;
        }
        if chosen.is_empty() {
            return Err("no detector is left".to_owned());
        }
        let mut choice = Self {
            chosen,
            pictures: Pictures::All,
        };
        for text in &args.set {
            let (name, property, value) = split(text)?;
            choice
                .set(name, property, value)
                .map_err(|why| format!("--set {text}: {why}"))?;
        }
        Ok(choice)
    }

    /// The chosen detectors with their settings.
    pub fn chosen(&self) -> impl Iterator<Item = &ChosenDetector> {
        self.chosen.iter()
    }

    /// Gives all detectors a setting, but for those that have been told otherwise.
    pub fn fill(&mut self, property: &str, value: &str) -> Result<(), String> {
        for chosen in self.chosen.iter_mut() {
            if !chosen.settings.iter().any(|(name, _)| *name == property) {
                chosen.set(property, value)?;
            }
        }
        Ok(())
    }

    /// Changes a setting of a detector that is among the chosen.
    pub fn set(&mut self, name: &str, property: &str, value: &str) -> Result<(), String> {
        self.chosen
            .get_mut(name)?
            .ok_or_else(|| format!("{name} isn't among the chosen detectors"))?
            .set(property, value)?;
        Ok(())
    }

    /// What a text with the syntax of `defectbin`'s property `detectors` says, reporting every so often.
    #[cfg(feature = "service")]
    pub fn reporting(
        text: &str,
        pictures: Pictures,
        measurements: std::time::Duration,
        updates: std::time::Duration,
    ) -> Result<Self, String> {
        let mut chosen = gstdefect::alarms::Selection::from_text(Profile::None, text)?;
        for detector in chosen.iter_mut() {
            detector.set("measurement-interval", &measurements.as_nanos().to_string())?;
            if !detector
                .settings
                .iter()
                .any(|(name, _)| *name == "update-interval")
            {
                detector.set("update-interval", &updates.as_nanos().to_string())?;
            }
        }
        Ok(Self { chosen, pictures })
    }

    /// All detectors, or those of a text that `defectbin` could read as well.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let profile = if text.trim().is_empty() {
            Profile::All
        } else {
            Profile::Auto
        };
        Ok(Self {
            chosen: gstdefect::alarms::Selection::from_text(profile, text)?,
            pictures: Pictures::All,
        })
    }

    /// The same for such pictures.
    #[cfg(feature = "service")]
    pub fn with_pictures(self, pictures: Pictures) -> Self {
        Self { pictures, ..self }
    }

    /// The detector of that kind alone, if it is among the chosen.
    pub fn only(&self, kind: &str) -> Option<Self> {
        let reports = |c: &&ChosenDetector| c.entry.info.kinds.iter().any(|k| k.name == kind);
        let text = self.chosen.iter().find(reports)?.to_string();
        let only = Self::from_text(&text).ok()?;
        Some(Self {
            pictures: self.pictures,
            ..only
        })
    }

    /// Whether pictures are left out on purpose, so that none is missed between two of them.
    pub fn is_sparse(&self) -> bool {
        !self.pictures.unfit().is_empty()
    }

    /// No detector at all.
    pub fn none() -> Self {
        Self {
            chosen: gstdefect::alarms::Selection::of(Profile::None),
            pictures: Pictures::All,
        }
    }

    /// The element that watches a stream; `live`: whether it matters when its data comes; `decoded`: its timestamps are those of
    /// a decoder, and those before it are judged instead, see [`timestamps`](Self::timestamps).
    pub fn element(
        &self,
        is_video: bool,
        live: bool,
        decoded: bool,
    ) -> Result<gst::Element, String> {
        let single = self.chosen.iter().filter(|c| c.entry.input != Input::Pair);
        let text = single.map(|chosen| match chosen.entry.info.element {
            TIMESTAMPS if decoded => format!("{chosen} tolerance={ANY}"),
            _ => chosen.to_string(),
        });
        let text = text.collect::<Vec<_>>().join(", ");
        let without: &[&str] = if is_video { self.pictures.unfit() } else { &[] };
        let late_here = live && !(is_video && decoded && self.pictures.is_adaptive());
        element(text, without, late_here)
    }

    /// The element that judges the timestamps of a stream before its decoder, if they are to be judged; `live`: whether it matters when
    /// its data comes.
    pub fn timestamps(&self, is_video: bool, live: bool) -> Result<Option<gst::Element>, String> {
        let is_wanted = |c: &&ChosenDetector| {
            let name = c.entry.info.element;
            name == TIMESTAMPS && !(is_video && self.pictures.unfit().contains(&name))
        };
        let Some(chosen) = self.chosen.iter().find(is_wanted) else {
            return Ok(None);
        };
        let mut builder = gst::ElementFactory::make(TIMESTAMPS).name("timestamps");
        for (property, value) in &chosen.settings {
            builder = builder.property_from_str(property, value);
        }
        // That nothing comes is noticed behind the decoder, if all that comes is decoded.
        if !(live && is_video && self.pictures.is_adaptive()) {
            builder = builder.property("min-duration", LATEST);
        }
        builder.build().map(Some).map_err(|e| e.to_string())
    }

    /// One of the detectors alone, by its element's name, for a stream whose data may come when it likes.
    pub fn alone(&self, name: &str) -> Result<gst::Element, String> {
        let mut rest =
            gstdefect::alarms::Selection::from_text(Profile::None, &self.chosen.to_string())?;
        let others = self.chosen.iter().map(|d| d.entry.info.element);
        for other in others.filter(|other| *other != name) {
            rest.remove(other)?;
        }
        element(rest.to_string(), &[], false)
    }

    /// The elements that watch pictures together with sound.
    pub fn pairs(&self) -> Result<Vec<gst::Element>, String> {
        let is_wanted = |c: &&ChosenDetector| {
            c.entry.input == Input::Pair && !self.pictures.unfit().contains(&c.entry.info.element)
        };
        let element = |chosen: &ChosenDetector| {
            let name = chosen.entry.info.element;
            let mut builder = gst::ElementFactory::make(name).name(name);
            for (property, value) in &chosen.settings {
                builder = builder.property_from_str(property, value);
            }
            builder.build().map_err(|e| e.to_string())
        };
        self.chosen.iter().filter(is_wanted).map(element).collect()
    }

    /// Names of the detectors for a stream; those of sound and picture together are among the picture's.
    pub fn names(&self, is_video: bool) -> Vec<&'static str> {
        self.listed(is_video, |c| {
            c.fits(is_video) || (is_video && c.entry.input == Input::Pair)
        })
    }

    /// Names of the detectors that a stream needs no other stream for.
    pub fn single(&self, is_video: bool) -> Vec<&'static str> {
        self.listed(is_video, |c| c.fits(is_video))
    }

    fn listed(
        &self,
        is_video: bool,
        is_wanted: impl Fn(&ChosenDetector) -> bool,
    ) -> Vec<&'static str> {
        self.chosen
            .iter()
            .filter(|c| is_wanted(c))
            .map(|c| c.entry.info.element)
            .filter(|name| !is_video || !self.pictures.unfit().contains(name))
            .collect()
    }

    /// Whether one of them reports that kind.
    pub fn reports(&self, kind: &str) -> bool {
        self.chosen
            .iter()
            .any(|d| d.entry.info.kinds.iter().any(|k| k.name == kind))
    }
}

/// The detector of timestamps.
const TIMESTAMPS: &str = "stalldetect";
/// Its tolerance, in ms, where any timestamp will do.
const ANY: u32 = 60_000;

/// An element that does what the text says, without some of it.
fn element(mut text: String, without: &[&str], live: bool) -> Result<gst::Element, String> {
    if !live {
        // What is read as fast as possible can't come too late.
        let never = format!("stalldetect min-duration={LATEST}");
        text = text.replace("stalldetect", &never);
    }
    // After that, since these take no settings.
    for name in without {
        text += &format!(", -{name}");
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
