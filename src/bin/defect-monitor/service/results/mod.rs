// SPDX-License-Identifier: MPL-2.0
//! Keeps the outcomes of streams: in batches, compressed, partitioned by hour, in a folder or a bucket.
//!
//! ```text
//! put ──queue──> batch (in memory) ──each minute──> files (synced) ──each hour──> bucket
//! ```
//!
//! A batch is appended to the file of its hour, of all streams. In a folder that is all; for a bucket the file waits
//! in the spool until the hour is over, and survives the process and a store that is away. `kill -9` loses at most
//! one batch, which wasn't written yet. Names are unique among processes, so that several may write to one store.

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::config::check::first;
use super::config::results::ResultsConfig;
use super::outcome::Outcome;
use super::parts::{PartHealth, Parts};
use super::state::StateStore;
use super::state::folder::file_name;
use crate::lock::lock;

mod batch;
mod files;
mod place;
mod retention;
mod spool;
mod store;
#[cfg(test)]
mod tests;
mod writing;

use batch::Batch;
use retention::Retention;
use spool::Spool;
use store::{Place, Uploader};
use writing::{Intervals, write};

/// Health part of the store.
const PART: &str = "results";
/// Health part of the spool, separate from the store's: a reachable store doesn't mend a full disk.
const SPOOL: &str = "results: spool";
/// Health part of the queue, separate as well: a reachable store doesn't make the writer faster.
const QUEUE_PART: &str = "results: queue";
/// Outcomes that may wait for the writer: some seconds of hundreds of streams.
const QUEUE: usize = 1 << 16;
/// How often expired results are deleted.
const CLEANING: Duration = Duration::from_secs(600);

/// The one writer of the process.
#[derive(Debug)]
pub struct Writer(Option<Running>);

#[derive(Debug)]
struct Running {
    /// None once closed.
    queue: Mutex<Option<SyncSender<Outcome>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    spool: Arc<Spool>,
    /// None if results stay where they are written.
    uploader: Option<Uploader>,
    cleaning: Option<tokio::task::JoinHandle<()>>,
    /// How much is kept in a folder.
    retention: watch::Sender<Retention>,
    parts: Parts,
    /// Whether something was lost since the last batch because more came than could be written.
    overrun: Arc<Mutex<bool>>,
}

/// Whether it can work, as far as that is known without the store.
pub fn check(config: &ResultsConfig) -> Vec<String> {
    let place = match store::check(config) {
        Ok(place) => place,
        Err(why) => return vec![why],
    };
    let only_here = [
        ("retention-days", config.retention_days.is_some()),
        ("retention-bytes", config.retention_bytes.is_some()),
    ];
    let is_bucket = matches!(place, Place::Bucket(_));
    let wrong = only_here
        .into_iter()
        .filter(|(_, is_set)| is_bucket && *is_set);
    wrong
        .map(|(key, _)| {
            format!(
                "{key}: is for a folder; a bucket has rules of its own for how long objects stay"
            )
        })
        .collect()
}

impl Writer {
    /// Starts to write; without a configuration nothing is kept. An error if it can never work as configured.
    pub fn start(
        config: Option<&ResultsConfig>,
        member: &str,
        state: &StateStore,
        parts: &Parts,
        runtime: &Handle,
    ) -> Result<Self, String> {
        let Some(config) = config else {
            return Ok(Self(None));
        };
        let running = Running::start(config, member, state, parts, runtime);
        running
            .map(|running| Self(Some(running)))
            .map_err(|why| format!("[results] {why}"))
    }

    /// A file of the store; none if it isn't there.
    pub async fn read(&self, path: &str) -> Option<Vec<u8>> {
        let running = self.0.as_ref()?;
        let (spool, name) = (Arc::clone(&running.spool), path.to_owned());
        let here = tokio::task::spawn_blocking(move || spool.read(&name))
            .await
            .ok()
            .flatten();
        match (here, &running.uploader) {
            (None, Some(uploader)) => uploader.read(path).await,
            (here, _) => here,
        }
    }

    /// Keeps an outcome; never waits.
    pub fn put(&self, outcome: Outcome) {
        let Some(running) = &self.0 else { return };
        let queue = lock(&running.queue);
        let Some(queue) = &*queue else { return };
        let full = match queue.try_send(outcome) {
            Ok(()) => return,
            Err(TrySendError::Full(_)) => "more comes than can be written",
            Err(TrySendError::Disconnected(_)) => "the writer has stopped",
        };
        let text = format!("{full}; results are lost");
        // Locked until it is reported, so that the writer can't report `Fine` in between.
        let mut overrun = lock(&running.overrun);
        *overrun = true;
        running.parts.report(QUEUE_PART, PartHealth::Broken(text));
        running.parts.add(DROPPED, DROPPED_HELP, PART, 1.0);
    }

