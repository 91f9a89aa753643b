// SPDX-License-Identifier: MPL-2.0
//! Decides for each coded picture whether it is decoded: all of them while there is any suspicion, else only key frames.
//!
//! A key frame and the pictures behind it are held until the next key frame comes. When a suspicion arises, those that are held are
//! decoded after all, so that nothing since the last key frame is missed and no picture is decoded without those that it refers to.

use super::rate::Rate;

/// A second in ns.
const SECOND: u64 = 1_000_000_000;
/// After a suspicion all pictures are decoded for so long, in ns, and on to the next key frame: what is still suspicious then goes on.
/// Chosen.
const QUIET: u64 = 3 * SECOND;
/// At the start, for so long: sizes of pictures have to be known.
const START: u64 = 10 * SECOND;
/// After so long with key frames alone, all pictures are decoded for [`PATROL`], in ns, so that detectors that need each picture have
/// their turn. Chosen.
const PATROL_INTERVAL: u64 = 60 * SECOND;
/// See [`PATROL_INTERVAL`].
const PATROL: u64 = 3 * SECOND;
/// Longest time for which pictures are held, in ns: with a longer distance of key frames all pictures are decoded. It is less than how
/// late measurements may come.
pub const LONGEST_HOLD: u64 = 6 * SECOND;
/// After a key frame that couldn't be decoded by itself, all pictures are decoded for so long, in ns. GStreamer 1.22's `avdec_h264` can't
/// begin at key frames that aren't IDR pictures if pictures are missing before them.
const UNFIT: u64 = 600 * SECOND;
/// With key frames closer than that, in ns, all pictures are decoded. Chosen.
const CLOSE: u64 = SECOND / 4;
/// Most bytes that are held.
const MOST_BYTES: usize = 32 << 20;
/// A step of time that needs a look, in ns.
const JUMP: u64 = SECOND;

/// A coded picture.
#[derive(Debug, Clone, Copy)]
pub struct Coded {
    /// When it is decoded, in ns.
    pub time: u64,
    /// When it is shown, in ns.
    pub shown: u64,
    /// In bytes.
    pub size: usize,
    /// Can be decoded by itself.
    pub is_key: bool,
    /// Data before it was lost.
    pub is_damaged: bool,
    /// It may be the first field of two that are coded one after the other.
    pub is_field: bool,
}

/// What is done with a coded picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is decoded.
    Decode,
    /// Those that are held are decoded, then this one.
    DecodeHeld,
    /// It is held.
    Hold,
    /// Those that are held are dropped; it is decoded, and held.
    Begin,
    /// As [`Begin`](Self::Begin), and it is to come out of the decoder at once, which loses what it refers to.
    BeginAndDrain,
    /// It is decoded behind a key frame that may be a field, and held; both are to come out of the decoder at once.
    HoldAndDrain,
    /// Those that are held are dropped, and it is decoded.
    DropHeld,
}

/// The last key frame.
#[derive(Debug, Clone, Copy)]
struct Key {
    /// When it was decoded and is shown, in ns.
    time: u64,
    shown: u64,
    /// All pictures before it were decoded.
    is_whole_before: bool,
}

/// The state of one stream.
#[derive(Debug, Default)]
pub struct Policy {
    rate: Rate,
    is_sparse: bool,
    /// All pictures are decoded at least until then; `None` before the first picture.
    full_until: Option<u64>,
    /// Since when only key frames are decoded.
    sparse_since: u64,
    /// The last picture.
    last: Option<u64>,
    key: Option<Key>,
    /// Whether all pictures since the last key frame were decoded.
    is_whole: bool,
    /// The decoder hasn't given the key frame out yet.
    is_awaited: bool,
    /// The second field of the key frame may come next.
    awaits_field: bool,
    /// Time of the first held picture, and their bytes.
    held: Option<(u64, usize)>,
}

impl Policy {
    /// Whether only key frames are decoded.
    pub fn is_sparse(&self) -> bool {
        self.is_sparse
    }

    /// When the last picture is decoded, in ns.
    pub fn last(&self) -> Option<u64> {
        self.last
    }

    /// Whether the last key frame hasn't come out of the decoder.
    pub fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    /// Notes that the last key frame couldn't be decoded by itself: all pictures are decoded for a long time, and those up to the next key
    /// frame, for [`LONGEST_HOLD`] at most, are damaged.
    pub fn fail(&mut self) {
        self.is_sparse = false;
        self.full_until = self.full_until.max(self.last.map(|last| last + UNFIT));
        (self.held, self.is_awaited, self.awaits_field) = (None, false, false);
        if let Some(key) = &mut self.key {
            // None comes if this was the last one of the stream.
            key.shown = key.shown.saturating_add(LONGEST_HOLD);
            key.is_whole_before = false;
        }
        self.is_whole = false;
    }

    /// When the last key frame is shown, in ns.
    pub fn key_shown(&self) -> Option<u64> {
        self.key.map(|key| key.shown)
    }

