// SPDX-License-Identifier: MPL-2.0
//! What a member knows of the cluster, and what it does next ([`changes`]). Pure: nothing is read or sent here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::LEASE;
use super::records::{Claim, Record};
use super::status::MemberStatus;

mod changes;

pub use changes::Change;

/// For how long nobody may have claimed a stream before it is told of.
const UNWATCHED: Duration = Duration::from_secs(10);

/// The cluster as this member knows it.
#[derive(Debug)]
pub struct View {
    me: Arc<str>,
    own: Record,
    members: BTreeMap<Arc<str>, Member>,
    /// The streams that are to be watched.
    streams: BTreeSet<Arc<str>>,
    claims: BTreeMap<Arc<str>, Slot>,
    /// What streams cost, by whoever told it last.
    costs: BTreeMap<Arc<str>, f64>,
    /// What this member watches.
    held: BTreeSet<Arc<str>>,
    /// When an earlier process of this name was heard last.
    rival: Option<Instant>,
    /// Since when no member has claimed these streams.
    free: BTreeMap<Arc<str>, Instant>,
}

#[derive(Debug)]
struct Member {
    /// None: a holder of streams that hasn't been heard yet.
    record: Option<Record>,
    heard: Instant,
    has_left: bool,
}

/// The claim on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    claim: Option<Claim>,
    revision: u64,
}

impl View {
    /// Of a member that knows nothing yet.
    pub fn new(me: Arc<str>, own: Record) -> Self {
        Self {
            me,
            own,
            members: BTreeMap::new(),
            streams: BTreeSet::new(),
            claims: BTreeMap::new(),
            costs: BTreeMap::new(),
            held: BTreeSet::new(),
            rival: None,
            free: BTreeMap::new(),
        }
    }

    /// Forgets what others have said, to read it again. What this member watches stays.
    pub fn forget(&mut self) {
        self.members.clear();
        self.streams.clear();
        self.claims.clear();
        self.rival = None;
        self.free.clear();
    }

    /// All has been read again: members get the time of a lease to be heard, since leases lapse while the engine is away.
    pub fn begin(&mut self, now: Instant) {
        self.members
            .values_mut()
            .for_each(|member| member.heard = now);
        self.settle();
    }

    /// This member's own record.
    pub fn own(&mut self) -> &mut Record {
        &mut self.own
    }

    /// A member has said something, or has left.
    pub fn note_member(&mut self, name: &Arc<str>, record: Option<Record>, now: Instant) {
        if let Some(record) = &record {
            let costs = record.costs.iter();
            let costs = costs.map(|(stream, cost)| (Arc::clone(stream), *cost));
            self.costs.extend(costs);
        }
        if *name == self.me {
            let is_other = |other: &Record| other.process != self.own.process;
            let is_earlier = |other: &Record| other.started <= self.own.started;
            if record.filter(is_other).is_some_and(|r| is_earlier(&r)) {
                self.rival = Some(now);
            }
            return;
        }
        let member = Member {
            has_left: record.is_none(),
            record,
            heard: now,
        };
        self.members.insert(Arc::clone(name), member);
    }

    /// A stream is to be watched, or no longer.
    pub fn note_stream(&mut self, stream: &Arc<str>, is_there: bool) {
        match is_there {
            true => self.streams.insert(Arc::clone(stream)),
            false => self.streams.remove(stream),
        };
    }

    /// The claim on a stream is this from that revision on. Who writes a claim lives.
    pub fn note_claim(
        &mut self,
        stream: &Arc<str>,
        claim: Option<Claim>,
        revision: u64,
        now: Instant,
    ) {
        let known = self.claims.entry(Arc::clone(stream)).or_insert(Slot {
            claim: None,
            revision: 0,
        });
        if known.revision >= revision {
            return;
        }
        if let Some(claim) = &claim {
            let unknown = Member {
                record: None,
                heard: now,
                has_left: false,
            };
            let holder = self.members.entry(Arc::clone(&claim.holder));
            holder.or_insert(unknown).heard = now;
        }
        *known = Slot { claim, revision };
    }

