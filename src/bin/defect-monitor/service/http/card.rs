// SPDX-License-Identifier: MPL-2.0
//! JSON of the page: all streams once, then changes, and the current levels of all streams.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::alerts::operations::{Acknowledgement, Mute};
use super::super::board::day::minute_of;
use super::super::board::detector_state::DetectorState;
use super::super::board::{Board, State, StreamSheet, Track};
use super::super::outcome::Event;
use super::super::parts::Part;
use super::Sources;
use super::others::{Boards, OtherCard};

/// Episodes that are over, on a card. More than begin and end between two questions.
const LAST: usize = 3;

/// A stream in short.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Card {
    id: Arc<str>,
    uri: Arc<str>,
    labels: Arc<BTreeMap<String, String>>,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    since: Timestamp,
    tracks: Vec<Track>,
    analysed: f64,
    restarts: u64,
    open: Vec<Brief>,
    /// The latest that are over, latest first.
    recent: Vec<Brief>,
}

/// A stream of this member or another one.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum AnyCard {
    /// Of this one.
    Own(Card),
    /// As the other one tells it.
    Other(Arc<Value>),
}

impl AnyCard {
    /// Of another member.
    pub fn other(card: &OtherCard) -> Self {
        Self::Other(Arc::clone(&card.value))
    }

    /// The stream.
    pub fn id(&self) -> &str {
        match self {
            Self::Own(card) => &card.id,
            Self::Other(card) => card["id"].as_str().unwrap_or_default(),
        }
    }
}

/// An episode in short.
#[derive(Debug, Serialize)]
pub struct Brief {
    episode: Arc<str>,
    kind: String,
    severity: String,
    track: Arc<str>,
    /// When it started.
    time: Timestamp,
    /// So far, in ns.
    duration: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    maintenance: bool,
}

impl From<&StreamSheet> for Card {
    fn from(sheet: &StreamSheet) -> Self {
        Self {
            id: sheet.id.clone(),
            uri: sheet.uri.clone(),
            labels: sheet.labels.clone(),
            state: sheet.state,
            reason: sheet.reason.clone(),
            since: sheet.since,
            tracks: sheet.tracks.clone(),
            analysed: sheet.analysed,
            restarts: sheet.usage.restarts,
            open: sheet.open.iter().map(|e| Brief::from(&**e)).collect(),
            recent: sheet
                .recent
                .iter()
                .rev()
                .take(LAST)
                .map(|e| Brief::from(&**e))
                .collect(),
        }
    }
}

impl From<&Event> for Brief {
    fn from(event: &Event) -> Self {
        Self {
            episode: event.episode.clone(),
            kind: event.defect.kind.clone(),
            severity: event.defect.severity.clone(),
            track: event.source.track.clone(),
            time: event.time,
            duration: event.defect.duration,
            detail: event.defect.detail.clone(),
            maintenance: event.maintenance,
        }
    }
}

/// All streams in short.
pub fn cards(board: &Board) -> Vec<Card> {
    let mut cards = Vec::new();
    board.each(|sheet| cards.push(Card::from(sheet)));
    cards
}

/// What changes all the time, as short as can be: seconds since the stream said anything (-1: never), lag in s, momentary loudness in
/// LUFS, RMS and peak level of each channel in dBFS, state and word of this minute.
pub type Pulse = (i64, f64, Option<f64>, Vec<[f64; 2]>, u8, u8);

/// Channels whose levels are told.
const MOST_CHANNELS: usize = 16;

/// The answer to "what is new?".
#[derive(Debug, Serialize)]
pub struct PollAnswer {
    /// Names this run of the process: with another one, all that is known is old.
    session: i64,
    /// To be asked with next time.
    revision: u64,
    now: Timestamp,
    /// These are all streams: those that aren't here are gone.
    all: bool,
    streams: Vec<AnyCard>,
    pulse: BTreeMap<Arc<str>, Pulse>,
    words: Vec<Arc<str>>,
    parts: Vec<Part>,
    configured: bool,
    /// Who takes care of which open episode.
    acknowledged: BTreeMap<Arc<str>, Acknowledgement>,
    mutes: Vec<Mute>,
    /// Notices that receivers weren't delivered.
    undelivered: usize,
}