    /// Whether a picture that is shown then is the last key frame, and pictures before it weren't decoded.
    pub fn starts_anew(&self, shown: Option<gst::ClockTime>) -> bool {
        let joined = self.joined_at();
        joined.is_some() && joined == shown.map(gst::ClockTime::nseconds)
    }

    /// When the last key frame is shown, in ns, if pictures before it weren't decoded: those that refer to them are damaged, and are shown
    /// before the key frame.
    pub fn joined_at(&self) -> Option<u64> {
        let key = self.key.filter(|key| !key.is_whole_before);
        key.map(|key| key.shown)
    }

    /// Notes that the decoder gave out a picture that is shown at that time, in ns; returns whether it is the last key frame.
    pub fn given_out(&mut self, shown: u64) -> bool {
        let is_key = self.is_awaited && self.key.is_some_and(|key| shown >= key.shown);
        self.is_awaited &= !is_key;
        is_key
    }

    /// Forgets the position in the stream: after a flush or in a new segment. What is held has to be dropped.
    pub fn reset(&mut self) {
        self.rate.forget_window();
        (self.last, self.key, self.held, self.full_until) = (None, None, None, None);
        (self.is_sparse, self.is_whole) = (false, false);
        (self.is_awaited, self.awaits_field) = (false, false);
    }

    /// Decides on a picture. `is_suspicious`: something else than the coded pictures calls for decoding all.
    pub fn step(&mut self, coded: &Coded, is_suspicious: bool) -> Step {
        let now = coded.time;
        let mut full_until = self.full_until.unwrap_or(now + START);
        if self.is_suspicious(coded) || is_suspicious {
            full_until = full_until.max(now + QUIET);
        }
        // Time may have jumped back.
        full_until = full_until.min(now + UNFIT);
        self.full_until = Some(full_until);
        self.last = Some(now);
        let step = match (coded.is_key, now < full_until) {
            (true, is_full) => self.key_frame(coded, is_full),
            (false, true) => self.follower(),
            (false, false) => self.sparse_follower(),
        };
        match step {
            Step::Begin | Step::BeginAndDrain => self.held = Some((now, coded.size)),
            Step::Hold | Step::HoldAndDrain => {
                let (since, bytes) = self.held.unwrap_or((now, 0));
                self.held = Some((since, bytes + coded.size));
            }
            Step::DecodeHeld => (self.held, self.is_whole) = (None, true),
            Step::DropHeld => self.held = None,
            Step::Decode => {}
        }
        step
    }

    /// Whether the coded picture itself calls for decoding all.
    fn is_suspicious(&mut self, coded: &Coded) -> bool {
        let jumped = self
            .last
            .is_some_and(|last| coded.time.abs_diff(last) > JUMP);
        let held_long = self.held.is_some_and(|(since, bytes)| {
            coded.time.abs_diff(since) > LONGEST_HOLD || bytes > MOST_BYTES
        });
        let shrank = match coded.is_key {
            true => self.rate.key(coded.size),
            false => self.rate.picture(coded.time, coded.size),
        };
        // The first picture is always behind a discontinuity.
        let is_damaged = coded.is_damaged && self.last.is_some();
        is_damaged || jumped || shrank || (held_long && !coded.is_key)
    }

    fn key_frame(&mut self, coded: &Coded, is_full: bool) -> Step {
        let now = coded.time;
        let was_sparse = self.is_sparse;
        // Where each picture is a key frame, leaving out the others saves nothing.
        let is_close = self
            .key
            .is_some_and(|key| now.saturating_sub(key.time) < CLOSE);
        self.is_sparse = !is_full && !is_close;
        if self.is_sparse && !was_sparse {
            self.sparse_since = now;
        }
        let patrols = self.is_sparse && now.saturating_sub(self.sparse_since) >= PATROL_INTERVAL;
        if patrols {
            self.is_sparse = false;
            self.full_until = Some(now + PATROL);
        }
        let step = match (self.is_sparse, self.held.is_some()) {
            (true, _) if coded.is_field => Step::Begin,
            (true, _) => Step::BeginAndDrain,
            (false, true) if patrols => Step::DropHeld,
            (false, true) => Step::DecodeHeld,
            (false, false) => Step::Decode,
        };
        self.key = Some(Key {
            time: now,
            shown: coded.shown,
            is_whole_before: step == Step::DecodeHeld || self.is_whole,
        });
        self.is_whole = !self.is_sparse;
        self.is_awaited = true;
        self.awaits_field = step == Step::Begin;
        step
    }

    fn follower(&mut self) -> Step {
        self.is_sparse = false;
        match self.held.is_some() {
            true => Step::DecodeHeld,
            false => Step::Decode,
        }
    }

    fn sparse_follower(&mut self) -> Step {
        if !self.is_sparse {
            // Until the next key frame.
            return self.follower();
        }
        match std::mem::take(&mut self.awaits_field) {
            true => Step::HoldAndDrain,
            false => Step::Hold,
        }
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
