// SPDX-License-Identifier: MPL-2.0
//! Measures how far a mouth is open: a linear map from the statistics of cells at a lattice of 9x7 points round it,
//! trained on FaceMesh's measurements (`training/train.py`). The map has no constant: only changes count.

use super::follow::{Pose, SamplePoint};
use crate::media::picture::Grid;

/// The lattice, in distances of the eyes.
const COLUMNS: usize = 9;
const ROWS: usize = 7;
const WIDTH: f32 = 1.3;
const HEIGHT: f32 = 1.3;
const LOWER: f32 = 0.1;
const POINTS: usize = COLUMNS * ROWS;

/// Mean, least and greatest luma, differences across and down.
const STATISTICS: usize = 5;

/// Numbers of the map.
pub const NUMBERS: usize = STATISTICS * POINTS;

/// Pictures over which the contrast is averaged at most: 10 s.
const STEADY: u32 = 250;

/// Measures one face.
#[derive(Debug, Default)]
pub struct Mouth {
    track: u32,
    contrast: f32,
    pictures: u32,
}

impl Mouth {
    /// How far the mouth is open, in distances of the outer corners of the eyes, plus a constant of the face.
    pub fn measure(&mut self, grid: &Grid, pose: &Pose, track: u32, map: &[f32; NUMBERS]) -> f32 {
        let code = grid.codes(1.0) as f32;
        // Of 64 pixels, and of the 56 differences within a cell.
        let statistics: [(&[u16], f32); STATISTICS] = [
            (grid.sum(), 64.0),
            (grid.min(), 1.0),
            (grid.max(), 1.0),
            (grid.dx(), 56.0),
            (grid.dy(), 56.0),
        ];
        let mut values = [[0f32; POINTS]; STATISTICS];
        for i in 0..POINTS {
            let across = ((i % COLUMNS) as f32 / (COLUMNS - 1) as f32 - 0.5) * WIDTH;
            let down = ((i / COLUMNS) as f32 / (ROWS - 1) as f32 - 0.5) * HEIGHT + LOWER;
            let point = SamplePoint::new(grid, pose.point(across, down));
            for (values, (cells, scale)) in values.iter_mut().zip(statistics) {
                values[i] = point.of(cells) * code / scale;
            }
        }
        let mean = values[0].iter().sum::<f32>() / POINTS as f32;
        let power = values[0].iter().map(|v| (v - mean).powi(2)).sum::<f32>();
        let contrast = self.contrast((power / POINTS as f32).sqrt() + 4.0, track);
        let mut sum = 0.0;
        for (i, (values, map)) in values.iter().zip(map.chunks_exact(POINTS)).enumerate() {
            // Differences don't depend on the brightness.
            let mean = if i < 3 { mean } else { 0.0 };
            let weighed = values.iter().zip(map).map(|(v, m)| (v - mean) * m);
            sum += weighed.sum::<f32>();
        }
        sum / contrast
    }

    /// The contrast of the face so far.
    fn contrast(&mut self, now: f32, track: u32) -> f32 {
        if track != self.track {
            (self.track, self.pictures) = (track, 0);
        }
        self.pictures = (self.pictures + 1).min(STEADY);
        self.contrast += (now - self.contrast) / self.pictures as f32;
        self.contrast
    }
}
