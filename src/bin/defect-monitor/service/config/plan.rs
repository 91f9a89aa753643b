// SPDX-License-Identifier: MPL-2.0
//! A stream with all that it is told by the configuration: checked, and complete.

use std::collections::BTreeMap;
use std::sync::Arc;

use gstdefect::alarms::Selection;
use gstdefect::alarms::selection::Profile;
use serde::{Deserialize, Serialize};

use super::placeholders::Unusable;
use super::schedule::Schedule;
use super::uri::{Origin, Uri};
use super::{Analyse, Config, StreamConfig};

/// What is to be done with a stream. Two that are equal need no restart. It is sent to worker processes, secrets and
/// all, and to nobody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// As it was written.
    pub config: StreamConfig,
    /// Its name.
    pub id: Arc<str>,
    /// Where it comes from.
    pub uri: Uri,
    /// Those of all streams, and its own.
    pub labels: Arc<BTreeMap<String, String>>,
    /// All its detectors with their settings, in the syntax of `defectbin`'s property `detectors`.
    pub detectors: String,
    /// Which pictures are analysed.
    pub analyse: Analyse,
    /// A file is played at its own speed.
    pub realtime: bool,
}

/// What is wrong with a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key, e.g. `uri` or `maintenance.0.from`.
    pub key: String,
    /// What is wrong and what is possible.
    pub what: String,
    /// Only a secret is missing: the stream itself is as it should be.
    pub is_missing: bool,
}

impl Fault {
    fn new(key: impl Into<String>, what: impl Into<String>) -> Self {
        let (key, what) = (key.into(), what.into());
        Self {
            key,
            what,
            is_missing: false,
        }
    }
}

/// Names of the profiles that need no definition.
const PROFILES: &[(&str, Profile)] = &[
    ("playout", Profile::Playout),
    ("monitoring", Profile::Monitoring),
    ("all", Profile::All),
    ("none", Profile::None),
];

impl Plan {
    /// A stream with what the configuration says about all; `origin`: who wrote the stream; `only`: the detectors that this process may
    /// use, all if there are none.
    pub fn of(
        stream: &StreamConfig,
        origin: Origin,
        config: &Config,
        only: &[String],
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut note = |fault| faults.push(fault);
        if let Err(why) = check_id(&stream.id) {
            note(Fault::new("id", why));
        }
        let uri = Uri::of(&stream.uri, origin).map_err(|why| {
            note(Fault {
                is_missing: matches!(why, Unusable::Missing(_)),
                ..Fault::new("uri", why.to_string())
            });
        });
        let (own, defaults) = (&stream.own, &config.defaults);
        let profile = own.profile.as_ref().or(defaults.profile.as_ref());
        let detectors = own.detectors.as_ref().or(defaults.detectors.as_ref());
        let choice = choose(profile, detectors, &config.profiles, only).map_err(&mut note);
        let analyse = own.analyse.or(defaults.analyse).unwrap_or_default();
        if analyse == Analyse::Every(0) {
            note(Fault::new("analyse", "every takes a number from 1"));
        }
        let mut config = stream.clone();
        if config.own.maintenance.is_empty() {
            config.own.maintenance.clone_from(&defaults.maintenance);
        }
        if let Err((n, key, why)) = Schedule::of(&config.own.maintenance) {
            note(Fault::new(format!("maintenance.{n}.{key}"), why));
        }
        let mut labels = defaults.labels.clone();
        labels.extend(own.labels.clone());
        if labels.len() > MOST_LABELS {
            let why = format!("{} labels; there may be {MOST_LABELS}", labels.len());
            note(Fault::new("labels", why));
        }
        for (name, value) in &labels {
            if let Err(why) = check_label(name, value) {
                note(Fault::new(format!("labels.{name}"), why));
            }
        }
        let (Ok(uri), Ok(choice), true) = (uri, choice, faults.is_empty()) else {
            return Err(faults);
        };
        Ok(Self {
            id: stream.id.as_str().into(),
            uri,
            labels: Arc::new(labels),
            detectors: choice.to_string(),
            analyse,
            realtime: own.realtime.or(defaults.realtime).unwrap_or(stream.repeats),
            config,
        })
    }

