// SPDX-License-Identifier: MPL-2.0
//! Settings of `avsyncdetect`: a preset, single limits that go before it, and which evidence counts.

use crate::detector::settings::{Settings, Spec, Value};

crate::setting_enum! {
    /// Whose limits apply.
    pub enum Preset: "GstDefectAvSyncPreset" {
        /// EBU R 37: 40 ms early, 60 ms late
        R37 = "r37",
        /// ITU-R BT.1359-1, acceptability: 90 ms early, 185 ms late
        Bt1359 = "bt1359",
        /// ATSC IS-191: 15 ms early, 45 ms late
        Atsc = "atsc",
    }
}

crate::setting_enum! {
    /// Which evidence counts.
    pub enum Source: "GstDefectAvSyncEvidence" {
        /// Whatever there is; timestamps only where no data was lost in the last minute
        All = "all",
        /// Every jump and drift between the timestamps of sound and picture in the last minute, and their difference at the start
        Timestamps = "timestamps",
        /// Flashes and beeps of a line-up sequence
        FlashBeep = "flash-beep",
        /// The same programme from an earlier point of the chain, on the pads reference_audio_sink and reference_video_sink
        Reference = "reference",
        /// How the mouth of a speaking face goes with the sound; an alarm takes at least 25 s of it, and 45 ms beyond the limit
        Content = "content",
    }
}

impl Preset {
    /// Early and late, in ms.
    const fn limits(self) -> [f64; 2] {
        match self {
            Self::R37 => [40.0, 60.0],
            Self::Bt1359 => [90.0, 185.0],
            Self::Atsc => [15.0, 45.0],
        }
    }
}

const DEFAULT: [f64; 2] = Preset::R37.limits();

crate::settings! {
    /// As the properties are declared.
    pub struct Declared {
        /// Sets early and late; a value that is set explicitly takes precedence over the preset, in either order
        "preset" preset: Preset = Preset::R37;
        /// By how much sound may be early, in ms; follows the preset until it is set
        "early" early: f64 = DEFAULT[0], in 0.0..=10_000.0;
        /// By how much sound may be late, in ms; follows the preset until it is set
        "late" late: f64 = DEFAULT[1], in 0.0..=10_000.0;
        /// Which evidence counts
        "evidence" evidence: Source = Source::All;
    }
}

/// Places in the list above.
const EARLY: usize = 1;
const LATE: usize = 2;

/// Settings of `avsyncdetect`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AvSyncSettings {
    declared: Declared,
    /// Whether early and late were set by themselves.
    own: [bool; 2],
}

impl AvSyncSettings {
    /// By how much sound may be early, in ms.
    pub fn early(&self) -> f64 {
        self.limit(0, self.declared.early)
    }

    /// By how much it may be late, in ms.
    pub fn late(&self) -> f64 {
        self.limit(1, self.declared.late)
    }

    /// Which evidence counts.
    pub fn evidence(&self) -> Source {
        self.declared.evidence
    }

    fn limit(&self, which: usize, own: f64) -> f64 {
        if self.own[which] {
            own
        } else {
            self.declared.preset.limits()[which]
        }
    }
}

impl Settings for AvSyncSettings {
    fn specs() -> &'static [Spec] {
        Declared::specs()
    }

    fn get(&self, index: usize) -> Value {
        match index {
            EARLY => Value::F64(self.early()),
            LATE => Value::F64(self.late()),
            _ => self.declared.get(index),
        }
    }

    fn set(&mut self, index: usize, value: Value) {
        if (EARLY..=LATE).contains(&index) {
            self.own[index - EARLY] |= matches!(value, Value::F64(_));
        }
        self.declared.set(index, value);
    }
}
