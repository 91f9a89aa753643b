// SPDX-License-Identifier: MPL-2.0
//! One channel: whether there is sound in it, since when, and what the silence is like.

use crate::media::{MS, Ns, Span, sound::Meter};

/// Silence ends only so far over the limit that begins it, so that noise near the limit doesn't flicker (chosen).
const HYSTERESIS_DB: f64 = 3.0;

/// Loud sounds within [`CLICKS`] that last no longer than that together are clicks: one that a codec has smeared lasts 20 ms; the
/// beep of one picture at 30 pictures per second lasts 33 ms. Sample by sample, so that it doesn't matter where blocks begin.
const MOST_LOUD: Ns = 30 * MS;
/// Each of them counts for at least that, so that four clicks are crackle.
const LEAST_LOUD: Ns = 10 * MS;
/// So many loud sounds have to be remembered for that.
const LOUD: usize = (MOST_LOUD / LEAST_LOUD) as usize + 1;
/// Loud blocks whose loud parts are no farther apart than that are one sound.
const ONE_SOUND: Ns = 5 * MS;

/// A little under a second, since a click a second is no programme.
const CLICKS: Ns = 900 * MS;

/// Sound begins at the first of the loud blocks that lie no farther apart: a click well before it doesn't belong to it.
const APART: Ns = 100 * MS;

/// Samples of the silent part of a block keep so close to each other, over the limit: four times the rms, the peaks of noise.
const NEAR_DB: f64 = 12.0;

/// A channel carries a programme if its blocks exceed that for long enough: -40 dBFS by default (a dead leg is < -70
/// while another is > -40 in the practice of broadcast monitors).
const ALIVE_OVER_DB: f64 = 20.0;

/// How long, of a little more than the last second: a few syllables. The count rises by the length of a block that does and falls by a
/// quarter of the length of one that doesn't.
const ALIVE: Ns = 200 * MS;
const MOST_ALIVE: Ns = 400 * MS;

/// A silence is all of one value if that share of its time is: rests of a fade, dither at its edge are forgiven.
const EXACT_SHARE: f64 = 0.9;

/// What a channel is like at the end of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// There is sound, since that moment.
    Sound(Ns),
    /// There is none, since that moment.
    Silence(Ns),
    /// Silent since that moment, but for a click or the first of a sound: the next blocks will tell.
    Doubt(Ns),
}

/// The limits of a block, as mean squares and amplitudes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    quiet: f64,
    loud: f64,
    alive: f64,
    near: f32,
}

impl Limits {
    /// For a threshold in dBFS.
    pub fn new(threshold: f64) -> Self {
        let power = |db: f64| 10f64.powf(db / 10.0);
        Self {
            quiet: power(threshold),
            loud: power(threshold + HYSTERESIS_DB),
            alive: power(threshold + ALIVE_OVER_DB),
            near: 10f64.powf((threshold + NEAR_DB) / 20.0) as f32,
        }
    }
}

/// The state of one channel.
#[derive(Debug, Clone)]
pub struct Channel {
    hearing: Option<Hearing>,
    /// The latest loud sounds of this silence, the newest last.
    loud: [Option<Span>; LOUD],
    /// Where the latest group of loud blocks began, to the sample, and where it ended.
    group: Option<(Ns, Ns)>,
    /// Where the silent end of the latest loud block begins.
    tail: Option<Span>,
    /// How much of this silence was of one value, and how long its silent blocks are.
    exact: Ns,
    quiet: Ns,
    alive: Ns,
    carried: bool,
    power: f64,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            hearing: None,
            loud: [None; LOUD],
            group: None,
            tail: None,
            exact: 0,
            quiet: 0,
            alive: 0,
            carried: false,
            power: 0.0,
        }
    }
}

impl Channel {
    /// What it is like.
    pub fn hearing(&self) -> Hearing {
        self.hearing.unwrap_or(Hearing::Sound(0))
    }

