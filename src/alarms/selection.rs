// SPDX-License-Identifier: MPL-2.0
//! Which detectors watch a stream, and what they are told.
//!
//! As a text: `blackdetect min-duration=1s threshold=0.08, freezedetect, -stutterdetect`. Detectors are divided by commas; settings
//! follow their detector; a minus takes a detector away. Names may go without `detect`, times have units.

use std::fmt;

use super::SelectionError;
pub use super::chosen_detector::ChosenDetector;
use super::relations;
use crate::detectors::{Entry, Input, all};

crate::setting_enum! {
    /// A set of detectors.
    pub enum Profile: "GstDefectProfile" {
        /// Only the detectors listed in `detectors`; if none are listed, `playout`
        Auto = "auto",
        /// Faults that need immediate action
        Playout = "playout",
        /// Defects of quality
        Monitoring = "monitoring",
        /// All there are
        All = "all",
        /// No detectors except those listed
        None = "none",
    }
}

/// Detectors for a programme: those that don't look at what is in it first.
#[derive(Debug)]
pub struct Selection(Vec<ChosenDetector>);

impl Selection {
    /// The detectors of a profile, changed by what the text says.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text.
    pub fn from_text(profile: Profile, text: &str) -> Result<Self, SelectionError> {
        let lists_any = split(text, ',').any(|part| !part.starts_with('-'));
        let mut choice = Self::of(match profile {
            Profile::Auto if lists_any => Profile::None,
            _ => profile,
        });
        choice.change(text)?;
        Ok(choice)
    }

    /// The same for one stream alone, without the detectors that take sound and pictures together.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text: also if it lists a detector that takes sound and pictures together.
    pub fn of_stream(profile: Profile, text: &str) -> Result<Self, SelectionError> {
        let is_pair = |chosen: &ChosenDetector| chosen.entry.input == Input::Pair;
        if let Some(pair) = Self::from_text(Profile::None, text)?
            .iter()
            .find(|c| is_pair(c))
        {
            let element = pair.entry.info.element;
            return Err(SelectionError::NeedsBothMedia { element });
        }
        let mut choice = Self::from_text(profile, text)?;
        choice.0.retain(|c| !is_pair(c));
        Ok(choice)
    }

    /// The detectors of a profile, with their defaults.
    pub fn of(profile: Profile) -> Self {
        let wanted = |entry: &Entry| match profile {
            Profile::All => true,
            Profile::None => false,
            Profile::Auto | Profile::Playout => relations::PLAYOUT.contains(&entry.info.element),
            Profile::Monitoring => !relations::PLAYOUT.contains(&entry.info.element),
        };
        let plain = |entry| ChosenDetector {
            entry,
            settings: Vec::new(),
        };
        Self(known().into_iter().filter(wanted).map(plain).collect())
    }

    /// Adds, changes and takes away what the text says.
    fn change(&mut self, text: &str) -> Result<(), SelectionError> {
        for part in split(text, ',') {
            let mut words = split(part, ' ');
            let Some(name) = words.next() else {
                continue;
            };
            if let Some(name) = name.strip_prefix('-') {
                if let Some(word) = words.next() {
                    let (name, word) = (name.to_owned(), word.to_owned());
                    return Err(SelectionError::SettingOfRemoved { name, word });
                }
                self.remove(name)?;
                continue;
            }
            let chosen = self.add(name)?;
            for word in words {
                let no_setting = || SelectionError::NoSetting {
                    name: name.to_owned(),
                    word: word.to_owned(),
                };
                let (property, value) = word.split_once('=').ok_or_else(no_setting)?;
                chosen.set(property, unquoted(value))?;
            }
        }
        Ok(())
    }

    /// The detector of that name, added if it wasn't chosen yet.
    ///
    /// # Errors
    ///
    /// If there is no detector of that name.
    pub fn add(&mut self, name: &str) -> Result<&mut ChosenDetector, SelectionError> {
        let entry = named(name)?;
        let order = |element: &str| known().iter().position(|e| e.info.element == element);
        let place = order(entry.info.element);
        let index = self
            .0
            .partition_point(|c| order(c.entry.info.element) < place);
        let is_there = |c: &ChosenDetector| c.entry.info.element == entry.info.element;
        if !self.0.get(index).is_some_and(is_there) {
            let settings = Vec::new();
            self.0.insert(index, ChosenDetector { entry, settings });
        }
        Ok(&mut self.0[index])
    }

    /// Without that detector.
    ///
    /// # Errors
    ///
    /// If there is no detector of that name.
    pub fn remove(&mut self, name: &str) -> Result<(), SelectionError> {
        let entry = named(name)?;
        self.0
            .retain(|c| c.entry.info.element != entry.info.element);
        Ok(())
    }

