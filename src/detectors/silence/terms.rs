// SPDX-License-Identifier: MPL-2.0
//! What is observed of a programme or a channel, given how it sounds.

use super::{SilenceSettings, channel::Hearing};
use crate::detector::{Common, Evidence, Observation};
use crate::media::{Ns, sound::power_db};

/// Not one value all along: noise may be a programme that somebody wants to be that soft.
pub const NOT_EXACT: f64 = 0.9;

/// On what terms silence is judged in a block.
pub struct Terms<'a> {
    /// End of the block.
    pub now: Ns,
    /// As set.
    pub settings: &'a SilenceSettings,
    /// How long silence has to last before it is announced.
    pub least: Ns,
    /// A shorter silence is a pause of the sound: one that comes soon after a silence doesn't prolong it.
    pause: Ns,
}

impl<'a> Terms<'a> {
    /// At the end of a block.
    pub fn new(now: Ns, settings: &'a SilenceSettings, common: &Common) -> Self {
        Self {
            now,
            settings,
            least: common.min_duration,
            // Sound is back after clear-duration with pauses of up to half of it.
            pause: (common.clear_duration / 2).min(common.min_duration),
        }
    }

    /// What a silence, or sound, of that level amounts to.
    pub fn observation(&self, hearing: Hearing, power: f64, exact: bool) -> Observation {
        let (evidence, since) = match hearing {
            Hearing::Silence(since) if self.now.saturating_sub(since) < self.pause => {
                (Evidence::Absent, since)
            }
            Hearing::Silence(since) => (Evidence::Present, since),
            Hearing::Sound(since) => (Evidence::Absent, since),
            Hearing::Doubt(_) => return Observation::unknown(),
        };
        Observation::new(evidence, power_db(power), self.settings.threshold)
            .since(since)
            .detail(if exact { "digital-zero" } else { "silence" })
            .confidence(if exact { 1.0 } else { NOT_EXACT })
    }
}
