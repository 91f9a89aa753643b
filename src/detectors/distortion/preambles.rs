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

/// Number of preambles of a channel in this block: Pa followed by Pb in the channel itself, or Pa in one channel and
/// Pb at the same time in the next.
pub fn preambles(block: &Block<'_>, channel: usize) -> usize {
    let (own, next) = (block.channel(channel), block.channel(channel + 1));
    let before = channel.checked_sub(1).map_or(&[][..], |c| block.channel(c));
    let mut count = 0;
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
            let hit = PAIRS.iter().any(|(a, b)| {
                own[at] == *a && (own.get(at + 1) == Some(b) || next.get(at) == Some(b))
                    || own[at] == *b && before.get(at) == Some(a)
            });
            count += usize::from(hit);
        }
    }
    count
}
