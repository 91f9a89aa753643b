// SPDX-License-Identifier: MPL-2.0
//! Streams that the API added, replaced or removed. They outlast reloads and restarts: for each stream the latest
//! change counts, by the API or in the file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::config::{Loaded, Origin, Plan, StreamConfig};
use super::http::Control;
use super::log;
use super::state::{Section, StateStore};
use super::supervisor::Supervisor;
use crate::lock::lock;

/// A change by the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Override {
    /// None: it is removed.
    stream: Option<StreamConfig>,
    /// What the file said of it then. It counts again as soon as it says something else.
    file: Option<StreamConfig>,
}

/// See the module.
#[derive(Debug)]
pub struct Overrides {
    supervisor: Arc<Supervisor>,
    /// The detectors that this process may use; all if there are none.
    detectors: Vec<String>,
    state: StateStore,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// By stream.
    overrides: BTreeMap<String, Override>,
    /// What the file says now.
    file: BTreeMap<String, StreamConfig>,
}

impl Overrides {
    /// With what the API said to an earlier run.
    pub fn load(supervisor: &Arc<Supervisor>, detectors: &[String], state: &StateStore) -> Self {
        let inner = Inner {
            overrides: state.load(Section::Streams, "").into_iter().collect(),
            file: BTreeMap::new(),
        };
        Self {
            supervisor: Arc::clone(supervisor),
            detectors: detectors.to_vec(),
            state: state.clone(),
            inner: Mutex::new(inner),
        }
    }

    /// Applies the changes of the API to the file's streams.
    pub fn apply(&self, mut loaded: Loaded) -> Loaded {
        let mut inner = lock(&self.inner);
        let Inner { overrides, file } = &mut *inner;
        let streams = loaded.config.streams.iter();
        *file = streams
            .map(|stream| (stream.id.clone(), stream.clone()))
            .collect();
        for (id, _) in overrides.extract_if(.., |id, said| said.file.as_ref() != file.get(id)) {
            log::line(
                &id,
                "the file has changed it: what the API said before doesn't count any more",
            );
            self.state.delete(Section::Streams, &id);
        }
        for (id, said) in overrides {
            loaded.plans.retain(|plan| *plan.id != **id);
            loaded
                .unwatchable
                .retain(|unwatchable| *unwatchable.id != **id);
            let Some(stream) = &said.stream else { continue };
            match Plan::of(stream, Origin::Api, &loaded.config, &self.detectors) {
                Ok(plan) => loaded.plans.push(plan),
                Err(faults) => {
                    let faults = faults
                        .iter()
                        .map(|fault| format!("{}: {}", fault.key, fault.what));
                    let faults = faults.collect::<Vec<_>>().join("; ");
                    log::line(
                        id,
                        format!(
                            "added through the API, but it can't be watched any more: {faults}"
                        ),
                    );
                }
            }
        }
        loaded
    }

    fn note(&self, id: &str, stream: Option<StreamConfig>) {
        let mut inner = lock(&self.inner);
        let file = inner.file.get(id).cloned();
        // What never was in the file leaves no trace, and what is as the file has it needs none.
        if stream == file {
            inner.overrides.remove(id);
            return self.state.delete(Section::Streams, id);
        }
        let said = Override { stream, file };
        self.state.set(Section::Streams, id, &said);
        inner.overrides.insert(id.to_owned(), said);
    }
}

impl Control for Overrides {
    fn add(&self, stream: StreamConfig) -> Result<(), String> {
        self.supervisor.add(stream.clone())?;
        let id = stream.id.clone();
        self.note(&id, Some(stream));
        Ok(())
    }

    fn remove(&self, id: &str) -> Result<(), String> {
        self.supervisor.remove(id)?;
        self.note(id, None);
        Ok(())
    }

    fn list(&self) -> Vec<StreamConfig> {
        self.supervisor.list()
    }
}
