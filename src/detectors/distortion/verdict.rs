// SPDX-License-Identifier: MPL-2.0
//! The verdict about half a second of one channel.

/// The verdict about a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StretchVerdict {
    /// Too quiet to say.
    #[default]
    Unknown,
    /// Nothing unusual.
    Clean,
    /// Preambles of data bursts.
    Data,
    /// Bytes of samples in the wrong order.
    Swap,
    /// Few levels at equal distances.
    Crush,
    /// Flat tops well within the stretch.
    Overdrive,
    /// A line-up tone of a frequency that belongs to another sample rate.
    Rate,
}

impl StretchVerdict {
    /// The verdicts that are defects, the surest first.
    pub const DEFECTS: [Self; 5] = [
        Self::Data,
        Self::Swap,
        Self::Crush,
        Self::Overdrive,
        Self::Rate,
    ];

    /// The message's `detail`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Swap => "byte-swap",
            Self::Crush => "bit-crush",
            Self::Rate => "wrong-rate",
            _ => "overdrive",
        }
    }

    /// The confidence of a defect, 0 to 1.
    pub fn confidence(self) -> f64 {
        match self {
            Self::Data => 0.99,
            Self::Swap => 0.97,
            Self::Crush => 0.95,
            Self::Rate => 0.5,
            _ => 0.75,
        }
    }
}