    /// When its silence began; `None` if it isn't silent.
    pub fn silent_since(&self) -> Option<Ns> {
        match self.hearing() {
            Hearing::Silence(since) | Hearing::Doubt(since) => Some(since),
            Hearing::Sound(_) => None,
        }
    }

    /// Whether it clearly carries sound now.
    pub fn goes_on(&self) -> bool {
        self.alive >= ALIVE && self.silent_since().is_none()
    }

    /// Whether it ever clearly carried sound.
    pub fn has_carried(&self) -> bool {
        self.carried
    }

    /// Whether its silence is one value, zero or other.
    pub fn is_exact(&self) -> bool {
        self.quiet > 0 && self.exact as f64 >= EXACT_SHARE * self.quiet as f64
    }

    /// Mean square of the latest block, without its offset.
    pub fn power(&self) -> f64 {
        self.power
    }

    /// A block.
    pub fn push(&mut self, span: Span, samples: &[f32], meter: &Meter, limits: &Limits) {
        self.power = meter.ac_power();
        let bar = if self.silent_since().is_some() {
            limits.loud
        } else {
            limits.quiet
        };
        self.breathe(span, self.power >= limits.alive);
        if self.power < bar {
            self.hush(span, meter.constant().is_some());
        } else {
            self.hear(span, samples, limits.near);
        }
    }

    /// Nothing came.
    pub fn gap(&mut self, span: Span) {
        self.power = 0.0;
        self.breathe(span, false);
        self.hush(span, true);
    }

    fn breathe(&mut self, span: Span, alive: bool) {
        self.alive = if alive {
            (self.alive + span.duration()).min(MOST_ALIVE)
        } else {
            self.alive.saturating_sub(span.duration() / 4)
        };
        self.carried |= self.alive >= ALIVE;
    }

    fn hush(&mut self, span: Span, exact: bool) {
        let since = match self.silent_since() {
            Some(since) => since,
            None => {
                (self.exact, self.quiet) = (0, 0);
                self.loud = [None; LOUD];
                let tail = self.tail.filter(|t| span.start.abs_diff(t.end) <= MS);
                tail.map_or(span.start, |t| t.start)
            }
        };
        self.tail = None;
        self.quiet += span.duration();
        self.exact += if exact { span.duration() } else { 0 };
        self.hearing = Some(Hearing::Silence(since));
    }

    fn hear(&mut self, span: Span, samples: &[f32], near: f32) {
        let tail = self.tail.insert(tail(span, samples, near));
        let loud = Span::new(head(span, samples, near), tail.start);
        // All of it lies close together: it is loud only by a little, but loud.
        let loud = if loud.duration() == 0 { span } else { loud };
        let start = match self.group {
            Some((start, end)) if span.start.saturating_sub(end) <= APART => start,
            _ => loud.start,
        };
        self.group = Some((start, span.end));
        let is_sound = self.add_loud(loud) > MOST_LOUD;
        self.hearing = Some(match self.silent_since() {
            Some(since) if !is_sound => Hearing::Doubt(since),
            Some(since) => Hearing::Sound(start.max(since)),
            None => self.hearing.unwrap_or(Hearing::Sound(span.start)),
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
                self.loud[LOUD - 1] = Some(part);
            }
        }
        let recent = |loud: &&Span| part.start.saturating_sub(loud.start) < CLICKS;
        let loud = self.loud.iter().flatten().filter(recent);
        loud.map(|loud| loud.duration().max(LEAST_LOUD)).sum()
    }
}

/// How many samples from the first on lie close to it.
fn run<'a>(mut samples: impl Iterator<Item = &'a f32>, near: f32) -> usize {
    let Some(first) = samples.next() else {
        return 0;
    };
    1 + samples.take_while(|x| (*x - first).abs() <= near).count()
}

fn part(span: Span, samples: usize, of: usize) -> Ns {
    (u128::from(span.duration()) * samples as u128 / of.max(1) as u128) as Ns
}

/// Where a block that begins silent becomes loud.
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
