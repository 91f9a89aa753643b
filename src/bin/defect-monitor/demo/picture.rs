// SPDX-License-Identifier: MPL-2.0
//! The programme's picture: a camera that pans over a cloudy surface, and what may happen to it.

/// How long a picture lasts, in ms.
pub const DURATION: u64 = 40;

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;
/// The surface; its width is that after which it repeats.
const ROUND: usize = 2048;
/// How far the camera moves per picture, in pixels; even, so that colour moves with it.
const STEP: usize = 4;

/// A fault: changes a picture; the last argument is the number of the picture it began with.
pub type Change = fn(&mut Frame<'_>, &Scene, u64);

/// A picture in I420, its lines next to each other.
pub struct Frame<'a> {
    planes: [&'a mut [u8]; 3],
}

impl<'a> Frame<'a> {
    /// In that memory.
    pub fn new(data: &'a mut [u8]) -> Self {
        let (luma, rest) = data.split_at_mut((WIDTH * HEIGHT).min(data.len()));
        let (cb, cr) = rest.split_at_mut((WIDTH * HEIGHT / 4).min(rest.len()));
        Self {
            planes: [luma, cb, cr],
        }
    }
}

/// What the camera sees: luma, Cb and Cr of the surface.
pub struct Scene {
    planes: [Vec<u8>; 3],
}

impl Scene {
    /// Makes the surface.
    pub fn new() -> Self {
        Self {
            planes: [
                surface(ROUND, HEIGHT, 0, 120.0, 70.0),
                surface(ROUND / 2, HEIGHT / 2, 1, 128.0, 25.0),
                surface(ROUND / 2, HEIGHT / 2, 2, 128.0, 25.0),
            ],
        }
    }

    /// Paints what the camera sees at that picture.
    pub fn paint(&self, frame: &mut Frame<'_>, number: u64) {
        for (i, (to, from)) in frame.planes.iter_mut().zip(&self.planes).enumerate() {
            let scale = if i == 0 { 1 } else { 2 };
            let (width, round) = (WIDTH / scale, ROUND / scale);
            let at = (number as usize * STEP / scale) % round;
            let first = width.min(round - at);
            for (to, from) in to.chunks_exact_mut(width).zip(from.chunks_exact(round)) {
                to[..first].copy_from_slice(&from[at..at + first]);
                to[first..].copy_from_slice(&from[..width - first]);
            }
        }
    }
}

/// Nothing to see.
pub fn black(frame: &mut Frame<'_>, _: &Scene, _: u64) {
    let [luma, cb, cr] = &mut frame.planes;
    luma.fill(16);
    cb.fill(128);
    cr.fill(128);
}

/// Nothing to see but the channel's logo.
pub fn logo(frame: &mut Frame<'_>, scene: &Scene, start: u64) {
    black(frame, scene, start);
    for line in frame.planes[0].chunks_exact_mut(WIDTH).skip(48).take(64) {
        line[1104..1216].fill(200);
    }
}

/// The picture stays what it was.
pub fn hold(frame: &mut Frame<'_>, scene: &Scene, start: u64) {
    scene.paint(frame, start);
}

/// Smooth noise of several sizes, like clouds, that goes around; `seed` tells one from another.
fn surface(width: usize, height: usize, seed: u32, mean: f64, swing: f64) -> Vec<u8> {
    let octaves = [(256, 0.5), (64, 0.25), (16, 0.15), (4, 0.1)];
    let mut sum = vec![0.0; width * height];
    for (size, weight) in octaves {
        for (y, line) in sum.chunks_exact_mut(width).enumerate() {
            let (row, v) = (y / size, smooth((y % size) as f64 / size as f64));
            for (x, value) in line.iter_mut().enumerate() {
                let (column, u) = (x / size, smooth((x % size) as f64 / size as f64));
                let next = (column + 1) % (width / size);
                let upper = mix(dot(column, row, seed), dot(next, row, seed), u);
                let lower = mix(dot(column, row + 1, seed), dot(next, row + 1, seed), u);
                *value += weight * mix(upper, lower, v);
            }
        }
    }
    sum.iter()
        .map(|v| (mean + 2.0 * swing * (v - 0.5)).round() as u8)
        .collect()
}

fn mix(a: f64, b: f64, share: f64) -> f64 {
    a + (b - a) * share
}

fn smooth(x: f64) -> f64 {
    x * x * (3.0 - 2.0 * x)
}

/// A number from 0 to 1 that looks random.
fn dot(x: usize, y: usize, seed: u32) -> f64 {
    let mut h = (x as u32)
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add((y as u32).wrapping_mul(0x85eb_ca77))
        .wrapping_add(seed.wrapping_mul(0xc2b2_ae3d));
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297a_2d39);
    h ^= h >> 15;
    f64::from(h) / f64::from(u32::MAX)
}
