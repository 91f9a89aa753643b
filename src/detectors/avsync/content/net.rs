// SPDX-License-Identifier: MPL-2.0
//! A small network that finds faces: BlazeFace for short ranges (The MediaPipe Authors, Apache-2.0; Bazarevsky et
//! al., 2019), on a picture of 128x128. The code is this project's own; `training/face.py` takes the weights out of
//! their file.
//!
//! It takes about 30 million multiplications, which are spread over five pictures, so that none takes long. Layers are those of
//! [`media::network`](crate::media::network).

use super::weights::{Reader, padded};
use crate::media::network::{Convolution, Depthwise, Kernel, Row};

/// Pixels along a side of its picture.
pub const SIDE: usize = 128;

/// Numbers for each place where a face may be: box and six points.
pub const BOX: usize = 16;

/// Places: two in each of 16x16, six in each of 8x8.
pub const PLACES: usize = 16 * 16 * 2 + 8 * 8 * 6;

/// Channels after each block; the others halve the picture.
const BLOCKS: [(usize, bool); 16] = [
    (24, false),
    (28, false),
    (32, true),
    (36, false),
    (42, false),
    (48, true),
    (56, false),
    (64, false),
    (72, false),
    (80, false),
    (88, false),
    (96, true),
    (96, false),
    (96, false),
    (96, false),
    (96, false),
];

/// Channels of the first layer, and the size of its output.
const STEM: usize = 24;
const FIRST: usize = SIDE / 2;

/// After this many blocks the scores and boxes of the places in 16x16 are made, the others after the last.
const FINE: usize = 11;

/// Places in 16x16.
const FINE_PLACES: usize = 16 * 16 * 2;

/// The blocks of each of the five parts of the work: about the same number of multiplications each.
const PARTS: [std::ops::Range<usize>; 5] = [0..0, 0..2, 2..6, 6..11, 11..16];

/// Each channel from 3x3 places, then all channels of a place, added to the input of the block.
#[derive(Debug)]
struct Block {
    halves: bool,
    around: Depthwise,
    mix: Convolution,
}

/// The network at work.
#[derive(Debug)]
pub struct Net {
    kernel: Kernel,
    stem: Convolution,
    blocks: Vec<Block>,
    /// Scores in 16x16 and 8x8, boxes in both.
    heads: [Convolution; 4],
    /// The picture in rows, three colours from -1 to 1. One place after the last stays 0.
    picture: Vec<Row>,
    /// Input and output of the layer at work, in rows.
    now: Vec<Row>,
    next: Vec<Row>,
    fine: Vec<Row>,
    /// Between the two layers of a block.
    around: Row,
    /// A row above or below the picture.
    nothing: Row,
    scores: Vec<f32>,
    boxes: Vec<f32>,
    part: usize,
}

impl Block {
    /// From rows of a square picture to those of the next.
    fn apply(
        &self,
        kernel: Kernel,
        (from, nothing): (&[Row], &Row),
        around: &mut Row,
        to: &mut [Row],
    ) {
        let step = self.around.step;
        let (size, inputs) = (from.len() / step, self.around.bias.len());
        // Where the picture is halved, its continuation lies below and to the right alone.
        let before = usize::from(!self.halves);
        around.reshape(size, inputs);
        for (y, to) in to.iter_mut().take(size).enumerate() {
            let row = |i: usize| (y * step + i).checked_sub(before).and_then(|y| from.get(y));
            let rows = [0, 1, 2].map(|i| row(i).unwrap_or(nothing));
            self.around.apply(kernel, rows, around);
            to.reshape(size, self.mix.bias.len());
            self.mix.apply(kernel, &[around], to);
            let last = y * step + step - 1;
            add(
                [&from[y * step], &from[last]],
                inputs,
                step,
                to,
                self.mix.bias.len(),
            );
        }
    }
}

/// Adds the input of a block to its output, the largest of four places where the picture is halved; what is negative becomes 0.
fn add(from: [&Row; 2], inputs: usize, step: usize, to: &mut Row, outputs: usize) {
    let [above, below] = from.map(|row| row.places().chunks_exact(inputs * step));
    let places = to.places_mut().chunks_exact_mut(outputs);
    for ((to, above), below) in places.zip(above).zip(below) {
        let last = (step - 1) * inputs;
        let corners = [above, &above[last..], below, &below[last..]];
        let [a, b, c, d] = corners.map(|place| &place[..inputs]);
        for ((((to, a), b), c), d) in to.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *to += a.max(*b).max(c.max(*d));
        }
        for to in to {
            *to = to.max(0.0);
        }
    }
}

