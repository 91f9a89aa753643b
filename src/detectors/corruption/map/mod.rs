// SPDX-License-Identifier: MPL-2.0
//! A learned map: now and then a small convolutional network looks at the pixels of a picture and of the one before, and says of each block of
//! 16x16 how likely it is damaged.
//!
//! Damage stays until the next refresh of the coded picture, so a few looks a second see it, and one more as soon as something is
//! suspicious. A look copies luma of both pictures, the rest of the work is spread over the pictures that follow: no picture has to wait long.
//! Which picture does how much doesn't depend on how fast they come.
//!
//! Interlaced pictures aren't looked at: motion tears their lines apart, which the network doesn't know.

mod mapped;
mod net;
mod verdict;
mod weights;

use super::damage::Damage;
use crate::media::{
    MS, Ns, SECOND, Span,
    picture::{Cells, LumaReader, Picture, VideoFormat},
};
pub use mapped::Mapped;
use net::{BLOCK, Luma, Net};
use verdict::Judge;
use weights::Weights;

/// From the begin of a look to that of the next in pictures of 1920x1080.
const TURN: Ns = 400 * MS;
/// Blocks of those.
const LARGE: u64 = 120 * 67;
/// Smaller pictures are looked at oftener and larger ones more rarely, so that a second takes the same work; these are the shortest and the longest
/// turn. Chosen.
const TURNS: (Ns, Ns) = (160 * MS, SECOND);
/// The fewest and the most pictures that share the work of a look, whatever the rate. Two more are copied.
const PARTS: (u64, u64) = (2, 30);
/// Two pictures with a longer hole between them don't follow one another; not every stream knows how long its pictures are. Chosen.
const NEAR: Ns = 200 * MS;
/// The smallest picture that is looked at, in blocks. Chosen: a smaller one has no surroundings to judge by.
const LEAST: (usize, usize) = (6, 4);

/// What a look has seen.
#[derive(Debug)]
pub struct Verdict {
    /// When the picture was shown that was looked at.
    pub at: Ns,
    /// None: it is whole.
    pub damage: Option<Damage>,
}

/// How far a look is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Waiting,
    /// The picture before is copied; it ended then.
    Before(Ns),
    /// The picture of that time is being judged; whether that was because of a suspicion.
    Judging(Ns, bool),
}

/// Looks now and then.
#[derive(Debug)]
pub struct Map {
    /// Blocks.
    columns: usize,
    reader: LumaReader,
    luma: Luma,
    net: Net,
    judge: Judge,
    /// From the begin of a look to that of the next.
    turn: Ns,
    /// How much of the work each picture does.
    effort: usize,
    stage: Stage,
    /// When the last look began.
    begun: Option<Ns>,
    suspicious: bool,
}

impl Map {
    /// For pictures of that format; none, if they are too small.
    pub fn new(weights: &'static Weights, format: &VideoFormat) -> Option<Self> {
        let (columns, rows) = (format.width / BLOCK, format.height / BLOCK);
        if columns < LEAST.0 || rows < LEAST.1 {
            return None;
        }
        let net = Net::new(weights, columns, rows);
        let length = format.frame_duration.unwrap_or(SECOND / 25).max(1);
        let turn = turn(columns, rows);
        let parts = (turn / length).saturating_sub(2).clamp(PARTS.0, PARTS.1);
        let pixels = columns * rows * BLOCK * BLOCK;
        Some(Self {
            columns,
            reader: LumaReader::default(),
            luma: Luma {
                before: vec![0; pixels],
                now: vec![0; pixels],
            },
            judge: Judge::new(columns, rows, turn),
            turn,
            effort: net.effort().div_ceil(parts as usize),
            net,
            stage: Stage::Waiting,
            begun: None,
            suspicious: false,
        })
    }

    /// What was begun is of no interest any more.
    pub fn restart(&mut self) {
        (self.stage, self.suspicious) = (Stage::Waiting, false);
    }

    /// Takes the next picture; says what has been seen if a look is complete now. `steady`: there was no cut shortly before. `suspicious`: it
    /// is worth to look at once.
    pub fn push(
        &mut self,
        span: Span,
        picture: Picture<'_>,
        cells: &Cells,
        steady: bool,
        suspicious: bool,
    ) -> Option<Verdict> {
        if picture.fields.interlaced || picture.fields.single.is_some() {
            self.restart();
            return None;
        }
        self.suspicious |= suspicious;
        match self.stage {
            // After a cut all is new: only when it has settled can be told what doesn't belong there.
            Stage::Before(_) if !steady => self.stage = Stage::Waiting,
            Stage::Before(end) => self.begin(span, picture, end),
            Stage::Judging(_, false) if self.suspicious && steady => {
                self.copy_before(span, picture)
            }
            Stage::Judging(at, _) => {
                if self.net.work(&self.luma, self.effort) {
                    self.stage = Stage::Waiting;
                    let logits = self.net.logits();
                    let damage = self.judge.judge(logits, cells);
                    return Some(Verdict { at, damage });
                }
            }
            Stage::Waiting => {
                let due = self
                    .begun
                    .is_none_or(|begun| begun.abs_diff(span.start) >= self.turn);
                if steady && (due || self.suspicious) {
                    self.copy_before(span, picture);
                }
            }
        }
        None
    }

    /// A picture that another one follows.
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

    /// The picture that follows it.
    fn begin(&mut self, span: Span, picture: Picture<'_>, end: Ns) {
        let copied = read(&mut self.reader, picture, self.columns, &mut self.luma.now);
        let next = span.start.abs_diff(end) <= NEAR;
        self.stage = if copied && next {
            Stage::Judging(span.start, self.suspicious)
        } else {
            Stage::Waiting
        };
        self.suspicious = false;
        self.net.restart();
    }
}

/// How long pictures of so many blocks have to wait for the next look.
fn turn(columns: usize, rows: usize) -> Ns {
    (TURN * (columns * rows) as u64 / LARGE).clamp(TURNS.0, TURNS.1)
}

/// Copies whole blocks of luma, as far as the picture has them; whether that was possible.
fn read(reader: &mut LumaReader, picture: Picture<'_>, columns: usize, out: &mut [u8]) -> bool {
    let (width, height) = (columns * BLOCK, out.len() / (columns * BLOCK));
    picture.pixels.is_some_and(|pixels| {
        pixels.look(&mut |planes| reader.read(planes, 0..width, 0..height, out))
    })
}

#[cfg(test)]
mod tests;
