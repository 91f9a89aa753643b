// SPDX-License-Identifier: MPL-2.0
//! The thread that writes what has changed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Change, FILE, Key, PART, Shared, database};
use crate::lock::lock;
use crate::service::parts::PartHealth;

/// Between two tries while the disk takes nothing.
const RETRY: Duration = Duration::from_secs(1);
/// How often old history is deleted.
const CLEANING: Duration = Duration::from_secs(3600);

impl Shared {
    /// Writes what changes, until nothing can change any more.
    pub fn write(&self, history: Duration) {
        let mut cleaned: Option<Instant> = None;
        loop {
            let (changes, made, is_closing) = self.next_changes();
            let is_due = cleaned.is_none_or(|at| at.elapsed() >= CLEANING);
            let result = self.try_write(&changes, is_due.then_some(history));
            // Set before notifying, so that waiters see it.
            match &result {
                Ok(()) => self.parts.report(PART, PartHealth::Fine),
                Err(e) => self.refused(&e.to_string()),
            }
            if is_due && result.is_ok() {
                cleaned = Some(Instant::now());
            }
            let mut waiting = lock(&self.waiting);
            match result {
                Ok(()) => waiting.kept = made,
                Err(e) => {
                    for (key, change) in changes {
                        waiting.changes.entry(key).or_insert(change);
                    }
                    waiting.refusals += 1;
                    waiting.why = e.to_string();
                }
            }
            let left = waiting.changes.len();
            drop(waiting);
            self.written.notify_all();
            let help = "Changes of the state that wait for the disk.";
            self.parts
                .gauge("defect_state_waiting", help, PART, left as f64);
            if is_closing {
                return;
            }
        }
    }

    /// What has changed; waits for it, and after a refusal for a while.
    fn next_changes(&self) -> (BTreeMap<Key, Change>, u64, bool) {
        let mut waiting = lock(&self.waiting);
        let pause_until = (!waiting.why.is_empty() && !waiting.changes.is_empty())
            .then(|| Instant::now() + RETRY);
        loop {
            let pause = pause_until.map_or(Duration::ZERO, |until| {
                until.saturating_duration_since(Instant::now())
            });
            let is_ready = waiting.groups == 0 && pause.is_zero() && !waiting.changes.is_empty();
            if waiting.is_closing || is_ready {
                waiting.why.clear();
                let changes = std::mem::take(&mut waiting.changes);
                return (changes, waiting.made, waiting.is_closing);
            }
            let pause = if pause.is_zero() { CLEANING } else { pause };
            waiting = match self.changed.wait_timeout(waiting, pause) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn try_write(
        &self,
        changes: &BTreeMap<Key, Change>,
        clean: Option<Duration>,
    ) -> rusqlite::Result<()> {
        let mut database = lock(&self.database);
        let database = match &mut *database {
            Some(database) => database,
            none => {
                let folder = self.folder.as_deref().unwrap_or(Path::new("/"));
                none.insert(database::open(&folder.join(FILE))?)
            }
        };
        database::write(database, changes, clean)
    }

    pub fn refused(&self, why: &str) {
        let text = format!(
            "the disk takes nothing; alarms go out all the same, but what changes now is lost with the process: {why}"
        );
        self.parts.report(PART, PartHealth::Degraded(text));
        let help = "Tries to write the state that failed.";
        self.parts
            .add("defect_state_failures_total", help, PART, 1.0);
    }
}
