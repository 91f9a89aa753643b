// SPDX-License-Identifier: MPL-2.0
//! Events and records of a stream, as they are stored and sent as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use gstdefect::DefectMessage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The stream and track of an outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The stream's id in the configuration.
    pub stream: Arc<str>,
    /// The stream's labels.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub labels: Arc<BTreeMap<String, String>>,
    /// The picture or sound in it, e.g. `video-0`; empty for all of it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub track: Arc<str>,
}

/// An outcome of watching a stream; in order of time within a track.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Outcome {
    /// An episode begins, goes on or is over.
    Defect(Box<Event>),
    /// The result of one second for one detector.
    Second(Record),
    /// A picture of a defect.
    Picture(Snapshot),
}

/// A defect of a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Where.
    #[serde(flatten)]
    pub source: Source,
    /// Names the episode, in all processes and for good: the same on begin, ongoing and end.
    pub episode: Arc<str>,
    /// When it started, by the clock on the wall.
    pub time: Timestamp,
    /// How much of the stream is analysed.
    #[serde(flatten)]
    pub analysed: Analysed,
    /// Whether it falls into a maintenance window: it is kept, but no alarm is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maintenance: bool,
    /// The message of the detector.
    #[serde(flatten)]
    pub defect: DefectMessage,
}

/// One second of a track, as one detector saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where.
    #[serde(flatten)]
    pub source: Source,
    /// Start of the second, by the clock on the wall.
    pub time: Timestamp,
    /// The same in stream time, in ns; `None` while nothing is received.
    #[serde(
        default,
        rename = "stream-time",
        skip_serializing_if = "Option::is_none"
    )]
    pub stream_time: Option<u64>,
    /// The element.
    pub detector: Arc<str>,
    /// The worst of its kinds.
    pub status: Status,
    /// The status of each kind that isn't `ok`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, Status>,
    /// How much of the stream is analysed.
    #[serde(flatten)]
    pub analysed: Analysed,
    /// Why nothing was analysed, if nothing was: `connecting`, `lost`, `maintenance`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it measured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measures: BTreeMap<String, f64>,
}

/// How much of a track is analysed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// Share of its pictures, 0 to 1.
    #[serde(rename = "analysed")]
    pub share: f64,
    /// Which of them.
    #[serde(default)]
    pub mode: Mode,
}

impl Analysed {
    /// All of it.
    pub const ALL: Self = Self {
        share: 1.0,
        mode: Mode::Full,
    };
    /// Nothing of it.
    pub const NOTHING: Self = Self {
        share: 0.0,
        mode: Mode::Full,
    };
}

/// Which pictures are analysed. Sound is always analysed in full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// All of them.
    #[default]
    Full,
    /// Those that are coded by themselves.
    Keyframes,
    /// One in so many.
    Every,
}

/// As the measurement message has it; in order of how much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nothing wrong.
    Ok,
    /// No data, or not watched.
    NotAnalysed,
    /// The content can't be judged.
    Inconclusive,
    /// A defect.
    Defect,
}

/// A picture of a defect.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// Where.
    pub source: Source,
    /// The episode that it shows.
    pub episode: Arc<str>,
    /// When it was, by the clock on the wall.
    pub time: Timestamp,
    /// Which moment of it.
    pub moment: Moment,
    /// The file.
    #[serde(with = "bytes")]
    pub jpeg: Arc<[u8]>,
}

/// Which moment of an episode a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Its start, or when it was established.
    Begin,
    /// The worst so far.
    Worst,
}

fn is_empty(labels: &BTreeMap<String, String>) -> bool {
    labels.is_empty()
}

impl Outcome {
    /// Where it comes from.
    pub fn source_mut(&mut self) -> &mut Source {
        match self {
            Self::Defect(event) => &mut event.source,
            Self::Second(record) => &mut record.source,
            Self::Picture(picture) => &mut picture.source,
        }
    }
}

/// The content of a file, in one piece.
pub mod bytes {
    use std::fmt;
    use std::sync::Arc;

    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    /// Writes them.
    pub fn serialize<S: Serializer>(bytes: &Arc<[u8]>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    /// Reads them.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<[u8]>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Arc<[u8]>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(bytes.into())
            }
        }
        from.deserialize_bytes(Bytes)
    }
}
