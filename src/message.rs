// SPDX-License-Identifier: MPL-2.0
//! The messages of the elements, for those who read the bus.
//!
//! ```no_run
//! # fn read(message: &gst::Message) {
//! if let Ok(defect) = gstdefect::DefectMessage::try_from(message) {
//!     println!("{} {} at {} ns", defect.kind, defect.state, defect.timestamp);
//! }
//! # }
//! ```

use std::collections::BTreeMap;

use gst::prelude::*;
use serde::{Deserialize, Serialize};

/// Name of the structure of a defect message.
pub const DEFECT: &str = "defect";
/// Name of the structure of a measurement message.
pub const MEASUREMENT: &str = "defect-measurement";

/// A defect message: an episode is established, goes on, or is over. Times are in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DefectMessage {
    /// Name of the element that reports.
    pub element: String,
    /// Kind of defect, e.g. `black`.
    pub kind: String,
    /// `begin`, `ongoing` or `end`.
    pub state: String,
    /// Number of the episode, unique within the element.
    pub id: u64,
    /// `info`, `warning`, `error` or `critical`.
    pub severity: String,
    /// Buffer timestamp at which the defect started.
    pub timestamp: u64,
    /// The same instant as stream time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_time: Option<u64>,
    /// The same instant as running time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_time: Option<u64>,
    /// How long the defect has lasted; on `end` its whole length.
    pub duration: u64,
    /// The measure that decided, worst so far.
    pub value: f64,
    /// The limit it broke.
    pub threshold: f64,
    /// How sure the detector is, 0 to 1.
    pub confidence: f64,
    /// Sub-kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// 0-based channel, -1 = the programme as a whole; only for sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<i32>,
    /// Part of the picture concerned: x, y, width, height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<[u32; 4]>,
    /// SMPTE timecode of `timestamp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timecode: Option<String>,
    /// Reference time (NTP, PTP, Unix) of `timestamp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_time: Option<u64>,
    /// Why the episode ended; on `end` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many isolated defects the episode holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Further numbers of the detector, see its documentation.
    #[serde(flatten, deserialize_with = "only_numbers")]
    pub extra: BTreeMap<String, f64>,
}

/// A measurement message: how an interval of the stream was. Times are in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MeasurementMessage {
    /// Name of the element that reports.
    pub element: String,
    /// Kind of defect that the status is about.
    pub kind: String,
    /// `ok`, `defect`, `inconclusive` or `not-analysed`.
    pub status: String,
    /// Start of the interval, as a buffer timestamp.
    pub timestamp: u64,
    /// The same instant as stream time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_time: Option<u64>,
    /// The same instant as running time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_time: Option<u64>,
    /// Length of the interval.
    pub duration: u64,
    /// The measures, by name; see the detector's documentation.
    #[serde(flatten, deserialize_with = "only_numbers")]
    pub measures: BTreeMap<String, f64>,
}

/// Leaves out what others may have added, e.g. where the message came from.
fn only_numbers<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Field {
        Number(f64),
        Other(serde::de::IgnoredAny),
    }
    let fields = BTreeMap::<String, Field>::deserialize(deserializer)?;
    Ok(fields
        .into_iter()
        .filter_map(|(name, field)| match field {
            Field::Number(number) => Some((name, number)),
            Field::Other(_) => None,
        })
        .collect())
}

/// Why a message isn't one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOurs {
    /// It is another message.
    Other,
    /// It has the right name, but this field is missing or of another type.
    Field(&'static str),
}

impl std::fmt::Display for NotOurs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Other => write!(f, "not a message of the plugin defect"),
            Self::Field(name) => write!(f, "field {name} is missing or of another type"),
        }
    }
}

impl std::error::Error for NotOurs {}

/// The fields of [`DefectMessage`] that aren't numbers of a detector.
const KNOWN: &[&str] = &["value", "threshold", "confidence"];

impl TryFrom<&gst::MessageRef> for DefectMessage {
    type Error = NotOurs;

    fn try_from(message: &gst::MessageRef) -> Result<Self, NotOurs> {
        let s = structure(message, DEFECT)?;
        let area = ["x", "y", "width", "height"].map(|name| s.get::<u32>(name).ok());
        Ok(Self {
            element: source(message),
            kind: need(s, "kind")?,
            state: need(s, "state")?,
            id: need(s, "id")?,
            severity: need(s, "severity")?,
            timestamp: need(s, "timestamp")?,
            stream_time: s.get("stream-time").ok(),
            running_time: s.get("running-time").ok(),
            duration: need(s, "duration")?,
            value: need(s, "value")?,
            threshold: need(s, "threshold")?,
            confidence: need(s, "confidence")?,
            detail: s.get("detail").ok(),
            channel: s.get("channel").ok(),
            area: match area {
                [Some(x), Some(y), Some(width), Some(height)] => Some([x, y, width, height]),
                _ => None,
            },
            timecode: s.get("timecode").ok(),
            reference_time: s.get("reference-time").ok(),
            reason: s.get("reason").ok(),
            count: s.get("count").ok(),
            extra: numbers(s, KNOWN),
        })
    }
}

