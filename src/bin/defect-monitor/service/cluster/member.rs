// SPDX-License-Identifier: MPL-2.0
//! This process as a member of the cluster: reads what others say, and acts on it twice a second.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use super::catalogue::Catalogue;
use super::costs::Costs;
use super::engine::{self, Buckets, Engine, Refusal};
use super::legacy::Legacy;
use super::records::key;
use super::shared_operations::SharedOperations;
use super::status::MemberStatus;
use super::view::{ACQUAINTANCE, View};
use super::{PART, RENEW, Update};
use crate::problem;
use crate::service::alerts::Alerts;
use crate::service::board::Board;
use crate::service::config::StreamConfig;
use crate::service::gate::CapacityGate;
use crate::service::parts::{PartHealth, Parts};
use crate::service::state::{Mirrored, StateStore};

mod acting;
mod edits;
mod reading;
mod words;

/// How often a member acts.
const TICK: Duration = Duration::from_millis(500);
/// Time between two tries to reach the engine.
const RETRY: Duration = Duration::from_millis(500);
/// The same after a fault of this program, which may come again.
const RETRY_AFTER_FAULT: Duration = Duration::from_secs(10);
/// For how long a stream is watched on here that another has claimed, who has to open it first.
pub const OVERLAP: Duration = Duration::from_secs(3);
/// Claims that are written at a time.
const AT_ONCE: usize = 32;

/// A change of the streams by this process; what came of it is sent back.
#[derive(Debug)]
pub enum Edit {
    /// The file has these streams.
    File(Vec<StreamConfig>),
    /// A stream is added, or replaced.
    Put(StreamConfig, oneshot::Sender<Result<(), String>>),
    /// A stream is removed.
    Remove(String, oneshot::Sender<Result<(), String>>),
}

/// What a member works with.
pub struct Means {
    /// What is known of the streams here.
    pub board: Arc<Board>,
    /// What the machine can watch.
    pub gate: Arc<CapacityGate>,
    /// The alarms of the streams here.
    pub alerts: Arc<Alerts>,
    /// What this process keeps of alarms until the engine has it.
    pub state: StateStore,
    /// Where health and numbers are reported.
    pub parts: Parts,
}

/// The member.
pub struct Member {
    /// The engine.
    pub engine: Engine,
    /// The detectors of this process, as part of the names of buckets.
    pub set: String,
    /// Its name.
    pub me: Arc<str>,
    /// What it works with.
    pub means: Means,
    /// What it knows.
    pub view: View,
    /// The streams.
    pub catalogue: Catalogue,
    /// What its streams cost.
    pub costs: Costs,
    /// The streams of its file.
    pub file: Vec<StreamConfig>,
    /// What members have left to others.
    pub legacy: Legacy,
    /// What operators have said.
    pub shared_operations: SharedOperations,
    /// What this process has to leave.
    pub mirrored: mpsc::UnboundedReceiver<Mirrored>,
    /// What the file says now, as soon as the engine is there.
    pub new_file: Option<Vec<StreamConfig>>,
    /// The streams that it has claimed, as it said last.
    pub claimed: BTreeSet<Arc<str>>,
    /// Those that another has claimed, and until when they are watched here.
    pub fading: BTreeMap<Arc<str>, Instant>,
    /// What this process wants to change.
    pub edits: mpsc::UnboundedReceiver<Edit>,
    /// What it is to watch.
    pub tell: watch::Sender<Update>,
    /// How the cluster is.
    pub seen: watch::Sender<Seen>,
    /// It is to leave.
    pub stop: watch::Receiver<bool>,
    /// It has.
    pub left: watch::Sender<bool>,
}

/// The members that live, and who watches each stream.
pub type Seen = (Vec<MemberStatus>, BTreeMap<Arc<str>, Arc<str>>);

/// Why a connection isn't used any more.
enum End {
    /// The member has left.
    Left,
    /// The engine can't be reached.
    Away(String),
    /// This program has a fault.
    Fault(String),
}

impl From<String> for End {
    fn from(why: String) -> Self {
        Self::Away(why)
    }
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Changed => Self::Away("another has written at the same time".to_owned()),
            Refusal::Away(why) => Self::Away(why),
        }
    }
}

/// Takes a panic for an end like others: the member goes on, and reads everything from the engine anew.
async fn without_panic(part: impl Future<Output = Result<(), End>>) -> Result<(), End> {
    let done = AssertUnwindSafe(part).catch_unwind().await;
    done.unwrap_or_else(|panic| {
        let said = problem::panic_text(panic.as_ref());
        Err(End::Fault(format!("a fault in this program ({said})")))
    })
}

