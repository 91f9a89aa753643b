// SPDX-License-Identifier: MPL-2.0
//! What members leave to others: alarms that are open, and notices that aren't sent yet. Each member writes its own into a bucket; whoever
//! claims a stream goes on with its alarms, as after a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::service::alerts::UNWATCHED;
use crate::service::state::{Mirrored, Section};

/// For how long notices of a member that is gone wait before others send them: it may be sending them as the last that it does.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// An entry of the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Number of the process that wrote it.
    process: u64,
    /// The stream that it is about.
    stream: Arc<str>,
    /// Its key in the state of the process.
    key: String,
    /// Its value there, as JSON.
    value: String,
}

/// What is left, by key.
#[derive(Debug)]
pub struct Legacy {
    /// Number of this process.
    process: u64,
    /// What this process leaves.
    own: BTreeMap<String, Left>,
    /// What others have left, and when that was read.
    others: BTreeMap<String, (Left, Instant)>,
}

/// The key of an entry, and the entry; none if it is gone. Nothing if it is of no use to others.
fn entry(process: u64, mirrored: &Mirrored) -> Option<(String, Option<Left>)> {
    let Mirrored {
        section,
        key,
        value,
    } = mirrored;
    if key.contains(&format!("\u{1f}{UNWATCHED}")) || key.contains(&format!(".{UNWATCHED}.")) {
        return None;
    }
    let place = format!("{}.{}", section.name(), URL_SAFE_NO_PAD.encode(key));
    let Some(value) = value else {
        return Some((place, None));
    };
    let left = Left {
        process,
        stream: stream_of(*section, value)?,
        key: key.clone(),
        value: value.clone(),
    };
    Some((place, Some(left)))
}

fn stream_of(section: Section, value: &str) -> Option<Arc<str>> {
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    let event = match section {
        Section::Alarms => &value["begin"],
        _ => &value["notice"],
    };
    event["stream"].as_str().map(Arc::from)
}

fn section_of(place: &str) -> Option<Section> {
    let (name, _) = place.split_once('.')?;
    [Section::Alarms, Section::Queue]
        .into_iter()
        .find(|section| section.name() == name)
}

impl Legacy {
    /// None yet.
    pub fn new(process: u64) -> Self {
        Self {
            process,
            own: BTreeMap::new(),
            others: BTreeMap::new(),
        }
    }

    /// Forgets what others have left, to read it again.
    pub fn clear(&mut self) {
        self.others.clear();
    }

    /// This process leaves that. Gives the key of the entry, and the entry; none if it is to be removed.
    pub fn leave(&mut self, mirrored: &Mirrored) -> Option<(String, Option<Left>)> {
        let (place, left) = entry(self.process, mirrored)?;
        match &left {
            Some(left) => self.own.insert(place.clone(), left.clone()),
            None => self.own.remove(&place),
        };
        self.others.remove(&place);
        Some((place, left))
    }

    /// All that this process leaves.
    pub fn own(&self) -> Vec<(String, Left)> {
        let own = self.own.iter();
        own.map(|(place, left)| (place.clone(), left.clone()))
            .collect()
    }

    /// The alarms of these streams are others'.
    pub fn hand_over(&mut self, streams: &BTreeSet<Arc<str>>) {
        let is_alarm = |place: &str| section_of(place) == Some(Section::Alarms);
        self.own
            .retain(|place, left| !is_alarm(place) || !streams.contains(&left.stream));
    }

    /// An entry of the bucket is this now; none: it is gone.
    pub fn note(&mut self, place: &str, left: Option<Left>, now: Instant) {
        match left.filter(|left| left.process != self.process) {
            Some(left) => self.others.insert(place.to_owned(), (left, now)),
            None => self.others.remove(place),
        };
    }

    /// Takes out what this process is to go on with: the alarms of the streams that it has, and what processes that don't live any more
    /// couldn't send of them.
    pub fn inherit(
        &mut self,
        held: &BTreeSet<Arc<str>>,
        live: &BTreeSet<u64>,
        now: Instant,
    ) -> Vec<Mirrored> {
        let is_due = |place: &String, (left, since): &mut (Left, Instant)| {
            let has_waited = now.saturating_duration_since(*since) >= LAST_WORDS;
            held.contains(&left.stream)
                && match section_of(place) {
                    Some(Section::Alarms) => true,
                    Some(_) => has_waited && !live.contains(&left.process),
                    None => false,
                }
        };
        let due = self.others.extract_if(.., is_due);
        due.filter_map(|(place, (left, _))| {
            Some(Mirrored {
                section: section_of(&place)?,
                key: left.key,
                value: Some(left.value),
            })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(section: Section, key: &str, value: &str) -> Mirrored {
        Mirrored {
            section,
            key: key.to_owned(),
            value: Some(value.to_owned()),
        }
    }

    #[test]
    fn alarms_go_with_their_stream_and_notices_wait_until_their_process_is_gone() {
        let alarm = of(
            Section::Alarms,
            "r\u{1f}a.b\u{1f}black",
            r#"{"begin": {"stream": "a.b"}}"#,
        );
        let notice = of(
            Section::Queue,
            "r\u{1f}a.b.1.all.x.1",
            r#"{"notice": {"stream": "a.b"}}"#,
        );
        let (mut first, mut second, now) = (Legacy::new(1), Legacy::new(2), Instant::now());
        for mirrored in [&alarm, &notice] {
            let (place, left) = first.leave(mirrored).unwrap();
            assert!(
                place
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            );
            first.note(&place, left.clone(), now);
            second.note(&place, left, now);
        }
        let held: BTreeSet<Arc<str>> = ["a.b".into()].into();
        let (all, one) = ([1, 2].into(), [2].into());
        let later = now + LAST_WORDS;
        assert_eq!(first.inherit(&held, &all, later), []);
        assert_eq!(second.inherit(&BTreeSet::new(), &one, later), []);
        assert_eq!(second.inherit(&held, &one, now), [alarm]);
        assert_eq!(second.inherit(&held, &all, later), []);
        assert_eq!(second.inherit(&held, &one, later), [notice]);
        // What it has handed over isn't written again.
        assert_eq!(first.own().len(), 2);
        first.hand_over(&held);
        assert_eq!(first.own().len(), 1);
    }

    #[test]
    fn what_is_of_no_use_to_others_stays_here() {
        let unwatched = of(
            Section::Alarms,
            "r\u{1f}a\u{1f}unwatched",
            r#"{"begin": {"stream": "a"}}"#,
        );
        assert_eq!(entry(1, &unwatched), None);
        let gone = Mirrored {
            section: Section::Queue,
            key: "r\u{1f}x".to_owned(),
            value: None,
        };
        assert!(matches!(entry(1, &gone), Some((_, None))));
    }
}
