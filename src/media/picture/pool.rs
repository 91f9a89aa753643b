// SPDX-License-Identifier: MPL-2.0

//! Grids that are used again.

use super::{Grid, VideoFormat};
use std::sync::Arc;

/// Hands out shared grids, and writes again to those that nobody else holds any more.
///
/// Once as many grids have been made as are held at a time, nothing is allocated.
#[derive(Debug)]
pub struct GridPool {
    format: VideoFormat,
    grids: Vec<Arc<Grid>>,
    limit: usize,
}

impl GridPool {
    /// A pool of grids for `format` that keeps at most `limit` of them.
    pub fn new(format: &VideoFormat, limit: usize) -> Self {
        Self {
            format: *format,
            grids: Vec::with_capacity(limit),
            limit,
        }
    }

    /// Lets `write` fill a grid that nobody else holds, and shares it. What the grid holds before is undefined.
    ///
    /// When all grids of the pool are held and it may keep no more, the grid is one that the pool forgets.
    pub fn write(&mut self, write: impl FnOnce(&mut Grid)) -> Arc<Grid> {
        for shared in &mut self.grids {
            if let Some(grid) = Arc::get_mut(shared) {
                write(grid);
                return Arc::clone(shared);
            }
        }
        let mut grid = Grid::new(&self.format);
        write(&mut grid);
        let shared = Arc::new(grid);
        if self.grids.len() < self.limit {
            self.grids.push(Arc::clone(&shared));
        }
        shared
    }
}
