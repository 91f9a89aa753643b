// SPDX-License-Identifier: MPL-2.0
//! Decides when a play is over: at the end of all streams, after an error, or after a time without data.
//!
//! The end-of-stream message of the pipeline isn't enough: it may come before the last stream got its chain, or never.

use std::time::{Duration, Instant};

use super::play::PlayEvent;

/// The state of the play.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    /// How many buffers have come.
    pub buffers: u64,
    /// Whether there are streams and all of them have ended.
    pub over: bool,
    /// Whether all streams that were offered have come.
    pub complete: bool,
    /// Whether something was offered, but neither picture nor sound.
    pub barren: bool,
    /// What is wrong if all of it was read and no track has come.
    pub empty: Option<&'static str>,
}

/// Waits for the end.
#[derive(Debug)]
pub struct Ending {
    timeout: Option<Duration>,
    live: bool,
    failed: bool,
    over: bool,
    told: bool,
    /// When it is over even if nothing else happens.
    deadline: Option<Instant>,
    buffers: u64,
    /// When data came last.
    moved: Instant,
    /// Since when all is read and no track has come.
    empty_since: Option<Instant>,
}

/// The notice while no data comes.
pub const WAITING: &str = "no data at the moment, waiting";
/// Time without data after which a source that isn't live is given up.
const NO_DATA_TIMEOUT: Duration = Duration::from_secs(30);
/// Time that a stream gets when others have ended already, or when an error left data in the queues.
const GRACE: Duration = Duration::from_secs(2);
/// The same if no data has come at all: other errors may say more than the first.
const GRACE_WITHOUT_DATA: Duration = Duration::from_millis(300);
/// Longest time from the end of what can be read until the first track comes. GStreamer 1.22 says nothing more of a file that
/// ends before its first sample, and now and then loses the error of a demuxer that fails at its start.
const GRACE_WITHOUT_TRACK: Duration = Duration::from_secs(5);
/// Idle time after which the source is examined; a running stream has no such gaps.
const IDLE: Duration = Duration::from_millis(500);
/// Idle time after which the user is told.
const NOTICE_AFTER: Duration = Duration::from_secs(5);

impl Ending {
    /// `timeout`: the time without data that the user set, if any.
    pub fn new(timeout: Option<Duration>) -> Self {
        Self {
            timeout,
            live: false,
            failed: false,
            over: false,
            told: false,
            deadline: None,
            buffers: 0,
            moved: Instant::now(),
            empty_since: None,
        }
    }

    /// Whether no data has come for a moment, so that it matters what kind of source it is.
    pub fn is_idle(&self) -> bool {
        self.moved.elapsed() >= IDLE
    }

    /// The source is live: it may be without data for any time, unless no data has come yet and it has complained.
    pub fn set_live(&mut self, complained: bool) {
        self.live = !complained || self.buffers > 0;
    }

    /// The pipeline says that all ended.
    pub fn eos(&mut self) {
        self.deadline.get_or_insert_with(|| Instant::now() + GRACE);
    }

    /// There was an error. What is in the queues is still watched.
    pub fn fail(&mut self) {
        self.failed = true;
        let grace = if self.buffers == 0 {
            GRACE_WITHOUT_DATA
        } else {
            GRACE
        };
        self.deadline.get_or_insert_with(|| Instant::now() + grace);
    }

    /// Whether there is nothing left to wait for.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether it was given up.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Looks whether it is over.
    pub fn check(&mut self, pulse: &Pulse) -> Option<PlayEvent> {
        let now = Instant::now();
        if pulse.buffers != self.buffers {
            (self.buffers, self.moved, self.told) = (pulse.buffers, now, false);
        }
        if pulse.over {
            self.eos();
        }
        let late = self.deadline.is_some_and(|d| {
            (now >= d && (self.buffers == 0 || now >= self.moved + GRACE))
                || (self.failed && now >= d + NO_DATA_TIMEOUT)
        });
        self.empty_since = pulse.empty.map(|_| self.empty_since.unwrap_or(now));
        if let (Some(why), Some(since)) = (pulse.empty, self.empty_since)
            && now >= since + GRACE_WITHOUT_TRACK
            && !self.failed
        {
            (self.over, self.failed) = (true, true);
            return Some(PlayEvent::Failed(why.to_owned()));
        }
        if late || pulse.barren || (pulse.over && (pulse.complete || self.failed)) {
            self.over = true;
            return self.empty_handed(pulse);
        }
        self.wait(now.duration_since(self.moved))
    }

    fn empty_handed(&mut self, pulse: &Pulse) -> Option<PlayEvent> {
        let nothing = self.buffers == 0 && !self.failed;
        self.failed |= nothing;
        let why = pulse
            .empty
            .unwrap_or("there is no picture and no sound in it");
        nothing.then(|| PlayEvent::Failed(why.to_owned()))
    }

    fn wait(&mut self, idle: Duration) -> Option<PlayEvent> {
        let patience = self.timeout.or((!self.live).then_some(NO_DATA_TIMEOUT));
        if patience.is_some_and(|p| idle >= p) && self.deadline.is_none() {
            self.over = true;
            if self.live && self.buffers > 0 {
                return Some(PlayEvent::Warning(format!(
                    "no data for {} s, taken as its end",
                    idle.as_secs()
                )));
            }
            self.failed = true;
            return Some(PlayEvent::Failed(format!(
                "no data for {} s",
                idle.as_secs()
            )));
        }
        if idle >= NOTICE_AFTER && !self.told && self.deadline.is_none() {
            self.told = true;
            return Some(PlayEvent::Warning(WAITING.to_owned()));
        }
        None
    }
}
