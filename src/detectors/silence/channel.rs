// SPDX-License-Identifier: MPL-2.0
//! State of one channel: whether it has sound, since when, and what kind of silence it has.

use crate::media::{MS, Ns, Span, sound::Meter};

/// Silence ends only this far above the threshold, so that noise near the threshold doesn't flicker (chosen).
const HYSTERESIS_DB: f64 = 3.0;

/// Loud sounds within [`CLICK_WINDOW`] that together last no longer than this are clicks: one that a codec has
/// smeared lasts 20 ms; the beep of one picture at 30 pictures per second lasts 33 ms. Counted by samples, so that it
/// doesn't matter where blocks begin.
const MAX_CLICKS: Ns = 30 * MS;
/// Least length for which each of them counts, so that four clicks are crackle.
const MIN_CLICK: Ns = 10 * MS;
/// Loud sounds that have to be remembered for that.
const MAX_SOUNDS: usize = (MAX_CLICKS / MIN_CLICK) as usize + 1;
/// Loud parts of blocks that are no farther apart than this are one sound.
const ONE_SOUND: Ns = 5 * MS;

/// The time in which clicks are counted: a little under a second, since a click a second is no programme.
const CLICK_WINDOW: Ns = 900 * MS;

/// Sound begins at the first of the loud blocks that are no farther apart than this: a click well before them doesn't
/// belong to the sound.
const MAX_APART: Ns = 100 * MS;

/// Largest difference of samples within the silent part of a block, over the threshold: four times the rms, the peaks
/// of noise.
const NEAR_DB: f64 = 12.0;

/// Level over the threshold, in dB, above which a block is active, i.e. clearly carries a programme: -40 dBFS by
/// default (a dead leg is < -70 while another is > -40 in the practice of broadcast monitors).
const ACTIVE_OVER_DB: f64 = 20.0;

/// Time for which blocks have to be active, of a little more than the last second: a few syllables. The count rises
/// by the length of an active block and falls by a quarter of the length of another.
const ACTIVE: Ns = 200 * MS;
const MAX_ACTIVE: Ns = 400 * MS;

/// Least share of a silence that has to have one value for the silence to be exact: the rest may be the end of a
/// fade, or dither.
const EXACT_SHARE: f64 = 0.9;

/// Whether a channel, or the programme, has sound at the end of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audibility {
    /// Sound since that time.
    Sound(Ns),
    /// Silence since that time.
    Silence(Ns),
    /// Silence since that time, except for a click or the beginning of a sound: the next blocks decide.
    Undecided(Ns),
}

/// The limits of a block, as mean squares and amplitudes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    quiet: f64,
    loud: f64,
    active: f64,
    near: f32,
}

impl Limits {
    /// For a threshold in dBFS.
    pub fn new(threshold: f64) -> Self {
        let power = |db: f64| 10f64.powf(db / 10.0);
        Self {
            quiet: power(threshold),
            loud: power(threshold + HYSTERESIS_DB),
            active: power(threshold + ACTIVE_OVER_DB),
            near: 10f64.powf((threshold + NEAR_DB) / 20.0) as f32,
        }
    }
}

/// The state of one channel.
#[derive(Debug, Clone)]
pub struct Channel {
    audibility: Option<Audibility>,
    /// The latest loud sounds of this silence, the newest last.
    loud: [Option<Span>; MAX_SOUNDS],
    /// Start (to the sample) and end of the latest group of loud blocks.
    group: Option<(Ns, Ns)>,
    /// The silent end of the latest loud block.
    tail: Option<Span>,
    /// How long this silence had one value, and how long its quiet blocks are.
    exact: Ns,
    quiet: Ns,
    active: Ns,
    was_active: bool,
    power: f64,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            audibility: None,
            loud: [None; MAX_SOUNDS],
            group: None,
            tail: None,
            exact: 0,
            quiet: 0,
            active: 0,
            was_active: false,
            power: 0.0,
        }
    }
}

impl Channel {
    /// Whether it has sound.
    pub fn audibility(&self) -> Audibility {
        self.audibility.unwrap_or(Audibility::Sound(0))
    }

    /// When its silence began; `None` if it isn't silent.
    pub fn silent_since(&self) -> Option<Ns> {
        match self.audibility() {
            Audibility::Silence(since) | Audibility::Undecided(since) => Some(since),
            Audibility::Sound(_) => None,
        }
    }

    /// Whether it clearly carries sound now.
    pub fn is_active(&self) -> bool {
        self.active >= ACTIVE && self.silent_since().is_none()
    }

