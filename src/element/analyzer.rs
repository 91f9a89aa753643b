// SPDX-License-Identifier: MPL-2.0
//! A detector at work in an element: its runner, the settings that count, and what is to be posted. Every shape of element has one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gst::DebugLogger;

use super::{
    CAT,
    outbox::{Outbox, Posts, Topic},
    settings::SettingsSnapshot,
};
use crate::detector::{Common, Detector, Medium, Reason, Runner};
use crate::media::Ns;

/// What stays the same in a detector's stream until the caps change.
pub type Format<D> = <<D as Detector>::Medium as Medium>::Format;

/// After that many panics a detector is left alone: it would only fill the bus.
const MAX_PANICS: u32 = 3;

/// See the module.
pub struct Analyzer<D: Detector> {
    settings: SettingsSnapshot<D>,
    /// `None` before the format of a stream is known.
    runner: Option<Runner<D>>,
    /// What is to be posted.
    pub outbox: Outbox,
    panics: u32,
    /// Episodes are counted over all streams that the element sees.
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
    /// A stream of that format begins; `None`: of one that can't be analysed, which is what its measurements say.
    pub fn start(&mut self, format: Option<Format<D>>) {
        self.stop();
        let (common, own) = (self.settings.common.clone(), self.settings.own.clone());
        // In place before the detector is made: if that fails, there is a stream all the same.
        let unsupported =
            Runner::unsupported(common.clone(), own.clone()).numbered_from(self.next_id);
        self.runner = Some(unsupported);
        if let Some(format) = format.filter(|_| !self.has_given_up()) {
            self.outbox.set_channels(D::Medium::channels(&format));
            let runner = Runner::new(format, common, own);
            self.runner = Some(runner.numbered_from(self.next_id));
        }
    }

    /// The stream is forgotten.
    pub fn stop(&mut self) {
        if let Some(runner) = self.runner.take() {
            self.next_id = runner.next_id();
        }
    }

    /// The element was stopped: the next stream finds everything as the first one did, but for the number of its episodes.
    pub fn forget(&mut self) {
        self.stop();
        self.panics = 0;
        self.outbox.forget();
    }

    /// The settings from the next unit on.
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
        Some(self.working()?.0)
    }

    /// The same, and what is to be posted.
    pub fn working(&mut self) -> Option<(&mut Runner<D>, &mut Outbox)> {
        let runner = self.runner.as_mut().filter(|runner| runner.is_active());
        Some((runner?, &mut self.outbox))
    }

    /// Where the stream is.
    pub fn position(&self) -> Option<Ns> {
        self.runner.as_ref()?.position()
    }

    /// A part of the stream ends, and the next one may go on: what was announced ends with that reason.
    pub fn close(&mut self, reason: Reason) {
        if let Some(runner) = &mut self.runner {
            runner.close(reason);
        }
        self.collect();
    }

    /// The stream breaks off: what was announced ends with that reason, and the past is forgotten.
    pub fn reset(&mut self, reason: Reason) {
        if let Some(runner) = &mut self.runner {
            runner.reset(reason);
        }
        // Before that: what has just ended started at a buffer that is noted there.
        self.collect();
        self.outbox.forget_buffers();
    }

    /// Whether the detector has failed so often that it is left alone until the element is stopped.
    pub fn has_given_up(&self) -> bool {
        self.panics >= MAX_PANICS
    }

    /// After a panic: the detector begins anew, at most a few times.
    pub fn recover(&mut self) {
        self.panics += 1;
        let never_made = self.runner.as_ref().is_some_and(|r| r.format().is_none());
        let reset = catch_unwind(AssertUnwindSafe(|| self.reset(Reason::Discont)));
        if reset.is_err() {
            self.panics = MAX_PANICS;
            self.collect();
        }
        if self.has_given_up() {
            self.start(None);
        }
        self.outbox.warn(
            Topic::Failure,
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

    /// What is to be posted; none of it stays.
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
