// SPDX-License-Identifier: MPL-2.0
//! Starts and stops streams as the configuration and the API say. Unchanged streams go on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use super::board::{Board, State};
use super::config::{Loaded, Origin, Plan, StreamConfig, Unwatchable};
use super::log;
use super::shard::Share;
use super::stream::Reason;
use super::workers::Workers;
use crate::lock::lock;

/// All streams of this monitor.
#[derive(Debug)]
pub struct Supervisor {
    board: Arc<Board>,
    /// The detectors that this monitor may use; all if there are none.
    detectors: Vec<String>,
    workers: Arc<Workers>,
    state: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What is configured, for this process and others.
    loaded: Loaded,
    /// What this process watches of it.
    share: Share,
    running: BTreeMap<Arc<str>, Plan>,
    /// Those that the file doesn't have.
    added: BTreeSet<Arc<str>>,
    /// Unwatchable streams that are shown as such.
    unwatchable: BTreeSet<Arc<str>>,
    is_closed: bool,
}

/// What a new configuration changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// How many streams were started that weren't there.
    pub started: usize,
    /// How many were started again, since they changed.
    pub changed: usize,
    /// How many were stopped.
    pub stopped: usize,
}

impl Changes {
    /// These and others.
    pub fn and(self, other: Self) -> Self {
        Self {
            started: self.started + other.started,
            changed: self.changed + other.changed,
            stopped: self.stopped + other.stopped,
        }
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (started, changed, stopped) = (self.started, self.changed, self.stopped);
        write!(
            f,
            "{started} streams started, {changed} changed, {stopped} stopped"
        )
    }
}

impl Supervisor {
    /// Without streams.
    pub fn new(
        board: Arc<Board>,
        workers: Arc<Workers>,
        share: Share,
        detectors: Vec<String>,
    ) -> Self {
        let inner = Inner {
            share,
            ..Inner::default()
        };
        Self {
            board,
            detectors,
            workers,
            state: Mutex::new(inner),
        }
    }

    /// Runs the streams of the file, and those that were added.
    pub fn apply(&self, loaded: Loaded) -> Changes {
        let mut inner = lock(&self.state);
        self.workers.gate.set(&loaded.config.capacity);
        self.workers.set(&loaded.config.workers);
        inner.loaded = loaded;
        self.settle(&mut inner)
    }

    /// Gives this process another share. Streams that were added stay.
    pub fn share(&self, share: Share) -> Changes {
        let mut inner = lock(&self.state);
        inner.share = share;
        self.settle(&mut inner)
    }

    fn settle(&self, inner: &mut Inner) -> Changes {
        let changes = self.settle_streams(inner);
        self.board.set_streams_configured(inner.configured());
        changes
    }

    fn settle_streams(&self, inner: &mut Inner) -> Changes {
        let mut changes = Changes::default();
        if inner.is_closed {
            return changes;
        }
        let mine = inner.loaded.plans.iter().filter(|plan| inner.has(plan));
        let mut wanted: BTreeMap<Arc<str>, Plan> = mine
            .map(|plan| (Arc::clone(&plan.id), plan.clone()))
            .collect();
        inner.added.retain(|id| !wanted.contains_key(id));
        let added = inner.added.clone();
        let unwatchable: BTreeSet<_> = inner
            .unwatchable()
            .map(|unwatchable| Arc::clone(&unwatchable.id))
            .collect();
        // A running stream goes on while its new form is unwatchable.
        let goes = |id: &Arc<str>| {
            !wanted.contains_key(id) && !added.contains(id) && !unwatchable.contains(id)
        };
        let gone: Vec<_> = inner.running.extract_if(.., |id, _| goes(id)).collect();
        for (id, _) in &gone {
            let mut plans = inner.loaded.plans.iter();
            let is_elsewhere = plans.any(|plan| plan.id == *id && plan.is_watched());
            let reason = match is_elsewhere {
                true => Reason::HandedOver,
                false => Reason::Stopped,
            };
            self.stop(id, reason);
        }
        changes.stopped = gone.len();
        wanted.retain(|id, plan| inner.running.get(id) != Some(plan));
        self.show_aside(inner, &wanted);
        for (id, plan) in wanted {
            match inner.running.insert(id, plan.clone()) {
                Some(_) => changes.changed += 1,
                None => changes.started += 1,
            }
            self.workers.watch(plan);
        }
        changes
    }

    fn stop(&self, id: &str, reason: Reason) {
        self.workers.stop(id, reason);
        self.board.forget(id);
    }