    /// Whether it ever clearly carried sound.
    pub fn was_active(&self) -> bool {
        self.was_active
    }

    /// Whether its silence is exact: all samples have one value, zero or another.
    pub fn is_exact(&self) -> bool {
        self.quiet > 0 && self.exact as f64 >= EXACT_SHARE * self.quiet as f64
    }

    /// Mean square of the latest block, without its offset.
    pub fn power(&self) -> f64 {
        self.power
    }

    /// Takes a block.
    pub fn push(&mut self, span: Span, samples: &[f32], meter: &Meter, limits: &Limits) {
        self.power = meter.ac_power();
        let bar = if self.silent_since().is_some() {
            limits.loud
        } else {
            limits.quiet
        };
        self.update_activity(span, self.power >= limits.active);
        if self.power < bar {
            self.take_silence(span, meter.constant().is_some());
        } else {
            self.take_sound(span, samples, limits.near);
        }
    }

    /// Takes a gap as silence.
    pub fn gap(&mut self, span: Span) {
        self.power = 0.0;
        self.update_activity(span, false);
        self.take_silence(span, true);
    }

    fn update_activity(&mut self, span: Span, active: bool) {
        self.active = if active {
            (self.active + span.duration()).min(MAX_ACTIVE)
        } else {
            self.active.saturating_sub(span.duration() / 4)
        };
        self.was_active |= self.active >= ACTIVE;
    }

    fn take_silence(&mut self, span: Span, exact: bool) {
        let since = match self.silent_since() {
            Some(since) => since,
            None => {
                (self.exact, self.quiet) = (0, 0);
                self.loud = [None; MAX_SOUNDS];
                let tail = self.tail.filter(|t| span.start.abs_diff(t.end) <= MS);
                tail.map_or(span.start, |t| t.start)
            }
        };
        self.tail = None;
        self.quiet += span.duration();
        self.exact += if exact { span.duration() } else { 0 };
        self.audibility = Some(Audibility::Silence(since));
    }

    fn take_sound(&mut self, span: Span, samples: &[f32], near: f32) {
        let tail = self.tail.insert(tail(span, samples, near));
        let loud = Span::new(head(span, samples, near), tail.start);
        // All samples are close together: the block is only a little louder than silence, but loud.
        let loud = if loud.duration() == 0 { span } else { loud };
        let start = match self.group {
            Some((start, end)) if span.start.saturating_sub(end) <= MAX_APART => start,
            _ => loud.start,
        };
        self.group = Some((start, span.end));
        let is_sound = self.add_loud(loud) > MAX_CLICKS;
        self.audibility = Some(match self.silent_since() {
            Some(since) if !is_sound => Audibility::Undecided(since),
            Some(since) => Audibility::Sound(start.max(since)),
            None => self.audibility.unwrap_or(Audibility::Sound(span.start)),
        });
    }

    /// Remembers the loud part of a block; returns how long the latest loud sounds last together.
    fn add_loud(&mut self, part: Span) -> Ns {
        match self.loud.last_mut() {
            Some(Some(last)) if part.start.saturating_sub(last.end) <= ONE_SOUND => {
                last.end = part.end.max(last.end);
            }
            _ => {
                self.loud.rotate_left(1);
                self.loud[MAX_SOUNDS - 1] = Some(part);
            }
        }
        let recent = |loud: &&Span| part.start.saturating_sub(loud.start) < CLICK_WINDOW;
        let loud = self.loud.iter().flatten().filter(recent);
        loud.map(|loud| loud.duration().max(MIN_CLICK)).sum()
    }
}

/// Number of samples, from the first on, that are close to the first.
fn run<'a>(mut samples: impl Iterator<Item = &'a f32>, near: f32) -> usize {
    let Some(first) = samples.next() else {
        return 0;
    };
    1 + samples.take_while(|x| (*x - first).abs() <= near).count()
}

fn part(span: Span, samples: usize, of: usize) -> Ns {
    (u128::from(span.duration()) * samples as u128 / of.max(1) as u128) as Ns
}

/// Time at which a block that begins silent becomes loud.
fn head(span: Span, samples: &[f32], near: f32) -> Ns {
    let quiet = run(samples.iter(), near);
    span.start
        + if quiet > 1 {
            part(span, quiet, samples.len())
        } else {
            0
        }
}

/// The silent end of a block.
fn tail(span: Span, samples: &[f32], near: f32) -> Span {
    let quiet = run(samples.iter().rev(), near);
    let length = if quiet > 1 {
        part(span, quiet, samples.len())
    } else {
        0
    };
    Span::new(span.end - length, span.end)
}
