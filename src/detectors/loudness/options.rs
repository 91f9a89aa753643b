// SPDX-License-Identifier: MPL-2.0
//! Settings of `loudnessdetect`: a preset, and single limits that go before it.

use crate::detector::settings::{Settings, Spec, Value};

crate::setting_enum! {
    /// Whose limits apply.
    pub enum Preset: "GstDefectLoudnessPreset" {
        /// EBU R 128: -23 LUFS, 1 LU (live programmes), -1 dBTP
        R128 = "r128",
        /// ATSC A/85: -24 LKFS, 2 LU, -2 dBTP
        A85 = "a85",
        /// Streaming (AES TD1008, speech and mixed programmes): -18 LUFS, 2 LU, -1 dBTP
        Streaming = "streaming",
    }
}

crate::setting_enum! {
    /// Which measure is held against the target.
    pub enum Measure: "GstDefectLoudnessMeasure" {
        /// The last 400 ms
        Momentary = "momentary",
        /// The last 3 s
        ShortTerm = "short-term",
        /// The programme since it began or since the last reset, gated
        Integrated = "integrated",
    }
}

impl Preset {
    /// Target (LUFS), tolerance (LU) and largest true peak (dBTP). TD1008 names no tolerance: 2 LU is chosen, as in A/85.
    const fn limits(self) -> [f64; 3] {
        match self {
            Self::R128 => [-23.0, 1.0, -1.0],
            Self::A85 => [-24.0, 2.0, -2.0],
            Self::Streaming => [-18.0, 2.0, -1.0],
        }
    }
}

const DEFAULT: [f64; 3] = Preset::R128.limits();

crate::settings! {
    /// As the properties are declared.
    pub struct Declared {
        /// Sets target, tolerance and max-true-peak; a value that is set explicitly takes precedence over the preset, in either order
        "preset" preset: Preset = Preset::R128;
        /// Loudness that the programme should have, in LUFS; follows the preset until it is set
        "target" target: f64 = DEFAULT[0], in -70.0..=0.0;
        /// By how much the loudness may miss the target, up or down, in LU; follows the preset until it is set
        "tolerance" tolerance: f64 = DEFAULT[1], in 0.0..=60.0;
        /// Largest true peak that is no defect, in dBTP; follows the preset until it is set
        "max-true-peak" max_true_peak: f64 = DEFAULT[2], in -60.0..=20.0;
        /// What is held against the target
        "measure" measure: Measure = Measure::Integrated;
        /// Setting it to true begins a new programme: all measures start anew with the next 10 ms of sound; reads as false
        "reset" reset: bool = false;
    }
}

/// Places in the list above.
const TARGET: usize = 1;
const RESET: usize = 5;

/// Settings of `loudnessdetect`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoudnessSettings {
    declared: Declared,
    /// Which of target, tolerance and max-true-peak were set by themselves.
    own: [bool; 3],
    resets: u64,
}

impl LoudnessSettings {
    fn limit(&self, which: usize) -> f64 {
        let own = [
            self.declared.target,
            self.declared.tolerance,
            self.declared.max_true_peak,
        ];
        if self.own[which] {
            own[which]
        } else {
            self.declared.preset.limits()[which]
        }
    }

    /// In LUFS.
    pub fn target(&self) -> f64 {
        self.limit(0)
    }

    /// In LU.
    pub fn tolerance(&self) -> f64 {
        self.limit(1)
    }

    /// In dBTP.
    pub fn max_true_peak(&self) -> f64 {
        self.limit(2)
    }

    /// What is held against the target.
    pub fn measure(&self) -> Measure {
        self.declared.measure
    }

    /// How many resets were asked for so far.
    pub fn resets(&self) -> u64 {
        self.resets
    }
}

impl Settings for LoudnessSettings {
    fn specs() -> &'static [Spec] {
        Declared::specs()
    }

    fn get(&self, index: usize) -> Value {
        match index {
            RESET => Value::Bool(false),
            _ if (TARGET..TARGET + 3).contains(&index) => Value::F64(self.limit(index - TARGET)),
            _ => self.declared.get(index),
        }
    }

    fn set(&mut self, index: usize, value: Value) {
        if index == RESET {
            self.resets += u64::from(value == Value::Bool(true));
            return;
        }
        if let (Some(own), Value::F64(_)) = (
            index.checked_sub(TARGET).and_then(|i| self.own.get_mut(i)),
            &value,
        ) {
            *own = true;
        }
        self.declared.set(index, value);
    }
}
