// SPDX-License-Identifier: MPL-2.0
//! Processor time of a stream: that of the threads that GStreamer streams it with.
//!
//! Threads say on the bus when they begin and end, themselves, so that a handler that is called at once runs in them. The kernel
//! keeps the time of each (`schedstat`: nanoseconds on a processor first).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gst::prelude::*;

/// The threads of a stream, over all its sessions.
#[derive(Debug, Clone, Default)]
pub struct Threads(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// By id: nanoseconds that they had used before. GStreamer's threads serve one stream after another.
    running: BTreeMap<u32, u64>,
    /// Nanoseconds of those that have ended.
    past: u64,
}

impl Threads {
    /// Counts the threads of a pipeline as well.
    pub fn follow(&self, pipeline: &gst::Pipeline) {
        let Some(bus) = pipeline.bus() else {
            return;
        };
        let threads = self.clone();
        bus.set_sync_handler(move |_, message| {
            let gst::MessageView::StreamStatus(status) = message.view() else {
                return gst::BusSyncReply::Pass;
            };
            match status.get().0 {
                gst::StreamStatusType::Enter => threads.enter(),
                gst::StreamStatusType::Leave => threads.leave(),
                _ => {}
            }
            gst::BusSyncReply::Drop
        });
    }

    /// Processor time so far, in seconds.
    pub fn seconds(&self) -> f64 {
        let mut known = self.known();
        let mut total = known.past;
        known.running.retain(|id, before| {
            let now = time(&format!("/proc/self/task/{id}"));
            total += now.unwrap_or(0).saturating_sub(*before);
            now.is_some()
        });
        total as f64 / 1e9
    }

    fn enter(&self) {
        if let (Some(id), Some(before)) = (own_id(), time(OWN)) {
            self.known().running.insert(id, before);
        }
    }

    fn leave(&self) {
        if let (Some(id), Some(now)) = (own_id(), time(OWN)) {
            let mut known = self.known();
            if let Some(before) = known.running.remove(&id) {
                known.past += now.saturating_sub(before);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that asks.
const OWN: &str = "/proc/thread-self";

fn own_id() -> Option<u32> {
    let link = std::fs::read_link(OWN).ok()?;
    link.file_name()?.to_str()?.parse().ok()
}

/// Nanoseconds that a thread was on a processor.
fn time(folder: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("{folder}/schedstat")).ok()?;
    text.split(' ').next()?.parse().ok()
}
