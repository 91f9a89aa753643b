// SPDX-License-Identifier: MPL-2.0
//! Recognises pictures that were cut off: from some line down to the bottom there is one colour, or one line
//! repeated.
//!
//! A decoder fills what it didn't get: for JPEG with the colour of the last block or grey, elsewhere with the last line. So within one
//! picture a band without vertical detail takes the place of something else at the bottom, over the whole width and up to a border of
//! blocks, while the picture above moves on as it did before. A wipe grows, a caption has letters, a bar is black, a plain background was
//! plain before.

use std::{ops::Range, sync::Arc};

use super::{
    damage::Damage,
    layer::{Layer, PictureContext},
};
use crate::media::{
    Ns, SECOND, Span,
    picture::{CELL, Cells, Grid, count_changed},
};

/// Mean difference between a line and the one above, in 8-bit codes, up to which they are the same: what coding leaves.
const SAME_LINE: f64 = 1.0;
/// Something else was there before if the mean difference between its lines was at least this, in 8-bit codes (plain backgrounds of talking
/// heads have up to 1), or if this share of its cells jump. Chosen.
const TEXTURE: f64 = 1.5;
const LEAST_JUMPED: f64 = 0.5;
/// Share of the lines that a band takes. Chosen.
const LOWEST: f64 = 0.08;
const HIGHEST: f64 = 0.92;
/// A band begins at a multiple of this many lines, to one line.
const BLOCK: usize = 8;
/// Difference in height, in lines, up to which a band is the same in the next picture.
const SAME_HEIGHT: usize = 8;
/// How much the share of jumping cells above the band may exceed that in the picture before as the band comes or
/// goes: more is a cut. And the share of them that must change at least: else it came over a still.
const MOST_MORE_JUMPED: f64 = 0.2;
const LEAST_CHANGED: f64 = 0.05;
/// Change of a cell's mean luma, in 8-bit codes, from which it changed.
const CHANGED: f64 = 0.5;
/// Mean horizontal difference per pixel, in 8-bit codes, up to which a band is of one colour, and from which it is a line with a picture in
/// it.
const PLAIN: f64 = 0.6;
const STRIPED: f64 = 1.5;
/// Luma over nominal black, in 8-bit codes, up to which a band without colour is a bar; and distance of chroma from neutral that is a
/// colour.
const BLACK: f64 = 16.0;
const COLOURED: f64 = 6.0;
/// Least step at the upper edge of a band of one colour, in 8-bit codes per pixel.
const STEP: f64 = 3.0;
/// Longest time of such a band; a longer one is meant. Chosen.
const LONGEST: Ns = 5 * SECOND;

/// Follows the lower part of the picture.
#[derive(Debug, Default)]
pub struct CutOff {
    /// The last picture, and the height of its band.
    last: Option<Arc<Grid>>,
    height: usize,
    /// A band that came with the last picture and isn't certain yet.
    appeared: Option<Damage>,
    /// Height of the band that is damage, and since when it is there.
    damaged: Option<(usize, Ns)>,
}

impl Layer for CutOff {
    fn inspect(&mut self, context: &PictureContext<'_>) -> Option<Damage> {
        if !context.reaches_bottom() || !context.settings.fills {
            *self = Self::default();
            return None;
        }
        let height = height_of_band(context.grid());
        let height_before = std::mem::replace(&mut self.height, height);
        let last = self.last.replace(Arc::clone(context.picture.grid))?;
        if last.sum().len() != context.grid().sum().len() {
            (self.appeared, self.damaged) = (None, None);
            return None;
        }
        if let Some(seen) = self.appeared.take() {
            return self.confirm(seen, height_before, context);
        }
        if let Some((damaged, since)) = self.damaged {
            // It looks higher where the picture above is plain.
            let stays = height + SAME_HEIGHT >= damaged
                && context.span.start.saturating_sub(since) <= LONGEST;
            self.damaged = self.damaged.filter(|_| stays);
            return self.damaged.and_then(|_| band(context, damaged));
        }
        let lines = context.grid().height() as f64;
        let is_band = (LOWEST * lines..=HIGHEST * lines).contains(&(height as f64));
        if is_band
            && is_aligned(context.grid().height() - height)
            && height_before + 2 * CELL <= height
            && takes_a_place(&last, context, height)
            && goes_on_above(context, height)
            && moves_above(&last, context, height)
        {
            self.appeared = band(context, height);
        }
        None
    }
}

