// SPDX-License-Identifier: MPL-2.0
//! What the engine's buckets say, when the member has connected and from then on.

use std::sync::Arc;
use std::time::Instant;

use async_nats::jetstream::kv::Entry;
use futures_util::stream;

use super::super::engine::{self, Buckets};
use super::super::left::section_of;
use super::super::records::{Claim, name};
use super::{End, Member};
use crate::service::config::StreamConfig;
use crate::service::state::Section;

impl Member {
    /// Reads all buckets; what comes from then on.
    pub(super) async fn read(
        &mut self,
        buckets: &Buckets,
    ) -> Result<stream::SelectAll<async_nats::jetstream::kv::Watch>, End> {
        let held = self.view.held();
        let kept = self
            .catalogue
            .configs()
            .filter(|stream| held.contains(&*stream.id));
        let kept: Vec<StreamConfig> = kept.cloned().collect();
        self.view.forget();
        self.catalogue.clear();
        self.legacy.clear();
        self.shared_operations.clear();
        let mut news = Vec::new();
        for store in [
            &buckets.streams,
            &buckets.members,
            &buckets.claims,
            &buckets.alarms,
        ] {
            let (entries, watch) = engine::follow(store).await?;
            entries.iter().for_each(|entry| self.note(entry));
            news.push(watch);
        }
        // An engine that has lost its disk gets back what is watched.
        for stream in [kept, self.file.clone()].concat() {
            self.introduce(stream, buckets).await?;
        }
        let now = Instant::now();
        self.view.begin(now);
        self.publish(now);
        // What others have claimed meanwhile they watch by now.
        self.fading.clear();
        self.publish(now);
        // There may be much to write down, and the lease lasts for as long.
        if !self.has_rival(now) {
            self.renew(buckets, now).await?;
        }
        self.leave_all(buckets).await?;
        Ok(stream::select_all(news))
    }

    /// Takes in an entry of any bucket.
    pub(super) fn note(&mut self, entry: &Entry) {
        let id = name(&entry.key);
        match entry.bucket.rsplit('-').next() {
            Some("streams") => {
                match engine::value::<StreamConfig>(entry).filter(|config| config.id == *id) {
                    Some(config) => self.note_stream(&id, config),
                    None => {
                        self.catalogue.remove(&id);
                        self.view.note_stream(&id, false);
                    }
                }
            }
            Some("alarms") => match section_of(&entry.key) {
                Some(Section::Acknowledgements | Section::Mutes) => {
                    self.shared_operations
                        .note(&entry.key, engine::value(entry));
                }
                _ => self.legacy.note(
                    &entry.key,
                    engine::value(entry),
                    entry.revision,
                    Instant::now(),
                ),
            },
            Some("members") => {
                let record = engine::value(entry);
                self.view.note_member(&id, record, Instant::now());
            }
            _ => {
                let claim = engine::value::<Option<Claim>>(entry).flatten();
                self.view
                    .note_claim(&id, claim, entry.revision, Instant::now());
            }
        }
    }

    /// Takes in a stream.
    pub(super) fn note_stream(&mut self, id: &Arc<str>, config: StreamConfig) {
        let can_claim = self.catalogue.put(id, config);
        self.view.note_stream(id, can_claim);
    }
}
