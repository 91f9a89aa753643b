// SPDX-License-Identifier: MPL-2.0
//! The flashes of one series of pictures or fields.

use super::{
    FlashSettings, allowed,
    counter::{Count, Counter, FlashingShare},
    preset::{Curve, Preset},
    samples::Samples,
    sequence::Sequence,
    transition::StepLimits,
};
use crate::media::{
    Ns, SECOND, Span,
    picture::{Area, Display, Lines, Planes, Region, VideoFormat},
};

/// A sequence of flashes that lasts this long may be a risk, even if each second of it is within the limits (BT.1702-3).
const LONG: Ns = 5 * SECOND;
/// Such a sequence has at least that many flashes in a second.
const SEQUENCE_FLASHES: f64 = 2.0;

/// What counts as a flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashType {
    /// Changes of luminance.
    Luminance,
    /// Changes to and from saturated red.
    Red,
}

/// The limits for a picture.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    step: StepLimits,
    allowed: u64,
    spacing: Ns,
    area: f64,
    ninths: bool,
    curve: Curve,
    region: Region,
}

impl Limits {
    /// By the settings, for a picture of that length.
    pub fn new(settings: &FlashSettings, format: &VideoFormat, span: Span) -> Self {
        let preset = settings.preset;
        let length = Some(span.duration()).filter(|length| *length > 0);
        // The property, unless it is 0; else the preset's share.
        let area = if settings.area > 0.0 {
            settings.area
        } else {
            preset.area()
        };
        let curve = match preset {
            // WCAG defines relative luminance by sRGB.
            Preset::Wcag => Curve::Srgb,
            _ => settings.display,
        };
        Self {
            step: preset.step(curve.of(format.transfer), settings.transition_time),
            allowed: allowed(settings),
            spacing: preset.spacing(format.frame_duration.or(length)),
            area,
            ninths: preset == Preset::Wcag,
            curve,
            region: settings.region,
        }
    }
}

/// Flashes beyond a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Hazard {
    /// Time of the first of the transitions.
    pub since: Ns,
    /// Time of the last of them.
    pub until: Ns,
    /// Flashes in a second.
    pub flashes: f64,
    /// How many a second may have.
    pub threshold: f64,
    /// Share of the screen that flashes, 0 to 1.
    pub area: f64,
    /// Where they are.
    pub bounds: Area,
    /// `rate` or `long-sequence`.
    pub detail: &'static str,
}

/// The result for a picture.
#[derive(Debug, Clone, Default)]
pub struct PictureResult {
    /// Flashes of enough of the screen in the last second.
    pub flashes: f64,
    /// Share of the screen with a transition.
    pub area: f64,
    /// Transitions of enough of the screen, as a share of those that are too many; 1 at most.
    pub risk: f64,
    /// Flashes beyond a limit that this picture completes.
    pub hazard: Option<Hazard>,
}

/// Follows one series.
#[derive(Debug)]
pub struct Tracker {
    samples: Samples,
    curve: Curve,
    format: VideoFormat,
    counters: [(Counter, Sequence, PictureResult); 2],
}

impl Tracker {
    /// For those lines of pictures of that format.
    pub fn new(format: &VideoFormat, lines: Lines) -> Self {
        Self {
            samples: Samples::new(format, lines),
            curve: Curve::Auto,
            format: *format,
            counters: Default::default(),
        }
    }

    /// What was found in the last picture.
    pub fn result(&self, kind: FlashType) -> &PictureResult {
        &self.counters[kind as usize].2
    }

    /// Takes the picture of that time.
    pub fn push(&mut self, at: Ns, planes: &Planes<'_>, limits: &Limits) {
        if self.curve != limits.curve {
            self.curve = limits.curve;
            let transfer = limits.curve.of(self.format.transfer);
            self.samples
                .set_display(Display::new(transfer, self.format.matrix));
        }
        self.samples.read(at, planes);
        let can_be_compared = self.samples.compare(&limits.step);
        for kind in [FlashType::Luminance, FlashType::Red] {
            let directions = match kind {
                _ if !can_be_compared => None,
                FlashType::Luminance => Some(&self.samples.luminance),
                FlashType::Red => Some(&self.samples.red).filter(|_| self.samples.any_red),
            };
            let count = count(&self.samples, limits);
            let (counter, sequence, result) = &mut self.counters[kind as usize];
            let share =
                directions.map_or(FlashingShare::default(), |d| counter.count(at, d, &count));
            sequence.push(at, share.any > limits.area, share.sequence > limits.area);
            *result = self.samples.judge(at, &share, sequence, limits);
        }
    }
}

/// The points that are counted.
fn count(samples: &Samples, limits: &Limits) -> Count {
    let size = samples.reader().size();
    let region = limits.region;
    let range = |from: f64, length: f64, count: usize| {
        let start = ((from * count as f64).round() as usize).min(count.saturating_sub(1));
        let end = (((from + length) * count as f64).round() as usize)
            .clamp(start + 1, count.max(start + 1));
        (start, end)
    };
    Count {
        size,
        columns: range(region.x, region.width, size.0),
        rows: range(region.y, region.height, size.1),
        allowed: limits.allowed,
        spacing: limits.spacing,
        ninths: limits.ninths,
    }
}

impl Samples {
    /// Checks the share of the screen in transitions against the limits.
    fn judge(
        &self,
        at: Ns,
        share: &FlashingShare,
        sequence: &Sequence,
        limits: &Limits,
    ) -> PictureResult {
        let too_many = 2 * limits.allowed + 1;
        let transitions = sequence.transitions() as f64;
        let flashes = transitions / 2.0;
        let is_rate = share.too_many > limits.area;
        let is_long = share.sequence > limits.area && sequence.lasted() >= LONG;
        let hazard = (is_rate || is_long).then(|| {
            let all = [0, 0, self.reader().size().0, self.reader().size().1];
            let [left, top, right, bottom] = share.bounds.filter(|_| is_rate).unwrap_or(all);
            let (start, end) = (
                self.reader().edge(left, top),
                self.reader().edge(right, bottom),
            );
            Hazard {
                // A long sequence is one once it is long.
                since: if is_rate { share.since } else { at },
                until: at,
                flashes: flashes.max(if is_rate {
                    too_many as f64 / 2.0
                } else {
                    SEQUENCE_FLASHES
                }),
                threshold: if is_rate {
                    limits.allowed as f64
                } else {
                    SEQUENCE_FLASHES
                },
                area: if is_rate {
                    share.too_many
                } else {
                    share.sequence
                },
                bounds: Area {
                    x: start.0 as u32,
                    y: start.1 as u32,
                    width: (end.0 - start.0).max(1) as u32,
                    height: (end.1 - start.1).max(1) as u32,
                },
                detail: if is_rate { "rate" } else { "long-sequence" },
            }
        });
        PictureResult {
            flashes,
            area: share.any,
            risk: if is_rate {
                1.0
            } else {
                (transitions / too_many as f64).min(1.0)
            },
            hazard,
        }
    }
}
