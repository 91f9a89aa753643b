// SPDX-License-Identifier: MPL-2.0
//! Members that share streams by themselves. NATS JetStream keeps what they have to agree on, in four key-value buckets:
//!
//! ```text
//! NAME-streams        the streams that are to be watched       by stream
//! NAME-SET-members    the lease and the capacity of a member   by member; an entry lives for 9 s and is renewed every 3 s
//! NAME-SET-claims     who watches a stream                     by stream
//! NAME-SET-alarms     the last alarms, unsent notices          by receiver, stream and kind, or episode
//!                     acknowledgements, mutes                  by episode, or name
//! ```
//!
//! A claim is written with the revision that the writer has seen (compare-and-set), so of two members that want a stream one gets it. It
//! counts for as long as its holder's lease: a member renews one entry, however many streams it has. Each member works out by itself which
//! streams are whose ([`assign`]), takes those of its own that nobody has, and offers those that it has too many of to whom they are due.
//!
//! Of two members that see the same defect one announces it ([`announced`]). Any member answers for all, and asks those who know
//! ([`questions`]).
//!
//! While the engine is away each member goes on with what it has. Afterwards it reads all buckets again, and gives up what another has
//! claimed meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

mod announced;
mod apply;
mod assign;
mod catalogue;
mod control;
mod costs;
mod engine;
mod left;
mod legacy;
mod member;
mod questions;
mod records;
mod shared_operations;
mod status;
mod update;
mod view;

pub use apply::apply;
pub use questions::{Answer, Question};
pub use status::StreamStatus;
pub use update::Update;

use catalogue::{Catalogue, all_complete};
use costs::Costs;
use engine::Engine;
use legacy::Legacy;
use member::{Edit, Means, Member, OVERLAP, Seen};
use questions::Questions;
use records::Record;
use shared_operations::SharedOperations;
use status::Status;
use view::View;

use super::alerts::Operations;
use super::config::Config;
use super::config::check::first;
use super::config::cluster::ClusterConfig;
use super::gate::CapacityGate;
use super::outlets::Outlets;
use super::parts::{PartHealth, Parts};
use super::state::{Mirror, Section};
use crate::lock::lock;

/// How long a member that says nothing has its streams.
const LEASE: Duration = Duration::from_secs(9);
/// How often a member renews its lease.
const RENEW: Duration = Duration::from_secs(3);
/// Time that the engine gets to answer at the end.
const FAREWELL: Duration = Duration::from_secs(3);
/// The name of this part in `/readyz` and metrics.
const PART: &str = "cluster";

/// This process as a member of a cluster.
#[derive(Debug)]
pub struct Cluster {
    /// The name of this member.
    me: Arc<str>,
    status: watch::Receiver<Seen>,
    /// Its file: what the API adds gets its defaults.
    file: Mutex<Config>,
    news: Mutex<watch::Receiver<Update>>,
    edits: mpsc::UnboundedSender<Edit>,
    questions: Questions,
    stop: watch::Sender<bool>,
    left: watch::Receiver<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
    runtime: Handle,
}

impl Cluster {
    /// Takes part from now on, as soon as the engine can be reached. An error if it never can, as configured.
    pub fn start(
        config: &ClusterConfig,
        detectors: &[String],
        (outlets, gate): (&Outlets, &Arc<CapacityGate>),
        (mirror, operations): (Mirror, &Arc<Operations>),
        parts: &Parts,
        runtime: &Handle,
    ) -> Result<Self, String> {
        let wrong = |why| format!("[cluster] {why}");
        first(config.check()).map_err(wrong)?;
        let engine = runtime.block_on(Engine::connect(config)).map_err(wrong)?;
        let me: Arc<str> = config.member().into();
        let process = super::chance(0.0, u64::MAX as f64) as u64;
        let own = Record {
            started: jiff::Timestamp::now().as_millisecond(),
            process,
            url: config
                .url
                .as_ref()
                .map(|url| url.trim_end_matches('/').into()),
            ..Record::default()
        };
        let (tell, news) = watch::channel(Update::default());
        let (seen, status) = watch::channel(Seen::default());
        let (edits, wanted) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let (tell_left, left) = watch::channel(false);
        let set = set(detectors);
        let questions = engine.questions(&set);
        let mut legacy = Legacy::new(process);
        for left in mirror.left {
            if !legacy.restore(&left) && left.section == Section::Alarms {
                outlets.state.forget(left.section, &left.key);
            }
        }
        let member = Member {
            engine,
            set,
            view: View::new(Arc::clone(&me), own),
            me: Arc::clone(&me),
            means: Means {
                board: Arc::clone(&outlets.board),
                alerts: Arc::clone(&outlets.alerts),
                gate: Arc::clone(gate),
                state: outlets.state.clone(),
                parts: parts.clone(),
            },
            catalogue: Catalogue::new(&config.name, detectors),
            costs: Costs::default(),
            legacy,
            shared_operations: SharedOperations::new(operations),
            mirrored: mirror.told,
            file: Vec::new(),
            new_file: None,
            claimed: BTreeSet::new(),
            fading: BTreeMap::new(),
            edits: wanted,
            tell,
            seen,
            stop: stopped,
            left: tell_left,
        };
        let connecting = PartHealth::Degraded("not connected yet".to_owned());
        parts.report(PART, connecting);
        let (running, told) = (runtime.spawn(member.run()), parts.clone());
        let task = runtime.spawn(async move {
            if let Err(e) = running.await {
                let text = format!("it doesn't take part any more, restart it: {e}");
                told.report(PART, PartHealth::Broken(text));
            }
        });
        Ok(Self {
            me,
            status,
            file: Mutex::default(),
            news: Mutex::new(news),
            edits,
            questions,
            stop,
            left,
            task: Mutex::new(Some(task)),
            runtime: runtime.clone(),
        })
    }

