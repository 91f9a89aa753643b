// SPDX-License-Identifier: MPL-2.0
//! Finds preambles of data in a pair of audio channels: SMPTE ST 337, IEC 61937, and the sync words of DTS (ETSI TS
//! 102 114), which is also carried without a preamble.

use crate::media::sound::Block;

/// Sync words Pa and Pb for data of 16, 20 and 24 bits, in the upper bits of 24.
const SYNC_WORDS: [(i32, i32); 8] = [
    (0xF8_7200, 0x4E_1F00),
    (0x6F_8720, 0x54_E1F0),
    (0x96_F872, 0xA5_4E1F),
    // 16 bits with their bytes swapped.
    (0x72_F800, 0x1F_4E00),
    // DTS: 16 bits (7FFE 8001), 14 bits (1FFF E800), each also with its bytes swapped.
    (0x7F_FE00, 0x80_0100),
    (0xFE_7F00, 0x01_8000),
    (0x1F_FF00, 0xE8_0000),
    (0xFF_1F00, 0x00_E800),
];

/// The value of a 24-bit word taken for a sample.
const fn sample(word: i32) -> f32 {
    ((word << 8) >> 8) as f32 / 8_388_608.0
}

const PAIRS: [(f32, f32); SYNC_WORDS.len()] = {
    let mut pairs = [(0.0, 0.0); SYNC_WORDS.len()];
    let mut n = 0;
    while n < SYNC_WORDS.len() {
        pairs[n] = (sample(SYNC_WORDS[n].0), sample(SYNC_WORDS[n].1));
        n += 1;
    }
    pairs
};

/// Where the words of DTS begin among [`SYNC_WORDS`]. Two of its pairs are small numbers of opposite sign, which occur in sound whose
/// channels are out of phase.
const DTS: usize = 4;
/// Distances of DTS frames, in samples of a channel.
const DTS_FRAMES: [u64; 4] = [512, 1024, 2048, 4096];
/// Smallest and largest distance of other preambles, in samples of a channel: MPEG-1 layer I has 384, `TrueHD` 61,440.
const DISTANCES: std::ops::RangeInclusive<u64> = 192..=65_536;
/// Pairs that are remembered: there may be bursts of several kinds in turn.
const PAST: usize = 8;
/// Largest difference of two distances: frames of video at 29.97 Hz have 1601 or 1602 samples.
const UNEVEN: u64 = 2;

/// Looks for the preambles of a channel: Pa followed by Pb in the channel itself, or Pa in one channel and Pb at the same time in the next.
///
/// Sound has such pairs by chance. In data they are at even distances; two of DTS's pairs are small numbers, and need one more.
#[derive(Debug, Default)]
pub struct PreambleSearch {
    /// Samples so far.
    samples: u64,
    /// Where the last pairs were, the oldest first; of others and of DTS.
    last: [[Option<u64>; PAST]; 2],
    is_found: bool,
}

impl PreambleSearch {
    /// Takes the samples of a channel.
    pub fn push(&mut self, block: &Block<'_>, channel: usize) {
        let (own, next) = (block.channel(channel), block.channel(channel + 1));
        let before = channel.checked_sub(1).map_or(&[][..], |c| block.channel(c));
        for part in 0..own.len().div_ceil(16) {
            let from = part * 16;
            let samples = &own[from..own.len().min(from + 16)];
            // Tests sixteen at a time, since there is hardly ever one.
            let any = samples.iter().fold(false, |any, x| {
                any | PAIRS
                    .iter()
                    .fold(false, |hit, (a, b)| hit | (x == a) | (x == b))
            });
            if !any {
                continue;
            }
            for at in from..from + samples.len() {
                let found = PAIRS.iter().position(|(a, b)| {
                    own[at] == *a && (own.get(at + 1) == Some(b) || next.get(at) == Some(b))
                        || own[at] == *b && before.get(at) == Some(a)
                });
                if let Some(pair) = found {
                    self.note(self.samples + at as u64, pair >= DTS);
                }
            }
        }
        self.samples += own.len() as u64;
    }

    /// Whether there was data since this was last asked.
    pub fn take(&mut self) -> bool {
        std::mem::take(&mut self.is_found)
    }

    /// Takes note of a pair. It is data if two before it are at even distances, of DTS three.
    fn note(&mut self, at: u64, is_dts: bool) {
        let last = &mut self.last[usize::from(is_dts)];
        let is_even = |before: &u64| {
            let distance = at - before;
            let (fits, count) = match is_dts {
                true => (DTS_FRAMES.contains(&distance), 3),
                false => (DISTANCES.contains(&distance), 2),
            };
            let is_there = |n: u64| {
                let mut places = last.iter().flatten();
                places.any(|p| (at - p).abs_diff(n * distance) <= UNEVEN)
            };
            fits && (2..=count).all(is_there)
        };
        self.is_found |= last.iter().flatten().any(is_even);
        last.rotate_left(1);
        last[PAST - 1] = Some(at);
    }
}
