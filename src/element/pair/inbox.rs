// SPDX-License-Identifier: MPL-2.0
//! Holds the items read from the streams until the detector takes them, in order of arrival.
//!
//! A detector may take milliseconds for a piece: a network for a picture, a correlation for a second of sound. So the
//! threads of the streams put pieces in here, under a lock that is held for a moment, and feed the detector only
//! while no other thread does. No thread waits for the work of another, unless [`MOST_WAITING`] pieces wait.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use super::pads::Which;
use crate::detector::pair::{self, Piece};
use crate::element::{guarded::lock, stamps::BufferStamps};
use crate::media::{
    Span,
    picture::{BufferFlags, Fields, Grid, Picture},
    sound::Block,
    timestamps::TimestampCheck,
};

/// The most pieces that may wait: half a second of sound, and fewer pictures than have grids of their own.
pub const MOST_WAITING: usize = 48;

/// An item of one stream.
pub struct Item {
    /// Its stream.
    pub which: Which,
    /// Its content.
    pub content: Content,
}

/// The content of an item.
pub enum Content {
    /// 10 ms of sound: its samples, channel by channel, how many each channel has, and their rate.
    Sound(Span, Vec<f32>, usize, u32),
    /// A picture.
    Picture(Span, Arc<Grid>, Fields, BufferFlags),
    /// The check of the timestamp of a buffer.
    Stamp(Span, TimestampCheck),
    /// Time without data.
    Gap(Span),
    /// Timecode and reference time of a buffer.
    WorldTime(BufferStamps),
    /// A buffer without a timestamp.
    Untimed,
    /// A buffer that couldn't be read, and why.
    Unreadable(String),
}

impl Item {
    /// Whether it is a picture.
    pub fn is_picture(&self) -> bool {
        matches!(self.content, Content::Picture(..))
    }

    /// The piece for the detector, if it is one.
    pub fn piece(&self) -> Option<Piece<'_>> {
        let (span, content) = match &self.content {
            Content::Sound(span, samples, length, rate) => (
                span,
                pair::Content::Sound(Block::new(samples, *length, *rate)),
            ),
            Content::Picture(span, grid, fields, health) => {
                let picture = Picture {
                    grid,
                    fields: *fields,
                    health: *health,
                    pixels: None,
                };
                (span, pair::Content::Picture(picture))
            }
            Content::Stamp(span, check) if self.which.is_sound() => {
                (span, pair::Content::SoundStamp(*check))
            }
            Content::Stamp(span, check) => (span, pair::Content::PictureStamp(*check)),
            _ => return None,
        };
        Some(Piece {
            side: self.which.side(),
            span: *span,
            content,
        })
    }
}

/// The inbox of an element, see the module.
#[derive(Default)]
pub struct Inbox(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    items: VecDeque<Item>,
    /// Memory for blocks of sound, to be used again.
    spare: Vec<Vec<f32>>,
}

impl Inbox {
    /// Adds an item of a stream; returns how many items wait.
    pub fn put(&self, which: Which, content: Content) -> usize {
        let mut waiting = lock(&self.0);
        waiting.items.push_back(Item { which, content });
        waiting.items.len()
    }

    /// Adds a copy of a piece; returns how many items wait.
    pub fn put_piece(&self, which: Which, piece: Piece<'_>) -> usize {
        let span = piece.span;
        let content = match piece.content {
            pair::Content::Sound(block) => {
                let mut samples = lock(&self.0).spare.pop().unwrap_or_default();
                block.iter().for_each(|c| samples.extend_from_slice(c));
                Content::Sound(span, samples, block.length(), block.rate())
            }
            pair::Content::Picture(picture) => Content::Picture(
                span,
                Arc::clone(picture.grid),
                picture.fields,
                picture.health,
            ),
            pair::Content::SoundStamp(check) | pair::Content::PictureStamp(check) => {
                Content::Stamp(span, check)
            }
            pair::Content::Nothing => Content::Gap(span),
        };
        self.put(which, content)
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        lock(&self.0).items.len()
    }

    /// Whether `condition` is true of the next item (`None`: there is none).
    pub fn next_is(&self, condition: impl FnOnce(Option<&Item>) -> bool) -> bool {
        condition(lock(&self.0).items.front())
    }

    /// Removes the next item and passes it to `act`. To be called under the lock of the detector, so that the order
    /// is kept.
    pub fn take(&self, act: impl FnOnce(&Item)) {
        let Some(item) = lock(&self.0).items.pop_front() else {
            return;
        };
        act(&item);
        if let Content::Sound(_, mut samples, ..) = item.content {
            samples.clear();
            lock(&self.0).spare.push(samples);
        }
    }
}
