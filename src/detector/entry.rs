// SPDX-License-Identifier: MPL-2.0
//! Static description of a detector: name, defaults, settings, input.

use crate::detector::{
    Common, Detector, Info, Input, Medium, SettingError, Settings, settings::Spec, settings_text,
};

/// Static description of a detector.
#[derive(Debug)]
pub struct Entry {
    /// Name and texts.
    pub info: &'static Info,
    /// Its defaults of the settings that every detector has.
    pub common: Common,
    /// The declarations of its own settings.
    pub settings: &'static [Spec],
    /// Whether it watches pictures, or what is attached to them.
    pub is_video: bool,
    /// Its input.
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

    /// A setting as a user writes it: the property and the value as GStreamer reads it.
    ///
    /// # Errors
    ///
    /// If there is no such property, or it doesn't take that value.
    pub fn check(
        &self,
        property: &str,
        value: &str,
    ) -> Result<(&'static str, String), SettingError> {
        let specs = self.specs();
        let unknown = || SettingError::UnknownProperty {
            element: self.info.element,
            property: property.to_owned(),
            known: specs.iter().map(|s| s.name).collect(),
        };
        let spec = specs.iter().find(|s| s.name == property);
        let spec = spec.ok_or_else(unknown)?;
        Ok((spec.name, settings_text::check(spec, value)?))
    }
}