    /// Works out again what this member watches. What it watches and nobody claims, it goes on to watch.
    pub fn settle(&mut self) {
        let is_mine = |stream: &&Arc<str>| match self.claim(stream) {
            Some(claim) => claim.holder == self.me,
            None => self.held.contains(*stream),
        };
        self.held = match self.rival {
            Some(_) => BTreeSet::new(),
            None => self.streams.iter().filter(is_mine).cloned().collect(),
        };
    }

    /// What this member watches.
    pub fn held(&self) -> &BTreeSet<Arc<str>> {
        &self.held
    }

    /// Whether another process has this member's name.
    pub fn has_rival(&mut self, now: Instant) -> bool {
        self.rival = self
            .rival
            .filter(|heard| now.saturating_duration_since(*heard) < LEASE);
        self.rival.is_some()
    }

    /// The members that live, this one among them, in the order of their names.
    pub fn live(&self, now: Instant) -> BTreeMap<&Arc<str>, &Record> {
        let others = self.members.iter();
        let others = others.filter(|(_, member)| member.lives(now));
        let others = others.filter_map(|(name, member)| Some((name, member.record.as_ref()?)));
        others.chain([(&self.me, &self.own)]).collect()
    }

    /// The members that live, and who watches each stream.
    pub fn status(&self, now: Instant) -> (Vec<MemberStatus>, BTreeMap<Arc<str>, Arc<str>>) {
        let (mut holders, mut counts) = (BTreeMap::new(), BTreeMap::new());
        for stream in &self.streams {
            let claim = self.claim(stream).map(|claim| &claim.holder);
            let holder = claim.filter(|holder| !self.is_gone(holder, now));
            if let Some(holder) = holder {
                holders.insert(Arc::clone(stream), Arc::clone(holder));
                *counts.entry(holder).or_default() += 1;
            }
        }
        let live = self.live(now).into_iter();
        let members = live.map(|(name, record)| MemberStatus {
            name: Arc::clone(name),
            url: record.url.clone(),
            cores: record.cores,
            load: record.used,
            streams: counts.get(name).copied().unwrap_or(0),
        });
        (members.collect(), holders)
    }

    /// How many streams no member has claimed.
    pub fn unclaimed(&self) -> usize {
        self.free.len()
    }

    /// Looks again which streams no member has claimed.
    pub fn look_for_free(&mut self, now: Instant) {
        let mut before = std::mem::take(&mut self.free);
        let free = self.free(now).into_iter();
        let free = free.map(|stream| {
            let since = before.remove(&stream).unwrap_or(now);
            (stream, since)
        });
        self.free = free.collect();
    }

    /// The streams that this member is to tell of: nobody has claimed them for a while, and it is the one that lives longest.
    /// With each the revision of its claim, which is the same for all members.
    pub fn unwatched(&self, now: Instant) -> BTreeMap<Arc<str>, u64> {
        let live = self.live(now).into_iter();
        let first = live.min_by_key(|(name, record)| (record.started, Arc::clone(name)));
        if first.is_none_or(|(name, _)| *name != self.me) {
            return BTreeMap::new();
        }
        let long = |since: &Instant| now.saturating_duration_since(*since) >= UNWATCHED;
        let unwatched = self.free.iter().filter(|(_, since)| long(since));
        let revision = |stream| self.claims.get(stream).map_or(0, |slot| slot.revision);
        unwatched
            .map(|(stream, _)| (Arc::clone(stream), revision(stream)))
            .collect()
    }

    fn free(&self, now: Instant) -> Vec<Arc<str>> {
        let is_free = |stream: &&Arc<str>| match self.claim(stream) {
            Some(claim) => claim.holder != self.me && self.is_gone(&claim.holder, now),
            None => !self.held.contains(*stream),
        };
        self.streams.iter().filter(is_free).cloned().collect()
    }

    fn claim(&self, stream: &str) -> Option<&Claim> {
        self.claims.get(stream)?.claim.as_ref()
    }

    fn is_gone(&self, member: &str, now: Instant) -> bool {
        member != &*self.me
            && self
                .members
                .get(member)
                .is_none_or(|member| !member.lives(now))
    }
}

impl Member {
    fn lives(&self, now: Instant) -> bool {
        !self.has_left && now.saturating_duration_since(self.heard) < LEASE
    }
}

/// Time in which members that start together hear of each other.
pub const ACQUAINTANCE: Duration = Duration::from_millis(1500);

#[cfg(test)]
mod tests;
