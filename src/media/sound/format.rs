// SPDX-License-Identifier: MPL-2.0
//! What stays the same in a stream of sound.

/// How a sample is stored; all are little endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleType {
    /// 16-bit integer.
    S16,
    /// 24-bit integer in three bytes.
    S24,
    /// 32-bit integer.
    S32,
    /// 32-bit float, full scale = 1.
    F32,
    /// 64-bit float, full scale = 1.
    F64,
}

impl SampleType {
    /// Bytes per sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// Where the samples of a channel lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleLayout {
    /// One sample of each channel, then the next.
    Interleaved,
    /// One channel after the other.
    Planar,
}

/// The position of a channel, as far as detectors need it: loudness weighs by it, phase pairs by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// The only channel.
    Mono,
    /// Front left.
    FrontLeft,
    /// Front right.
    FrontRight,
    /// Front centre.
    FrontCenter,
    /// Low-frequency effects.
    Lfe,
    /// Rear left (90 to 150 degrees).
    RearLeft,
    /// Rear right.
    RearRight,
    /// Rear centre.
    RearCenter,
    /// Between front left and centre.
    FrontLeftOfCenter,
    /// Between front right and centre.
    FrontRightOfCenter,
    /// Side left (60 to 120 degrees).
    SideLeft,
    /// Side right.
    SideRight,
    /// Above the listener, front left.
    TopFrontLeft,
    /// Above the listener, front right.
    TopFrontRight,
    /// Above the listener, rear left.
    TopRearLeft,
    /// Above the listener, rear right.
    TopRearRight,
    /// Above the listener, side left.
    TopSideLeft,
    /// Above the listener, side right.
    TopSideRight,
    /// Some other place.
    Other,
    /// The stream doesn't say.
    Unpositioned,
}

/// The format of a stream of sound.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioFormat {
    /// How a sample is stored.
    pub sample: SampleType,
    /// Where the samples of a channel lie.
    pub layout: SampleLayout,
    /// Samples per second and channel.
    pub rate: u32,
    /// Number of channels.
    pub channels: usize,
    /// What each channel is for; as many as there are channels.
    pub positions: Vec<Position>,
}

impl AudioFormat {
    /// Samples per channel in a [`Block`](super::Block): 10 ms, rounded down.
    pub fn block_length(&self) -> usize {
        (self.rate as usize / 100).max(1)
    }

    /// Blocks that make up that time, at least one.
    pub fn blocks(&self, duration: crate::media::Ns) -> usize {
        let length =
            self.block_length() as u64 * crate::media::SECOND / u64::from(self.rate.max(1));
        (duration / length.max(1)).max(1) as usize
    }
}
