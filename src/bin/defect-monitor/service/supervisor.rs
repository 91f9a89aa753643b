// SPDX-License-Identifier: MPL-2.0
//! Starts and stops streams as the configuration and the API say. What doesn't change isn't touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use super::board::State;
use super::config::{Aside, Loaded, Origin, Plan, StreamConfig};
use super::log;
use super::outlets::Outlets;
use super::room::Room;
use super::shard::Shard;
use super::stream::{Carried, Reason, Running};
use super::turns::Turns;
use crate::lock::lock;

/// All streams of this process.
#[derive(Debug)]
pub struct Supervisor {
    outlets: Outlets,
    /// The detectors that this process may use; all if there are none.
    detectors: Vec<String>,
    turns: Arc<Turns>,
    /// Who is let in.
    pub room: Arc<Room>,
    state: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// What is configured, for this process and others.
    loaded: Loaded,
    /// The share of this process; all without it.
    shard: Option<Shard>,
    running: BTreeMap<Arc<str>, Running>,
    /// Those that the file doesn't have.
    added: BTreeSet<Arc<str>>,
    /// Those that are shown as set aside.
    aside: BTreeSet<Arc<str>>,
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
    pub fn new(outlets: Outlets, shard: Option<Shard>, detectors: Vec<String>) -> Self {
        let known = Known {
            shard,
            ..Known::default()
        };
        Self {
            outlets,
            detectors,
            turns: Arc::default(),
            room: Arc::default(),
            state: Mutex::new(known),
        }
    }

    /// Has those streams run that the file says, and those that were added.
    pub fn apply(&self, loaded: Loaded) -> Changes {
        let mut known = lock(&self.state);
        self.room.set(&loaded.config.capacity);
        known.loaded = loaded;
        self.settle(&mut known)
    }

    /// Gives this process another share. Streams that were added stay.
    pub fn share(&self, shard: Shard) -> Changes {
        let mut known = lock(&self.state);
        known.shard = Some(shard);
        self.settle(&mut known)
    }

    fn settle(&self, known: &mut Known) -> Changes {
        let mut changes = Changes::default();
        if known.is_closed {
            return changes;
        }
        let mine = known.loaded.plans.iter().filter(|plan| known.has(plan));
        let mut wanted: BTreeMap<Arc<str>, Plan> = mine
            .map(|plan| (Arc::clone(&plan.id), plan.clone()))
            .collect();
        known.added.retain(|id| !wanted.contains_key(id));
        let added = known.added.clone();
        let aside: BTreeSet<_> = known.aside().map(|aside| Arc::clone(&aside.id)).collect();
        // One that runs goes on while its new form can't be had.
        let goes = |id: &Arc<str>, running: &Running| match wanted.get(id) {
            Some(plan) => *plan != running.plan,
            None => !added.contains(id) && !aside.contains(id),
        };
        let gone: Vec<Running> = known
            .running
            .extract_if(.., |id, r| goes(id, r))
            .map(|(_, r)| r)
            .collect();
        let is_elsewhere = |id: &str| known.loaded.plans.iter().any(|plan| *plan.id == *id);
        let mut ended = self.end(gone, |id| match wanted.contains_key(id) {
            true => Reason::Changed,
            false if is_elsewhere(id) => Reason::HandedOver,
            false => Reason::Stopped,
        });
        changes.changed = ended.keys().filter(|id| wanted.contains_key(*id)).count();
        changes.stopped = ended.len() - changes.changed;
        for id in ended.keys().filter(|id| !wanted.contains_key(*id)) {
            self.outlets.board.forget(id);
        }
        wanted.retain(|id, _| !known.running.contains_key(id));
        changes.started = wanted.len() - changes.changed;
        self.show_aside(known, &wanted);
        for (id, plan) in wanted {
            let carried = ended.remove(&id).flatten();
            self.start(known, plan, carried);
        }
        changes
    }