    /// Keeps results in a folder for so long, and so much of them, from now on.
    pub fn set_retention(&self, config: Option<&ResultsConfig>) {
        if let (Some(running), Some(config)) = (&self.0, config) {
            let new = Retention::of(config);
            let change = |old: &mut Retention| std::mem::replace(old, new) != new;
            running.retention.send_if_modified(change);
        }
    }

    /// Writes what is left, and waits a while for the store.
    pub fn close(&self) {
        let Some(running) = &self.0 else { return };
        // Without a sender the thread writes what is left and ends.
        drop(lock(&running.queue).take());
        let thread = lock(&running.thread).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        if let Some(cleaning) = &running.cleaning {
            cleaning.abort();
        }
        if let Some(uploader) = &running.uploader {
            uploader.close();
        }
    }
}

impl Running {
    fn start(
        config: &ResultsConfig,
        member: &str,
        state: &StateStore,
        parts: &Parts,
        runtime: &Handle,
    ) -> Result<Self, String> {
        first(check(config))?;
        let (retention, limits) = watch::channel(Retention::of(config));
        let (spool, uploader, cleaning) = match store::check(config)? {
            Place::Folder(folder) => {
                let spool = Arc::new(Spool::in_place(folder.into(), parts)?);
                (spool, None, Some(clean(folder.into(), limits, runtime)))
            }
            Place::Bucket(place) => {
                let store = store::bucket(config, place)?;
                let folder = spool_folder(config, member, state)?;
                let spool = Arc::new(Spool::for_bucket(folder, config.spool_limit_bytes, parts)?);
                let uploader = Uploader::start(store, Arc::clone(&spool), parts, runtime);
                (spool, Some(uploader), None)
            }
        };
        parts.report(PART, PartHealth::Fine);
        let (queue, outcomes) = sync_channel(QUEUE);
        let overrun = Arc::new(Mutex::new(false));
        let batch = Batch::new(member, Arc::clone(&spool), state.clone());
        let intervals = Intervals {
            batch: Duration::from_secs(config.batch_seconds.max(1)),
            object: Duration::from_secs(config.object_minutes.saturating_mul(60)),
        };
        let work = {
            let (overrun, parts) = (Arc::clone(&overrun), parts.clone());
            move || {
                write(&outcomes, batch, intervals, || {
                    // Whole again once a batch has lost nothing.
                    let mut overrun = lock(&overrun);
                    if !std::mem::take(&mut *overrun) {
                        parts.report(QUEUE_PART, PartHealth::Fine);
                    }
                });
            }
        };
        let thread = std::thread::Builder::new()
            .name("results".to_owned())
            .spawn(work)
            .map_err(|e| format!("no thread to write: {e}"))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
            spool,
            uploader,
            cleaning,
            retention,
            parts: parts.clone(),
            overrun,
        })
    }
}

/// Where objects wait for a bucket.
fn spool_folder(
    config: &ResultsConfig,
    member: &str,
    state: &StateStore,
) -> Result<PathBuf, String> {
    match (&config.spool, state.folder()) {
        (Some(folder), _) => Ok(folder.join(file_name(member))),
        (None, Some(folder)) => Ok(folder.join("spool")),
        (None, None) => {
            Err("spool: there is no folder for what waits for the bucket; set one".to_owned())
        }
    }
}

/// Deletes what is too old or too much: now and then, and when the limits change.
fn clean(
    folder: PathBuf,
    mut limits: watch::Receiver<Retention>,
    runtime: &Handle,
) -> tokio::task::JoinHandle<()> {
    runtime.spawn(async move {
        // Once more later, for files that were left half written by a process killed just before the start.
        let now = Instant::now();
        let mut looks = [now, now + files::UNFINISHED].into_iter().peekable();
        loop {
            let (folder, retention) = (folder.clone(), *limits.borrow_and_update());
            let is_due = looks.next_if(|at| *at <= Instant::now()).is_some();
            let work = move || {
                if is_due {
                    files::remove_unfinished(&folder);
                }
                retention.apply(&folder)
            };
            let _ = tokio::task::spawn_blocking(work).await;
            // The time is over, or there are others.
            if let Ok(Err(_)) = tokio::time::timeout(CLEANING, limits.changed()).await {
                return;
            }
        }
    })
}

const DROPPED: &str = "defect_results_dropped_total";
const DROPPED_HELP: &str = "Results that were lost: events, records and pictures.";
