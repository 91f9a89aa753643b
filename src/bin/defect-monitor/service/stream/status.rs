// SPDX-License-Identifier: MPL-2.0
//! What a stream tells of itself while it is watched: its state, its tracks, what it uses, and warnings.

use std::time::{Duration, Instant};

use super::{MEASUREMENTS, Stream};
use crate::problem;
use crate::service::board::{State, Track};
use crate::service::log;
use crate::service::protocol::StreamReport;

impl Stream {
    /// Reports the state of the stream, if that is new.
    pub(super) fn set_state(&mut self, state: State, why: Option<String>) {
        let state = Some((state, why));
        if self.state != state
            && let Some((state, why)) = state.clone()
        {
            self.link().send(StreamReport::State(state, why));
        }
        self.state = state;
    }

    /// Reports the tracks for the page, and logs them, if they have changed.
    pub(super) fn show_tracks(&mut self, tracks: Vec<Track>) {
        if self.shown == tracks {
            return;
        }
        let words = tracks.iter().map(|t| format!("{} {}", t.name, t.what));
        let words: Vec<String> = words.collect();
        log::line(&self.plan.id, format!("watching {}", words.join("; ")));
        self.link().send(StreamReport::Tracks(tracks.clone()));
        self.shown = tracks;
    }

    /// Reports what the stream uses, once a second; `watched`: stream time since the last call.
    pub(super) fn report_usage(&mut self, watched: Duration) {
        self.unreported.0 += watched;
        if self.unreported.1.elapsed() >= MEASUREMENTS {
            self.report_usage_now();
        }
    }

    /// Reports it at once.
    pub(super) fn report_usage_now(&mut self) {
        let now = (Duration::ZERO, Instant::now());
        let (watched, _) = std::mem::replace(&mut self.unreported, now);
        self.link().send(StreamReport::Usage(self.usage, watched));
    }

    /// Logs a warning, unless one of its sort was logged lately.
    pub(super) fn log_seldom(&mut self, text: &str) {
        let text = self.plan.uri.redact(text);
        if self.logged.allows(&problem::without_numbers(&text)) {
            log::warn(&self.plan.id, text);
        }
    }
}
