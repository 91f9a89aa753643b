// SPDX-License-Identifier: MPL-2.0
//! Property values, handed from the thread that sets them to the streaming thread.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use gst::glib;

use super::{guarded::lock, properties};
use crate::detector::{Common, Detector};

/// The values of the properties, and whether they have changed. Locked for the time of a copy.
pub struct SharedSettings<D: Detector> {
    current: Mutex<SettingsSnapshot<D>>,
    changed: AtomicBool,
}

impl<D: Detector> Default for SharedSettings<D> {
    fn default() -> Self {
        Self {
            current: Mutex::default(),
            changed: AtomicBool::new(false),
        }
    }
}

impl<D: Detector> SharedSettings<D> {
    /// The value of the property with that id.
    pub fn get(&self, id: usize) -> glib::Value {
        let current = lock(&self.current);
        properties::get::<D>(&current.common, &current.own, id)
    }

    /// Changes the property with that id.
    pub fn set(&self, id: usize, value: &glib::Value) {
        let mut current = lock(&self.current);
        let SettingsSnapshot { common, own } = &mut *current;
        let accepted = properties::set::<D>(common, own, id, value);
        drop(current);
        self.changed.store(true, Ordering::Release);
        if let Err(why) = accepted {
            // As GObject does with values out of range: an element may have no bus yet when a property is set.
            glib::g_warning!(
                "gst-plugin-defect",
                "{}: {why}; it stays as it was",
                D::INFO.element
            );
        }
    }

    /// Whether the detector is switched on.
    pub fn is_active(&self) -> bool {
        lock(&self.current).common.active
    }

    /// A copy, if a property was set since the last call.
    pub fn take_changed(&self) -> Option<SettingsSnapshot<D>> {
        self.changed
            .swap(false, Ordering::Acquire)
            .then(|| lock(&self.current).clone())
    }
}

/// The values of the properties at one moment.
pub struct SettingsSnapshot<D: Detector> {
    /// The settings that every detector has.
    pub common: Common,
    /// The detector's own.
    pub own: D::Settings,
}

impl<D: Detector> Clone for SettingsSnapshot<D> {
    fn clone(&self) -> Self {
        Self {
            common: self.common.clone(),
            own: self.own.clone(),
        }
    }
}

impl<D: Detector> Default for SettingsSnapshot<D> {
    fn default() -> Self {
        Self {
            common: D::COMMON,
            own: D::Settings::default(),
        }
    }
}