impl PollAnswer {
    /// What changed since a revision of a session; everything if that isn't this one's.
    pub fn since(from: &Sources, session: Option<i64>, revision: u64) -> Self {
        let (board, operations) = (&from.board, &from.operations);
        let own = board.started().as_millisecond();
        let now = Timestamp::now();
        // Before any sheet is looked at, see `Board::bump`.
        let current = board.revision();
        let all = session != Some(own) || board.removed() > revision || revision > current;
        let (mut streams, mut pulse) = (Vec::new(), BTreeMap::new());
        let mut open = Vec::new();
        board.each(|sheet| {
            if all || sheet.changed > revision {
                streams.push(AnyCard::Own(Card::from(sheet)));
            }
            pulse.insert(sheet.id.clone(), beat(sheet, now));
            // Looked up below: the alarms have a lock of their own, which isn't taken while the board is locked.
            open.extend(sheet.open.iter().cloned());
        });
        let taken = open.iter().filter_map(|event| {
            let by = owner(from, event)?;
            Some((event.episode.clone(), by))
        });
        let acknowledged = taken.collect();
        for (id, beat) in &mut pulse {
            if let Some((state, what)) = board.minute(id, minute_of(now)) {
                (beat.4, beat.5) = (state as u8, what);
            }
        }
        Self {
            session: own,
            revision: current,
            now,
            all,
            streams,
            pulse,
            words: board.words(),
            parts: from.parts.list(),
            configured: board.is_configured(),
            acknowledged,
            mutes: operations.mutes(),
            undelivered: from.alerts.undelivered_count(),
        }
    }

    /// Adds what other members have told since that revision.
    pub fn add(&mut self, boards: &Boards, revision: u64, board: &Board) {
        let cards = boards.cards().filter(|(id, _)| board.sheet(id).is_none());
        for (id, card) in cards {
            if self.all || card.changed > revision {
                self.streams.push(AnyCard::other(card));
            }
            if let Some(pulse) = boards.pulse(id) {
                self.pulse.insert(Arc::clone(id), pulse.clone());
            }
        }
        let acknowledged = boards.acknowledged();
        let acknowledged = acknowledged.map(|(episode, by)| (Arc::clone(episode), by.clone()));
        self.acknowledged.extend(acknowledged);
        self.words = board.words();
    }
}

/// Who has acknowledged an open episode, or the alarm that it continues after a restart or after another member.
fn owner(from: &Sources, event: &Event) -> Option<Acknowledgement> {
    let (operations, kind) = (&from.operations, &event.defect.kind);
    let stream = &event.source.stream;
    let of_alarm = || {
        let by = operations.acknowledged_since(stream, kind, Timestamp::MIN)?;
        let since = from.alerts.open_since(stream, kind)?;
        (by.time >= since).then_some(by)
    };
    operations.acknowledgement(&event.episode).or_else(of_alarm)
}

fn beat(sheet: &StreamSheet, now: Timestamp) -> Pulse {
    let age = sheet
        .heard
        .map_or(-1, |at| (now.as_second() - at.as_second()).max(0));
    let momentary = |v: &DetectorState| v.measures.get("momentary").copied();
    let loudness = sheet.current(now).find_map(momentary).map(tenths);
    (
        age,
        tenths(sheet.usage.lag_seconds),
        loudness,
        levels(sheet, now),
        0,
        0,
    )
}

/// JSON has no infinity; digital silence is shown as such below -100.
fn tenths(value: f64) -> f64 {
    (value.max(-120.0) * 10.0).round() / 10.0
}

/// RMS and peak level of each channel of the first track with sound, in dBFS.
fn levels(sheet: &StreamSheet, now: Timestamp) -> Vec<[f64; 2]> {
    let mut current = sheet.current(now);
    let Some(verdict) = current.find(|v| v.measures.contains_key("rms-0")) else {
        return Vec::new();
    };
    let of = |name: &str, channel: usize| verdict.measures.get(&format!("{name}-{channel}"));
    let channel = |n: usize| {
        let rms = of("rms", n)?;
        let peak = of("peak", n).unwrap_or(rms);
        Some([tenths(*rms), tenths(*peak)])
    };
    (0..MOST_CHANNELS).map_while(channel).collect()
}

/// The last day of all streams.
#[derive(Debug, Serialize, Deserialize)]
pub struct Days {
    /// The last minute in it, in minutes of Unix time.
    until: i64,
    words: Vec<Arc<str>>,
    /// Runs of state, word and count, oldest first.
    days: BTreeMap<Arc<str>, Vec<[u16; 3]>>,
}

impl Days {
    /// Up to now.
    pub fn of(board: &Board) -> Self {
        let until = minute_of(Timestamp::now());
        let mut ids = Vec::new();
        board.each(|sheet| ids.push(sheet.id.clone()));
        let days = ids.into_iter().filter_map(|id| {
            let runs = board.day(&id, until)?;
            Some((id, runs))
        });
        Self {
            until,
            days: days.collect(),
            words: board.words(),
        }
    }

    /// Adds those of another member. What this one has counts.
    pub fn add(&mut self, other: Self, board: &Board) {
        for (id, mut runs) in other.days {
            for run in &mut runs {
                let word = other.words.get(usize::from(run[1]));
                run[1] = word.map_or(0, |word| board.word(word).into());
            }
            self.days.entry(id).or_insert(runs);
        }
        self.words = board.words();
    }
}