impl Member {
    /// Takes part until it is to leave.
    pub async fn run(mut self) {
        loop {
            let (why, pause) = match without_panic(self.take_part()).await {
                Ok(()) | Err(End::Left) => return,
                Err(End::Away(why)) => (why, RETRY),
                Err(End::Fault(why)) => (why, RETRY_AFTER_FAULT),
            };
            if *self.stop.borrow() {
                return self.leave_if_connected().await;
            }
            let text =
                format!("{why}; what is watched here is watched on, and nothing is taken over");
            self.means.parts.report(PART, PartHealth::Degraded(text));
            let again = tokio::time::sleep(pause);
            tokio::pin!(again);
            loop {
                tokio::select! {
                    () = &mut again => break,
                    _ = self.stop.changed() => return self.leave_if_connected().await,
                    Some(edit) = self.edits.recv() => self.refuse(edit, &why),
                    Some(mirrored) = self.mirrored.recv() => drop(self.take_word(&mirrored)),
                }
            }
        }
    }

    /// Takes part for as long as the connection lasts.
    async fn take_part(&mut self) -> Result<(), End> {
        if !self.engine.is_connected() {
            return Err(self.engine.trouble().into());
        }
        let connects = self.engine.connects();
        let buckets = self.engine.buckets(&self.set).await?;
        let mut news = self.read(&buckets).await?;
        if let Some(streams) = self.new_file.clone() {
            self.follow_file(streams, &buckets).await?;
            self.new_file = None;
        }
        self.means.parts.report(PART, PartHealth::Fine);
        let may_claim = Instant::now() + ACQUAINTANCE;
        let mut renewed = None;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                entry = news.next() => match entry {
                    Some(Ok(entry)) => self.note(&entry),
                    Some(Err(e)) => return Err(e.to_string().into()),
                    None => return Err("it says nothing more".to_owned().into()),
                },
                Some(edit) = self.edits.recv() => self.edit(edit, &buckets).await?,
                Some(mirrored) = self.mirrored.recv() => self.leave_word(&mirrored, &buckets).await?,
                _ = self.stop.changed() => return self.leave(&buckets).await,
                _ = tick.tick() => {
                    if !self.engine.is_connected() || self.engine.connects() != connects {
                        return Err("the connection to the cluster's servers broke".to_owned().into());
                    }
                    let now = Instant::now();
                    if self.has_rival(now) {
                        continue;
                    }
                    if renewed.is_none_or(|at: Instant| at.elapsed() + TICK / 2 >= RENEW) {
                        renewed = Some(now);
                        self.renew(&buckets, now).await?;
                    }
                    self.act(&buckets, now, now >= may_claim).await?;
                    self.publish(now);
                    self.inherit(now);
                }
            }
        }
    }

    /// Leaves in good order if the engine answers again, else others take the streams over when the lease lapses.
    async fn leave_if_connected(&mut self) {
        if self.engine.is_connected()
            && let Ok(buckets) = self.engine.buckets(&self.set).await
        {
            // What was said while the engine was away.
            let _ = tokio::time::timeout(TICK, self.leave_all(&buckets)).await;
            let _ = self.leave(&buckets).await;
        }
        let _ = self.left.send(true);
    }

    /// Gives up all streams at once, watches them until others do, and writes down what is said until the end.
    async fn leave(&mut self, buckets: &Buckets) -> Result<(), End> {
        let key = key(&self.me);
        let mut gone = engine::remove(&buckets.members, &key).await;
        if gone.is_err() && self.engine.is_connected() {
            gone = engine::remove(&buckets.members, &key).await;
        }
        if gone.is_ok() && self.view.live(Instant::now()).len() > 1 {
            self.means.alerts.hand_over(&self.claimed);
            self.claimed.clear();
            tokio::time::sleep(OVERLAP).await;
        }
        let _ = self.left.send(true);
        while gone.is_ok()
            && let Some(mirrored) = self.mirrored.recv().await
        {
            self.leave_word(&mirrored, buckets).await?;
        }
        Err(End::Left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_fault_and_not_the_end() {
        let panics = without_panic(async { panic!("an entry that {}", "is wrong") }).await;
        let Err(End::Fault(why)) = panics else {
            panic!("it wasn't noticed");
        };
        assert!(why.contains("an entry that is wrong"), "{why}");
        assert!(without_panic(async { Ok(()) }).await.is_ok());
    }
}
