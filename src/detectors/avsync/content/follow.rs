// SPDX-License-Identifier: MPL-2.0
//! Follows a face from picture to picture, by the mean luma of cells: Lucas and Kanade's method (1981) in its inverse form (Baker and
//! Matthews, 2004), for displacement, size and turn. Weights fall off towards the edge of the face.

use crate::media::picture::Grid;

/// Position of a mouth, in cells, and the vector from the left eye to the right eye in the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    pub x: f32,
    pub y: f32,
    pub a: f32,
    pub b: f32,
}

impl Pose {
    /// The distance of the eyes, in cells.
    pub fn unit(&self) -> f32 {
        self.a.hypot(self.b)
    }

    /// A point, given in distances of the eyes from the mouth.
    pub fn point(&self, across: f32, down: f32) -> (f32, f32) {
        (
            self.x + self.a * across - self.b * down,
            self.y + self.b * across + self.a * down,
        )
    }

    /// How far the mouth is from that of another, in distances of its eyes.
    pub fn distance(&self, other: &Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y) / other.unit()
    }

    /// Interpolates towards another pose.
    pub fn towards(&self, other: &Self, part: f32) -> Self {
        let mix = |own: f32, other: f32| own + (other - own) * part;
        Self {
            x: mix(self.x, other.x),
            y: mix(self.y, other.y),
            a: mix(self.a, other.a),
            b: mix(self.b, other.b),
        }
    }

    /// This pose, changed as `from` changed to `to`.
    pub fn moved(&self, from: &Self, to: &Self) -> Self {
        Self {
            x: self.x + to.x - from.x,
            y: self.y + to.y - from.y,
            a: self.a + to.a - from.a,
            b: self.b + to.b - from.b,
        }
    }

    fn is_sane(&self, grid: &Grid) -> bool {
        let within = |v: f32, size: usize| v >= 0.0 && v <= size as f32;
        within(self.x, grid.columns()) && within(self.y, grid.rows()) && self.unit() >= LEAST
    }
}

/// The least distance of the eyes, in cells: mouths of fewer cells can't be judged.
pub const LEAST: f32 = 3.0;

/// A point between cells: the four cells round it and their weights (bilinear).
#[derive(Debug, Clone, Copy)]
pub struct SamplePoint {
    index: usize,
    stride: usize,
    right: f32,
    below: f32,
}

impl SamplePoint {
    /// For a point in cells; beyond the picture the outermost cells are repeated.
    pub fn new(grid: &Grid, (x, y): (f32, f32)) -> Self {
        let clamp = |v: f32, size: usize| (v - 0.5).clamp(0.0, (size as f32 - 1.001).max(0.0));
        let (x, y) = (clamp(x, grid.columns()), clamp(y, grid.rows()));
        Self {
            index: y as usize * grid.columns() + x as usize,
            stride: grid.columns(),
            right: x.fract(),
            below: y.fract(),
        }
    }

    /// The value of a statistic at the point.
    pub fn of(&self, cells: &[u16]) -> f32 {
        let at = |i: usize| cells.get(i).map_or(0.0, |v| f32::from(*v));
        let line = |i: usize| at(i) * (1.0 - self.right) + at(i + 1) * self.right;
        line(self.index) * (1.0 - self.below) + line(self.index + self.stride) * self.below
    }
}

/// The lattice over the face, in distances of the eyes from the mouth: from brow to chin.
const COLUMNS: usize = 15;
const ROWS: usize = 17;
const LEFT: f32 = -0.9;
const TOP: f32 = -1.5;
const STEP: (f32, f32) = (1.8 / 14.0, 2.0 / 16.0);
const POINTS: usize = COLUMNS * ROWS;

const ITERATIONS: usize = 3;

/// Largest step of an iteration, in distances of the eyes.
const STRIDE: f32 = 0.15;

/// A difference, in contrasts, beyond which a point counts less: a hand, or the mouth itself.
const STRONG: f32 = 0.5;

/// The mean difference, in contrasts, at which it is no longer the same face (chosen): that of a correlation of 0.6.
const LOST: f32 = 0.9;

/// The template of the face, and its gradients.
#[derive(Debug)]
pub struct Follower {
    weights: [f32; POINTS],
    face: [f32; POINTS],
    /// For displacement across and down, size and turn.
    slopes: [[f32; 4]; POINTS],
    now: [f32; POINTS],
}

fn place(index: usize) -> (f32, f32) {
    let (column, row) = (index % COLUMNS, index / COLUMNS);
    (LEFT + STEP.0 * column as f32, TOP + STEP.1 * row as f32)
}

