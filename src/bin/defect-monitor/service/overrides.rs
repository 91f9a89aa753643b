// SPDX-License-Identifier: MPL-2.0
//! Streams that the API added, replaced or removed. That outlasts reloads and restarts: of a stream the last word counts, be it the API's
//! or the file's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::config::{Loaded, Origin, Plan, StreamConfig};
use super::http::Control;
use super::log;
use super::state::{Section, StateStore};
use super::supervisor::Supervisor;
use crate::lock::lock;

/// What the API said of a stream.
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
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    /// By stream.
    overrides: BTreeMap<String, Override>,
    /// What the file says now.
    file: BTreeMap<String, StreamConfig>,
}

impl Overrides {
    /// With what the API said to an earlier run.
    pub fn load(supervisor: &Arc<Supervisor>, detectors: &[String], state: &StateStore) -> Self {
        let known = Known {
            overrides: state.load(Section::Streams, "").into_iter().collect(),
            file: BTreeMap::new(),
        };
        Self {
            supervisor: Arc::clone(supervisor),
            detectors: detectors.to_vec(),
            state: state.clone(),
            known: Mutex::new(known),
        }
    }

    /// What the file says, but for what the API said since.
    pub fn apply(&self, mut loaded: Loaded) -> Loaded {
        let mut known = lock(&self.known);
        let Known { overrides, file } = &mut *known;
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
            loaded.aside.retain(|aside| *aside.id != **id);
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
        let mut known = lock(&self.known);
        let file = known.file.get(id).cloned();
        // What never was in the file leaves no trace, and what is as the file has it needs none.
        if stream == file {
            known.overrides.remove(id);
            return self.state.delete(Section::Streams, id);
        }
        let said = Override { stream, file };
        self.state.set(Section::Streams, id, &said);
        known.overrides.insert(id.to_owned(), said);
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
