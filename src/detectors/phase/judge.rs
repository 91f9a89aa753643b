// SPDX-License-Identifier: MPL-2.0
//! The decision about one pair of channels.

use super::{
    Episodes, Evidence, MS, Ns, Observation, PhaseKind, PhaseSettings, Span,
    bands::{Bands, Products, Window},
    past::{BLOCKS, Past, Verdict},
};
use crate::media::sound::Block;

/// How much closer to -1 a band alone has to come: effects that invert a part of the spectrum seldom do so purely. Chosen.
const BAND_MARGIN: f64 = 0.15;

/// What a band has to hold of the power to count, so that noise in an empty band says nothing. Chosen.
const BAND_SHARE: f64 = 0.05;

/// A residual over this is real stereo; so little of it in a tenth of the windows, and it isn't mono: a voice in the middle over a
/// wide background. In dB; dual mono after AAC at 64 kbit/s stays below it.
const STEREO: f64 = -8.0;

/// Differences under this are rounding, in dB.
const IDENTICAL: f64 = -80.0;

/// Under its own limit less this, in dB, a pair is in balance again.
const BACK: f64 = 2.0;

/// A programme is at least so loud, a dead leg at most (mean squares: -50 and -70 dBFS). Chosen: between the noise of
/// lines and what can be heard.
const LIVE: f64 = 1e-5;
const DEAD: f64 = 1e-7;

/// Two channels that belong together.
#[derive(Debug)]
pub struct Pair {
    channels: [usize; 2],
    /// Under which channel the pair as a whole is reported.
    named: Option<usize>,
    bands: Bands,
    past: Past,
    interval: Products,
    /// What the last window said: inversion, dual mono, left too low, right too low.
    said: [Observation; 4],
}

impl Pair {
    /// `several`: whether there are more channels than these.
    pub fn new(channels: [usize; 2], rate: u32, several: bool) -> Self {
        Self {
            channels,
            named: several.then_some(channels[1]),
            bands: Bands::new(rate),
            past: Past::new(),
            interval: Products::default(),
            said: std::array::from_fn(|_| Observation::unknown()),
        }
    }

    /// Sound is missing.
    pub fn interrupt(&mut self) {
        self.past = Past::new();
        self.said = std::array::from_fn(|_| Observation::unknown());
    }

    /// Sums since the last call, if there was sound.
    pub fn take_interval(&mut self) -> Option<Products> {
        let sum = std::mem::take(&mut self.interval);
        (sum.left.max(sum.right) > 1e-9).then_some(sum)
    }

    /// A block.
    pub fn push(
        &mut self,
        span: Span,
        block: &Block<'_>,
        settings: &PhaseSettings,
        episodes: &mut Episodes<PhaseKind>,
    ) {
        let [left, right] = self.channels.map(|c| block.channel(c));
        let window = self.bands.push(left, right);
        self.interval.add(&window.whole);
        if self.past.push(&window) {
            // Longer than min-duration: mono and off-centre sound are often meant.
            let patient = episodes.common().min_duration.saturating_mul(3) / 2;
            let [low_left, low_right] = self.imbalance(span, settings);
            self.said = [
                self.inversion(span, settings),
                self.dual_mono(span, settings).min_duration(patient),
                low_left.min_duration(patient),
                low_right.min_duration(patient),
            ];
        }
        let [left, right] = self.channels.map(Some);
        for ((kind, channel), seen) in [
            (PhaseKind::PhaseInversion, self.named),
            (PhaseKind::DualMono, self.named),
            (PhaseKind::Imbalance, left),
            (PhaseKind::Imbalance, right),
        ]
        .into_iter()
        .zip(&self.said)
        {
            episodes.observe(kind, channel, span, seen.clone());
        }
    }

