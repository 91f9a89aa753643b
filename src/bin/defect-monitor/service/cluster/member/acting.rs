// SPDX-License-Identifier: MPL-2.0
//! What a member does twice a second: renews its lease, claims and offers streams, and tells its process what to watch.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{StreamExt, stream};

use super::super::engine::{self, Buckets, Refusal};
use super::super::records::key;
use super::super::view::Change;
use super::super::{PART, Update};
use super::{AT_ONCE, End, Means, Member, OVERLAP};
use crate::service::parts::PartHealth;

impl Member {
    /// Whether another process has this member's name: then this one watches nothing.
    pub(super) fn has_rival(&mut self, now: Instant) -> bool {
        let has_rival = self.view.has_rival(now);
        if has_rival {
            let text = format!(
                "another process is the member {}; give each a name of its own with `member`",
                self.me
            );
            self.means.parts.report(PART, PartHealth::Broken(text));
            self.publish(now);
        } else {
            self.means.parts.report(PART, PartHealth::Fine);
        }
        has_rival
    }

    /// Renews the lease, with what is known of this member's capacity.
    pub(super) async fn renew(&mut self, buckets: &Buckets, now: Instant) -> Result<(), End> {
        let Means {
            board, gate, parts, ..
        } = &self.means;
        self.costs.read(board, now);
        let capacity = gate.capacity();
        let cost = self.view.cost_of(self.costs.watched());
        if let Some(used) = capacity.used {
            let help =
                "Share of the cores or the memory for streams that is used, whichever is more.";
            parts.gauge("defect_cluster_load_ratio", help, PART, used);
        }
        let room = capacity.used.map(|used| cost / used);
        let own = self.view.own();
        own.cores = capacity.cores;
        own.used = capacity.used;
        own.room = room.filter(|room| room.is_finite() && *room > 0.0);
        own.costs = self.costs.known();
        let own = own.clone();
        self.view.note_member(&self.me, Some(own.clone()), now);
        engine::put(&buckets.members, &key(&self.me), &own).await?;
        Ok(())
    }

    /// Claims, offers and gives up streams.
    pub(super) async fn act(
        &mut self,
        buckets: &Buckets,
        now: Instant,
        may_claim: bool,
    ) -> Result<(), End> {
        let strict = self.means.gate.refuses();
        self.view.settle();
        let changes = self.view.changes(now, may_claim, strict);
        let write = |change: Change| async move {
            let key = key(&change.stream);
            let written =
                engine::write(&buckets.claims, &key, &change.claim, change.revision).await;
            (change, written)
        };
        let mut written = stream::iter(changes).map(write).buffer_unordered(AT_ONCE);
        while let Some((change, written)) = written.next().await {
            match written {
                Ok(revision) => self
                    .view
                    .note_claim(&change.stream, change.claim, revision, now),
                // Another was quicker: what it wrote comes by itself.
                Err(Refusal::Changed) => {}
                Err(away) => return Err(away.into()),
            }
        }
        Ok(())
    }

    /// Leaves the alarms of streams to those who have claimed them. These are watched here until they are there.
    fn pass_on(&mut self, now: Instant) {
        let held = self.view.held();
        if *held != self.claimed {
            let is_elsewhere = |stream: &&Arc<str>| self.catalogue.get(stream).is_some();
            let gone = self.claimed.difference(held).filter(is_elsewhere);
            let gone: BTreeSet<_> = gone.cloned().collect();
            self.means.alerts.hand_over(&gone);
            self.legacy.hand_over(&gone);
            self.means.alerts.own(held);
            let until = now + OVERLAP;
            self.fading
                .extend(gone.into_iter().map(|stream| (stream, until)));
            self.claimed.clone_from(held);
        }
        let is_over = |stream: &Arc<str>, until: &Instant| {
            *until <= now || held.contains(stream) || self.catalogue.get(stream).is_none()
        };
        self.fading.retain(|stream, until| !is_over(stream, until));
    }

    /// Tells the process what to watch, if that has changed, and the numbers of the cluster.
    pub(super) fn publish(&mut self, now: Instant) {
        self.view.settle();
        self.view.look_for_free(now);
        self.pass_on(now);
        let watched = self.claimed.iter().chain(self.fading.keys());
        let watched: BTreeSet<_> = watched.cloned().collect();
        let before = self.tell.borrow().clone();
        let streams = self.catalogue.news();
        let streams = streams.map(|loaded| (loaded.plans, loaded.unwatchable));
        let streams = streams.filter(|streams| !before.is_known || *streams != *before.streams);
        let unwatched = self.view.unwatched(now);
        let is_same = watched == *before.held && unwatched == *before.unwatched;
        if streams.is_some() || !is_same || !before.is_known {
            self.tell.send_replace(Update {
                is_known: true,
                streams: streams.map_or(before.streams, Arc::new),
                held: Arc::new(watched),
                unwatched: Arc::new(unwatched),
            });
        }
        self.seen.send_replace(self.view.status(now));
        let parts = &self.means.parts;
        let gauge = |name, help, number: usize| parts.gauge(name, help, PART, number as f64);
        gauge(
            "defect_cluster_members",
            "Members of the cluster that live.",
            self.view.live(now).len(),
        );
        gauge(
            "defect_cluster_streams_held",
            "Streams that this member has claimed.",
            self.view.held().len(),
        );
        gauge(
            "defect_cluster_streams_unclaimed",
            "Streams of the cluster that no member has claimed.",
            self.view.unclaimed(),
        );
    }
}