    /// When maintenance is.
    pub fn schedule(&self) -> Schedule {
        Schedule::of(&self.config.own.maintenance).unwrap_or_default()
    }

    /// Whether anything watches it.
    pub fn is_watched(&self) -> bool {
        !self.detectors.is_empty()
    }
}

/// The detectors of a profile, with changes.
pub fn choose(
    profile: Option<&String>,
    changes: Option<&String>,
    profiles: &BTreeMap<String, String>,
    only: &[String],
) -> Result<Selection, Fault> {
    let (base, mut text) = match profile {
        None => (Profile::Auto, String::new()),
        Some(name) => match (PROFILES.iter().find(|(n, _)| n == name), profiles.get(name)) {
            (Some((_, profile)), _) => (*profile, String::new()),
            (None, Some(text)) => (Profile::None, format!("{text}, ")),
            (None, None) => {
                let known = PROFILES.iter().map(|(name, _)| *name);
                let known: Vec<_> = known.chain(profiles.keys().map(String::as_str)).collect();
                let what = format!(
                    "there is no profile {name:?}; there are: {}",
                    known.join(", ")
                );
                return Err(Fault::new("profile", what));
            }
        },
    };
    text += changes.map_or("", String::as_str);
    let mut choice =
        Selection::from_text(base, &text).map_err(|why| Fault::new("detectors", why))?;
    if choice.is_empty() {
        return Err(Fault::new("detectors", "no detector is left"));
    }
    if !only.is_empty() {
        let is_meant = |element: &str, name: &String| {
            name == element || element.strip_suffix("detect") == Some(name)
        };
        let names: Vec<_> = choice.iter().map(|c| c.entry.info.element).collect();
        for name in names
            .iter()
            .filter(|e| !only.iter().any(|n| is_meant(e, n)))
        {
            let removed = choice.remove(name);
            removed.map_err(|why| Fault::new("detectors", why))?;
        }
    }
    Ok(choice)
}

/// Whether a profile may be called that, and what is in it can be had.
pub fn check_profile(name: &str, text: &str) -> Result<(), String> {
    if PROFILES.iter().any(|(n, _)| *n == name) {
        return Err(format!("{name:?} is a built-in profile; use another name"));
    }
    Selection::from_text(Profile::None, text)?;
    Ok(())
}

/// Whether there are detectors of these names; an error says which there are.
pub fn check_names(names: &[String]) -> Result<(), String> {
    let mut choice = Selection::of(Profile::None);
    for name in names {
        choice.add(name)?;
    }
    Ok(())
}

/// It becomes part of file names and of topics.
fn check_id(id: &str) -> Result<(), String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let fine = !id.is_empty()
        && id.len() <= LONGEST_ID
        && !id.starts_with('.')
        && id.chars().all(is_allowed);
    fine.then_some(()).ok_or_else(|| {
        format!(
            "{id:?} can't be an id: 1 to {LONGEST_ID} letters (a-z, A-Z), digits, \"-\", \"_\" and \".\", not beginning with \".\""
        )
    })
}

const LONGEST_ID: usize = 100;

/// Labels of a stream: they go into every record of every detector.
const MOST_LABELS: usize = 32;
/// Bytes of the name and of the value of a label.
const LONGEST_LABEL: usize = 256;

/// As Prometheus has it.
fn check_label(name: &str, value: &str) -> Result<(), String> {
    let fine = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !name.starts_with("__")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if name.len().max(value.len()) > LONGEST_LABEL {
        return Err(format!("a label has at most {LONGEST_LABEL} bytes"));
    }
    fine.then_some(()).ok_or_else(|| {
        format!("{name:?} can't be a label: letters, digits and \"_\", not beginning with a digit or \"__\"")
    })
}
