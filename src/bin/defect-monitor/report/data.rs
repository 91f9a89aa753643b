// SPDX-License-Identifier: MPL-2.0
//! What a report holds: the page shows it, `--json` writes it as it is. Times are in seconds of stream time unless stated otherwise.

use std::collections::BTreeMap;

use gstdefect::DefectMessage;
use serde::Serialize;

use crate::words::Meaning;

/// A report about one or several files.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Name and version of the program.
    pub program: String,
    /// When it was made, by ISO 8601.
    pub created: String,
    /// What the detectors were set to.
    pub settings: Vec<Setting>,
    /// What each reported kind means.
    pub kinds: BTreeMap<String, Meaning>,
    /// Pictures that were left out to keep the page small.
    pub omitted_pictures: usize,
    /// One entry for each file, in the order of the arguments.
    pub files: Vec<File>,
}

/// One setting of a detector.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Setting {
    /// Name of the element.
    pub element: &'static str,
    /// Name of the property.
    pub property: &'static str,
    /// Its value, as GStreamer writes it.
    pub value: String,
    /// What the property means.
    pub meaning: &'static str,
    /// Whether it differs from the default.
    pub is_changed: bool,
}

/// How a file is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was played to its end, and nothing was found.
    Clean,
    /// There are defects.
    Defects,
    /// It couldn't be played, or not to its end.
    Failed,
}

/// What was found in one file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct File {
    /// Its name for people.
    pub name: String,
    /// Its URI.
    pub uri: String,
    /// How it is judged.
    pub verdict: Verdict,
    /// Errors and warnings.
    pub problems: Vec<String>,
    /// Length of its longest track.
    pub duration: f64,
    /// How long the analysis took, in seconds of the wall clock.
    pub took: f64,
    /// Its pictures and sounds.
    pub tracks: Vec<Track>,
    /// Its defects in the order in which they began.
    pub defects: Vec<Defect>,
    /// Defects beyond the most that a report lists.
    pub omitted_defects: usize,
    /// Measurements over time.
    pub strips: Vec<Strip>,
    /// Small pictures of the whole file.
    pub thumbnails: Vec<Picture>,
}

/// A stream of pictures or sound.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Track {
    /// Its name, e.g. `video-0`.
    pub name: String,
    /// Its raw format in words.
    pub format: String,
    /// How it was coded, if known.
    pub codec: Option<String>,
    /// Its length.
    pub duration: f64,
    /// Names of the detectors that analysed it.
    pub detectors: Vec<&'static str>,
}

/// One defect.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Defect {
    /// The last message about it; times in it are in ns.
    #[serde(flatten)]
    pub message: DefectMessage,
    /// Track in which it was found.
    pub track: String,
    /// When it began.
    pub start: f64,
    /// When it was over.
    pub end: f64,
    /// Unit of `value` and `threshold`; empty for plain numbers.
    pub unit: &'static str,
    /// The picture at its start.
    pub start_picture: Option<Picture>,
    /// The picture where it was worst.
    pub worst_picture: Option<Picture>,
    /// The sound at its start.
    pub sound: Option<Excerpt>,
}

/// A picture of a file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Picture {
    /// When it is shown.
    pub time: f64,
    /// Width and height of the stream, in whose pixels areas are counted.
    pub frame: [u32; 2],
    /// A JPEG as a `data:` URI.
    pub image: String,
}

impl Picture {
    /// The same, with its time counted from that instant, in seconds.
    pub fn counted_from(mut self, origin: f64) -> Self {
        self.time = (self.time - origin).max(0.0);
        self
    }
}

/// A short piece of sound.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Excerpt {
    /// When it begins and ends.
    pub from: f64,
    /// When it ends.
    pub to: f64,
    /// The waveform of each channel that is shown.
    pub waves: Vec<Wave>,
    /// Frequencies in Hz.
    pub frequencies: Vec<f32>,
    /// Level in a band around each of them, in dBFS, of the loudest channel that is shown.
    pub levels: Vec<f32>,
}

impl Excerpt {
    /// The same, with its times counted from that instant, in seconds.
    pub fn counted_from(mut self, origin: f64) -> Self {
        (self.from, self.to) = (self.from - origin, self.to - origin);
        self
    }
}

/// The waveform of one channel: its lowest and highest sample in equal steps of time, full scale = 1.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Wave {
    /// Number of the channel, from 0.
    pub channel: usize,
    /// Lowest samples.
    pub low: Vec<f32>,
    /// Highest samples.
    pub high: Vec<f32>,
}

/// Measurements of one sort over time.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Strip {
    /// What is measured.
    pub title: String,
    /// Unit of all values.
    pub unit: &'static str,
    /// Track that is measured.
    pub track: String,
    /// Lowest and highest value of the axis, if it is fixed.
    pub range: Option<[f32; 2]>,
    /// When the intervals begin.
    pub times: Vec<f32>,
    /// One value for each interval; none where nothing could be measured.
    pub lines: Vec<Line>,
    /// Limits and targets.
    pub limits: Vec<Limit>,
}

/// One line of a strip.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Line {
    /// What it shows.
    pub label: String,
    /// Its values.
    pub values: Vec<Option<f32>>,
}

/// A limit that is drawn into a strip.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limit {
    /// What it is.
    pub label: &'static str,
    /// Its value.
    pub value: f32,
}

/// The order in which defects matter.
pub const SEVERITIES: [&str; 4] = ["critical", "error", "warning", "info"];
