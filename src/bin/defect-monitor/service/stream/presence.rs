// SPDX-License-Identifier: MPL-2.0
//! Whether a stream and its tracks are there, and the episodes of `lost` when they aren't.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::absence::{self, Absence};
use super::backoff::HEALTHY;
use super::{SECOND, Stream, monotonic};
use crate::service::board::State;
use crate::service::log;
use crate::service::outcome::Analysed;

impl Stream {
    /// Notes that data comes; `watched`: how much of it in this session.
    pub(super) fn note_present(&mut self, watched: Duration) {
        self.healthy.get_or_insert_with(Instant::now);
        self.watched = watched;
        let late_reason = self.link().late_reason();
        let late_reason = late_reason.map(|why| format!("it may come late: {why}"));
        self.set_state(State::Watching, late_reason);
        // A lost source is back after some data, not after one buffer.
        if !self.absence.is_open() || watched >= HEALTHY {
            self.update_absence(true, None);
        }
    }

    /// Notes that no data comes; `reason` is for the records, `why` for people.
    pub(super) fn note_absent(&mut self, state: State, reason: &'static str, why: Option<&str>) {
        let why = why.map(ToOwned::to_owned);
        self.set_state(state, why.clone());
        self.update_absence(false, why.as_deref());
        // The last data may still be on its way through the detectors.
        let late = if self.healthy.is_some() { 2 } else { 0 };
        let now = self.reporter.wall.now();
        self.ledger.fill_until(now / SECOND - late, reason);
    }

    /// Notes that a file is read as fast as possible and has given nothing yet; its seconds aren't those of the clock.
    pub(super) fn note_reading_file(&mut self) {
        if !self.is_looping {
            self.set_state(State::Connecting, None);
        }
        self.update_absence(false, None);
    }

    pub(super) fn update_absence(&mut self, present: bool, why: Option<&str>) {
        let change = self.absence.update(present, why);
        if change.is_some() {
            match present {
                true => log::line(&self.plan.id, "the stream is back"),
                false => log::warn(&self.plan.id, "the stream is lost"),
            }
        }
        self.report(&"".into(), self.absence.session(), change);
    }

    /// Notes which tracks are there, while the stream is.
    pub(super) fn note_tracks(&mut self, live: &[&str]) {
        let started = self.absence.session();
        for name in live {
            if !self.tracks.contains_key(*name) {
                let absence = Absence::of_track(started);
                self.tracks.insert((*name).into(), absence);
            }
        }
        let mut changes = Vec::new();
        for (name, absence) in &mut self.tracks {
            let medium = name.split('-').next().unwrap_or_default();
            absence.set_only_track(!live.iter().any(|other| other.starts_with(medium)));
            let is_there = live.contains(&&**name);
            let why = "the source no longer has it";
            if let Some(change) = absence.update(is_there, Some(why)) {
                match is_there {
                    true => log::line(&self.plan.id, format!("{name} is back")),
                    false => log::warn(&self.plan.id, format!("{name} is gone")),
                }
                changes.push((Arc::clone(name), change));
            }
        }
        for (name, change) in changes {
            self.report(&name, started, Some(change));
        }
    }

    pub(super) fn report(
        &mut self,
        track: &Arc<str>,
        session: i64,
        change: Option<absence::Change>,
    ) {
        if let Some((defect, ago)) = change {
            let start = monotonic() - ago.as_nanos() as i64;
            self.reporter
                .defect(track, (session, start), Analysed::ALL, defect);
        }
    }
}
