// SPDX-License-Identifier: MPL-2.0
//! What a member leaves to others, and goes on with.

use std::time::Instant;

use super::super::engine::{self, Buckets};
use super::{End, Member};
use crate::service::state::Mirrored;

impl Member {
    /// Writes down an alarm or an unsent notice for whoever goes on with it.
    pub(super) async fn leave_word(
        &mut self,
        mirrored: &Mirrored,
        buckets: &Buckets,
    ) -> Result<(), End> {
        let Some((place, left)) = self.legacy.leave(mirrored) else {
            return Ok(());
        };
        Ok(match &left {
            Some(left) => engine::put(&buckets.alarms, &place, left).await.map(drop),
            None => engine::remove(&buckets.alarms, &place).await,
        }?)
    }

    /// Writes down again all that this process leaves: the engine may have missed some of it.
    pub(super) async fn leave_all(&mut self, buckets: &Buckets) -> Result<(), End> {
        for (place, left) in self.legacy.own() {
            engine::put(&buckets.alarms, &place, &left).await?;
        }
        Ok(())
    }

    /// Goes on with the alarms of streams that another member had before.
    pub(super) fn inherit(&mut self, now: Instant) {
        let live = self.view.live(now).into_values();
        let live = live.map(|record| record.process).collect();
        let inherited = self.legacy.inherit(self.view.held(), &live, now);
        for mirrored in inherited {
            self.means.alerts.take_over(&mirrored);
        }
    }
}
