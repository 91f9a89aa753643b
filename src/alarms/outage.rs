// SPDX-License-Identifier: MPL-2.0
//! Detects an outage: picture (black, freeze) and sound (silence) gone at the same time.
//!
//! The streams of a programme needn't arrive in step. So absences are compared by their times, and a begin or an end is told only once
//! both streams have come that far: the same streams have the same outages, whichever is ahead.
//!
//! A picture that stands still while there has been no sound for long is no outage: that is how slides and screens without sound look.

use crate::media::{Ns, SECOND};

/// A stream that lags behind another one by more than this is not waited for.
const LONGEST_WAIT: Ns = 10 * SECOND;
/// A picture that begins to stand still so long after the end of the sound belongs to a programme without sound. Chosen: when a feed
/// breaks off, picture and sound go within seconds of each other.
const WITHOUT_SOUND: Ns = 10 * SECOND;
/// For so long an absence that is over is kept: another stream may tell later of one that overlaps with it.
const KEPT: Ns = 60 * SECOND;

/// A half of the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The picture.
    Picture,
    /// The sound.
    Sound,
}

/// Which episode of which element of which stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeId {
    /// The number of the stream in its programme.
    pub stream: u64,
    /// The element that reports it.
    pub element: String,
    /// That element's number of it.
    pub id: u64,
}

/// An episode with which one half of the programme is gone. Times are running time, which all streams of a programme share.
#[derive(Debug, Clone)]
pub struct Absence {
    /// Which half.
    pub half: Half,
    /// Whether it is a picture that stands still.
    pub is_still: bool,
    /// Which episode.
    pub episode: EpisodeId,
    /// When it started.
    pub since: Ns,
    /// Until when it was known to last when it was announced.
    pub announced: Ns,
    /// How long after its end the end is told.
    pub clear_duration: Ns,
}

/// The start or the end of an outage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutageChange {
    /// Both are gone.
    Begin {
        /// Start of the outage.
        since: Ns,
        /// Until when it lasted for sure when both had been announced; not before the start.
        until: Ns,
    },
    /// One of them is back.
    End {
        /// Start of the outage.
        since: Ns,
        /// End of the outage.
        at: Ns,
        /// The reason of the end of the episode that ended it.
        reason: Option<String>,
    },
}

/// An absence, and its end if it is over.
#[derive(Debug)]
struct Known {
    absence: Absence,
    end: Option<(Ns, Option<String>)>,
}

/// How long one half is gone.
#[derive(Debug)]
struct Lasting<'a> {
    /// Until when for sure.
    until: Ns,
    /// Whether it is back then.
    is_over: bool,
    /// The reason of the end of the episode that ended it, if that is known.
    reason: Option<&'a str>,
}

/// An outage that goes on.
#[derive(Debug, Clone, Copy)]
struct Open {
    since: Ns,
    /// Until when it lasts for sure.
    until: Ns,
}

/// What of one programme is gone.
#[derive(Debug, Default)]
pub struct OutageTracker {
    absences: Vec<Known>,
    /// By stream, how far it has come.
    positions: Vec<(u64, Ns)>,
    open: Option<Open>,
    /// End of the last one.
    last_end: Ns,
    /// Whether times have begun again, as after a seek: what ended before doesn't count any more.
    restarted: bool,
}

impl OutageTracker {
    /// A stream has come so far.
    pub fn set_position(&mut self, stream: u64, position: Ns) {
        match self.positions.iter_mut().find(|(s, _)| *s == stream) {
            Some((_, known)) => {
                self.restarted |= position.saturating_add(SECOND) < *known;
                *known = position;
            }
            None => self.positions.push((stream, position)),
        }
    }

    /// A stream has stopped: what of it is still open ends where it is known to have lasted. After the last one nothing is known.
    pub fn remove(&mut self, stream: u64) {
        for i in 0..self.absences.len() {
            let known = &self.absences[i];
            if known.end.is_none() && known.absence.episode.stream == stream {
                let end = self.known_until(known);
                self.absences[i].end = Some((end, None));
            }
        }
        self.positions.retain(|(s, _)| *s != stream);
    }

    /// Forgets everything: no stream is left.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// An episode has been announced.
    pub fn begin(&mut self, absence: Absence) {
        let is_known = |known: &Known| known.absence.episode == absence.episode;
        if !self.absences.iter().any(is_known) {
            self.absences.push(Known { absence, end: None });
        }
    }

    /// Such an episode has ended.
    pub fn end(&mut self, episode: &EpisodeId, at: Ns, reason: Option<String>) {
        let mut all = self.absences.iter_mut();
        let is_open = |known: &&mut Known| known.absence.episode == *episode && known.end.is_none();
        if let Some(known) = all.find(is_open) {
            known.end = Some((at, reason));
        }
    }

    /// Whether there is no sound.
    pub fn is_silent(&self) -> bool {
        let mut open = self.absences.iter().filter(|known| known.end.is_none());
        open.any(|known| known.absence.half == Half::Sound)
    }

