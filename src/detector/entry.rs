// SPDX-License-Identifier: MPL-2.0
//! What can be said about a detector without running it.

use crate::detector::{
    Common, Detector, Info, Input, Medium, Settings, settings::Spec, settings_text,
};

/// What can be said about a detector without running it.
#[derive(Debug)]
pub struct Entry {
    /// Its words.
    pub info: &'static Info,
    /// Its defaults of the settings that every detector has.
    pub common: Common,
    /// The declarations of its own settings.
    pub settings: &'static [Spec],
    /// Whether it watches pictures, or what is attached to them.
    pub is_video: bool,
    /// What it takes in.
    pub input: Input,
}

impl Entry {
    pub(crate) fn of<D: Detector>() -> Self {
        let input = <D::Medium as Medium>::INPUT;
        Self {
            info: D::INFO,
            common: D::COMMON,
            settings: D::Settings::specs(),
            is_video: matches!(input, Input::Pictures | Input::Captions),
            input,
        }
    }

    /// Its name without `detect`, e.g. `black`.
    pub fn short_name(&self) -> &'static str {
        let name = self.info.element;
        name.strip_suffix("detect").unwrap_or(name)
    }

    /// The declarations of all its settings: the common ones first.
    pub fn specs(&self) -> Vec<Spec> {
        let mut specs = self.common.specs();
        specs.extend_from_slice(self.settings);
        specs
    }

    /// A setting as a user writes it: the property and the value as GStreamer reads it; an error says what is possible.
    pub fn check(&self, property: &str, value: &str) -> Result<(&'static str, String), String> {
        let specs = self.specs();
        let spec = specs.iter().find(|s| s.name == property).ok_or_else(|| {
            let known: Vec<_> = specs.iter().map(|s| s.name).collect();
            let element = self.info.element;
            format!(
                "{element} has no property {property:?}; it has: {}",
                known.join(", ")
            )
        })?;
        Ok((spec.name, settings_text::check(spec, value)?))
    }
}
