// SPDX-License-Identifier: MPL-2.0
//! The cluster as its members see it, for people and programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

/// The whole cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Status {
    /// The member that says so.
    pub member: Arc<str>,
    /// The members that live.
    pub members: Vec<MemberStatus>,
    /// All streams, by name.
    pub streams: Vec<StreamStatus>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberStatus {
    /// Its name.
    pub name: Arc<str>,
    /// Where its page and API are.
    pub url: Option<Arc<str>>,
    /// Cores that its streams may take.
    pub cores: f64,
    /// Share of these, or of its memory, that is used; none until that is measured.
    pub load: Option<f64>,
    /// How many streams it watches.
    pub streams: usize,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamStatus {
    /// Its name.
    pub id: Arc<str>,
    /// The member that watches it; none: nobody.
    pub member: Option<Arc<str>>,
    /// Its URI, without passwords.
    pub uri: String,
    /// Its labels.
    pub labels: Arc<BTreeMap<String, String>>,
}
