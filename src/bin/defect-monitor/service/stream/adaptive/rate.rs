// SPDX-License-Identifier: MPL-2.0
//! The sizes of coded pictures, and whether they fall suddenly: an encoder that is given a frozen, black or plain picture sends next to
//! nothing.

use std::collections::VecDeque;

/// A second in ns.
const SECOND: u64 = 1_000_000_000;
/// Length over which the present rate is measured, in ns: long enough to hold pictures of each type. Chosen.
const WINDOW: u64 = SECOND / 2;
/// Time constant of the usual rate, in ns. Chosen.
const USUAL: f64 = 20e9;
/// A rate this many times smaller than the usual one is a fall. Measured on a programme of 14 clips in H.264, H.265 and MPEG-2: frozen,
/// black and plain pictures sent 10 to 400 times less than usual, quiet scenes mostly less than 8 times, 14 at most.
const FALL: f64 = 10.0;
/// Most pictures in the window.
const MOST: usize = 256;
/// A key frame this many times smaller than the usual one is coarse or plain. Of the same programme: 80 times and more against 5.
const SMALL_KEY: f64 = 8.0;

/// Sizes of the pictures of one stream.
#[derive(Debug, Default)]
pub struct Rate {
    /// Time and size of the latest pictures other than key frames.
    window: VecDeque<(u64, usize)>,
    bytes: usize,
    /// Usual rate of these, in bytes a second.
    usual: Option<f64>,
    /// Usual size of a key frame, in bytes.
    key: Option<f64>,
}

impl Rate {
    /// Notes a key frame; returns whether it is much smaller than usual.
    pub fn key(&mut self, size: usize) -> bool {
        let size = size as f64;
        let usual = *self.key.get_or_insert(size);
        self.key = Some(usual + (size - usual) / 8.0);
        size * SMALL_KEY < usual
    }

    /// Notes another picture at that time (ns, in the order of decoding); returns whether the rate has fallen.
    pub fn picture(&mut self, time: u64, size: usize) -> bool {
        if self.window.back().is_some_and(|(last, _)| *last > time) {
            self.forget_window();
        }
        self.window.push_back((time, size));
        self.bytes += size;
        let mut covered = false;
        while let Some((oldest, size)) = self.window.front().copied()
            && (time - oldest >= WINDOW || self.window.len() > MOST)
        {
            self.bytes -= size;
            self.window.pop_front();
            covered = true;
        }
        // Key frames count for no rate; the window has to reach back over one.
        if !covered {
            return false;
        }
        let present = self.bytes as f64 * SECOND as f64 / WINDOW as f64;
        let usual = *self.usual.get_or_insert(present);
        let step = (WINDOW as f64 / self.window.len().max(1) as f64 / USUAL).min(1.0);
        self.usual = Some(usual + (present - usual) * step);
        present * FALL < usual
    }

    /// Forgets the latest pictures, after a jump of time.
    pub fn forget_window(&mut self) {
        self.window.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: u64 = SECOND / 25;

    fn run(rate: &mut Rate, from: u64, pictures: u64, size: impl Fn(u64) -> usize) -> Option<u64> {
        let fallen = (0..pictures).filter(|n| rate.picture(from + n * PICTURE, size(*n)));
        let fallen: Vec<u64> = fallen.collect();
        fallen.first().copied()
    }

    #[test]
    fn a_frozen_encoder_is_noticed_within_half_a_second() {
        let mut rate = Rate::default();
        let usual = |n: u64| if n.is_multiple_of(3) { 9_000 } else { 2_500 };
        assert_eq!(run(&mut rate, 0, 500, usual), None);
        let noticed = run(&mut rate, 500 * PICTURE, 100, |_| 90);
        assert!(noticed.is_some_and(|n| n <= 13), "{noticed:?}");
    }

    #[test]
    fn quieter_content_is_no_fall_and_a_low_rate_becomes_usual() {
        let mut rate = Rate::default();
        run(&mut rate, 0, 500, |_| 6_000);
        assert_eq!(run(&mut rate, 500 * PICTURE, 250, |_| 1_500), None);
        let mut rate = Rate::default();
        run(&mut rate, 0, 500, |_| 6_000);
        run(&mut rate, 500 * PICTURE, 25 * 90, |_| 90);
        assert_eq!(run(&mut rate, 2750 * PICTURE, 250, |_| 90), None);
    }

    #[test]
    fn a_small_key_frame_is_noticed() {
        let mut rate = Rate::default();
        assert!((0..20).all(|n| !rate.key(80_000 + n * 1_000)));
        assert!(rate.key(8_000));
    }
}