    fn inversion(&self, span: Span, settings: &PhaseSettings) -> Observation {
        let limit = settings.inversion;
        let whole = self
            .past
            .mostly_below(limit, |w| Some(w.whole.correlation()));
        if let Verdict::Yes(windows, value) = whole
            && !self.contradicts(|w| &w.low)
            && !self.contradicts(|w| &w.high)
        {
            return yes(span, windows, value, limit).detail("full");
        }
        let limit = (limit - BAND_MARGIN).max(-1.0);
        let low = self.past.mostly_below(limit, |w| of_band(w, &w.low));
        let high = self.past.mostly_below(limit, |w| of_band(w, &w.high));
        for (verdict, detail) in [(low, "low-band"), (high, "high-band")] {
            if let Verdict::Yes(windows, value) = verdict {
                return yes(span, windows, value, limit)
                    .detail(detail)
                    .confidence(0.5);
            }
        }
        no_or_unknown(span, whole, settings.inversion)
    }

    /// Whether a band isn't inverted, most of the time.
    fn contradicts(&self, band: impl Fn(&Window) -> &Products) -> bool {
        let upright = |w: &Window| of_band(w, band(w)).map(|r| -r);
        matches!(self.past.mostly_below(0.0, upright), Verdict::Yes(..))
    }

    fn dual_mono(&self, span: Span, settings: &PhaseSettings) -> Observation {
        let residual = |w: &Window| {
            let balanced = w.middle.difference().abs() < settings.imbalance;
            Some(if balanced { w.middle.residual() } else { 0.0 })
        };
        let verdict = self.past.mostly_below(settings.mono, residual);
        let Verdict::Yes(windows, value) = verdict else {
            return no_or_unknown(span, verdict, settings.mono);
        };
        if self.past.share_above(STEREO, |w| w.middle.residual()) > 0.1 {
            return Observation::unknown();
        }
        if value <= IDENTICAL {
            yes(span, windows, value, settings.mono).detail("identical")
        } else {
            yes(span, windows, value, settings.mono)
                .detail("coded")
                .confidence(0.9)
        }
    }

    /// Of left and right.
    fn imbalance(&self, span: Span, settings: &PhaseSettings) -> [Observation; 2] {
        let limit = settings.imbalance;
        let (mean, windows) = self.past.total();
        if windows < BLOCKS || mean.left.max(mean.right) < LIVE {
            return [Observation::unknown(), Observation::unknown()];
        }
        let difference = mean.difference();
        [-1.0, 1.0].map(|side| {
            let lower_by = side * difference;
            let since = |wanted: &dyn Fn(f64) -> bool| {
                before(span, self.past.differing_for(|d| wanted(side * d)))
            };
            if lower_by < limit - BACK {
                return Observation::new(Evidence::Absent, lower_by, limit)
                    .since(since(&|by| by < limit));
            }
            if lower_by < limit {
                return Observation::unknown();
            }
            let seen = Observation::new(Evidence::Present, lower_by, limit)
                .since(since(&|by| by >= limit));
            if mean.left.min(mean.right) < DEAD {
                seen.detail("dead-leg")
            } else {
                seen.detail("level").confidence(0.8)
            }
        })
    }
}

/// The correlation of a band that has its share of the power.
fn of_band(window: &Window, band: &Products) -> Option<f64> {
    let power = |p: &Products| p.left + p.right;
    (power(band) > BAND_SHARE * power(&window.whole)).then(|| band.correlation())
}

/// It has been so for that many windows.
fn yes(span: Span, windows: usize, value: f64, limit: f64) -> Observation {
    Observation::new(Evidence::Present, value, limit).since(before(span, windows))
}

fn before(span: Span, windows: usize) -> Ns {
    let lasted = (windows * BLOCKS) as Ns * 10 * MS;
    span.end.saturating_sub(lasted)
}

fn no_or_unknown(span: Span, verdict: Verdict, limit: f64) -> Observation {
    match verdict {
        Verdict::No(windows) => {
            Observation::new(Evidence::Absent, 0.0, limit).since(before(span, windows))
        }
        _ => Observation::unknown(),
    }
}