    /// Shows the unwatchable streams, and why.
    fn show_aside(&self, inner: &mut Inner, starting: &BTreeMap<Arc<str>, Plan>) {
        let board = &self.board;
        let before = std::mem::take(&mut inner.unwatchable);
        let now: Vec<_> = inner
            .unwatchable()
            .filter(|unwatchable| !inner.running.contains_key(&unwatchable.id))
            .cloned()
            .collect();
        for Unwatchable { id, uri, problem } in now {
            board.register(&id, &uri, Arc::default(), Vec::new());
            board.set_state(&id, State::Refused, Some(problem.what));
            inner.unwatchable.insert(id);
        }
        let is_there = |id: &Arc<str>| {
            inner.unwatchable.contains(id)
                || inner.running.contains_key(id)
                || starting.contains_key(id)
        };
        for id in before.into_iter().filter(|id| !is_there(id)) {
            board.forget(&id);
        }
    }

    /// Adds a stream, or replaces the one of that id.
    pub fn add(&self, stream: StreamConfig) -> Result<(), String> {
        let mut inner = lock(&self.state);
        if inner.is_closed {
            return Err("the monitor is stopping".to_owned());
        }
        let config = &inner.loaded.config;
        let plan = Plan::of(&stream, Origin::Api, config, &self.detectors).map_err(|faults| {
            let faults = faults.iter().map(|f| format!("{}: {}", f.key, f.what));
            faults.collect::<Vec<_>>().join("; ")
        })?;
        if !inner.has(&plan) {
            return Err(inner.not_mine(&plan.id));
        }
        if inner.running.get(&plan.id) == Some(&plan) {
            return Ok(());
        }
        inner.overrule(&plan.id);
        inner.added.insert(Arc::clone(&plan.id));
        log::line(&plan.id, "added through the API");
        inner.running.insert(Arc::clone(&plan.id), plan.clone());
        self.workers.watch(plan);
        self.board.set_streams_configured(inner.configured());
        Ok(())
    }

    /// Removes a stream; an error if there is none of that id.
    pub fn remove(&self, id: &str) -> Result<(), String> {
        let mut inner = lock(&self.state);
        if inner.running.remove(id).is_none() {
            return Err(format!("there is no stream {id:?}"));
        }
        inner.overrule(id);
        inner.added.remove(id);
        log::line(id, "removed through the API");
        self.stop(id, Reason::Stopped);
        self.board.set_streams_configured(inner.configured());
        Ok(())
    }

    /// All streams, as they were configured.
    pub fn list(&self) -> Vec<StreamConfig> {
        let inner = lock(&self.state);
        let plans = inner.running.values();
        plans.map(|plan| plan.config.clone()).collect()
    }

    /// Ends all streams, for good: their episodes are closed.
    pub fn close(&self) {
        lock(&self.state).is_closed = true;
        self.workers.close();
    }
}

impl Inner {
    /// Until the file is read again, the API wins.
    fn overrule(&mut self, id: &str) {
        let Loaded {
            plans, unwatchable, ..
        } = &mut self.loaded;
        plans.retain(|plan| *plan.id != *id);
        unwatchable.retain(|unwatchable| *unwatchable.id != *id);
    }

    /// How many streams there are, those of other members included; each counts once, whoever names it.
    fn configured(&self) -> usize {
        let watched = self.loaded.plans.iter().filter(|plan| plan.is_watched());
        let unwatchable = self.loaded.unwatchable.iter();
        let ids = watched
            .map(|plan| &plan.id)
            .chain(unwatchable.map(|unwatchable| &unwatchable.id))
            .chain(&self.added);
        ids.collect::<BTreeSet<_>>().len()
    }

    /// Whether this process watches it.
    fn has(&self, plan: &Plan) -> bool {
        plan.is_watched() && self.share.has(&plan.id)
    }

    /// Those streams of this process that can't be watched.
    fn unwatchable(&self) -> impl Iterator<Item = &Unwatchable> {
        let mine = |unwatchable: &&Unwatchable| self.share.has(&unwatchable.id);
        self.loaded.unwatchable.iter().filter(mine)
    }

    fn not_mine(&self, id: &str) -> String {
        match &self.share {
            Share::Shard(shard) if !shard.has(id) => {
                let owner = super::shard::owner(id, shard.members);
                format!(
                    "{id:?} is a stream of member {owner} of {}, and this is {}",
                    shard.members, shard.member
                )
            }
            _ => format!("{id:?} has none of the detectors of this process"),
        }
    }
}
