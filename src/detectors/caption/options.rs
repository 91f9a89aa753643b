// SPDX-License-Identifier: MPL-2.0
//! What `captiondetect` reports and measures, and its settings.

use crate::detector::Direction;
use crate::media::SECOND;

crate::settings! {
    /// Settings of `captiondetect`.
    pub struct CaptionSettings {
        /// Share of the pairs and packets of captions that may be broken
        "threshold" threshold: f64 = 0.01, in 0.0..=1.0;
        /// How long there may be no new text, in ns
        "text-timeout" text_timeout: u64 = 120 * SECOND;
        /// Whether a stream that never had captions lacks them
        "required" required: bool = false;
        /// Whether CEA-708 has to come with CEA-608
        "require-608" require_608: bool = true;
        /// How much later than the speech captions may be, in ns (0 = not judged); in a `defectbin` whose `programme` has sound
        "max-delay" max_delay: u64 = 0, in 0..=20 * SECOND;
    }
}

crate::kinds! {
    /// What `captiondetect` reports.
    pub enum CaptionKind {
        Missing {
            name: "captions-missing",
            value: "time without captions, in seconds; the limit is min-duration or text-timeout",
            direction: Direction::HigherIsWorse,
            details: &[
                ("absent", "there is no caption data any more"),
                ("empty", "there is only padding"),
                ("stopped", "there is data, but no new text"),
            ],
        },
        Corrupt {
            name: "captions-corrupt",
            value: "share of the pairs and packets of captions that are broken, 0 to 1",
            direction: Direction::HigherIsWorse,
            details: &[
                ("parity", "bytes with wrong parity"),
                ("codes", "codes or packets that don't exist or aren't complete"),
                ("708-without-608", "CEA-708 without CEA-608"),
            ],
        },
        Late {
            name: "captions-late",
            value: "how much later than the speech captions are, in seconds; the limit is max-delay",
            direction: Direction::HigherIsWorse,
        },
    }
}

crate::measures! {
    /// What `captiondetect` measures.
    pub struct CaptionMeasures {
        /// pairs of CEA-608 in the interval, padding among them
        "pairs" pairs: f64,
        /// packets of CEA-708 in the interval
        "packets" packets: f64,
        /// new characters in the interval
        "characters" characters: f64,
        /// share of the pairs and packets that were broken, 0 to 1
        "broken" broken: f64,
        /// how much later than the speech captions are, in seconds; negative: earlier
        "delay" delay: f64 => "s",
    }
}
