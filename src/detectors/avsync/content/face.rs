// SPDX-License-Identifier: MPL-2.0
//! Finds the face twice a second with a network that sees the mean colours of cells, and follows it in between.
//!
//! The whole picture is searched until there is a face, then only its surroundings. All constants are chosen, except
//! the scores: talking heads have 0.77 and more, pictures without faces up to 0.73 as a whole and 0.66 close up.

use std::sync::Arc;

use super::{
    follow::{Follower, LEAST, Pose},
    net::{Net, PLACES, SIDE},
};
use crate::media::{
    MS, Ns,
    picture::{CELL, Grid},
};

/// Time between two searches.
const SEARCH_INTERVAL: Ns = 500 * MS;

/// The least score of a face in the whole picture, and close up.
const SCORES: [f32; 2] = [0.75, 0.67];

/// Side of the square that is searched, in widths of the face.
const SURROUNDINGS: f32 = 2.5;

/// Places that count with the best one: at least this score, half of the best, and no farther than this part of the
/// face.
const NEAR: (f32, f32) = (0.3, 0.3);

/// Blend factor of the detected against the followed position, up to a distance of FAR (in distances of the eyes);
/// beyond FAR the detected position is taken, and beyond OTHER it is another face.
const BLEND: f32 = 0.1;
const FAR: f32 = 0.25;
const OTHER: f32 = 1.0;

/// A square of the picture, in cells.
#[derive(Debug, Clone, Copy)]
struct Square {
    x: f32,
    y: f32,
    side: f32,
}

/// A face that the network found.
struct Found {
    around: Square,
    pose: Pose,
}

/// The search in progress.
#[derive(Debug)]
struct Search {
    grid: Arc<Grid>,
    square: Square,
    /// The followed position at its start.
    pose: Option<Pose>,
    whole: bool,
}

/// Finds and follows a face.
#[derive(Debug)]
pub struct Faces {
    net: Net,
    follower: Follower,
    search: Option<Search>,
    begun: Option<Ns>,
    face: Option<Square>,
    pose: Option<Pose>,
    track: u32,
}

impl Faces {
    pub fn new() -> Self {
        Self {
            net: Net::new(),
            follower: Follower::new(),
            search: None,
            begun: None,
            face: None,
            pose: None,
            track: 0,
        }
    }

    /// Forgets the face of another programme.
    pub fn forget(&mut self) {
        (self.search, self.begun, self.face, self.pose) = (None, None, None, None);
        self.net.restart();
    }

    /// Takes a picture; returns where the face is, and the number of this face among those followed.
    pub fn look(&mut self, time: Ns, grid: &Arc<Grid>) -> Option<(Pose, u32)> {
        self.follow(grid);
        if self.search.is_none()
            && self
                .begun
                .is_none_or(|b| b.abs_diff(time) >= SEARCH_INTERVAL)
        {
            self.begun = Some(time);
            self.begin(grid);
        }
        if self.search.is_some()
            && self.net.work()
            && let Some(search) = self.search.take()
        {
            self.take(&search, grid);
        }
        self.pose.map(|pose| (pose, self.track))
    }

    fn follow(&mut self, grid: &Grid) {
        if let Some(pose) = self.pose {
            self.pose = self.follower.follow(grid, &pose);
            if self.pose.is_none() {
                // The picture changed, so the search in progress is out of date.
                (self.face, self.search, self.begun) = (None, None, None);
                self.net.restart();
            }
        }
    }

    fn begin(&mut self, grid: &Arc<Grid>) {
        let (columns, rows) = (grid.columns() as f32, grid.rows() as f32);
        let whole = self.face.is_none();
        let square = self.face.unwrap_or(Square {
            x: columns / 2.0,
            y: rows / 2.0,
            side: columns.max(rows),
        });
        paint(grid, &square, self.net.picture_mut());
        self.search = Some(Search {
            grid: Arc::clone(grid),
            square,
            pose: self.pose,
            whole,
        });
    }

    fn take(&mut self, search: &Search, grid: &Arc<Grid>) {
        let least = SCORES[usize::from(!search.whole)];
        let found = found(&self.net, &search.square, least);
        self.face = found.as_ref().map(|f| f.around);
        if search.whole {
            // Only a close-up search gives the exact place.
            self.begun = self.begun.filter(|_| found.is_none());
            return;
        }
        let Some(found) = found.filter(|f| f.pose.unit() >= LEAST) else {
            self.pose = None;
            return;
        };
        match (self.pose, search.pose) {
            (Some(now), Some(then)) if found.pose.distance(&then) < OTHER => {
                let far = found.pose.distance(&then) >= FAR;
                let part = if far { 1.0 } else { BLEND };
                let pose = now.moved(&then, &then.towards(&found.pose, part));
                self.follower.learn(grid, &pose);
                self.pose = Some(pose);
            }
            _ => {
                self.track = self.track.wrapping_add(1);
                self.follower.learn(&search.grid, &found.pose);
                self.pose = self.follower.follow(grid, &found.pose);
            }
        }
    }
}

