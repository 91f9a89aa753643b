// SPDX-License-Identifier: MPL-2.0
//! Makes the observation of a channel or of the programme: evidence, level, detail, confidence.

use super::{SilenceSettings, channel::Audibility};
use crate::detector::{Common, Evidence, Observation};
use crate::media::{Ns, sound::power_db};

/// Confidence of a silence with varying samples: somebody may want a programme that soft.
pub const NOT_EXACT: f64 = 0.9;

/// What an observation needs besides the channel: the time and the settings.
pub struct Terms<'a> {
    /// End of the block.
    pub now: Ns,
    /// The detector's settings.
    pub settings: &'a SilenceSettings,
    /// How long silence has to last before it is announced.
    pub least: Ns,
    /// A shorter silence is a pause of the sound: after a silence, it doesn't prolong that.
    pause: Ns,
}

impl<'a> Terms<'a> {
    /// For the end of a block.
    pub fn new(now: Ns, settings: &'a SilenceSettings, common: &Common) -> Self {
        Self {
            now,
            settings,
            least: common.min_duration,
            // Sound is back after clear-duration with pauses of up to half of it.
            pause: (common.clear_duration / 2).min(common.min_duration),
        }
    }

    /// The observation of silence or sound with that mean square.
    pub fn observation(&self, audibility: Audibility, power: f64, exact: bool) -> Observation {
        let (evidence, since) = match audibility {
            Audibility::Silence(since) if self.now.saturating_sub(since) < self.pause => {
                (Evidence::Absent, since)
            }
            Audibility::Silence(since) => (Evidence::Present, since),
            Audibility::Sound(since) => (Evidence::Absent, since),
            Audibility::Undecided(_) => return Observation::unknown(),
        };
        Observation::new(evidence, power_db(power), self.settings.threshold)
            .since(since)
            .detail(if exact { "digital-zero" } else { "silence" })
            .confidence(if exact { 1.0 } else { NOT_EXACT })
    }
}
