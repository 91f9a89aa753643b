// SPDX-License-Identifier: MPL-2.0
//! Runs the network: the likelihood that each block of 16x16 pixels is damaged, from luma of a picture and of the one
//! before.
//!
//! Three convolutions reduce each block to one vector; four more exchange information between neighbours. The work
//! goes down the picture in rows of blocks, each from pixels to vectors while its numbers are in the near cache, and
//! can stop after any row.

use super::weights::{BLOCKS, CHANNELS, INPUTS, Weights};
use crate::media::network::{Kernel, Row};

/// Pixels along a side of a block.
pub const BLOCK: usize = 16;

/// Cost of reducing a row of blocks to vectors, in units of one exchange: 46 thousand multiplications for a block
/// against 5 thousand.
const REDUCTION: usize = 10;

/// Luma of two pictures that follow one another, lines without padding.
#[derive(Debug, Default)]
pub struct Luma {
    /// The picture before.
    pub before: Vec<u8>,
    /// The picture that is judged.
    pub now: Vec<u8>,
}

/// The network.
#[derive(Debug)]
pub struct Net {
    weights: &'static Weights,
    kernel: Kernel,
    /// Blocks.
    columns: usize,
    rows: usize,
    /// Rows of pixels, and of the first two layers, as many as the next layer sees; row `y` is in slot `y + 1` modulo their number.
    pixels: [Row; 6],
    first: [Row; 3],
    second: [Row; 3],
    /// Rows of vectors, before and after an exchange.
    places: Vec<Row>,
    after: Vec<Row>,
    around: Row,
    nothing: Row,
    logits: Vec<f32>,
    /// Rows done: of the reduction, then of each exchange.
    done: usize,
}

impl Net {
    /// For pictures of that many blocks, at least one.
    pub fn new(weights: &'static Weights, columns: usize, rows: usize) -> Self {
        Self::with(Kernel::best(), weights, columns, rows)
    }

    pub(super) fn with(
        kernel: Kernel,
        weights: &'static Weights,
        columns: usize,
        rows: usize,
    ) -> Self {
        let places = Row::new(columns, CHANNELS[2]);
        Self {
            weights,
            kernel,
            columns,
            rows,
            pixels: std::array::from_fn(|_| Row::new(columns * BLOCK, INPUTS)),
            first: std::array::from_fn(|_| Row::new(columns * 4, CHANNELS[0])),
            second: std::array::from_fn(|_| Row::new(columns * 2, CHANNELS[1])),
            places: vec![places.clone(); rows],
            after: vec![places.clone(); rows],
            around: places.clone(),
            nothing: places,
            logits: vec![0.0; columns * rows],
            done: 0,
        }
    }

    /// Cost of a whole picture, in units of [`work`](Self::work).
    pub fn effort(&self) -> usize {
        self.rows * (REDUCTION + BLOCKS)
    }

    /// Begins anew.
    pub fn restart(&mut self) {
        self.done = 0;
    }

    /// Does `effort` of the work on those pictures; returns whether that was the last.
    pub fn work(&mut self, luma: &Luma, effort: usize) -> bool {
        let mut spent = 0;
        while spent < effort {
            let (pass, row) = (self.done / self.rows, self.done % self.rows);
            if pass == 0 {
                self.reduce(luma, row);
                spent += REDUCTION;
            } else {
                self.exchange(pass - 1, row);
                spent += 1;
            }
            self.done += 1;
            if self.done == self.rows * (1 + BLOCKS) {
                self.done = 0;
                return true;
            }
        }
        false
    }

    /// For each block, row by row, the logarithm of the odds that it is damaged.
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// Reduces a row of blocks from pixels to vectors.
    fn reduce(&mut self, luma: &Luma, row: usize) {
        if row == 0 {
            // Above the picture there's nothing, but pixels repeat the edge.
            self.first[0].places_mut().fill(0.0);
            self.second[0].places_mut().fill(0.0);
            self.read(luma, 0, 0);
            self.read(luma, 1, 0);
        }
        let [first, second, third] = &self.weights.layers;
        for y in 2 * row..2 * row + 2 {
            for y in 2 * y..2 * y + 2 {
                for line in 4 * y + 1..4 * y + 5 {
                    self.read(luma, line + 1, line);
                }
                let pixels = std::array::from_fn::<_, 6, _>(|i| &self.pixels[(4 * y + i) % 6]);
                first.apply(self.kernel, &pixels, &mut self.first[(y + 1) % 3]);
            }
            let rows = std::array::from_fn::<_, 3, _>(|i| &self.first[(2 * y + i) % 3]);
            second.apply(self.kernel, &rows, &mut self.second[(y + 1) % 3]);
        }
        let rows = std::array::from_fn::<_, 3, _>(|i| &self.second[(2 * row + i) % 3]);
        third.apply(self.kernel, &rows, &mut self.places[row]);
    }

    /// Copies a line of pixels into that slot; below the picture the last line is repeated.
    fn read(&mut self, luma: &Luma, slot: usize, line: usize) {
        let width = self.columns * BLOCK;
        let line = line.min(self.rows * BLOCK - 1) * width..;
        let (before, now) = (
            &luma.before[line.clone()][..width],
            &luma.now[line][..width],
        );
        let row = &mut self.pixels[slot % 6];
        let out = row.places_mut().as_chunks_mut::<INPUTS>().0;
        for ((out, before), now) in out.iter_mut().zip(before).zip(now) {
            let (before, now) = (f32::from(*before), f32::from(*now));
            *out = [(now - 128.0) / 64.0, (now - before) / 64.0];
        }
        row.repeat_edges();
    }

    /// Exchanges information between a row of vectors and its neighbours; after the last exchange its result is
    /// known.
    fn exchange(&mut self, block: usize, row: usize) {
        let (around, mix) = &self.weights.blocks[block];
        let above = row
            .checked_sub(1)
            .map_or(&self.nothing, |y| &self.places[y]);
        let below = self.places.get(row + 1).unwrap_or(&self.nothing);
        let rows = [above, &self.places[row], below];
        around.apply(self.kernel, rows, &mut self.around);
        let after = &mut self.after[row];
        mix.apply(self.kernel, &[&self.around], after);
        for (after, before) in after.places_mut().iter_mut().zip(self.places[row].places()) {
            *after += before;
        }
        if block + 1 == BLOCKS {
            let places = after.places().chunks_exact(CHANNELS[2]);
            let logits = &mut self.logits[row * self.columns..];
            for (logit, place) in logits.iter_mut().zip(places) {
                let products = place.iter().zip(&self.weights.out).map(|(v, w)| v * w);
                *logit = self.weights.bias + products.sum::<f32>();
            }
        }
        if row + 1 == self.rows {
            std::mem::swap(&mut self.places, &mut self.after);
        }
    }
}