/// Makes the network's picture of a square: colours from -1 to 1, black beyond the picture.
fn paint<'a>(grid: &Grid, square: &Square, picture: impl Iterator<Item = &'a mut [[f32; 3]]>) {
    let (columns, rows) = (grid.columns(), grid.rows());
    let levels = grid.levels();
    let code = grid.codes(1.0) as f32;
    let (black, range) = (levels.black as f32, (levels.white - levels.black) as f32);
    let step = square.side / SIDE as f32;
    let colour = |at: usize| {
        let luma = (f32::from(grid.sum()[at]) / (CELL * CELL) as f32 - black) / range;
        let chroma = |sum: u16| (f32::from(sum) * code / 16.0 - 128.0) / 224.0;
        let (blue, red) = (chroma(grid.cb()[at]), chroma(grid.cr()[at]));
        // BT.601; the difference to other matrices doesn't matter to the network.
        let colours = [
            luma + 1.402 * red,
            luma - 0.344 * blue - 0.714 * red,
            luma + 1.772 * blue,
        ];
        colours.map(|c| c.clamp(0.0, 1.0))
    };
    let along = |centre: f32, index: usize, size: usize| {
        let at = centre + (index as f32 + 0.5 - SIDE as f32 / 2.0) * step - 0.5;
        let inside = at > -0.5 && at < size as f32 - 0.5;
        let at = at.clamp(0.0, (size - 1) as f32);
        let low = at as usize;
        inside.then_some((low, (low + 1).min(size - 1), at - low as f32))
    };
    let pixels = picture.enumerate().flat_map(|(y, row)| {
        let pixels = row.iter_mut().enumerate();
        pixels.map(move |(x, pixel)| (x, y, pixel))
    });
    for (x, y, pixel) in pixels {
        let (x, y) = (along(square.x, x, columns), along(square.y, y, rows));
        *pixel = match (x, y) {
            (Some((left, right, across)), Some((top, bottom, down))) => {
                let [a, b] = [left, right].map(|x| colour(top * columns + x));
                let [c, d] = [left, right].map(|x| colour(bottom * columns + x));
                std::array::from_fn(|i| {
                    let (upper, lower) =
                        (a[i] + (b[i] - a[i]) * across, c[i] + (d[i] - c[i]) * across);
                    2.0 * (upper + (lower - upper) * down) - 1.0
                })
            }
            _ => [-1.0; 3],
        };
    }
}

/// The best face of at least that score: the mean of the places that belong to the same face.
fn found(net: &Net, square: &Square, least: f32) -> Option<Found> {
    let score = |i: usize| 1.0 / (1.0 + (-net.scores()[i]).exp());
    let best = (0..PLACES).max_by(|a, b| net.scores()[*a].total_cmp(&net.scores()[*b]))?;
    let top = score(best);
    if top.is_nan() || top < least {
        return None;
    }
    let centre = |i: usize| {
        let (numbers, (x, y)) = net.place(i);
        (x + numbers[0], y + numbers[1])
    };
    let (at, width) = (centre(best), net.place(best).0[2]);
    // Centre, size; eyes and mouth.
    let (mut sums, mut all) = ([0f32; 9], 0.0);
    for i in 0..PLACES {
        let (weight, here) = (score(i), centre(i));
        let distance = (here.0 - at.0).abs().max((here.1 - at.1).abs());
        if weight < NEAR.0.max(top / 2.0) || distance > NEAR.1 * width {
            continue;
        }
        let (numbers, (x, y)) = net.place(i);
        // The box, then by points: eyes 4 to 7, mouth 10 and 11.
        let [eyes, mouth] = [4, 10].map(|i| (numbers[i] + x, numbers[i + 1] + y));
        let other = (numbers[6] + x, numbers[7] + y);
        let values = [
            here.0, here.1, numbers[2], eyes.0, eyes.1, other.0, other.1, mouth.0, mouth.1,
        ];
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += weight * value;
        }
        all += weight;
    }
    let [x, y, size, ax, ay, bx, by, mx, my] = sums.map(|s| s / all);
    let scale = square.side / SIDE as f32;
    let place = |x: f32, y: f32| {
        let half = SIDE as f32 / 2.0;
        (square.x + (x - half) * scale, square.y + (y - half) * scale)
    };
    let turned = if bx < ax { -scale } else { scale };
    let ((mouth_x, mouth_y), (face_x, face_y)) = (place(mx, my), place(x, y));
    Some(Found {
        around: Square {
            x: face_x,
            y: face_y,
            side: (size * scale * SURROUNDINGS).max(1.0),
        },
        pose: Pose {
            x: mouth_x,
            y: mouth_y,
            a: (bx - ax) * turned,
            b: (by - ay) * turned,
        },
    })
}
