// SPDX-License-Identifier: MPL-2.0
//! The configuration file.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::admission;
use crate::choice::Pictures;

pub mod alerts;
pub mod check;
pub mod cluster;
pub mod http;
pub mod load;
pub mod placeholders;
pub mod plan;
pub mod results;
pub mod schedule;
pub mod secret;
pub mod state;
mod tables;
pub mod uri;
pub mod workers;

pub use load::{Loaded, Unwatchable};
pub use plan::Plan;
pub use secret::{Secret, without_values};
pub use uri::Origin;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// What streams have unless they say otherwise.
    pub defaults: Defaults,
    /// Named sets of detectors, in the syntax of `defectbin`'s property `detectors`.
    pub profiles: BTreeMap<String, String>,
    /// What is watched.
    pub streams: Vec<StreamConfig>,
    /// How many streams are watched.
    pub capacity: admission::Config,
    /// How streams are shared among processes.
    pub workers: workers::Config,
    /// Where results are kept; nowhere without it.
    pub results: Option<results::ResultsConfig>,
    /// Where defects are sent as they happen.
    pub alerts: Vec<alerts::AlertConfig>,
    /// What outlasts the process.
    pub state: state::StateConfig,
    /// The page, the metrics, the API.
    pub http: Option<http::Config>,
    /// Which others share the streams; none without it.
    pub cluster: Option<cluster::ClusterConfig>,
}

/// What may be said for all streams or for each.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Defaults {
    /// `playout`, `monitoring`, `all`, `none`, or one of `profiles`.
    pub profile: Option<String>,
    /// Changes of that set, in the syntax of `defectbin`'s property `detectors`.
    pub detectors: Option<String>,
    /// Which pictures are analysed.
    pub analyse: Option<Analyse>,
    /// Files are played at their own speed rather than as fast as they can be watched; by default if they are looped.
    pub realtime: Option<bool>,
    /// Labels of results and metrics.
    pub labels: BTreeMap<String, String>,
    /// When nobody is to be alarmed.
    pub maintenance: Vec<Window>,
}

/// One stream. Also what the HTTP API takes, as JSON.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", from = "StreamTable")]
pub struct StreamConfig {
    /// Its name in results, metrics and the page: letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// A URI or file. `${NAME}` stands for the environment variable NAME, `${file:PATH}` for what is in a file, so that no
    /// password is in here.
    pub uri: String,
    /// A file begins anew at its end.
    #[serde(default, rename = "loop")]
    pub repeats: bool,
    /// Which programme of a transport stream with several is watched, by its number in the PAT; the first by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<NonZeroU16>,
    /// What it has of its own.
    #[serde(flatten)]
    pub own: Defaults,
}

/// A stream as it is written: flat, so that what is unknown is refused and has its place in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StreamTable {
    id: String,
    uri: String,
    #[serde(default, rename = "loop")]
    repeats: bool,
    program: Option<NonZeroU16>,
    profile: Option<String>,
    detectors: Option<String>,
    analyse: Option<Analyse>,
    realtime: Option<bool>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    maintenance: Vec<Window>,
}

impl From<StreamTable> for StreamConfig {
    fn from(written: StreamTable) -> Self {
        Self {
            id: written.id,
            uri: written.uri,
            repeats: written.repeats,
            program: written.program,
            own: Defaults {
                profile: written.profile,
                detectors: written.detectors,
                analyse: written.analyse,
                realtime: written.realtime,
                labels: written.labels,
                maintenance: written.maintenance,
            },
        }
    }
}

/// Which pictures are analysed. Sound always is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Analyse {
    /// All of them.
    #[default]
    All,
    /// Only those that are coded by themselves; others aren't even decoded.
    Keyframes,
    /// One in so many.
    #[value(skip)]
    Every(u32),
    /// Only those that are coded by themselves while all is well, and all of them while there is any suspicion.
    Adaptive,
}

impl Analyse {
    /// What the detectors get of them.
    pub fn pictures(self) -> Pictures {
        match self {
            Self::All => Pictures::All,
            Self::Keyframes | Self::Every(_) => Pictures::Some,
            Self::Adaptive => Pictures::Adaptive,
        }
    }
}

/// A time of the week when work is done and alarms are expected.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Window {
    /// Days of the week (`mon`, ...); every day if empty.
    #[serde(default)]
    pub days: Vec<String>,
    /// Local time of day when it starts, `HH:MM`.
    pub from: String,
    /// When it ends; on the next day if before `from`.
    pub to: String,
    /// IANA time zone, e.g. `Europe/Vienna`; UTC by default.
    #[serde(default)]
    pub zone: Option<String>,
}

/// What can't be read or doesn't fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Line and column, from 1, where known.
    pub at: Option<(usize, usize)>,
    /// What is wrong and what is possible.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some((line, column)) = self.at {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.what)
    }
}
