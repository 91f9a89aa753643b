// SPDX-License-Identifier: MPL-2.0
//! How long nothing has come.

use crate::core::Ns;

/// Nothing has come for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Where the stream stands, on its own timeline.
    pub position: Ns,
    /// For so long, by the wall clock.
    pub lasted: Ns,
    /// Nothing has come yet at all, or since time began anew.
    pub first: bool,
    /// What came last hasn't been taken by the next element yet, so that nothing can come.
    pub blocked: bool,
    /// It is over: something has come.
    pub over: bool,
    /// How long what came last lasts.
    pub duration: Ns,
}

/// Keeps the time since the last buffer, but for what is no waiting: pauses, flushes, the time after the end.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// By the wall clock; none before the first start.
    since: Option<Ns>,
    /// When it was suspended.
    paused: Option<Ns>,
    playing: bool,
    flushing: bool,
    ended: bool,
    begun: bool,
    blocked: bool,
    duration: Ns,
}

impl Waiting {
    /// The pipeline plays from now on; the time of a pause doesn't count.
    pub fn play(&mut self, now: Ns) {
        self.playing = true;
        let pause = self.paused.take().map_or(0, |at| now.saturating_sub(at));
        self.since = Some(self.since.map_or(now, |since| since.saturating_add(pause)));
    }

    /// The pipeline pauses.
    pub fn pause(&mut self, now: Ns) {
        self.playing = false;
        self.paused = Some(now);
    }

    /// The stream is being flushed: nothing comes until it is over.
    pub fn flush(&mut self) {
        self.flushing = true;
    }

    /// The stream begins, or begins anew.
    pub fn restart(&mut self, now: Ns) {
        self.since = Some(now);
        self.paused = self.paused.map(|_| now);
        (self.flushing, self.ended, self.begun, self.blocked) = (false, false, false, false);
        self.duration = 0;
    }

    /// The stream has ended: nothing will come.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Something has come, and lasts so long; returns for how long nothing had.
    pub fn arrived(&mut self, now: Ns, duration: Ns) -> Ns {
        let lasted = self.since.map_or(0, |since| now.saturating_sub(since));
        let waited = if self.playing { lasted } else { 0 };
        self.restart(now);
        self.begun = true;
        self.blocked = true;
        self.duration = duration;
        waited
    }

    /// What came was taken by the next element: from now on more can come.
    pub fn taken(&mut self, now: Ns) {
        if self.blocked {
            self.blocked = false;
            self.since = Some(now);
            self.paused = self.paused.map(|_| now);
        }
    }

    /// Since when something is waited for.
    pub fn since(&self) -> Option<Ns> {
        let waits = self.playing && !self.flushing && !self.ended;
        self.since.filter(|_| waits)
    }

    /// What there is to say about it now.
    pub fn look(&self, now: Ns, position: Ns) -> Option<Wait> {
        Some(Wait {
            position,
            lasted: now.saturating_sub(self.since()?),
            first: !self.begun,
            blocked: self.blocked,
            over: false,
            duration: self.duration,
        })
    }
}
