// SPDX-License-Identifier: MPL-2.0
//! Points of the last pictures as light, and which of them made a transition.

use crate::media::{
    Ns,
    picture::{Display, Lights, Lines, Planes, PointReader, SaturatedRed, VideoFormat},
};

/// A saturated red by WCAG 2.2, general flash and red flash thresholds. With less red noise in the dark has any hue (chosen).
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

/// What is a transition.
#[derive(Debug, Clone, Copy)]
pub struct StepLimits {
    /// Least change of luminance, in cd/m2.
    pub step: f32,
    /// The darker of the two must be below this, in cd/m2.
    pub darker: f32,
    /// Whether brighter ones count by their contrast.
    pub bright: bool,
    /// The longest time that it may take; the picture before is compared in any case.
    pub time: Ns,
}

/// A rise, or a change to saturated red.
pub const UP: u8 = 1;
/// A fall, or a change from saturated red.
pub const DOWN: u8 = 2;

/// One picture at its points.
#[derive(Debug)]
struct Sample {
    at: Ns,
    luminance: Vec<f32>,
    /// Red, green and blue.
    signal: [Vec<u16>; 3],
    red: Vec<bool>,
    any_red: bool,
}

/// The points of the last pictures.
#[derive(Debug)]
pub struct Samples {
    reader: PointReader,
    display: Display,
    /// Newest first; the first `known` have been read.
    pictures: Vec<Sample>,
    known: usize,
    low: Vec<f32>,
    high: Vec<f32>,
    /// Directions of the newest picture's transitions, [`UP`] and [`DOWN`] as bits, by luminance and by red.
    pub luminance: Vec<u8>,
    /// The same of saturated red; all 0 where there is none.
    pub red: Vec<u8>,
    /// Whether `red` has any.
    pub any_red: bool,
}

impl Samples {
    /// For those lines of pictures of that format; nothing is known yet.
    pub fn new(format: &VideoFormat, lines: Lines) -> Self {
        let reader = PointReader::new(format, lines);
        let count = reader.size().0 * reader.size().1;
        let sample = || Sample {
            at: 0,
            luminance: vec![0.0; count],
            signal: [(); 3].map(|()| vec![0; count]),
            red: vec![false; count],
            any_red: false,
        };
        Self {
            reader,
            display: Display::new(format.transfer, format.matrix),
            pictures: (0..=PAST).map(|_| sample()).collect(),
            known: 0,
            low: vec![0.0; count],
            high: vec![0.0; count],
            luminance: vec![0; count],
            red: vec![0; count],
            any_red: false,
        }
    }

    /// Where its points lie.
    pub fn reader(&self) -> &PointReader {
        &self.reader
    }

    /// Shown on another display from the next picture on.
    pub fn set_display(&mut self, display: Display) {
        self.display = display;
        self.known = 0;
    }

    /// Reads the picture of that time.
    pub fn read(&mut self, at: Ns, planes: &Planes<'_>) {
        self.pictures.rotate_right(1);
        let sample = &mut self.pictures[0];
        let [r, g, b] = &mut sample.signal;
        let mut out = Lights {
            luminance: &mut sample.luminance,
            signal: [r, g, b],
            red: &mut sample.red,
        };
        let reader = &mut self.reader;
        sample.any_red = reader.read_light(planes, &self.display, SATURATED, &mut out);
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
        let Some((first, others)) = past.split_first() else {
            return false;
        };
        let (low, high) = match others {
            [] => (&first.luminance, &first.luminance),
            _ => {
                self.low.copy_from_slice(&first.luminance);
                self.high.copy_from_slice(&first.luminance);
                for sample in others {
                    let both = self.low.iter_mut().zip(&mut self.high);
                    for ((low, high), then) in both.zip(&sample.luminance) {
                        *low = low.min(*then);
                        *high = high.max(*then);
                    }
                }
                (&self.low, &self.high)
            }
        };
        let past_range = low.iter().zip(high);
        let points = now.luminance.iter().zip(past_range);
        let StepLimits { step, darker, .. } = *limits;
        if limits.bright {
            for (out, (now, (low, high))) in self.luminance.iter_mut().zip(points) {
                let counts = |dark: f32, light: f32| {
                    (dark < darker && light - dark >= step)
                        || (dark >= darker && light - dark > MICHELSON * (light + dark))
                };
                *out = directions(counts(*low, *now), counts(*now, *high));
            }
        } else {
            for (out, (now, (low, high))) in self.luminance.iter_mut().zip(points) {
                let up = (*low < darker) & (now - low >= step);
                let down = (*now < darker) & (high - now >= step);
                *out = directions(up, down);
            }
        }
        self.any_red = now.any_red || past.iter().any(|sample| sample.any_red);
        if self.any_red {
            self.red.fill(0);
            for then in past {
                find_red(&self.display, now, then, &mut self.red);
            }
        }
        true
    }
}

/// Both directions in which there may have been a transition, as bits.
fn directions(up: bool, down: bool) -> u8 {
    (UP * u8::from(up)) | (DOWN * u8::from(down))
}

/// Adds the transitions to and from saturated red.
fn find_red(display: &Display, now: &Sample, then: &Sample, out: &mut [u8]) {
    for (i, (is, was)) in now.red.iter().zip(&then.red).enumerate() {
        if is == was {
            continue;
        }
        let signal = |s: &Sample| s.signal.each_ref().map(|part| part[i]);
        let [a, b] = [now, then].map(|s| display.chromaticity(display.light(signal(s)).rgb));
        if (a[0] - b[0]).hypot(a[1] - b[1]) >= RED_DISTANCE {
            out[i] |= if *is { UP } else { DOWN };
        }
    }
}