    /// Shows the streams that are set aside, and why.
    fn show_aside(&self, known: &mut Known, starting: &BTreeMap<Arc<str>, Plan>) {
        let board = &self.outlets.board;
        let before = std::mem::take(&mut known.aside);
        let now: Vec<_> = known
            .aside()
            .filter(|aside| !known.running.contains_key(&aside.id))
            .cloned()
            .collect();
        for Aside { id, uri, problem } in now {
            board.register(&id, &uri, Arc::default(), Vec::new());
            board.set_state(&id, State::Refused, Some(problem.what));
            known.aside.insert(id);
        }
        let is_there = |id: &Arc<str>| {
            known.aside.contains(id) || known.running.contains_key(id) || starting.contains_key(id)
        };
        for id in before.into_iter().filter(|id| !is_there(id)) {
            board.forget(&id);
        }
    }

    /// Adds a stream, or replaces the one of that id.
    pub fn add(&self, stream: StreamConfig) -> Result<(), String> {
        let mut known = lock(&self.state);
        if known.is_closed {
            return Err("the monitor is stopping".to_owned());
        }
        let config = &known.loaded.config;
        let plan = Plan::of(&stream, Origin::Api, config, &self.detectors).map_err(|faults| {
            let faults = faults.iter().map(|f| format!("{}: {}", f.key, f.what));
            faults.collect::<Vec<_>>().join("; ")
        })?;
        if !known.has(&plan) {
            return Err(known.not_mine(&plan.id));
        }
        if let Some(old) = known.running.get(&plan.id)
            && old.plan == plan
        {
            return Ok(());
        }
        let old = known.running.remove(&plan.id);
        let ended = self.end(old.into_iter().collect(), |_| Reason::Changed);
        let carried = ended.into_values().flatten().next();
        known.overrule(&plan.id);
        known.added.insert(Arc::clone(&plan.id));
        log::line(&plan.id, "added through the API");
        self.start(&mut known, plan, carried);
        Ok(())
    }

    /// Removes a stream; an error if there is none of that id.
    pub fn remove(&self, id: &str) -> Result<(), String> {
        let mut known = lock(&self.state);
        let Some(old) = known.running.remove(id) else {
            return Err(format!("there is no stream {id:?}"));
        };
        known.overrule(id);
        known.added.remove(id);
        log::line(id, "removed through the API");
        self.end(vec![old], |_| Reason::Stopped);
        self.outlets.board.forget(id);
        Ok(())
    }

    /// All streams, as they were configured.
    pub fn list(&self) -> Vec<StreamConfig> {
        let known = lock(&self.state);
        known
            .running
            .values()
            .map(|r| r.plan.config.clone())
            .collect()
    }

    /// Ends all streams, for good: their episodes are closed.
    pub fn close(&self) {
        let mut known = lock(&self.state);
        known.is_closed = true;
        let all = std::mem::take(&mut known.running);
        self.end(all.into_values().collect(), |_| Reason::Stopped);
    }

    /// Stops streams, all at once; gives what they leave, by id.
    fn end(
        &self,
        streams: Vec<Running>,
        reason: impl Fn(&str) -> Reason,
    ) -> BTreeMap<Arc<str>, Option<Carried>> {
        for stream in &streams {
            stream.stop(reason(&stream.plan.id));
        }
        let end = |stream: Running| (Arc::clone(&stream.plan.id), stream.join());
        streams.into_iter().map(end).collect()
    }

    fn start(&self, known: &mut Known, plan: Plan, carried: Option<Carried>) {
        let id = Arc::clone(&plan.id);
        let seat = self.room.seat(&id);
        match Running::start(plan, &self.outlets, &self.turns, seat, carried) {
            Ok(running) => {
                known.running.insert(id, running);
            }
            Err(why) => {
                log::line(&id, &why);
                self.outlets.board.set_state(&id, State::Refused, Some(why));
            }
        }
    }
}

impl Known {
    /// Until the file is read again, the API has the last word about a stream.
    fn overrule(&mut self, id: &str) {
        self.loaded.plans.retain(|plan| *plan.id != *id);
    }

    /// Whether this process watches it.
    fn has(&self, plan: &Plan) -> bool {
        plan.is_watched() && self.shard.is_none_or(|shard| shard.has(&plan.id))
    }

    /// Those streams of this process that can't be watched.
    fn aside(&self) -> impl Iterator<Item = &Aside> {
        let mine = |aside: &&Aside| self.shard.is_none_or(|shard| shard.has(&aside.id));
        self.loaded.aside.iter().filter(mine)
    }

    fn not_mine(&self, id: &str) -> String {
        match self.shard {
            Some(shard) if !shard.has(id) => {
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
