// SPDX-License-Identifier: MPL-2.0
//! What a member leaves to others, and goes on with.

use std::time::Instant;

use super::super::engine::{self, Buckets, Refusal};
use super::super::left::{EARLIER_RUN, Left, section_of};
use super::{End, Member};
use crate::service::state::{Mirrored, Section};

/// Whether it is an acknowledgement or a mute.
fn is_of_operators(mirrored: &Mirrored) -> bool {
    matches!(mirrored.section, Section::Acknowledgements | Section::Mutes)
}

impl Member {
    /// Writes down an alarm or an unsent notice for whoever goes on with it, or what an operator has said. A notice is sent from then on,
    /// unless another member speaks of its alarm.
    pub(super) async fn leave_word(
        &mut self,
        mirrored: &Mirrored,
        buckets: &Buckets,
    ) -> Result<(), End> {
        match self.take_word(mirrored) {
            Some(place) => self.write_word(&place, buckets).await,
            None if is_of_operators(mirrored) => self.write_operations(buckets).await,
            None => Ok(()),
        }
    }

    /// Writes the acknowledgements and mutes that the bucket lacks, and removes those that were removed here.
    async fn write_operations(&mut self, buckets: &Buckets) -> Result<(), End> {
        for (place, value) in self.shared_operations.unwritten() {
            match &value {
                Some(value) => drop(engine::put(&buckets.alarms, &place, value).await?),
                None => engine::remove(&buckets.alarms, &place).await?,
            }
            self.shared_operations.note_written(place, value);
        }
        Ok(())
    }

    /// Takes in an alarm or a notice, to be written down. Gives its key there; none if nobody else needs it.
    pub(super) fn take_word(&mut self, mirrored: &Mirrored) -> Option<String> {
        if is_of_operators(mirrored) {
            self.shared_operations.note_own(mirrored);
            return None;
        }
        let place = self.legacy.leave(mirrored);
        if let (None, Some(value)) = (&place, &mirrored.value) {
            self.means.alerts.answer(&mirrored.key, value, true);
        }
        place
    }

    /// Writes down again all that this process leaves: the engine may have missed some of it.
    pub(super) async fn leave_all(&mut self, buckets: &Buckets) -> Result<(), End> {
        for place in self.legacy.places() {
            self.write_word(&place, buckets).await?;
        }
        self.write_operations(buckets).await
    }

    async fn write_word(&mut self, place: &str, buckets: &Buckets) -> Result<(), End> {
        let store = &buckets.alarms;
        while let Some(own) = self.legacy.own(place) {
            let Some(left) = own else {
                engine::remove(store, place).await?;
                self.legacy.note_written(place, None, 0, false);
                break;
            };
            let holds = left.process != EARLIER_RUN && self.claimed.contains(&left.stream);
            if self.legacy.is_anothers(place, &left, holds) {
                self.legacy.drop_own(place);
                self.means.alerts.answer(&left.key, &left.value, false);
                if self.legacy.is_replaced(place, &left, holds) {
                    self.means.alerts.settle(&left.key, &left.value, true);
                }
                self.forget(place, &left);
                break;
            }
            let written = match self.legacy.revision(place) {
                Some(revision) => engine::write(store, place, &left, revision).await,
                None => engine::put(store, place, &left).await,
            };
            match written {
                Ok(revision) => {
                    let legacy = &mut self.legacy;
                    legacy.note_written(place, Some(&left), revision, holds);
                    let alerts = &self.means.alerts;
                    alerts.answer(&left.key, &left.value, true);
                    alerts.settle(&left.key, &left.value, false);
                    self.forget(place, &left);
                    break;
                }
                // Another was quicker: what it wrote may be the same alarm.
                Err(Refusal::Changed) => {
                    let known = self.legacy.revision(place);
                    match engine::entry(store, place).await? {
                        Some(entry) => self.note(&entry),
                        None => self.legacy.forget(place),
                    }
                    if self.legacy.revision(place) == known {
                        return Err(Refusal::Changed.into());
                    }
                }
                Err(away) => return Err(away.into()),
            }
        }
        Ok(())
    }

    /// The bucket has that: the state here need not keep it.
    fn forget(&self, place: &str, left: &Left) {
        if let Some(section) = section_of(place) {
            self.means.state.forget(section, &left.key);
        }
    }

    /// Goes on with the alarms of streams that another member had before.
    pub(super) fn inherit(&mut self, now: Instant) {
        let live = self.view.live(now).into_values();
        let live = live.map(|record| record.process).collect();
        let alerts = &self.means.alerts;
        self.legacy
            .inherit(self.view.held(), &live, now, |left| alerts.take_over(left));
    }
}