impl Follower {
    pub fn new() -> Self {
        let weights = std::array::from_fn(|i| {
            let (x, y) = place(i);
            (-0.5 * ((x / 0.75).powi(4) + ((y + 0.55) / 0.9).powi(4))).exp()
        });
        Self {
            weights,
            face: [0.0; POINTS],
            slopes: [[0.0; 4]; POINTS],
            now: [0.0; POINTS],
        }
    }

    /// Takes the template from a picture.
    pub fn learn(&mut self, grid: &Grid, pose: &Pose) {
        self.look(grid, pose);
        self.face = self.now;
        for (i, slopes) in self.slopes.iter_mut().enumerate() {
            let (column, row) = (i % COLUMNS, i / COLUMNS);
            let slope = |at: usize, last: usize, by: usize, step: f32| {
                let (before, after) = (usize::from(at > 0), usize::from(at < last));
                (self.face[i + after * by] - self.face[i - before * by])
                    / (step * (before + after) as f32)
            };
            let across = slope(column, COLUMNS - 1, 1, STEP.0);
            let down = slope(row, ROWS - 1, COLUMNS, STEP.1);
            let (x, y) = place(i);
            *slopes = [across, down, across * x + down * y, down * x - across * y];
        }
    }

    /// The pose in this picture, given the last one; `None` if the face is lost.
    pub fn follow(&mut self, grid: &Grid, pose: &Pose) -> Option<Pose> {
        let (mut pose, mut off) = (*pose, 0.0);
        for _ in 0..ITERATIONS {
            self.look(grid, &pose);
            let change;
            (change, off) = self.change();
            let [x, y, size, turn] = change.map(|c| -c.clamp(-STRIDE, STRIDE));
            let (to_x, to_y) = pose.point(x, y);
            let k = 1.0 + size;
            pose = Pose {
                x: to_x,
                y: to_y,
                a: pose.a * k - pose.b * turn,
                b: pose.b * k + pose.a * turn,
            };
        }
        (off < LOST && pose.is_sane(grid)).then_some(pose)
    }

    /// Luma at the lattice, less its mean, in contrasts.
    fn look(&mut self, grid: &Grid, pose: &Pose) {
        let scale = grid.codes(1.0 / 64.0) as f32;
        let (mut sum, mut all) = (0.0, 0.0);
        for (i, (now, weight)) in self.now.iter_mut().zip(&self.weights).enumerate() {
            let (x, y) = place(i);
            *now = SamplePoint::new(grid, pose.point(x, y)).of(grid.sum()) * scale;
            sum += *now * weight;
            all += weight;
        }
        let mean = sum / all;
        let squares = self.now.iter().zip(&self.weights);
        let power: f32 = squares.map(|(v, w)| w * (v - mean).powi(2)).sum();
        let contrast = (power / all + 4.0).sqrt();
        for now in &mut self.now {
            *now = (*now - mean) / contrast;
        }
    }

    /// How the template would have to be moved, and how much it differs.
    fn change(&self) -> ([f32; 4], f32) {
        let (mut square, mut right) = ([[0f32; 4]; 4], [0f32; 4]);
        let (mut power, mut all) = (0.0, 0.0);
        for (i, slopes) in self.slopes.iter().enumerate() {
            let off = self.now[i] - self.face[i];
            let weight = self.weights[i] / (1.0 + (off / STRONG).powi(2));
            for (line, a) in square.iter_mut().zip(slopes) {
                for (sum, b) in line.iter_mut().zip(slopes) {
                    *sum += weight * a * b;
                }
            }
            for (sum, a) in right.iter_mut().zip(slopes) {
                *sum += weight * a * off;
            }
            power += self.weights[i] * off * off;
            all += self.weights[i];
        }
        (solve(square, right), (power / all).sqrt())
    }
}

/// A positive definite system of four, by Gauss.
fn solve(mut square: [[f32; 4]; 4], mut right: [f32; 4]) -> [f32; 4] {
    for i in 0..4 {
        square[i][i] += 1e-3;
        for j in i + 1..4 {
            let part = square[j][i] / square[i][i];
            let (above, below) = square.split_at_mut(j);
            for (value, own) in below[0].iter_mut().zip(&above[i]).skip(i) {
                *value -= part * own;
            }
            right[j] -= part * right[i];
        }
    }
    for i in (0..4).rev() {
        for k in i + 1..4 {
            right[i] -= square[i][k] * right[k];
        }
        right[i] /= square[i][i];
    }
    right
}
