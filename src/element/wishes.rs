// SPDX-License-Identifier: MPL-2.0
//! The settings on their way from whoever sets properties to the thread that streams.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use gst::glib;

use super::{properties, session::lock};
use crate::detector::{Common, Detector};

/// What the properties say, and whether that is news. Locked for the length of a copy.
pub struct Wishes<D: Detector> {
    wanted: Mutex<Wanted<D>>,
    changed: AtomicBool,
}

impl<D: Detector> Default for Wishes<D> {
    fn default() -> Self {
        Self {
            wanted: Mutex::default(),
            changed: AtomicBool::new(false),
        }
    }
}

impl<D: Detector> Wishes<D> {
    /// The value of the property with that id.
    pub fn get(&self, id: usize) -> glib::Value {
        let wanted = lock(&self.wanted);
        properties::get::<D>(&wanted.common, &wanted.own, id)
    }

    /// Changes the property with that id.
    pub fn set(&self, id: usize, value: &glib::Value) {
        let mut wanted = lock(&self.wanted);
        let Wanted {
            version,
            common,
            own,
        } = &mut *wanted;
        *version += 1;
        properties::set::<D>(common, own, id, value);
        drop(wanted);
        self.changed.store(true, Ordering::Release);
    }

    /// A copy, if something changed since the last.
    pub fn take_changed(&self) -> Option<Wanted<D>> {
        self.changed
            .swap(false, Ordering::Acquire)
            .then(|| lock(&self.wanted).clone())
    }
}

/// What the properties say.
pub struct Wanted<D: Detector> {
    /// Goes up with every change, so that an older copy never replaces a newer one.
    pub version: u64,
    pub common: Common,
    pub own: D::Settings,
}

impl<D: Detector> Clone for Wanted<D> {
    fn clone(&self) -> Self {
        Self {
            version: self.version,
            common: self.common.clone(),
            own: self.own.clone(),
        }
    }
}

impl<D: Detector> Default for Wanted<D> {
    fn default() -> Self {
        Self {
            version: 0,
            common: D::COMMON,
            own: D::Settings::default(),
        }
    }
}
