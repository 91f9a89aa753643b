// SPDX-License-Identifier: MPL-2.0
//! A small network that finds faces: BlazeFace for short ranges (The MediaPipe Authors, Apache-2.0; Bazarevsky et al., 2019), on a picture of
//! 128x128. The code is this project's own; `training/face.py` takes the weights out of their file.
//!
//! It takes about 30 million multiplications, which are spread over five pictures, so that none has to wait long.

use super::layers::{Dense, Reader, padded};

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

/// Channels of the first layer, and the size of what it gives.
const STEM: usize = 24;
const FIRST: usize = SIDE / 2;

/// After this many blocks comes what places in 16x16 are judged by.
const FINE: usize = 11;

/// Where each of the five parts begins, in blocks: about the same work each.
const PARTS: [std::ops::Range<usize>; 5] = [0..0, 0..2, 2..6, 6..11, 11..16];

/// Each channel from its neighbourhood of 3x3, then [`Dense`], added to what came in.
#[derive(Debug)]
struct Block {
    halves: bool,
    size: usize,
    /// By place, channel.
    kernel: Vec<f32>,
    bias: Vec<f32>,
    dense: Dense,
}

/// The network at work.
#[derive(Debug)]
pub struct Net {
    stem: Vec<f32>,
    stem_bias: Vec<f32>,
    blocks: Vec<Block>,
    /// Scores in 16x16 and 8x8, boxes in both.
    heads: [Dense; 4],
    /// The picture, three channels from -1 to 1.
    pub picture: Vec<f32>,
    now: Vec<f32>,
    next: Vec<f32>,
    fine: Vec<f32>,
    row: Vec<f32>,
    scores: Vec<f32>,
    boxes: Vec<f32>,
    part: usize,
}

impl Block {
    fn apply(&self, from: &[f32], row: &mut [f32], to: &mut [f32]) {
        let (inputs, outputs) = (self.dense.inputs, self.dense.outputs);
        let step = if self.halves { 2 } else { 1 };
        let size = self.size / step;
        let row = &mut row[..size * inputs];
        for y in 0..size {
            for (x, sums) in row.chunks_exact_mut(inputs).enumerate() {
                self.neighbours(from, x * step, y * step, sums);
            }
            let to = &mut to[y * size * outputs..][..size * outputs];
            self.dense.apply(row, to);
            for (x, to) in to.chunks_exact_mut(outputs).enumerate() {
                self.add(from, x * step, y * step, to);
            }
        }
    }

