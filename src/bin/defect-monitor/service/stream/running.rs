// SPDX-License-Identifier: MPL-2.0
//! A stream in a thread of its own, and the state that its next run continues with.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::absence::Absence;
use super::ledger::NextSecond;
use super::link::{Link, Reports};
use super::reporter::OpenEpisodes;
use super::stopper::{Reason, Stopper};
use super::{Stream, choice};
use crate::service::admission::Answer;
use crate::service::outcome::Event;
use crate::service::protocol::{Assignment, StreamReport};
use crate::service::start_pacing::StartPacing;

/// State that the next run of a stream continues with when its configuration has changed.
#[derive(Debug)]
pub struct RunState {
    pub(super) absence: Absence,
    pub(super) open: OpenEpisodes,
    pub(super) seconds: Vec<NextSecond>,
}

/// Where another worker left a stream, as far as that was reported.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Resume {
    /// The next second of each detector.
    pub seconds: Vec<NextSecond>,
    /// The event that the stream is lost, and whether its alarm was sent.
    pub lost: Option<(Box<Event>, bool)>,
}

/// A stream in its thread.
#[derive(Debug)]
pub struct Running {
    /// The channel for what the supervisor tells the stream.
    pub link: Link,
    stopper: Stopper,
    thread: JoinHandle<Option<RunState>>,
}

impl Running {
    /// Starts a stream in a thread of its own, at its time of `start_pacing`, once the run before it, which is stopped, has ended.
    pub fn start(
        assignment: Assignment,
        answer: Answer,
        reports: Reports,
        start_pacing: &Arc<StartPacing>,
        before: Option<Self>,
    ) -> Result<Self, String> {
        let Assignment {
            plan,
            run,
            delay,
            resume,
        } = assignment;
        let choice = choice(&plan)?;
        let (id, stopper) = (Arc::clone(&plan.id), Stopper::default());
        let link = Link::new(Arc::clone(&id), run, reports, answer);
        if let Some(before) = &before {
            before.stop(Reason::Changed);
        }
        let (start_pacing, start) = (Arc::clone(start_pacing), Instant::now() + delay);
        let work = {
            let (link, stopper) = (link.clone(), stopper.clone());
            move || {
                let run_state = before.and_then(Self::join);
                stopper.wait_until(start);
                let stream = Stream::new(plan, choice, link.clone(), stopper, (run_state, resume));
                let run_state = stream.run(&start_pacing);
                link.send(StreamReport::Ended);
                run_state
            }
        };
        let thread = std::thread::Builder::new()
            .name(format!("stream {id}"))
            .spawn(work)
            .map_err(|e| format!("no thread for the stream: {e}"))?;
        Ok(Self {
            link,
            stopper,
            thread,
        })
    }

    /// Tells the stream to stop, and doesn't wait.
    pub fn stop(&self, reason: Reason) {
        self.stopper.stop(reason);
    }

    /// Whether the thread has ended.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until the thread has ended. Returns the state for the next run, if there is one.
    pub fn join(self) -> Option<RunState> {
        // The thread catches panics itself.
        self.thread.join().ok().flatten()
    }
}
