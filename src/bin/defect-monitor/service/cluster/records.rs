// SPDX-License-Identifier: MPL-2.0
//! What members tell each other, as it lies in the buckets of the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a member says of itself every few seconds. It lies in a bucket whose entries live for [`LEASE`](super::LEASE): the lease under
/// which the member holds all its streams.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// When its process started, in ms of Unix time. Of two processes of one name the earlier one has it.
    pub started: i64,
    /// A number of this process alone.
    pub process: u64,
    /// Where its page and API are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Arc<str>>,
    /// Share of its cores or memory for streams that is used, whichever is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<f64>,
    /// Cores that its streams may take.
    pub cores: f64,
    /// The cost of what it can watch, in cores, by what it has measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<f64>,
    /// What its streams cost, in cores, as far as that is measured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub costs: BTreeMap<Arc<str>, f64>,
}

/// Who watches a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The member that does.
    pub holder: Arc<str>,
    /// The member that may claim it although the holder lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Arc<str>>,
}

/// The key of a stream or a member. Names may have dots anywhere, subjects of NATS may not; no name has `=`.
pub fn key(name: &str) -> String {
    name.replace('.', "=")
}

/// The name that a key stands for.
pub fn name(key: &str) -> Arc<str> {
    key.replace('=', ".").into()
}