    /// Whether an outage may begin or end as streams go on.
    pub fn is_undecided(&self) -> bool {
        let has = |half| self.absences.iter().any(|known| known.absence.half == half);
        self.open.is_some() || (has(Half::Picture) && has(Half::Sound))
    }

    /// The next change that is certain; to be asked again until there is none.
    pub fn next_change(&mut self) -> Option<OutageChange> {
        let change = match self.open {
            None => self.find_begin(),
            Some(open) => self.go_on(open),
        };
        match &change {
            Some(OutageChange::Begin { since, .. }) => {
                let (since, until) = (*since, *since);
                self.open = Some(Open { since, until });
            }
            Some(OutageChange::End { at, .. }) => (self.open, self.last_end) = (None, *at),
            None => self.forget_old(),
        }
        change
    }

    fn forget_old(&mut self) {
        let restarted = std::mem::take(&mut self.restarted);
        if restarted {
            self.last_end = 0;
        }
        let newest = self.newest();
        let is_recent = |end: &(Ns, _)| !restarted && newest <= end.0.saturating_add(KEPT);
        self.absences
            .retain(|known| known.end.as_ref().is_none_or(is_recent));
    }

    fn find_begin(&self) -> Option<OutageChange> {
        let of = |half| {
            let all = self.absences.iter();
            all.filter(move |known| known.absence.half == half)
        };
        let pairs = of(Half::Picture).flat_map(|p| of(Half::Sound).map(move |s| (p, s)));
        let overlaps = pairs.filter_map(|(p, s)| {
            let since = p.absence.since.max(s.absence.since).max(self.last_end);
            let until = self.known_until(p).min(self.known_until(s));
            let announced = p.absence.announced.min(s.absence.announced);
            let is_without_sound = p.absence.is_still
                && p.absence.since > self.first_of(s).saturating_add(WITHOUT_SOUND);
            (since < until && !is_without_sound).then_some((since, announced.max(since)))
        });
        let (since, until) = overlaps.min()?;
        Some(OutageChange::Begin { since, until })
    }

    /// When an absence began, or the first of those of the same stream that it follows without a pause.
    fn first_of(&self, known: &Known) -> Ns {
        let mut first = known.absence.since;
        let stream = known.absence.episode.stream;
        let before = |first: Ns| {
            let all = self.absences.iter();
            let mut all = all.filter(|k| k.absence.episode.stream == stream);
            let is_before = |k: &&Known| k.absence.since < first && self.known_until(k) >= first;
            all.find(is_before).map(|k| k.absence.since)
        };
        while let Some(earlier) = before(first) {
            first = earlier;
        }
        first
    }

    /// The end of the outage, if it is known; else notes how long it lasts for sure.
    fn go_on(&mut self, open: Open) -> Option<OutageChange> {
        let halves = [Half::Picture, Half::Sound].map(|half| self.lasting(half, open.until));
        let certain = halves.iter().map(|half| half.until).min()?;
        let ends = |half: &&Lasting<'_>| half.is_over && (half.until == certain || self.restarted);
        let Some(first) = halves.iter().find(ends) else {
            self.open = Some(Open {
                until: certain,
                ..open
            });
            return None;
        };
        Some(OutageChange::End {
            since: open.since,
            at: certain,
            reason: first.reason.map(ToOwned::to_owned),
        })
    }

    /// For how long a half is gone from that time on, by episodes that follow each other without a pause.
    fn lasting(&self, half: Half, from: Ns) -> Lasting<'_> {
        let mut lasting = Lasting {
            until: from,
            is_over: true,
            reason: None,
        };
        loop {
            let next = self.absences.iter().find(|known| {
                known.absence.half == half
                    && known.absence.since <= lasting.until
                    && (known.end.is_none() || self.known_until(known) > lasting.until)
            });
            let Some(next) = next else {
                return lasting;
            };
            lasting.until = self.known_until(next).max(lasting.until);
            lasting.is_over = next.end.is_some();
            if !lasting.is_over {
                return lasting;
            }
            let end = next.end.as_ref();
            lasting.reason = end.and_then(|(_, reason)| reason.as_deref());
        }
    }

    /// Until when an absence lasts for sure.
    fn known_until(&self, known: &Known) -> Ns {
        if let Some((end, _)) = &known.end {
            return *end;
        }
        let stream = known.absence.episode.stream;
        let position = self.positions.iter().find(|(s, _)| *s == stream);
        let position = position.map_or(0, |(_, position)| *position);
        position
            .saturating_sub(known.absence.clear_duration)
            .max(self.newest().saturating_sub(LONGEST_WAIT))
            .max(known.absence.since)
    }

    fn newest(&self) -> Ns {
        let positions = self.positions.iter().map(|(_, position)| *position);
        positions.max().unwrap_or(0)
    }
}

#[cfg(test)]
#[path = "outage_tests.rs"]
mod tests;
