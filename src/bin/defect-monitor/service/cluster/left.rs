// SPDX-License-Identifier: MPL-2.0
//! An alarm or a notice, as a member leaves it to others in the bucket.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::announced::Span;
use crate::service::alerts::{UNWATCHED, alarm_key};
use crate::service::outcome::Event;
use crate::service::state::{MIRRORED, Mirrored, Section};

/// The number of processes before this one whose alarms it has found in its state.
pub const EARLIER_RUN: u64 = 0;

/// An entry of the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Number of the process that wrote it.
    pub process: u64,
    /// The stream that it is about.
    pub stream: Arc<str>,
    /// Its key in the state of the process.
    pub key: String,
    /// Its value there, as JSON.
    pub value: String,
    /// When the alarm was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Timestamp>,
}

/// The key of an entry. None if it is of no use to others.
pub fn place_of(section: Section, key: &str) -> Option<String> {
    let (_, last) = key.rsplit_once('\u{1f}')?;
    let kind = match section {
        // Such an episode is stream, kind, "all", element, number.
        Section::Queue => last.rsplit('.').nth(3),
        _ => Some(last),
    };
    (kind != Some(UNWATCHED)).then(|| place(section, key))
}

/// The key in the bucket of an entry of the state.
pub fn place(section: Section, key: &str) -> String {
    format!("{}.{}", section.name(), URL_SAFE_NO_PAD.encode(key))
}

/// The entry of the state that a key in the bucket stands for.
pub fn entry_of(place: &str) -> Option<(Section, String)> {
    let (_, key) = place.split_once('.')?;
    let key = String::from_utf8(URL_SAFE_NO_PAD.decode(key).ok()?).ok()?;
    Some((section_of(place)?, key))
}

/// Of what kind an entry is.
pub fn section_of(place: &str) -> Option<Section> {
    let (name, _) = place.split_once('.')?;
    MIRRORED.into_iter().find(|section| section.name() == name)
}

/// Whether it is an alarm, not a notice.
pub fn is_alarm(place: &str) -> bool {
    section_of(place) == Some(Section::Alarms)
}

/// The event of an alarm or a notice.
fn event_of(value: &str) -> Option<Event> {
    #[derive(Deserialize)]
    struct Value {
        #[serde(alias = "begin")]
        notice: Event,
    }
    let value: Value = serde_json::from_str(value).ok()?;
    Some(value.notice)
}

impl Left {
    /// What a process leaves. None if nobody can read it, or it is gone.
    pub fn of(process: u64, mirrored: &Mirrored) -> Option<Self> {
        let value = mirrored.value.clone()?;
        let event = event_of(&value)?;
        Some(Self {
            process,
            stream: event.source.stream,
            key: mirrored.key.clone(),
            value,
            over: None,
        })
    }

    /// The alarm that it is or is about.
    pub fn span(&self) -> Option<Span> {
        let event = event_of(&self.value)?;
        let lasted = i64::try_from(event.defect.duration).unwrap_or(i64::MAX);
        let end = event.time.checked_add(SignedDuration::from_nanos(lasted));
        let end = end.ok().filter(|_| event.defect.state == "end");
        Some(Span {
            alarm: event.episode,
            begin: event.time,
            over: self.over.or(end),
        })
    }

    /// The entry of the alarm that this notice is of.
    pub fn alarm(&self) -> Option<String> {
        let event = event_of(&self.value)?;
        let (receiver, _) = self.key.split_once('\u{1f}')?;
        let key = alarm_key(receiver, &(event.source.stream, event.defect.kind));
        place_of(Section::Alarms, &key)
    }

    /// Whether it is the notice of a begin.
    pub fn is_begin(&self) -> bool {
        event_of(&self.value).is_some_and(|event| event.defect.state == "begin")
    }
}
