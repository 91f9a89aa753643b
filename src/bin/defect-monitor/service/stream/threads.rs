// SPDX-License-Identifier: MPL-2.0
//! CPU time of a stream: that of its GStreamer streaming threads.
//!
//! GStreamer posts stream-status messages from the thread itself when it begins and ends, so a sync handler runs in that thread. The
//! kernel keeps the CPU time of each thread (`schedstat`, the first number, in ns).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gst::prelude::*;

/// The threads of a stream, over all its sessions.
#[derive(Debug, Clone, Default)]
pub struct Threads(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// By thread id: CPU time in ns that the thread had used before, since GStreamer's threads serve one stream after another.
    running: BTreeMap<u32, u64>,
    /// CPU time of the threads that have ended, in ns.
    past: u64,
}

impl Threads {
    /// Counts the threads of that pipeline as well.
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

    /// CPU time so far, in seconds.
    pub fn seconds(&self) -> f64 {
        let mut inner = self.inner();
        let mut total = inner.past;
        inner.running.retain(|id, before| {
            let now = time(&format!("/proc/self/task/{id}"));
            total += now.unwrap_or(0).saturating_sub(*before);
            now.is_some()
        });
        total as f64 / 1e9
    }

    fn enter(&self) {
        if let (Some(id), Some(before)) = (own_id(), time(OWN)) {
            self.inner().running.insert(id, before);
        }
    }

    fn leave(&self) {
        if let (Some(id), Some(now)) = (own_id(), time(OWN)) {
            let mut inner = self.inner();
            if let Some(before) = inner.running.remove(&id) {
                inner.past += now.saturating_sub(before);
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Folder of the calling thread.
const OWN: &str = "/proc/thread-self";

fn own_id() -> Option<u32> {
    let link = std::fs::read_link(OWN).ok()?;
    link.file_name()?.to_str()?.parse().ok()
}

/// CPU time of a thread in ns, by its folder in `/proc`.
fn time(folder: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("{folder}/schedstat")).ok()?;
    text.split(' ').next()?.parse().ok()
}
