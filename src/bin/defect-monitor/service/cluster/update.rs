// SPDX-License-Identifier: MPL-2.0
//! What the cluster wants a process to watch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::service::config::{Config, Loaded, Plan, Unwatchable};

/// What this process is to watch.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// Whether the engine has said anything yet.
    pub(super) is_known: bool,
    /// All streams that processes with these detectors watch, and those that this one can't.
    pub(super) streams: Arc<(Vec<Plan>, Vec<Unwatchable>)>,
    /// Those that this process has claimed.
    pub held: Arc<BTreeSet<Arc<str>>>,
    /// Those that nobody watches, of which this process is to tell; with each a number that is the same in all processes.
    pub unwatched: Arc<BTreeMap<Arc<str>, u64>>,
}

impl Update {
    /// A stream.
    pub fn plan(&self, id: &str) -> Option<&Plan> {
        self.streams.0.iter().find(|plan| *plan.id == *id)
    }

    /// The streams, with what the file says about this process.
    pub fn loaded(&self, config: &Config) -> Loaded {
        let (plans, unwatchable) = (*self.streams).clone();
        Loaded {
            config: config.clone(),
            plans,
            unwatchable,
        }
    }
}