    fn pixel<'a>(&self, from: &'a [f32], x: usize, y: usize) -> &'a [f32] {
        let inputs = self.dense.inputs;
        &from[(y * self.size + x) * inputs..][..inputs]
    }

    /// Where the picture is halved, its continuation lies below and to the right alone.
    fn neighbours(&self, from: &[f32], x: usize, y: usize, sums: &mut [f32]) {
        let before = usize::from(!self.halves);
        sums.copy_from_slice(&self.bias);
        let kernels = self.kernel.chunks_exact(self.dense.inputs);
        for (place, kernel) in kernels.enumerate() {
            let (x, y) = (x + place % 3, y + place / 3);
            if x < before || y < before || x - before >= self.size || y - before >= self.size {
                continue;
            }
            let pixel = self.pixel(from, x - before, y - before);
            for ((sum, value), weight) in sums.iter_mut().zip(pixel).zip(kernel) {
                *sum += value * weight;
            }
        }
    }

    /// Adds what came in, the largest of four where the picture is halved; what is negative becomes 0.
    fn add(&self, from: &[f32], x: usize, y: usize, to: &mut [f32]) {
        let far = usize::from(self.halves);
        let corners = [(0, 0), (far, 0), (0, far), (far, far)];
        let [a, b, c, d] = corners.map(|(right, down)| self.pixel(from, x + right, y + down));
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
        let stem = reader.rows(5 * 5 * 3, STEM);
        let stem_bias = reader.rows(1, STEM);
        let (mut channels, mut size) = (STEM, FIRST);
        let mut blocks = Vec::new();
        for (outputs, halves) in BLOCKS {
            blocks.push(Block {
                halves,
                size,
                kernel: reader.rows(9, channels),
                bias: reader.rows(1, channels),
                dense: reader.dense(channels, outputs),
            });
            (channels, size) = (outputs, if halves { size / 2 } else { size });
        }
        let heads = [(88, 2), (96, 6), (88, 2 * BOX), (96, 6 * BOX)];
        let largest = FIRST * FIRST * padded(BLOCKS[1].0);
        Self {
            stem,
            stem_bias,
            blocks,
            heads: heads.map(|(inputs, outputs)| reader.dense(inputs, outputs)),
            picture: vec![0.0; SIDE * SIDE * 3],
            now: vec![0.0; largest],
            next: vec![0.0; largest],
            fine: vec![0.0; 16 * 16 * 88],
            row: vec![0.0; FIRST * padded(BLOCKS[1].0)],
            scores: vec![0.0; PLACES],
            boxes: vec![0.0; PLACES * BOX],
            part: 0,
        }
    }

    /// Does a part of the work on the picture; says whether that was the last.
    pub fn work(&mut self) -> bool {
        if self.part == 0 {
            self.begin();
        }
        for index in PARTS[self.part].clone() {
            let block = &self.blocks[index];
            block.apply(&self.now, &mut self.row, &mut self.next);
            std::mem::swap(&mut self.now, &mut self.next);
            if index + 1 == FINE {
                let count = self.fine.len();
                self.fine.copy_from_slice(&self.now[..count]);
            }
        }
        self.part = (self.part + 1) % PARTS.len();
        if self.part == 0 {
            self.judge();
        }
        self.part == 0
    }

    /// Forgets what was begun.
    pub fn restart(&mut self) {
        self.part = 0;
    }

    /// Of each place, how likely a face is there (logit).
    pub fn scores(&self) -> &[f32] {
        &self.scores
    }

    /// Of a place, the box (centre, size) and six points, in pixels from its own centre; and that centre.
    pub fn place(&self, index: usize) -> (&[f32], (f32, f32)) {
        let (cell, side) = if index < 512 {
            (index / 2, 16)
        } else {
            ((index - 512) / 6, 8)
        };
        let step = (SIDE / side) as f32;
        let (x, y) = (cell % side, cell / side);
        let centre = ((x as f32 + 0.5) * step, (y as f32 + 0.5) * step);
        (&self.boxes[index * BOX..][..BOX], centre)
    }

    /// The first layer: 5x5, every other pixel, with one line and column of nothing before.
    fn begin(&mut self) {
        for y in 0..FIRST {
            for x in 0..FIRST {
                let sums = &mut self.now[(y * FIRST + x) * STEM..][..STEM];
                sums.copy_from_slice(&self.stem_bias);
                let (left, right) = ((2 * x).saturating_sub(1), (2 * x + 4).min(SIDE));
                for line in 0..5 {
                    let Some(from) = (2 * y + line).checked_sub(1).filter(|l| *l < SIDE) else {
                        continue;
                    };
                    let pixels = &self.picture[(from * SIDE + left) * 3..(from * SIDE + right) * 3];
                    let column = left + 1 - 2 * x;
                    let weights = &self.stem[(line * 5 + column) * 3 * STEM..];
                    for (value, weights) in pixels.iter().zip(weights.chunks_exact(STEM)) {
                        for (sum, weight) in sums.iter_mut().zip(weights) {
                            *sum += value * weight;
                        }
                    }
                }
                for sum in sums {
                    *sum = sum.max(0.0);
                }
            }
        }
    }

    fn judge(&mut self) {
        let [fine, coarse] = [&self.fine, &self.now];
        let row = &mut self.next;
        let outs: [(&Dense, &[f32], usize, &mut [f32]); 4] = {
            let (scores, more) = self.scores.split_at_mut(512);
            let (boxes, rest) = self.boxes.split_at_mut(512 * BOX);
            let [a, b, c, d] = &self.heads;
            [
                (a, fine, 2, scores),
                (b, coarse, 6, more),
                (c, fine, 2 * BOX, boxes),
                (d, coarse, 6 * BOX, rest),
            ]
        };
        for (head, from, width, to) in outs {
            let cells = to.len() / width;
            let row = &mut row[..cells * head.outputs];
            head.apply(&from[..cells * head.inputs], row);
            for (to, from) in to
                .chunks_exact_mut(width)
                .zip(row.chunks_exact(head.outputs))
            {
                to.copy_from_slice(&from[..width]);
            }
        }
    }
}
