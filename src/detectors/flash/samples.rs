// SPDX-License-Identifier: MPL-2.0
//! The light at points of the last pictures, and which points made a transition.

use super::{
    sample::Sample,
    transition::{RED_CHANGE, StepLimits, compare_luminance, find_red},
};
use crate::media::{
    Ns,
    picture::{Display, LANES, Lines, Planes, PointReader, VideoFormat},
};

/// Earlier pictures that are kept: those within the longest time of a transition at 120 pictures a second.
const PAST: usize = 8;

/// The points of the last pictures. The light is computed only where it may have changed enough.
#[derive(Debug)]
pub struct Samples {
    reader: PointReader,
    display: Display,
    /// Newest first; the first `known` have been read.
    pictures: Vec<Sample>,
    known: usize,
    /// By run of points: whether it may have changed enough.
    marks: Vec<bool>,
    /// Directions of the newest picture's transitions, [`UP`](super::transition::UP) and [`DOWN`](super::transition::DOWN) as bits, by
    /// luminance and by red.
    pub luminance: Vec<u8>,
    /// The same of saturated red.
    pub red: Vec<u8>,
    /// Whether there is a saturated red where a colour changed.
    pub any_red: bool,
}

impl Samples {
    /// For those lines of pictures of that format; nothing is known yet.
    pub fn new(format: &VideoFormat, lines: Lines) -> Self {
        let reader = PointReader::new(format, lines);
        let count = reader.size().0 * reader.size().1;
        Self {
            reader,
            display: Display::new(format.transfer, format.matrix),
            pictures: (0..=PAST).map(|_| Sample::new(count)).collect(),
            known: 0,
            marks: vec![false; count.div_ceil(LANES)],
            luminance: vec![0; count],
            red: vec![0; count],
            any_red: false,
        }
    }

    /// Where its points lie.
    pub fn reader(&self) -> &PointReader {
        &self.reader
    }

    /// Sets another display from the next picture on.
    pub fn set_display(&mut self, display: Display) {
        self.display = display;
        self.known = 0;
    }

    /// Reads the picture of that time.
    pub fn read(&mut self, at: Ns, planes: &Planes<'_>) {
        self.pictures.rotate_right(1);
        let sample = &mut self.pictures[0];
        self.reader.read(planes, &mut sample.codes);
        sample.is_lit.fill(false);
        sample.at = at;
        self.known = (self.known + 1).min(self.pictures.len());
    }

    /// Finds the transitions of the newest picture; `false` while there is nothing to compare it with.
    pub fn compare(&mut self, limits: &StepLimits) -> bool {
        let Some((now, past)) = self.pictures[..self.known].split_first() else {
            return false;
        };
        let is_near = |sample: &&Sample| now.at.saturating_sub(sample.at) <= limits.time;
        let near = past.iter().take_while(is_near).count();
        let past = &past[..near.max(1).min(past.len())];
        let least = self.display.least_change(limits.least()).min(RED_CHANGE);
        self.marks.fill(false);
        for then in past {
            self.reader
                .mark_changes(least, now.codes(), then.codes(), &mut self.marks);
        }
        let count = past.len();
        self.find_transitions(count, limits);
        count > 0
    }

    /// Compares the newest picture with that many before it, at the marked points; elsewhere there is no transition.
    fn find_transitions(&mut self, past: usize, limits: &StepLimits) {
        let (reader, display) = (&self.reader, &self.display);
        let Some((now, past)) = self.pictures[..=past].split_first_mut() else {
            return;
        };
        self.luminance.fill(0);
        self.red.fill(0);
        self.any_red = false;
        let count = self.luminance.len();
        for (run, _) in self.marks.iter().enumerate().filter(|(_, mark)| **mark) {
            let points = run * LANES..count.min((run + 1) * LANES);
            now.light(reader, display, run, points.clone());
            for then in past.iter_mut() {
                then.light(reader, display, run, points.clone());
            }
            compare_luminance(now, past, limits, points.clone(), &mut self.luminance);
            let is_red = |sample: &Sample| sample.red[points.clone()].contains(&true);
            if is_red(now) || past.iter().any(is_red) {
                self.any_red = true;
                for then in past.iter() {
                    find_red((reader, display), now, then, points.clone(), &mut self.red);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{
        MS,
        picture::{Layout, Matrix, Range as CodeRange, Transfer},
    };

    /// Colours that differ from picture to picture by about what a transition takes, with much red among them.
    #[test]
    fn no_transition_is_missed_where_the_light_is_not_computed() {
        let mut seed = 1u32;
        let mut random = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let (width, height) = (64, 48);
        let limits = |darker, bright| StepLimits {
            step: 20.0,
            darker,
            bright,
            time: 65 * MS,
        };
        for (layout, transfer, matrix, limits) in [
            (
                Layout::Rgb,
                Transfer::Sdr,
                Matrix::Bt709,
                limits(160.0, false),
            ),
            (
                Layout::Rgb,
                Transfer::Srgb,
                Matrix::Bt2020,
                limits(160.0, false),
            ),
            (
                Layout::Ayuv,
                Transfer::Sdr,
                Matrix::Bt601,
                limits(160.0, false),
            ),
            (
                Layout::Rgb,
                Transfer::Hlg,
                Matrix::Bt2020,
                limits(160.0, true),
            ),
            (
                Layout::Rgb,
                Transfer::Pq,
                Matrix::Bt2020,
                limits(160.0, true),
            ),
        ] {
            let format = VideoFormat {
                layout,
                width,
                height,
                range: CodeRange::Full,
                matrix,
                transfer,
                frame_duration: None,
            };
            let mut samples = Samples::new(&format, Lines::All);
            let bytes = if layout == Layout::Rgb { 3 } else { 4 };
            let mut picture = vec![0u8; bytes * width * height];
            let (mut steps, mut reds) = (0, 0);
            for n in 0..200 {
                for pixel in picture.chunks_exact_mut(bytes) {
                    // Most points stand still, so that many runs have one that changes, or none.
                    let (what, by) = (random(), 6 + random() % 10);
                    for (i, byte) in pixel.iter_mut().enumerate() {
                        *byte = match what {
                            0..6 if i == 0 => 64 + random() / 2,
                            0..6 => random() / 8,
                            6..20 if random() % 2 == 0 => byte.saturating_add(by),
                            6..20 => byte.saturating_sub(by),
                            _ => *byte,
                        };
                    }
                }
                let planes = Planes::new(&format, &[(&picture, bytes * width)]).unwrap();
                samples.read(n * 20 * MS, &planes);
                if !samples.compare(&limits) {
                    continue;
                }
                let found = (samples.luminance.clone(), samples.red.clone());
                samples.marks.fill(true);
                samples.find_transitions((n as usize).min(3), &limits);
                assert!(found.0 == samples.luminance, "{transfer:?} {n}");
                assert!(found.1 == samples.red, "{transfer:?} {n}");
                steps += found.0.iter().filter(|d| **d != 0).count();
                reds += found.1.iter().filter(|d| **d != 0).count();
            }
            assert!(steps > 100, "{transfer:?}: {steps}");
            assert!(reds > 20 || layout == Layout::Ayuv, "{transfer:?}: {reds}");
        }
    }
}
