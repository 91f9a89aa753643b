// SPDX-License-Identifier: MPL-2.0
//! The luma of a picture, and how the damaged stream's differs from the undamaged one's.

use std::ops::Range;

/// Pixels of a block, along its sides.
const BLOCK: usize = 16;
/// Only every second pixel of every second line is kept: enough for means of blocks.
const STEP: usize = 2;
/// Samples of a block, along its sides.
const SIDE: usize = BLOCK / STEP;
/// Mean difference in codes from which a block is bad, and from which a viewer notices it at once: chosen, as in
/// published work on concealment.
const BAD: u32 = 8;
const GROSS: u32 = 24;
/// A bad block is visible without the undamaged picture if one of its borders is SEAM codes steeper (relative to its
/// surroundings) than in the undamaged picture, or its texture has TEXTURE times as much contrast, or as little. A
/// block that is only displaced leaves no such trace. As in the training of the map.
const SEAM: f32 = 8.0;
const TEXTURE: f32 = 3.8;

/// The luma of a picture, every second pixel of every second line.
#[derive(Debug, Clone, PartialEq)]
pub struct Luma {
    width: usize,
    samples: Vec<u8>,
}

/// Shares of the picture's blocks.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Share of the blocks that are bad.
    pub bad: f64,
    /// Share that is bad at a glance.
    pub gross: f64,
    /// Share whose damage is visible without the undamaged picture.
    pub visible: f64,
}

impl Shares {
    /// The larger of each share.
    pub fn max(self, other: Self) -> Self {
        Self {
            bad: self.bad.max(other.bad),
            gross: self.gross.max(other.gross),
            visible: self.visible.max(other.visible),
        }
    }
}

/// In which direction samples follow one another.
#[derive(Debug, Clone, Copy)]
enum Axis {
    X,
    Y,
}

impl Luma {
    /// Takes the luma of a plane.
    pub fn of(plane: &[u8], stride: usize, width: usize, height: usize) -> Self {
        let lines = plane.chunks(stride.max(1)).take(height).step_by(STEP);
        let samples = lines
            .flat_map(|line| line.iter().take(width).step_by(STEP).copied())
            .collect();
        Self {
            width: width.div_ceil(STEP),
            samples,
        }
    }

