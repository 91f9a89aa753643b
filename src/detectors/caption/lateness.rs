// SPDX-License-Identifier: MPL-2.0
//! When lines of text begin to be seen, and whether they are late.

use super::{decoder::Tally, delay::Delay};
use crate::detector::{Evidence, Observation};
use crate::media::{MS, Ns, SECOND, captions::SpeechOnsets};

/// Text that is seen as it comes begins a line after a pause of this length.
const PAUSE: Ns = 700 * MS;

/// Finds lines and their delay.
#[derive(Debug, Default)]
pub struct Lateness {
    /// When text was last seen as it came.
    typed: Option<Ns>,
    delay: Delay,
    /// The delay at the last unit, in seconds.
    seconds: Option<f64>,
}

impl Lateness {
    /// Takes what came at that time.
    pub fn note_text(&mut self, at: Ns, tally: &Tally) {
        let pause = self.typed.map(|typed| at.saturating_sub(typed));
        let begins = tally.typed && pause.is_none_or(|pause| pause >= PAUSE);
        if tally.typed {
            self.typed = Some(at);
        }
        if begins || tally.shown {
            self.delay.note_text(at);
        }
    }

    /// Takes what was heard.
    pub fn note_speech(&mut self, speech: SpeechOnsets<'_>) {
        self.delay.note_speech(speech.new, speech.until);
    }

    /// Measures the delay at `now`, up to which all text is known.
    pub fn update(&mut self, now: Ns) {
        self.seconds = self.delay.at(now);
    }

    /// How much later than the speech captions are, in seconds; negative: earlier; `None`: not known.
    pub fn seconds(&self) -> Option<f64> {
        self.seconds
    }

    /// Whether captions are later than `limit`, in ns (0 = any delay will do); `has_text`: whether there was any.
    pub fn judge(&self, limit: Ns, has_text: bool) -> Observation {
        let seconds = limit as f64 / SECOND as f64;
        match self.seconds {
            Some(delay) => Observation::present_if(limit > 0 && delay > seconds, delay, seconds),
            None if has_text => Observation::unknown(),
            None => Observation::new(Evidence::Absent, 0.0, seconds),
        }
    }
}