    /// What this process is to watch, if that has changed since it was last asked for.
    pub fn news(&self) -> Option<Update> {
        let mut news = lock(&self.news);
        let has_changed = news.has_changed().unwrap_or(false);
        has_changed.then(|| news.borrow_and_update().clone())
    }

    /// What this process is to watch.
    pub fn now(&self) -> Update {
        lock(&self.news).borrow().clone()
    }

    /// The cluster as this member sees it.
    pub fn status(&self) -> Status {
        let (members, holders) = self.status.borrow().clone();
        let update = self.now();
        let streams = update.streams.0.iter().map(|plan| StreamStatus {
            id: Arc::clone(&plan.id),
            member: holders.get(&plan.id).cloned(),
            uri: plan.uri.shown.to_string(),
            labels: Arc::clone(&plan.labels),
        });
        Status {
            member: Arc::clone(&self.me),
            members,
            streams: streams.collect(),
        }
    }

    /// Who watches a stream; none if nobody does, or this member.
    pub fn holder(&self, stream: &str) -> Option<Arc<str>> {
        let (_, holders) = &*self.status.borrow();
        let holder = holders.get(stream)?;
        (*holder != self.me).then(|| Arc::clone(holder))
    }

    /// The other members that live.
    pub fn others(&self) -> Vec<Arc<str>> {
        let (members, _) = &*self.status.borrow();
        let names = members.iter().map(|member| &member.name);
        names.filter(|name| **name != self.me).cloned().collect()
    }

    /// Asks another member. None if it doesn't answer.
    pub async fn ask(&self, member: &str, question: &Question) -> Option<Answer> {
        self.questions.ask(member, question).await
    }

    /// Answers others from now on.
    pub fn answer<F>(&self, answer: impl Fn(Question) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let answering = self.questions.clone().answer(Arc::clone(&self.me), answer);
        self.runtime.spawn(answering);
    }

    /// The file says this now: its new streams are added to the cluster, what has changed in it changes, what is gone from it is removed.
    pub fn follow_file(&self, config: &Config) {
        let _ = self.edits.send(Edit::File(all_complete(config)));
        lock(&self.file).clone_from(config);
    }

    /// Gives up this process' streams: others may claim them at once.
    pub fn leave(&self) {
        let _ = self.stop.send(true);
        let mut left = self.left.clone();
        self.wait(async move { left.wait_for(|left| *left).await.is_ok() });
    }

    /// Waits until all that was said of alarms is written down. Nothing more may be said.
    pub fn close(&self) {
        let task = lock(&self.task).take();
        if let Some(task) = task {
            self.wait(task);
        }
    }

    fn wait<T>(&self, done: impl Future<Output = T>) {
        let done = async { tokio::time::timeout(OVERLAP + FAREWELL, done).await };
        let _ = self.runtime.block_on(done);
    }
}

/// Detectors as part of the name of a bucket: processes with the same ones share the streams.
fn set(detectors: &[String]) -> String {
    let names = detectors
        .iter()
        .map(|name| name.strip_suffix("detect").unwrap_or(name));
    let names: BTreeSet<&str> = names.collect();
    match names.is_empty() {
        true => "all".to_owned(),
        false => names.into_iter().collect::<Vec<_>>().join("-"),
    }
}