    /// Shares of the blocks in which the same picture of the damaged stream differs; `None` if it has another size.
    pub fn differs(&self, damaged: &Self) -> Option<Shares> {
        if self.width != damaged.width || self.samples.len() != damaged.samples.len() {
            return None;
        }
        let (columns, rows) = self.blocks();
        let (mut bad, mut gross, mut visible) = (0u32, 0u32, 0u32);
        for block in (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row))) {
            let mean = self.difference(damaged, block);
            bad += u32::from(mean >= BAD);
            gross += u32::from(mean >= GROSS);
            visible += u32::from(mean >= BAD && self.shows(damaged, block));
        }
        let share = |count: u32| f64::from(count) / f64::from((columns * rows).max(1) as u32);
        Some(Shares {
            bad: share(bad),
            gross: share(gross),
            visible: share(visible),
        })
    }

    /// Whole blocks, across and down.
    fn blocks(&self) -> (usize, usize) {
        let lines = self.samples.len() / self.width.max(1);
        (self.width / SIDE, lines / SIDE)
    }

    /// Mean difference of a block.
    fn difference(&self, other: &Self, (column, row): (usize, usize)) -> u32 {
        let lines = (0..SIDE).map(|y| (row * SIDE + y) * self.width + column * SIDE);
        let sum: u32 = lines
            .flat_map(|at| at..at + SIDE)
            .map(|i| u32::from(self.samples[i].abs_diff(other.samples[i])))
            .sum();
        sum / (SIDE * SIDE) as u32
    }

    /// Whether the difference in a block is visible without this picture.
    fn shows(&self, damaged: &Self, block: (usize, usize)) -> bool {
        let (columns, rows) = self.blocks();
        let (right, below) = ((block.0 + 1, block.1), (block.0, block.1 + 1));
        let borders = [
            (block.0 > 0, block, Axis::X),
            (right.0 < columns, right, Axis::X),
            (block.1 > 0, block, Axis::Y),
            (below.1 < rows, below, Axis::Y),
        ];
        let torn = borders.into_iter().any(|(is_there, block, axis)| {
            is_there && damaged.seam(block, axis) - self.seam(block, axis).max(0.0) > SEAM
        });
        // One more, so that noise in flat blocks doesn't count.
        let texture = |luma: &Self| luma.within(block, Axis::X) + luma.within(block, Axis::Y) + 1.0;
        let ratio = texture(damaged) / texture(self);
        torn || !(1.0 / TEXTURE..TEXTURE).contains(&ratio)
    }

    /// How much steeper the left or upper border of a block is than the two blocks that it divides.
    fn seam(&self, block: (usize, usize), axis: Axis) -> f32 {
        let (x, y) = (block.0 * SIDE, block.1 * SIDE);
        let (border, before) = match axis {
            Axis::X => (
                self.slope(x..x + 1, y..y + SIDE, axis),
                (block.0 - 1, block.1),
            ),
            Axis::Y => (
                self.slope(x..x + SIDE, y..y + 1, axis),
                (block.0, block.1 - 1),
            ),
        };
        border - self.within(block, axis).max(self.within(before, axis))
    }

    /// Mean slope within a block.
    fn within(&self, block: (usize, usize), axis: Axis) -> f32 {
        let (x, y) = (block.0 * SIDE, block.1 * SIDE);
        match axis {
            Axis::X => self.slope(x + 1..x + SIDE, y..y + SIDE, axis),
            Axis::Y => self.slope(x..x + SIDE, y + 1..y + SIDE, axis),
        }
    }

    /// Mean difference of those samples from the ones before.
    fn slope(&self, columns: Range<usize>, rows: Range<usize>, axis: Axis) -> f32 {
        let back = match axis {
            Axis::X => 1,
            Axis::Y => self.width,
        };
        let count = columns.len() * rows.len();
        let line = |y: usize| (columns.start + y * self.width)..(columns.end + y * self.width);
        let sum: u32 = rows
            .flat_map(line)
            .map(|i| u32::from(self.samples[i].abs_diff(self.samples[i - back])))
            .sum();
        sum as f32 / count as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waves of 20 blocks by 10, drawn by `wave` from x and y, but for the first `blocks`, which are `other`.
    fn picture(
        wave: impl Fn(usize, usize) -> u8,
        blocks: usize,
        other: impl Fn(usize, usize) -> u8,
    ) -> Luma {
        let plane: Vec<u8> = (0..320 * 160)
            .map(|i| (i % 320, i / 320))
            .map(|(x, y)| match y / 16 * 20 + x / 16 < blocks {
                true => other(x, y),
                false => wave(x, y),
            })
            .collect();
        Luma::of(&plane, 320, 320, 160)
    }

    fn shares(undamaged: &Luma, damaged: &Luma) -> (f64, f64, f64) {
        let shares = undamaged.differs(damaged).unwrap();
        (shares.bad, shares.gross, shares.visible)
    }

    #[test]
    fn shares_of_blocks() {
        let plain = |by: u8, blocks| picture(|_, _| 100, blocks, move |_, _| 100 + by);
        let undamaged = plain(0, 0);
        assert_eq!(shares(&undamaged, &plain(0, 0)), (0.0, 0.0, 0.0));
        assert_eq!(shares(&undamaged, &plain(7, 50)), (0.0, 0.0, 0.0));
        assert_eq!(shares(&undamaged, &plain(60, 50)).1, 0.25);
        // Of two rows and a half only those at the lower edge have a neighbour that they don't fit.
        let (bad, _, visible) = shares(&undamaged, &plain(60, 50));
        assert_eq!((bad, visible), (0.25, 0.1));
        assert_eq!(undamaged.differs(&Luma::of(&[0; 64], 8, 8, 8)), None);
    }

    #[test]
    fn what_is_merely_displaced_is_not_visible() {
        let wave = |x: usize, y: usize| {
            (128.0 + 60.0 * ((x as f64) / 9.0).sin() * ((y as f64) / 11.0).cos()) as u8
        };
        let undamaged = picture(wave, 0, wave);
        let (bad, _, visible) = shares(&undamaged, &picture(|x, y| wave(x + 6, y), 0, wave));
        assert!(bad > 0.5 && visible == 0.0, "{bad} {visible}");
        let (bad, _, visible) = shares(&undamaged, &picture(wave, 100, |_, _| 128));
        assert!(bad > 0.3 && visible > 0.9 * bad, "{bad} {visible}");
    }
}