impl CutOff {
    /// A band that came with the last picture is damage if it stays as it is, or is gone at once.
    fn confirm(
        &mut self,
        seen: Damage,
        height_before: usize,
        context: &PictureContext<'_>,
    ) -> Option<Damage> {
        let (height, since) = (self.height, seen.span.start);
        if height.abs_diff(height_before) <= SAME_HEIGHT {
            self.damaged = Some((height, since));
            let mut damage = band(context, height)?;
            damage.span.start = since;
            return Some(damage);
        }
        // It ends where the present picture begins.
        let gone =
            height + SAME_HEIGHT < height_before / 2 && goes_on_above(context, height_before);
        gone.then_some(Damage {
            span: Span::new(since, context.span.start),
            ..seen
        })
    }
}

/// How many lines at the bottom are like one another.
fn height_of_band(grid: &Grid) -> usize {
    let most = grid.limit(16.0 * SAME_LINE);
    let most = f64::from(most) / 16.0 * grid.width() as f64;
    let lines = grid.row_dy().iter().skip(1).rev();
    match lines.take_while(|dy| f64::from(**dy) <= most).count() {
        0 => 0,
        lines => lines + 1,
    }
}

/// Whether a line lies on a border of blocks, to one line.
fn is_aligned(line: usize) -> bool {
    (line + 1) % BLOCK <= 2
}

/// Whether the lowest `height` lines were something else in the picture before.
fn takes_a_place(last: &Grid, context: &PictureContext<'_>, height: usize) -> bool {
    let lines = &last.row_dy()[last.height() - height + 1..];
    let sum: u64 = lines.iter().map(|dy| u64::from(*dy)).sum();
    let samples = lines.len().max(1) * last.width();
    let was_textured = last.codes(sum as f64 / samples as f64) >= TEXTURE;
    let rows = context.changes.rows();
    let below = rows_above(context, height)..rows.len();
    was_textured || share_of_jumps(context, rows, below) >= LEAST_JUMPED
}

/// Whether the picture above a band of that height changes as it did in the picture before, and not as by a cut.
fn goes_on_above(context: &PictureContext<'_>, height: usize) -> bool {
    let above = 0..rows_above(context, height);
    let now = share_of_jumps(context, context.changes.rows(), above.clone());
    let before = share_of_jumps(context, context.changes.rows_before(), above.clone());
    !above.is_empty() && now <= before + MOST_MORE_JUMPED
}

/// Whether the picture above a band moves.
fn moves_above(last: &Grid, context: &PictureContext<'_>, height: usize) -> bool {
    let grid = context.grid();
    let first = context.cells.rows.start;
    let part = Cells {
        columns: context.cells.columns.clone(),
        rows: first..first + rows_above(context, height),
    };
    let least = grid.limit(64.0 * CHANGED);
    let changed = count_changed(last, grid, &part, least);
    f64::from(changed) >= LEAST_CHANGED * part.count() as f64
}

/// How many rows of the judged cells lie above a band of that height.
fn rows_above(context: &PictureContext<'_>, height: usize) -> usize {
    let rows = (context.grid().height() - height) / CELL;
    rows.saturating_sub(context.cells.rows.start)
        .min(context.cells.rows.len())
}

/// The share of cells that jumped in some of these rows; 0 where there are none.
fn share_of_jumps(context: &PictureContext<'_>, jumped: &[u16], rows: Range<usize>) -> f64 {
    let jumped = jumped.get(rows).unwrap_or_default();
    let count: u32 = jumped.iter().map(|row| u32::from(*row)).sum();
    f64::from(count) / (jumped.len() * context.cells.columns.len()).max(1) as f64
}

/// A band of one colour or of one line as damage; `None` if it is neither, or a bar.
fn band(context: &PictureContext<'_>, height: usize) -> Option<Damage> {
    let grid = context.grid();
    let first = grid.height().checked_sub(height.max(1))?;
    let inner = Cells {
        columns: context.cells.columns.clone(),
        rows: first.div_ceil(CELL)..grid.rows(),
    };
    let mean = |of: &[u16]| grid.codes(inner.mean(grid, of));
    let detail = mean(grid.dx()) / 56.0;
    let step = grid.codes(f64::from(grid.row_dy()[first]) / grid.width() as f64);
    let distance = |chroma: f64| (chroma / 16.0 - 128.0).abs();
    let is_coloured = distance(mean(grid.cb())).max(distance(mean(grid.cr()))) >= COLOURED;
    let is_bar = mean(grid.sum()) / 64.0 - grid.codes(grid.levels().black) < BLACK && !is_coloured;
    let is_fill = detail >= STRIPED || (detail <= PLAIN && step >= STEP && !is_bar);
    is_fill.then(|| Damage {
        span: context.span,
        share: height as f64 / grid.height().max(1) as f64,
        cells: Cells {
            columns: context.cells.columns.clone(),
            rows: first / CELL..grid.rows(),
        },
        confidence: 0.85,
        detail: "cut-off",
    })
}
