// SPDX-License-Identifier: MPL-2.0
//! The light at points of the last pictures, and which points made a transition.

use std::ops::Range;

use crate::media::{
    Ns,
    picture::{Display, LANES, Lines, Planes, PointReader, SaturatedRed, VideoFormat},
};

/// A saturated red by WCAG 2.2, general flash and red flash thresholds. The least red is chosen: below it, noise has any hue.
const SATURATED: SaturatedRed = SaturatedRed {
    share: 0.8,
    red: 0.02,
};
/// Distance of two colours in CIE 1976 u', v' from which a change to or from saturated red is a transition (WCAG 2.2).
const RED_DISTANCE: f32 = 0.2;
/// Above the limit of the darker picture a step counts by its Michelson contrast (ITU-R BT.1702-3, for high dynamic range).
const MICHELSON: f32 = 1.0 / 17.0;
/// Earlier pictures that are kept: those within the longest time of a transition at 120 pictures a second.
const PAST: usize = 8;

/// Limits of a transition.
#[derive(Debug, Clone, Copy)]
pub struct StepLimits {
    /// Least change of luminance, in cd/m2.
    pub step: f32,
    /// The darker of the two must be below this, in cd/m2.
    pub darker: f32,
    /// Whether brighter pairs count by their contrast.
    pub bright: bool,
    /// The longest time that it may take; the picture before is compared in any case.
    pub time: Ns,
}

/// A rise, or a change to saturated red.
pub const UP: u8 = 1;
/// A fall, or a change from saturated red.
pub const DOWN: u8 = 2;

/// Least change of red, green or blue, in units of [`SIGNAL_MAX`](crate::media::picture::SIGNAL_MAX), with which a saturated red and
/// another colour can be that far apart. By a search over all saturated reds: SDR 190, sRGB 158, HLG 254.
const RED_CHANGE: u16 = 150;

/// The points of one picture.
#[derive(Debug)]
struct Sample {
    at: Ns,
    /// Codes of 10 bits.
    codes: [Vec<u16>; 3],
    /// Luminance in cd/m2, only of the runs of points in `is_lit`.
    luminance: Vec<f32>,
    red: Vec<bool>,
    /// By run of points: whether its light was computed.
    is_lit: Vec<bool>,
}

impl Sample {
    fn new(points: usize) -> Self {
        Self {
            at: 0,
            codes: [(); 3].map(|()| vec![0; points]),
            luminance: vec![0.0; points],
            red: vec![false; points],
            is_lit: vec![false; points.div_ceil(LANES)],
        }
    }

    fn codes(&self) -> [&[u16]; 3] {
        self.codes.each_ref().map(|codes| &codes[..])
    }

    /// Computes the light of a run of points, once.
    fn light(&mut self, reader: &PointReader, display: &Display, run: usize, points: Range<usize>) {
        if std::mem::replace(&mut self.is_lit[run], true) {
            return;
        }
        let codes = self.codes.each_ref().map(|codes| &codes[points.clone()]);
        let (luminance, red) = (&mut self.luminance[points.clone()], &mut self.red[points]);
        reader.lights(display, SATURATED, codes, luminance, red);
    }
}

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
    /// Directions of the newest picture's transitions, [`UP`] and [`DOWN`] as bits, by luminance and by red.
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

impl StepLimits {
    /// The least change of luminance that is a transition, in cd/m2.
    fn least(&self) -> f32 {
        // The difference of two luminances of that contrast, the darker one at the limit.
        let by_contrast = 2.0 * MICHELSON / (1.0 - MICHELSON) * self.darker;
        if self.bright {
            self.step.min(by_contrast)
        } else {
            self.step
        }
    }

    fn is_step(&self, dark: f32, light: f32) -> bool {
        let is_contrast = self.bright & (dark >= self.darker);
        ((dark < self.darker) & (light - dark >= self.step))
            | (is_contrast & (light - dark > MICHELSON * (light + dark)))
    }
}

/// Writes the directions of those points: the newest picture against the darkest and the brightest of the past.
fn compare_luminance(
    now: &Sample,
    past: &[Sample],
    limits: &StepLimits,
    points: Range<usize>,
    out: &mut [u8],
) {
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    for then in past {
        let range = low.iter_mut().zip(&mut high);
        for ((low, high), then) in range.zip(&then.luminance[points.clone()]) {
            *low = low.min(*then);
            *high = high.max(*then);
        }
    }
    let range = low.iter().zip(&high);
    let points = out[points.clone()].iter_mut().zip(&now.luminance[points]);
    for ((out, now), (low, high)) in points.zip(range) {
        *out = directions(limits.is_step(*low, *now), limits.is_step(*now, *high));
    }
}

/// Both directions in which there may have been a transition, as bits.
fn directions(up: bool, down: bool) -> u8 {
    (UP * u8::from(up)) | (DOWN * u8::from(down))
}

/// Adds the transitions of those points to and from saturated red.
fn find_red(
    (reader, display): (&PointReader, &Display),
    now: &Sample,
    then: &Sample,
    points: Range<usize>,
    out: &mut [u8],
) {
    for point in points {
        if now.red[point] == then.red[point] {
            continue;
        }
        let [a, b] = [now, then].map(|sample| {
            let signal = reader.signal(sample.codes.each_ref().map(|codes| codes[point]));
            display.chromaticity(display.light(signal).rgb)
        });
        if (a[0] - b[0]).hypot(a[1] - b[1]) >= RED_DISTANCE {
            out[point] |= if now.red[point] { UP } else { DOWN };
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
