// SPDX-License-Identifier: MPL-2.0
//! Runs the analysis of an element under a lock: applies changed settings, catches panics, and posts messages after
//! unlocking.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
};

use super::{
    outbox::Posts,
    settings::{SettingsSnapshot, SharedSettings},
};
use crate::detector::Detector;

/// The state of an element's streams.
pub trait Analysis: Default + Send {
    /// The detector.
    type Detector: Detector;
    /// Sets the settings from now on.
    fn configure(&mut self, settings: SettingsSnapshot<Self::Detector>);
    /// Begins anew after a panic.
    fn recover(&mut self);
    /// Takes all messages that are to be posted.
    fn take_posts(&mut self) -> Posts;
}

/// An analysis under a lock, and its settings. The lock isn't held while a message is posted: a sync handler of the
/// bus may call back into the element.
pub struct Guarded<A: Analysis> {
    /// The values of the properties. Their lock may be taken under that of the analysis, for the time of a copy.
    pub settings: SharedSettings<A::Detector>,
    analysis: Mutex<A>,
}

impl<A: Analysis> Default for Guarded<A> {
    fn default() -> Self {
        Self {
            settings: SharedSettings::default(),
            analysis: Mutex::default(),
        }
    }
}

/// Another thread holds the lock of the analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// Locks a mutex, ignoring that another thread panicked while it held the lock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<A: Analysis> Guarded<A> {
    /// Calls `act` with the analysis under its lock, then posts from `element`. `None`: `act` panicked, and the
    /// analysis recovered.
    pub fn with<R>(&self, element: &gst::Element, act: impl FnOnce(&mut A) -> R) -> Option<R> {
        self.run(element, lock(&self.analysis), act)
    }

    /// As [`with`](Self::with), unless another thread holds the lock.
    ///
    /// # Errors
    /// [`Busy`] if one does: nothing was done.
    pub fn try_with<R>(
        &self,
        element: &gst::Element,
        act: impl FnOnce(&mut A) -> R,
    ) -> Result<Option<R>, Busy> {
        let analysis = match self.analysis.try_lock() {
            Ok(analysis) => analysis,
            Err(TryLockError::Poisoned(after_panic)) => after_panic.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Busy),
        };
        Ok(self.run(element, analysis, act))
    }

    fn run<R>(
        &self,
        element: &gst::Element,
        mut analysis: MutexGuard<'_, A>,
        act: impl FnOnce(&mut A) -> R,
    ) -> Option<R> {
        let changed = self.settings.take_changed();
        let done = catch_unwind(AssertUnwindSafe(|| {
            if let Some(settings) = changed {
                analysis.configure(settings);
            }
            act(&mut analysis)
        }));
        if done.is_err() {
            analysis.recover();
        }
        let posts = analysis.take_posts();
        drop(analysis);
        posts.post(element);
        done.ok()
    }

    /// Calls `act` without the lock; handles a panic as [`with`](Self::with) does.
    pub fn catch<R>(&self, element: &gst::Element, act: impl FnOnce() -> R) -> Option<R> {
        let done = catch_unwind(AssertUnwindSafe(act)).ok();
        if done.is_none() {
            self.with(element, A::recover);
        }
        done
    }
}
