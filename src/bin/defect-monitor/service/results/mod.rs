// SPDX-License-Identifier: MPL-2.0
//! Keeps what streams say: in batches, compressed, partitioned by stream and hour, in files or an object store.
//!
//! ```text
//! put ──queue──> batches (in memory) ──each minute──> spool (files, synced) ──> store
//! ```
//!
//! What is in the spool survives the process and a store that is away; `kill -9` loses what wasn't spooled yet, one batch. Names
//! are unique among processes, so that several may write to one store.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::runtime::Handle;

use super::config::Secret;
use super::outcome::Outcome;
use super::parts::{Health, Parts};
use crate::lock::lock;

mod batch;
pub mod place;
mod spool;
mod store;
#[cfg(test)]
mod tests;

use batch::Batch;
use spool::Spool;
use store::Uploader;

/// The section `[results]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// `file:///var/lib/defect-monitor/results`, `s3://bucket/prefix`.
    pub url: String,
    /// How much time a batch covers, in seconds: so much is lost by a crash at most.
    #[serde(default = "Config::minute")]
    pub batch_seconds: u64,
    /// Where batches wait for the store; by default in the folder for state of the service or the user.
    pub spool: Option<PathBuf>,
    /// How much may wait there; beyond it, the oldest records go first, then pictures, events last.
    #[serde(default = "Config::gibibyte")]
    pub spool_limit_bytes: u64,
    /// Another server than Amazon's, e.g. `https://minio.example:9000`.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// Access key; by default what AWS's environment variables say.
    pub access_key: Option<Secret>,
    /// Its secret.
    pub secret_key: Option<Secret>,
    /// Whether the endpoint may be spoken to without encryption.
    #[serde(default)]
    pub allow_http: bool,
    /// Certificates (PEM) of the authority that signed the endpoint's.
    pub ca_file: Option<PathBuf>,
}

impl Config {
    fn minute() -> u64 {
        60
    }

    fn gibibyte() -> u64 {
        1 << 30
    }
}

/// The part of the process that this is.
const PART: &str = "results";
/// What is written before it is brought to the store. Its health is its own: a store that takes something doesn't mend a full disk.
const SPOOL: &str = "results: spool";
/// What is said before it is written: a store that takes something doesn't make the writer faster.
const QUEUE_PART: &str = "results: queue";
/// Outcomes that may wait for the writer: some seconds of hundreds of streams.
const QUEUE: usize = 1 << 16;
/// How often there is a look at the clock.
const TICK: Duration = Duration::from_millis(250);

/// The one writer of the process.
#[derive(Debug)]
pub struct Writer(Option<Running>);

#[derive(Debug)]
struct Running {
    /// None once closed.
    queue: Mutex<Option<SyncSender<Outcome>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    uploader: Uploader,
    parts: Parts,
    /// Whether something was lost since the last batch because more came than could be written.
    overrun: Arc<AtomicBool>,
}

/// Whether it can work, as far as that is known without the store.
pub fn check(config: &Config) -> Result<(), String> {
    store::check(config)?;
    place::spool(config.spool.as_deref(), "").map(drop)
}

impl Writer {
    /// Starts to write; without a configuration nothing is kept. An error if it can never work as configured.
    pub fn start(
        config: Option<&Config>,
        member: &str,
        parts: &Parts,
        runtime: &Handle,
    ) -> Result<Self, String> {
        let Some(config) = config else {
            return Ok(Self(None));
        };
        let wrong = |why: String| format!("[results] {why}");
        let store = store::open(config).map_err(wrong)?;
        let folder = place::spool(config.spool.as_deref(), member).map_err(wrong)?;
        let spool = Arc::new(Spool::open(folder, config.spool_limit_bytes, parts).map_err(wrong)?);
        parts.report(PART, Health::Fine);
        let uploader = Uploader::start(store, Arc::clone(&spool), parts, runtime);
        let (queue, outcomes) = sync_channel(QUEUE);
        let overrun = Arc::new(AtomicBool::new(false));
        let work = {
            let batch = Batch::new(member, spool);
            let length = Duration::from_secs(config.batch_seconds.max(1));
            let (overrun, parts) = (Arc::clone(&overrun), parts.clone());
            move || {
                write(&outcomes, batch, length, || {
                    // Whole again once a batch has lost nothing.
                    if !overrun.swap(false, Ordering::Relaxed) {
                        parts.report(QUEUE_PART, Health::Fine);
                    }
                });
            }
        };
        let thread = std::thread::Builder::new()
            .name("results".to_owned())
            .spawn(work)
            .map_err(|e| wrong(format!("no thread to write: {e}")))?;
        Ok(Self(Some(Running {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
            uploader,
            parts: parts.clone(),
            overrun,
        })))
    }

    /// Takes something to be kept; never waits.
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
        running.overrun.store(true, Ordering::Relaxed);
        running.parts.report(QUEUE_PART, Health::Broken(text));
        running.parts.add(DROPPED, DROPPED_HELP, PART, 1.0);
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
        running.uploader.close();
    }
}

/// Makes batches of what comes until nothing can come any more.
fn write(outcomes: &Receiver<Outcome>, mut batch: Batch, length: Duration, handed_over: impl Fn()) {
    let mut due = Instant::now() + length;
    loop {
        match outcomes.recv_timeout(TICK) {
            Ok(outcome) => batch.add(outcome),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if Instant::now() >= due || batch.is_full() {
            batch.hand_over();
            handed_over();
            due = Instant::now() + length;
        }
    }
    batch.hand_over();
}

const DROPPED: &str = "defect_results_dropped_total";
const DROPPED_HELP: &str = "Results that were lost: events, records and pictures.";