impl TryFrom<&gst::MessageRef> for MeasurementMessage {
    type Error = NotOurs;

    fn try_from(message: &gst::MessageRef) -> Result<Self, NotOurs> {
        let s = structure(message, MEASUREMENT)?;
        Ok(Self {
            element: source(message),
            kind: need(s, "kind")?,
            status: need(s, "status")?,
            timestamp: need(s, "timestamp")?,
            stream_time: s.get("stream-time").ok(),
            running_time: s.get("running-time").ok(),
            duration: need(s, "duration")?,
            measures: numbers(s, &[]),
        })
    }
}

impl TryFrom<&gst::Message> for DefectMessage {
    type Error = NotOurs;

    fn try_from(message: &gst::Message) -> Result<Self, NotOurs> {
        Self::try_from(message.as_ref())
    }
}

impl TryFrom<&gst::Message> for MeasurementMessage {
    type Error = NotOurs;

    fn try_from(message: &gst::Message) -> Result<Self, NotOurs> {
        Self::try_from(message.as_ref())
    }
}

fn structure<'a>(
    message: &'a gst::MessageRef,
    name: &str,
) -> Result<&'a gst::StructureRef, NotOurs> {
    match message.view() {
        gst::MessageView::Element(e) => e
            .structure()
            .filter(|s| s.name() == name)
            .ok_or(NotOurs::Other),
        _ => Err(NotOurs::Other),
    }
}

fn source(message: &gst::MessageRef) -> String {
    message
        .src()
        .map(|src| src.name().to_string())
        .unwrap_or_default()
}

fn need<'a, T: gst::glib::value::FromValue<'a>>(
    s: &'a gst::StructureRef,
    name: &'static str,
) -> Result<T, NotOurs> {
    s.get(name).map_err(|_| NotOurs::Field(name))
}

/// Every field of type double but those in `known`.
fn numbers(s: &gst::StructureRef, known: &[&str]) -> BTreeMap<String, f64> {
    s.iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.to_string(), value.get::<f64>().ok()?)))
        .collect()
}

/// A field of a message, for the documentation.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the structure.
    pub name: &'static str,
    /// Its GType's name.
    pub type_name: &'static str,
    /// What it says, and when it is there, if not always.
    pub doc: &'static str,
}

macro_rules! fields {
    ($(#[doc = $doc:literal])* $name:ident: $($field:literal $type_name:literal $meaning:literal,)*) => {
        $(#[doc = $doc])*
        pub const $name: &[Field] = &[$(Field { name: $field, type_name: $type_name, doc: $meaning }),*];
    };
}

fields! {
    /// The fields of a defect message. A detector may add numbers of its own.
    DEFECT_FIELDS:
    "kind" "gchararray" "what is wrong: see the table of elements",
    "state" "gchararray" "`begin`, `ongoing` (only if `update-interval` > 0) or `end`",
    "id" "guint64" "number of the episode, from 1, unique within the element; the same on begin, ongoing and end",
    "severity" "gchararray" "`info`, `warning`, `error` or `critical`: what the property says",
    "timestamp" "guint64" "buffer timestamp at which the defect started, in ns (not when it was established)",
    "stream-time" "guint64" "the same instant as stream time; absent where it has none",
    "running-time" "guint64" "the same instant as running time; absent where it has none",
    "duration" "guint64" "how long the defect has lasted, in ns; on `end` its whole length",
    "value" "gdouble" "the measure that decided, worst so far",
    "threshold" "gdouble" "the limit that it broke",
    "confidence" "gdouble" "how sure the detector is, 0 to 1",
    "detail" "gchararray" "sub-kind: one of those that the section of the element lists; absent where it lists none",
    "channel" "gint" "sound: 0-based channel, -1 = the programme as a whole",
    "x" "guint" "pictures: left edge of the part concerned, in pixels, where the detector localises",
    "y" "guint" "upper edge",
    "width" "guint" "width",
    "height" "guint" "height",
    "timecode" "gchararray" "SMPTE timecode of `timestamp`, if that buffer carries one",
    "reference-time" "guint64" "reference time (NTP, PTP, Unix) of `timestamp` in ns, if buffers carry one",
    "count" "guint64" "how many isolated defects the episode holds, if they are of that sort",
    "reason" "gchararray" "on `end`: `cleared`, `eos`, `flush`, `caps`, `segment`, `discont`, `inactive` or `stopped`",
}

fields! {
    /// The fields of a measurement message. The detector's measures are further fields, of type double: NaN where there is
    /// nothing to tell, as in an interval in which no picture or buffer began since the last one goes on.
    MEASUREMENT_FIELDS:
    "kind" "gchararray" "the kind of defect that `status` is about",
    "status" "gchararray" "`ok`, `defect`, `inconclusive` (the content can't be judged) or `not-analysed` (no data, or none that could be \
    read)",
    "timestamp" "guint64" "start of the interval as a buffer timestamp, in ns",
    "stream-time" "guint64" "the same instant as stream time; absent where it has none",
    "running-time" "guint64" "the same instant as running time; absent where it has none",
    "duration" "guint64" "length of the interval, in ns",
}
