// SPDX-License-Identifier: MPL-2.0
//! How long nothing has come.

use crate::media::Ns;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::SECOND;

    #[test]
    fn only_the_time_in_which_something_could_come_counts() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.look(SECOND, 0), None);
        waiting.play(SECOND);
        let first = waiting.look(3 * SECOND, 7).unwrap();
        assert_eq!(
            (first.lasted, first.first, first.position),
            (2 * SECOND, true, 7)
        );
        assert_eq!(waiting.arrived(3 * SECOND, 0), 2 * SECOND);
        assert!(waiting.look(4 * SECOND, 0).unwrap().blocked);
        waiting.taken(5 * SECOND);
        let wait = waiting.look(6 * SECOND, 0).unwrap();
        assert_eq!(
            (wait.lasted, wait.first, wait.blocked),
            (SECOND, false, false)
        );

        waiting.pause(6 * SECOND);
        assert_eq!(waiting.since(), None);
        waiting.play(16 * SECOND);
        assert_eq!(waiting.look(17 * SECOND, 0).unwrap().lasted, 2 * SECOND);

        waiting.flush();
        assert_eq!(waiting.since(), None);
        waiting.restart(20 * SECOND);
        assert_eq!(waiting.look(21 * SECOND, 0).unwrap().lasted, SECOND);
        waiting.end();
        assert_eq!(waiting.since(), None);
        waiting.arrived(22 * SECOND, 0);
        assert_eq!(waiting.since(), Some(22 * SECOND));
    }
}
