// SPDX-License-Identifier: MPL-2.0
//! Keeps the last 3 s of a pair of channels, and decides by majority over their windows.

use super::bands::{Products, Window};

/// Blocks (10 ms) in a window: long enough for a correlation over syllables and notes, short enough to time a switch.
pub const BLOCKS: usize = 10;

/// Windows that are kept: 3 s, as the short-term loudness.
pub const WINDOWS: usize = 30;

/// Windows with sound needed for a decision: 1 s.
const MIN_WINDOWS: usize = 10;

/// A window has sound if its louder side is over -60 dBFS. Chosen: under pauses of a studio, over dither and noise of converters.
const SOUND: f64 = 1e-6;

/// Share of the windows with sound that have to agree, as in algorithms that hold correlation over time: a codec's
/// noise in a decay or a single effect don't decide.
const MAJORITY: f64 = 0.8;

/// Share below which the opposite is true.
const MINORITY: f64 = 0.5;

/// The decision over the windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Majority {
    /// True, and for how many windows; and the value that the majority doesn't exceed.
    Yes(usize, f64),
    /// False, and for how many windows.
    No(usize),
    /// Neither: some windows agree, some don't.
    Split,
    /// There is too little sound to say.
    Quiet,
}

/// The last windows of a pair.
#[derive(Debug)]
pub struct History {
    windows: [Window; WINDOWS],
    next: usize,
    filled: usize,
    making: Window,
    blocks: usize,
}

impl History {
    /// For the start of a stream.
    pub fn new() -> Self {
        Self {
            windows: [Window::default(); WINDOWS],
            next: 0,
            filled: 0,
            making: Window::default(),
            blocks: 0,
        }
    }

    /// Takes a block; returns whether it completes a window.
    pub fn push(&mut self, block: &Window) -> bool {
        self.making.add(block);
        self.blocks += 1;
        if self.blocks < BLOCKS {
            return false;
        }
        self.windows[self.next] = std::mem::take(&mut self.making);
        self.next = (self.next + 1) % WINDOWS;
        self.filled = (self.filled + 1).min(WINDOWS);
        self.blocks = 0;
        true
    }

    /// The windows from the newest to the oldest.
    pub fn newest_first(&self) -> impl Iterator<Item = &Window> {
        (1..=self.filled).map(|age| &self.windows[(self.next + WINDOWS - age) % WINDOWS])
    }

    /// Whether `value` is at or below `limit` most of the time. Only windows with sound count, and of these not the
    /// ones for which `value` is `None`.
    pub fn mostly_below(&self, limit: f64, value: impl Fn(&Window) -> Option<f64>) -> Majority {
        let mut values = [0.0; WINDOWS];
        let (mut asked, mut below) = (0usize, 0usize);
        let (mut onset, mut end) = (0, 0);
        for (age, window) in self.newest_first().enumerate() {
            let Some(v) = has_sound(&window.whole).then(|| value(window)).flatten() else {
                continue;
            };
            values[asked] = v;
            asked += 1;
            if v <= limit {
                below += 1;
                if below as f64 >= MAJORITY * asked as f64 {
                    onset = age + 1;
                }
            } else if (asked - below) as f64 >= MAJORITY * asked as f64 {
                end = age + 1;
            }
        }
        if asked < MIN_WINDOWS {
            return Majority::Quiet;
        }
        let share = below as f64 / asked as f64;
        if share >= MAJORITY {
            let values = &mut values[..asked];
            values.sort_by(f64::total_cmp);
            let kept = ((MAJORITY * asked as f64).ceil() as usize).max(1) - 1;
            Majority::Yes(onset, values[kept])
        } else if share < MINORITY {
            Majority::No(end)
        } else {
            Majority::Split
        }
    }

    /// The share of the windows with sound in which `value` is over `limit`.
    pub fn share_above(&self, limit: f64, value: impl Fn(&Window) -> f64) -> f64 {
        let (mut asked, mut above) = (0usize, 0usize);
        for window in self.newest_first().filter(|w| has_sound(&w.whole)) {
            asked += 1;
            above += usize::from(value(window) > limit);
        }
        above as f64 / asked.max(1) as f64
    }

    /// Mean products over all windows, and the number of windows.
    pub fn total(&self) -> (Products, usize) {
        let mut sum = Products::default();
        self.newest_first().for_each(|w| sum.add(&w.whole));
        let scale = 1.0 / (self.filled.max(1) * BLOCKS) as f64;
        let mean = Products {
            left: sum.left * scale,
            right: sum.right * scale,
            both: sum.both * scale,
        };
        (mean, self.filled)
    }

    /// For how many windows the levels have differed as `wanted` says of the difference (dB, left over right).
    pub fn differing_for(&self, wanted: impl Fn(f64) -> bool) -> usize {
        let mut sum = Products::default();
        let mut longest = 0;
        for (age, window) in self.newest_first().enumerate() {
            sum.add(&window.whole);
            // The window alone has to differ as well: a loud fault would also change the sum over windows before it.
            let own = wanted(window.whole.difference());
            if own && age + 1 >= MIN_WINDOWS / 2 && wanted(sum.difference()) {
                longest = age + 1;
            }
        }
        longest
    }
}

fn has_sound(products: &Products) -> bool {
    products.left.max(products.right) > SOUND * BLOCKS as f64
}
