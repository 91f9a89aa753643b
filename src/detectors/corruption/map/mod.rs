// SPDX-License-Identifier: MPL-2.0
//! A map of damage by a trained network: now and then a small convolutional network inspects the pixels of a picture
//! and of the one before, and gives each block of 16x16 a likelihood of being damaged.
//!
//! Damage stays until the next refresh of the coded picture, so a few inspections a second find it, and one more as soon as something is
//! suspicious. An inspection copies luma of both pictures, the rest of the work is spread over the pictures that follow: no picture has to
//! wait long. Which picture does how much doesn't depend on how fast they come.
//!
//! Interlaced pictures aren't inspected: motion tears their lines apart, which the network doesn't know.

mod classifier;
mod layer;
mod net;
mod weights;

use super::{damage::Damage, layer::PictureContext};
use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{LumaReader, Picture, VideoFormat},
};
use classifier::BlockClassifier;
pub use layer::NeuralLayer;
use net::{BLOCK, Luma, Net};
use weights::Weights;

/// Time from one inspected picture to the next, at 1920x1080.
const INTERVAL: Ns = 400 * MS;
/// Blocks of pictures of that size.
const LARGE: u64 = 120 * 67;
/// Smaller pictures are inspected oftener and larger ones more rarely, so that a second takes the same work; these are the shortest and the
/// longest interval. Chosen.
const SHORTEST_INTERVAL: Ns = 160 * MS;
const LONGEST_INTERVAL: Ns = SECOND;
/// The fewest and the most pictures over which the work on one is spread, whatever the rate. Two more are copied.
const FEWEST_PARTS: u64 = 2;
const MOST_PARTS: u64 = 30;
/// Largest gap between two pictures that follow one another; not every stream has durations of its pictures. Chosen.
const LONGEST_HOLE: Ns = 200 * MS;
/// The smallest picture that is inspected, in blocks. Chosen: a smaller one has no surroundings to judge by.
const LEAST_COLUMNS: usize = 6;
const LEAST_ROWS: usize = 4;

/// The result of an inspection.
#[derive(Debug)]
pub struct Verdict {
    /// When the picture was shown.
    pub at: Ns,
    /// `None`: it is undamaged.
    pub damage: Option<Damage>,
}

/// Stage of an inspection.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Waiting,
    /// The picture before is copied; it ended then.
    Before(Ns),
    /// The picture of that time is being judged; whether that was because of a suspicion.
    Judging(Ns, bool),
}

/// Chooses the pictures that are inspected, and spreads the work over those that follow.
#[derive(Debug)]
pub struct Scheduler {
    /// Blocks.
    columns: usize,
    reader: LumaReader,
    luma: Luma,
    net: Net,
    classifier: BlockClassifier,
    /// Time from one inspected picture to the next.
    interval: Ns,
    /// Amount of work for each picture.
    effort: usize,
    stage: Stage,
    /// When the last inspection began.
    begun: Option<Ns>,
    suspicious: bool,
}

impl Scheduler {
    /// For pictures of that format; `None` if they are too small.
    pub fn new(weights: &'static Weights, format: &VideoFormat) -> Option<Self> {
        let (columns, rows) = (format.width / BLOCK, format.height / BLOCK);
        if columns < LEAST_COLUMNS || rows < LEAST_ROWS {
            return None;
        }
        let net = Net::new(weights, columns, rows);
        let length = format.frame_duration.unwrap_or(SECOND / 25).max(1);
        let interval = interval(columns, rows);
        let parts = (interval / length).saturating_sub(2);
        let parts = parts.clamp(FEWEST_PARTS, MOST_PARTS);
        let pixels = columns * rows * BLOCK * BLOCK;
        Some(Self {
            columns,
            reader: LumaReader::default(),
            luma: Luma {
                before: vec![0; pixels],
                now: vec![0; pixels],
            },
            classifier: BlockClassifier::new(columns, rows, interval),
            interval,
            effort: net.effort().div_ceil(parts as usize),
            net,
            stage: Stage::Waiting,
            begun: None,
            suspicious: false,
        })
    }

    /// Drops the inspection in progress.
    pub fn reset(&mut self) {
        (self.stage, self.suspicious) = (Stage::Waiting, false);
    }

    /// Takes the next picture. Returns a result if an inspection is complete with it.
    pub fn push(&mut self, context: &PictureContext<'_>) -> Option<Verdict> {
        let (span, picture) = (context.span, context.picture);
        if picture.fields.interlaced || picture.fields.single.is_some() {
            self.reset();
            return None;
        }
        let steady = context.is_steady();
        self.suspicious |= context.suspicious;
        match self.stage {
            // After a cut everything is new: damage can be told only when the picture has settled.
            Stage::Before(_) if !steady => self.stage = Stage::Waiting,
            Stage::Before(end) => self.begin(span, picture, end),
            Stage::Judging(_, false) if self.suspicious && steady => {
                self.copy_before(span, picture)
            }
            Stage::Judging(at, _) => {
                if self.net.work(&self.luma, self.effort) {
                    self.stage = Stage::Waiting;
                    let at_picture = Span::new(at, at);
                    let damage =
                        self.classifier
                            .classify(at_picture, self.net.logits(), context.cells);
                    return Some(Verdict { at, damage });
                }
            }
            Stage::Waiting => {
                let due = self
                    .begun
                    .is_none_or(|begun| begun.abs_diff(span.start) >= self.interval);
                if steady && (due || self.suspicious) {
                    self.copy_before(span, picture);
                }
            }
        }
        None
    }

    /// Copies the first of the two pictures.
    fn copy_before(&mut self, span: Span, picture: Picture<'_>) {
        self.begun = Some(span.start);
        let copied = read(
            &mut self.reader,
            picture,
            self.columns,
            &mut self.luma.before,
        );
        self.stage = if copied {
            Stage::Before(span.end)
        } else {
            Stage::Waiting
        };
    }

    /// Begins with the second of the two pictures.
    fn begin(&mut self, span: Span, picture: Picture<'_>, end: Ns) {
        let copied = read(&mut self.reader, picture, self.columns, &mut self.luma.now);
        let next = span.start.abs_diff(end) <= LONGEST_HOLE;
        self.stage = if copied && next {
            Stage::Judging(span.start, self.suspicious)
        } else {
            Stage::Waiting
        };
        self.suspicious = false;
        self.net.restart();
    }
}

/// Time from one inspected picture of that many blocks to the next.
fn interval(columns: usize, rows: usize) -> Ns {
    (INTERVAL * (columns * rows) as u64 / LARGE).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
}

/// Copies whole blocks of luma, as far as the picture has them; whether that was possible.
fn read(reader: &mut LumaReader, picture: Picture<'_>, columns: usize, out: &mut [u8]) -> bool {
    let (width, height) = (columns * BLOCK, out.len() / (columns * BLOCK));
    picture.pixels.is_some_and(|pixels| {
        pixels.map_planes(&mut |planes| reader.read(planes, 0..width, 0..height, out))
    })
}

#[cfg(test)]
mod tests;