impl Net {
    pub fn new() -> Self {
        let mut reader = Reader::default();
        let stem = reader.stem(STEM);
        let mut channels = STEM;
        let blocks = BLOCKS.map(|(outputs, halves)| {
            let block = Block {
                halves,
                around: reader.depthwise(channels, halves),
                mix: reader.pointwise(channels, outputs),
            };
            channels = outputs;
            block
        });
        let heads = [(88, 2), (96, 6), (88, 2 * BOX), (96, 6 * BOX)];
        let largest = Row::new(FIRST, padded(BLOCKS[1].0));
        Self {
            kernel: Kernel::best(),
            stem,
            blocks: blocks.into(),
            heads: heads.map(|(inputs, outputs)| reader.pointwise(inputs, outputs)),
            picture: vec![Row::new(SIDE + 1, 3); SIDE],
            now: vec![largest.clone(); FIRST],
            next: vec![largest.clone(); FIRST],
            fine: vec![Row::new(16, 88); 16],
            around: largest.clone(),
            nothing: largest,
            scores: vec![0.0; PLACES],
            boxes: vec![0.0; PLACES * BOX],
            part: 0,
        }
    }

    /// The picture to be searched, row by row: colours of a pixel from -1 to 1.
    pub fn picture_mut(&mut self) -> impl Iterator<Item = &mut [[f32; 3]]> {
        let rows = self.picture.iter_mut();
        rows.map(|row| &mut row.places_mut().as_chunks_mut::<3>().0[..SIDE])
    }

    /// Does a part of the work on the picture; returns whether that was the last part.
    pub fn work(&mut self) -> bool {
        if self.part == 0 {
            self.begin();
        }
        for index in PARTS[self.part].clone() {
            let block = &self.blocks[index];
            let size = SIZES[index];
            let from = (&self.now[..size], &self.nothing);
            block.apply(self.kernel, from, &mut self.around, &mut self.next);
            std::mem::swap(&mut self.now, &mut self.next);
            if index + 1 == FINE {
                for (kept, row) in self.fine.iter_mut().zip(&self.now) {
                    kept.places_mut().copy_from_slice(row.places());
                }
            }
        }
        self.part = (self.part + 1) % PARTS.len();
        if self.part == 0 {
            self.judge();
        }
        self.part == 0
    }

    /// Drops the work in progress.
    pub fn restart(&mut self) {
        self.part = 0;
    }

    /// For each place the logit of a face there.
    pub fn scores(&self) -> &[f32] {
        &self.scores
    }

    /// Box (centre, size) and six points of a place, in pixels from its own centre; and that centre.
    pub fn place(&self, index: usize) -> (&[f32], (f32, f32)) {
        let (cell, side) = match index.checked_sub(FINE_PLACES) {
            None => (index / 2, 16),
            Some(coarse) => (coarse / 6, 8),
        };
        let step = (SIDE / side) as f32;
        let (x, y) = (cell % side, cell / side);
        let centre = ((x as f32 + 0.5) * step, (y as f32 + 0.5) * step);
        (&self.boxes[index * BOX..][..BOX], centre)
    }

    /// Computes the first layer.
    fn begin(&mut self) {
        for (y, to) in self.now.iter_mut().enumerate() {
            let line = |i: usize| (2 * y + i).checked_sub(1).and_then(|y| self.picture.get(y));
            let lines = [0, 1, 2, 3, 4].map(|i| line(i).unwrap_or(&self.nothing));
            to.reshape(FIRST, STEM);
            self.stem.apply(self.kernel, &lines, to);
        }
    }

    /// Scores and boxes of all places.
    fn judge(&mut self) {
        let (scores, more_scores) = self.scores.split_at_mut(FINE_PLACES);
        let (boxes, more_boxes) = self.boxes.split_at_mut(FINE_PLACES * BOX);
        let (fine, coarse) = (&self.fine[..], &self.now[..8]);
        let [a, b, c, d] = &self.heads;
        let outs = [
            (a, fine, 2, scores),
            (b, coarse, 6, more_scores),
            (c, fine, 2 * BOX, boxes),
            (d, coarse, 6 * BOX, more_boxes),
        ];
        for (head, from, width, to) in outs {
            let outputs = head.bias.len();
            for (row, to) in from.iter().zip(to.chunks_exact_mut(from.len() * width)) {
                self.around.reshape(from.len(), outputs);
                head.apply(self.kernel, &[row], &mut self.around);
                let places = self.around.places().chunks_exact(outputs);
                for (to, place) in to.chunks_exact_mut(width).zip(places) {
                    to.copy_from_slice(&place[..width]);
                }
            }
        }
    }
}

/// Side of the input of each block, in places.
const SIZES: [usize; BLOCKS.len()] = {
    let mut sizes = [FIRST; BLOCKS.len()];
    let mut i = 1;
    while i < sizes.len() {
        sizes[i] = if BLOCKS[i - 1].1 {
            sizes[i - 1] / 2
        } else {
            sizes[i - 1]
        };
        i += 1;
    }
    sizes
};
