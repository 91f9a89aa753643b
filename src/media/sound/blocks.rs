// SPDX-License-Identifier: MPL-2.0
//! Divides the samples of buffers of any size into blocks of 10 ms. The rest at the end of a stream, less than a
//! block, isn't judged.

use super::{AudioFormat, Samples};
use crate::media::{MS, Ns, SECOND, Span};

/// How far the time of a buffer may lie from where the samples before it end: timestamps are rounded by containers (90 kHz, or
/// whole milliseconds in Matroska), and the clock of a source drifts. As in GStreamer's audio base classes (`alignment-threshold`).
const TOLERANCE: Ns = 40 * MS;

/// Times that are farther away are believed after this time (`discont-wait` in GStreamer) ...
const WAIT: Ns = SECOND;

/// ... or at once if they are this far away: that is no drift. Chosen.
const JUMP: Ns = 200 * MS;

/// 10 ms of sound: one slice of samples for each channel, full scale = 1, always finite.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    samples: &'a [f32],
    length: usize,
    rate: u32,
}

impl<'a> Block<'a> {
    /// From samples that lie one channel after the other, each `length` long.
    pub fn new(samples: &'a [f32], length: usize, rate: u32) -> Self {
        Self {
            samples,
            length: length.max(1),
            rate,
        }
    }

    /// How many channels.
    pub fn channels(&self) -> usize {
        self.samples.len() / self.length
    }

    /// Samples per channel.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Samples per second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// The samples of a channel; empty if there is no such channel.
    pub fn channel(&self, channel: usize) -> &'a [f32] {
        self.samples
            .get(channel * self.length..(channel + 1) * self.length)
            .unwrap_or_default()
    }

    /// The samples of each channel.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [f32]> + use<'a> {
        self.samples.chunks_exact(self.length)
    }
}

/// Collects samples and hands out blocks.
#[derive(Debug)]
pub struct Blocks {
    format: AudioFormat,
    block: Vec<f32>,
    /// Samples per channel in the unfinished block.
    filled: usize,
    /// Time of the first sample of the count.
    anchor: Ns,
    /// Samples since then that were handed out in blocks.
    counted: u64,
    started: bool,
    /// Whether the next buffer is flagged as a discontinuity.
    discontinuous: bool,
    /// Time since which the times of the buffers have been out of tolerance.
    away_since: Option<Ns>,
}

impl Blocks {
    /// For a stream of that format.
    pub fn new(format: &AudioFormat) -> Self {
        let length = format.block_length() * format.channels;
        Self {
            format: format.clone(),
            block: vec![0.0; length],
            filled: 0,
            anchor: 0,
            counted: 0,
            started: false,
            discontinuous: false,
            away_since: None,
        }
    }

    /// Forgets the samples of an unfinished block and the time.
    pub fn reset(&mut self) {
        self.filled = 0;
        self.started = false;
        (self.discontinuous, self.away_since) = (false, None);
    }

    /// Called if the next buffer is flagged as a discontinuity: its time is believed at once.
    pub fn mark_discontinuity(&mut self) {
        self.discontinuous = true;
    }

    /// Skips to a time without samples; the unfinished block is lost.
    pub fn skip(&mut self, to: Ns) {
        self.anchor = to;
        self.counted = 0;
        self.filled = 0;
        self.started = true;
        self.away_since = None;
    }

    /// Where the samples so far end, if there were any.
    pub fn position(&self) -> Option<Ns> {
        self.started
            .then(|| self.time(self.counted + self.filled as u64))
    }

    /// The samples of a buffer that starts at `start` (if it says so). Calls `unit` for every block that is complete.
    pub fn push(
        &mut self,
        start: Option<Ns>,
        samples: &Samples<'_>,
        mut unit: impl FnMut(Span, Block<'_>),
    ) {
        self.align(start);
        let length = self.format.block_length();
        let mut from = 0;
        while from < samples.frames() {
            let n = (length - self.filled).min(samples.frames() - from);
            for channel in 0..self.format.channels {
                let at = channel * length + self.filled;
                samples.read(channel, from, &mut self.block[at..at + n]);
            }
            from += n;
            self.filled += n;
            if self.filled == length {
                let span = Span::new(
                    self.time(self.counted),
                    self.time(self.counted + length as u64),
                );
                unit(span, Block::new(&self.block, length, self.format.rate));
                self.counted += length as u64;
                self.filled = 0;
            }
        }
    }

    /// Begins to count anew where time has jumped; the unfinished block before the jump is lost.
    fn align(&mut self, start: Option<Ns>) {
        let discontinuous = std::mem::take(&mut self.discontinuous);
        let Some(start) = start.or_else(|| (!self.started).then_some(0)) else {
            return;
        };
        let away = self
            .position()
            .map_or(Ns::MAX, |expected| start.abs_diff(expected));
        if away <= TOLERANCE {
            self.away_since = None;
            return;
        }
        let since = *self.away_since.get_or_insert(start);
        if discontinuous || away > JUMP || start.saturating_sub(since) >= WAIT {
            self.skip(start);
        }
    }

    fn time(&self, samples: u64) -> Ns {
        let ns = u128::from(samples) * u128::from(SECOND) / u128::from(self.format.rate.max(1));
        self.anchor.saturating_add(ns as u64)
    }
}
