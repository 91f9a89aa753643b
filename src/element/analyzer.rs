// SPDX-License-Identifier: MPL-2.0
//! Holds a detector's runner, its current settings and the outbox. All three kinds of element (one stream, one timed
//! stream, sound and picture) use it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gst::DebugLogger;

use super::{
    CAT,
    outbox::{Outbox, Posts, WarningTopic},
    settings::SettingsSnapshot,
};
use crate::detector::{Common, Detector, Medium, Reason, Runner};
use crate::media::Ns;

/// What stays the same in a detector's stream until the caps change.
pub type Format<D> = <<D as Detector>::Medium as Medium>::Format;

/// After this many panics a detector isn't started again: it would flood the bus with warnings.
const MAX_PANICS: u32 = 3;

/// The analyzer of an element, see the module.
pub struct Analyzer<D: Detector> {
    settings: SettingsSnapshot<D>,
    /// `None` before the format of a stream is known.
    runner: Option<Runner<D>>,
    /// Messages that are to be posted.
    pub outbox: Outbox,
    panics: u32,
    /// Number of the next episode: they are counted over all streams of the element.
    next_id: u64,
}

impl<D: Detector> Default for Analyzer<D> {
    fn default() -> Self {
        Self {
            settings: SettingsSnapshot::default(),
            runner: None,
            outbox: Outbox::new::<D>(),
            panics: 0,
            next_id: 1,
        }
    }
}

impl<D: Detector> Analyzer<D> {
    /// Starts a stream of that format; `None`: it can't be analysed, which its measurements say.
    pub fn start(&mut self, format: Option<Format<D>>) {
        self.drop_runner();
        let (common, own) = (self.settings.common.clone(), self.settings.own.clone());
        // Set before the detector is made: if that panics, the stream exists all the same.
        let unsupported =
            Runner::unsupported(common.clone(), own.clone()).numbered_from(self.next_id);
        self.runner = Some(unsupported);
        if let Some(format) = format.filter(|_| !self.has_given_up()) {
            self.outbox.set_channels(D::Medium::channels(&format));
            let runner = Runner::new(format, common, own);
            self.runner = Some(runner.numbered_from(self.next_id));
        }
    }

    /// Drops the runner: there is no stream.
    pub fn drop_runner(&mut self) {
        if let Some(runner) = self.runner.take() {
            self.next_id = runner.next_id();
        }
    }

    /// Called when the element is stopped: resets everything for the next stream except the number of its episodes.
    pub fn prepare_restart(&mut self) {
        self.drop_runner();
        self.panics = 0;
        self.outbox.forget_warnings();
    }

    /// Sets the settings from the next unit on.
    pub fn configure(&mut self, settings: SettingsSnapshot<D>) {
        if let Some(runner) = &mut self.runner {
            runner.configure(settings.common.clone(), settings.own.clone());
        }
        self.settings = settings;
    }

    /// The settings that every detector has.
    pub fn common(&self) -> &Common {
        &self.settings.common
    }

    /// The runner, if there is a stream and the detector is switched on.
    pub fn runner(&mut self) -> Option<&mut Runner<D>> {
        Some(self.runner_and_outbox()?.0)
    }

    /// The runner, as [`runner`](Self::runner) gives it, and the outbox.
    pub fn runner_and_outbox(&mut self) -> Option<(&mut Runner<D>, &mut Outbox)> {
        let runner = self.runner.as_mut().filter(|runner| runner.is_active());
        Some((runner?, &mut self.outbox))
    }

    /// Position of the stream.
    pub fn position(&self) -> Option<Ns> {
        self.runner.as_ref()?.position()
    }

    /// Ends a part of the stream whose next part may follow: announced episodes end with `reason`.
    pub fn close_part(&mut self, reason: Reason) {
        if let Some(runner) = &mut self.runner {
            runner.close(reason);
        }
        self.collect();
    }

    /// Breaks the stream: announced episodes end with `reason`, and the past is forgotten.
    pub fn break_off(&mut self, reason: Reason) {
        if let Some(runner) = &mut self.runner {
            runner.reset(reason);
        }
        // Collected first: an episode that ends here may need the stamps of the buffer at which it started.
        self.collect();
        self.outbox.forget_stamps();
    }

    /// Whether the detector has failed so often that it isn't started again until the element is stopped.
    pub fn has_given_up(&self) -> bool {
        self.panics >= MAX_PANICS
    }

    /// Starts the detector anew after a panic, at most [`MAX_PANICS`] times.
    pub fn recover(&mut self) {
        self.panics += 1;
        let never_made = self.runner.as_ref().is_some_and(|r| r.format().is_none());
        let reset = catch_unwind(AssertUnwindSafe(|| self.break_off(Reason::Discont)));
        if reset.is_err() {
            self.panics = MAX_PANICS;
            if let Some(runner) = &mut self.runner {
                runner.end_episodes(Reason::Discont);
            }
            self.collect();
        }
        if self.has_given_up() {
            self.start(None);
        }
        self.outbox.warn(
            WarningTopic::Failure,
            if self.has_given_up() {
                "the detector failed again and is given up until the next stop; the stream goes on"
            } else if never_made {
                "the detector failed on this format; the stream passes unwatched until its format changes"
            } else {
                "the detector failed on a buffer and begins anew; the stream goes on"
            }
            .to_owned(),
        );
    }

    /// Takes all messages that are to be posted.
    pub fn take_posts(&mut self) -> Posts {
        self.collect();
        self.outbox.take()
    }

    fn collect(&mut self) {
        if let Some(runner) = &mut self.runner {
            runner.set_logging(CAT.above_threshold(gst::DebugLevel::Log));
            self.outbox.log(runner.take_log());
            let reports = runner.take_reports();
            if !reports.is_empty() {
                self.outbox.add(reports, &self.settings.common);
            }
        }
    }
}
