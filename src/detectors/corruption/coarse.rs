// SPDX-License-Identifier: MPL-2.0
//! Measures how coarsely the pictures are coded: where everything consists of visible blocks, a new seam is nothing
//! special.

use super::block_edges::{BlockEdges, UNIT};

/// Excess of a border over the gradients beside it, in 1/56 code, from which it is a trace of coding. Chosen.
const STEEP: i16 = (1.5 * UNIT) as i16;
/// Share of such borders, averaged over the last second, from which pictures are coarse. Low-bit-rate streams of 720p
/// without deblocking have 0.24 to 0.65; undamaged ones of textured clips at normal bit rates up to 0.21, H.264 and
/// HEVC, and up to 0.3, MPEG-2 (95 of 100 pictures, 7 clips).
const COARSE: f32 = 0.25;
/// Weight of a picture in the average: damage makes such borders, too, but not for long.
const LEARN: f32 = 0.04;

/// How coarsely the pictures of the last second were coded.
#[derive(Debug, Default)]
pub struct Coarseness {
    average: Option<f32>,
    coarse: bool,
}

impl Coarseness {
    /// Takes the next picture, and judges those before it.
    pub fn step(&mut self, edges: &BlockEdges) {
        let now = share(edges);
        let before = *self.average.get_or_insert(now);
        self.average = Some(before + (now - before) * LEARN);
        self.coarse = before > COARSE;
    }

    /// Whether the pictures of the last second were coded so coarsely that damage can't be told from their look.
    pub fn is_coarse(&self) -> bool {
        self.coarse
    }
}

/// Share of the borders that are traces of coding.
fn share(edges: &BlockEdges) -> f32 {
    let count = |borders: &[i16]| -> u32 {
        // Sums that fit into 16 bits, which the compiler can turn into vector instructions.
        let parts = borders.chunks(usize::from(u16::MAX));
        parts
            .map(|part| u32::from(part.iter().map(|b| u16::from(*b > STEEP)).sum::<u16>()))
            .sum()
    };
    let all = edges.left.len() + edges.top.len();
    (count(&edges.left) + count(&edges.top)) as f32 / all.max(1) as f32
}
