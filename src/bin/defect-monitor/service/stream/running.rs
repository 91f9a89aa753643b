// SPDX-License-Identifier: MPL-2.0
//! A stream in a thread of its own, and what the next run of it goes on with.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::absence::Absence;
use super::ledger::Next;
use super::link::{Link, Reports};
use super::reporter::Episodes;
use super::stopper::{Reason, Stopper};
use super::{Stream, choice};
use crate::service::admission::Answer;
use crate::service::outcome::Event;
use crate::service::protocol::{Assignment, News};
use crate::service::turns::Turns;

/// What the next run of a stream goes on with when its configuration has changed.
#[derive(Debug)]
pub struct Carried {
    pub(super) absence: Absence,
    pub(super) open: Episodes,
    pub(super) seconds: Vec<Next>,
}

/// Where another worker left a stream, as far as that was reported.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Resume {
    /// The second of each detector that is to come next.
    pub seconds: Vec<Next>,
    /// That the stream is lost, and whether anybody was alarmed of it.
    pub lost: Option<(Box<Event>, bool)>,
}

/// A stream in its thread.
#[derive(Debug)]
pub struct Running {
    /// What it is told goes this way.
    pub link: Link,
    stopper: Stopper,
    thread: JoinHandle<Option<Carried>>,
}

impl Running {
    /// Starts a stream in a thread of its own, when it is its turn and the one before it, which is told to stop, has ended.
    pub fn start(
        assignment: Assignment,
        answer: Answer,
        reports: Reports,
        turns: &Arc<Turns>,
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
        let (turns, start) = (Arc::clone(turns), Instant::now() + delay);
        let work = {
            let (link, stopper) = (link.clone(), stopper.clone());
            move || {
                let carried = before.and_then(Self::join);
                stopper.wait_until(start);
                let stream = Stream::new(plan, choice, link.clone(), stopper, (carried, resume));
                let carried = stream.run(&turns);
                link.send(News::Ended);
                carried
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

    /// Has it stop, soon.
    pub fn stop(&self, reason: Reason) {
        self.stopper.stop(reason);
    }

    /// Whether it has stopped.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until it has.
    pub fn join(self) -> Option<Carried> {
        // A panic was caught in there.
        self.thread.join().ok().flatten()
    }
}