    /// The detector of that name, if it is chosen.
    ///
    /// # Errors
    ///
    /// If there is no detector of that name.
    pub fn get_mut(&mut self, name: &str) -> Result<Option<&mut ChosenDetector>, SelectionError> {
        let element = named(name)?.info.element;
        Ok(self.0.iter_mut().find(|c| c.entry.info.element == element))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ChosenDetector> {
        self.0.iter()
    }

    /// All of them, to be told something.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut ChosenDetector> {
        self.0.iter_mut()
    }

    /// Whether nobody watches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// As [`from_text`](Self::from_text) reads it.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, chosen) in self.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{chosen}")?;
        }
        Ok(())
    }
}

/// All there are, in the order in which they watch.
fn known() -> Vec<Entry> {
    let mut known = all();
    // Stable: the order of the list, otherwise.
    known.sort_by_key(|entry| match entry.input {
        Input::Anything => 0,
        Input::Pictures | Input::Sound | Input::Captions => 1,
        Input::Pair => 2,
    });
    known
}

/// The detector that is meant by `black` or `blackdetect`.
fn named(name: &str) -> Result<Entry, SelectionError> {
    let is_meant = |e: &Entry| e.info.element == name || e.short_name() == name;
    let unknown = || SelectionError::UnknownDetector {
        name: name.to_owned(),
        known: known().iter().map(|e| e.info.element).collect(),
    };
    known().into_iter().find(is_meant).ok_or_else(unknown)
}

/// The parts of a text between separators that aren't inside of quotes or brackets; empty ones are left out.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut depth, mut quoted) = (0_usize, false);
    let is_separator = move |c: char| {
        match c {
            '"' => quoted = !quoted,
            '<' if !quoted => depth += 1,
            '>' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && !quoted && (c == separator || (separator == ' ' && c.is_whitespace()))
    };
    text.split(is_separator)
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|v| v.strip_suffix('"'))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(choice: &Selection) -> Vec<&'static str> {
        choice.iter().map(|c| c.entry.short_name()).collect()
    }

    #[test]
    fn a_text_adds_changes_and_takes_away() {
        let text =
            "silencedetect, black min-duration=1s region=<0,0,1,0.5>, freeze,, -freezedetect,";
        let choice = Selection::from_text(Profile::Auto, text).unwrap();
        assert_eq!(names(&choice), ["black", "silence"]);
        let settings: Vec<_> = choice.iter().flat_map(|c| &c.settings).collect();
        assert_eq!(settings[0], &("min-duration", "1000000000".to_owned()));
        assert_eq!(settings[1], &("region", "<0.0,0.0,1.0,0.5>".to_owned()));
    }

    #[test]
    fn profiles_divide_all_detectors() {
        let count = |profile| Selection::of(profile).iter().count();
        assert_eq!(
            count(Profile::Playout) + count(Profile::Monitoring),
            count(Profile::All)
        );
        assert!(count(Profile::Playout) > 0 && count(Profile::Monitoring) > 0);
        assert_eq!(count(Profile::All), known().len());
        assert!(Selection::of(Profile::None).is_empty());
        let without = Selection::from_text(Profile::Auto, "-black").unwrap();
        assert_eq!(without.iter().count(), count(Profile::Playout) - 1);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_possible() {
        for (text, named) in [
            ("blak", "there is no detector \"blak\"; there are: "),
            ("-blak", "there is no detector"),
            (
                "black treshold=1",
                "blackdetect has no property \"treshold\"; it has: active",
            ),
            (
                "black threshold=2",
                "threshold takes a number from 0 to 1, not \"2\"",
            ),
            ("black threshold", "isn't of the form PROPERTY=VALUE"),
            ("-black threshold=0.1", "takes no settings"),
        ] {
            let why = Selection::from_text(Profile::All, text)
                .unwrap_err()
                .to_string();
            assert!(why.contains(named), "{text}: {why}");
        }
    }

    #[test]
    fn one_stream_has_no_lip_sync() {
        let error = Selection::of_stream(Profile::Auto, "black, avsync early=10").unwrap_err();
        let why = error.to_string();
        assert!(
            why.contains("avsyncdetect takes sound and pictures"),
            "{why}"
        );
        let all = Selection::of_stream(Profile::All, "-avsync").unwrap();
        assert!(!names(&all).contains(&"avsync"));
        assert!(names(&Selection::of(Profile::All)).contains(&"avsync"));
    }

    #[test]
    fn quotes_and_brackets_hold_values_together() {
        let choice = Selection::from_text(Profile::None, "slate slates=\"a b,c.png\"").unwrap();
        let settings: Vec<_> = choice.iter().flat_map(|c| &c.settings).collect();
        assert_eq!(settings[0].1, "a b,c.png");
        let again = Selection::from_text(Profile::None, &choice.to_string()).unwrap();
        assert_eq!(again.to_string(), choice.to_string());
    }
}
