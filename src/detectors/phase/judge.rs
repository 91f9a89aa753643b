// SPDX-License-Identifier: MPL-2.0
//! Judges one pair of channels.

use super::{
    Episodes, Evidence, MS, Ns, Observation, PhaseKind, PhaseSettings, Span,
    bands::{Bands, Products, Window},
    history::{BLOCKS, History, Majority},
};
use crate::media::sound::Block;

/// How much closer to -1 the correlation of a band alone has to come: effects that invert a part of the spectrum
/// seldom do so purely. Chosen.
const BAND_MARGIN: f64 = 0.15;

/// Least share of the power that a band has to have to count, so that noise in an empty band doesn't. Chosen.
const BAND_SHARE: f64 = 0.05;

/// Residual in dB above which a window is real stereo. If a tenth of the windows is, the pair isn't mono, but a voice
/// in the middle over a wide background. Dual mono after AAC at 64 kbit/s stays below it.
const STEREO: f64 = -8.0;

/// Residual in dB under which the channels are identical but for rounding.
const IDENTICAL: f64 = -80.0;

/// A pair is in balance again this far below the limit, in dB.
const HYSTERESIS_DB: f64 = 2.0;

/// Least mean square of a programme, and largest of a dead leg (-50 and -70 dBFS). Chosen: between the noise of lines
/// and what can be heard.
const MIN_LIVE: f64 = 1e-5;
const MAX_DEAD: f64 = 1e-7;

/// Two channels that belong together.
#[derive(Debug)]
pub struct Pair {
    channels: [usize; 2],
    /// The channel under which defects of the pair as a whole are reported.
    pair_channel: Option<usize>,
    bands: Bands,
    history: History,
    interval: Products,
    /// The observations after the last window: inversion, dual mono, left too low, right too low.
    observations: [Observation; 4],
}

impl Pair {
    /// `several`: whether the stream has more channels than these.
    pub fn new(channels: [usize; 2], rate: u32, several: bool) -> Self {
        Self {
            channels,
            pair_channel: several.then_some(channels[1]),
            bands: Bands::new(rate),
            history: History::new(),
            interval: Products::default(),
            observations: std::array::from_fn(|_| Observation::unknown()),
        }
    }

    /// Forgets the history at a gap.
    pub fn interrupt(&mut self) {
        self.history = History::new();
        self.observations = std::array::from_fn(|_| Observation::unknown());
    }

    /// Sums since the last call, if there was sound.
    pub fn take_interval(&mut self) -> Option<Products> {
        let sum = std::mem::take(&mut self.interval);
        (sum.left.max(sum.right) > 1e-9).then_some(sum)
    }

    /// Takes a block.
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
        if self.history.push(&window) {
            // Longer than min-duration: mono and off-centre sound are often meant.
            let patient = episodes.common().min_duration.saturating_mul(3) / 2;
            let [low_left, low_right] = self.imbalance(span, settings);
            self.observations = [
                self.inversion(span, settings),
                self.dual_mono(span, settings).min_duration(patient),
                low_left.min_duration(patient),
                low_right.min_duration(patient),
            ];
        }
        let [left, right] = self.channels.map(Some);
        for ((kind, channel), seen) in [
            (PhaseKind::PhaseInversion, self.pair_channel),
            (PhaseKind::DualMono, self.pair_channel),
            (PhaseKind::Imbalance, left),
            (PhaseKind::Imbalance, right),
        ]
        .into_iter()
        .zip(&self.observations)
        {
            episodes.observe(kind, channel, span, seen.clone());
        }
    }

    fn inversion(&self, span: Span, settings: &PhaseSettings) -> Observation {
        let limit = settings.inversion;
        let whole = self
            .history
            .mostly_below(limit, |w| Some(w.whole.correlation()));
        if let Majority::Yes(windows, value) = whole
            && !self.contradicts(|w| &w.low)
            && !self.contradicts(|w| &w.high)
        {
            return present(span, windows, value, limit).detail("full");
        }
        let limit = (limit - BAND_MARGIN).max(-1.0);
        let low = self.history.mostly_below(limit, |w| of_band(w, &w.low));
        let high = self.history.mostly_below(limit, |w| of_band(w, &w.high));
        for (verdict, detail) in [(low, "low-band"), (high, "high-band")] {
            if let Majority::Yes(windows, value) = verdict {
                return present(span, windows, value, limit)
                    .detail(detail)
                    .confidence(0.5);
            }
        }
        absent_or_unknown(span, whole, settings.inversion)
    }

    /// Whether a band isn't inverted most of the time.
    fn contradicts(&self, band: impl Fn(&Window) -> &Products) -> bool {
        let upright = |w: &Window| of_band(w, band(w)).map(|r| -r);
        matches!(self.history.mostly_below(0.0, upright), Majority::Yes(..))
    }

    fn dual_mono(&self, span: Span, settings: &PhaseSettings) -> Observation {
        let residual = |w: &Window| {
            let balanced = w.middle.difference().abs() < settings.imbalance;
            Some(if balanced { w.middle.residual() } else { 0.0 })
        };
        let verdict = self.history.mostly_below(settings.mono, residual);
        let Majority::Yes(windows, value) = verdict else {
            return absent_or_unknown(span, verdict, settings.mono);
        };
        if self.history.share_above(STEREO, |w| w.middle.residual()) > 0.1 {
            return Observation::unknown();
        }
        if value <= IDENTICAL {
            present(span, windows, value, settings.mono).detail("identical")
        } else {
            present(span, windows, value, settings.mono)
                .detail("coded")
                .confidence(0.9)
        }
    }

    /// The observations of left and of right.
    fn imbalance(&self, span: Span, settings: &PhaseSettings) -> [Observation; 2] {
        let limit = settings.imbalance;
        let (mean, windows) = self.history.total();
        if windows < BLOCKS || mean.left.max(mean.right) < MIN_LIVE {
            return [Observation::unknown(), Observation::unknown()];
        }
        let difference = mean.difference();
        [-1.0, 1.0].map(|side| {
            let lower_by = side * difference;
            let since = |wanted: &dyn Fn(f64) -> bool| {
                before(span, self.history.differing_for(|d| wanted(side * d)))
            };
            if lower_by < limit - HYSTERESIS_DB {
                return Observation::new(Evidence::Absent, lower_by, limit)
                    .since(since(&|by| by < limit));
            }
            if lower_by < limit {
                return Observation::unknown();
            }
            let seen = Observation::new(Evidence::Present, lower_by, limit)
                .since(since(&|by| by >= limit));
            if mean.left.min(mean.right) < MAX_DEAD {
                seen.detail("dead-leg")
            } else {
                seen.detail("level").confidence(0.8)
            }
        })
    }
}

/// The correlation of a band; `None` if the band has too little of the power.
fn of_band(window: &Window, band: &Products) -> Option<f64> {
    let power = |p: &Products| p.left + p.right;
    (power(band) > BAND_SHARE * power(&window.whole)).then(|| band.correlation())
}

/// A defect that began `windows` windows ago.
fn present(span: Span, windows: usize, value: f64, limit: f64) -> Observation {
    Observation::new(Evidence::Present, value, limit).since(before(span, windows))
}

fn before(span: Span, windows: usize) -> Ns {
    let lasted = (windows * BLOCKS) as Ns * 10 * MS;
    span.end.saturating_sub(lasted)
}

fn absent_or_unknown(span: Span, verdict: Majority, limit: f64) -> Observation {
    match verdict {
        Majority::No(windows) => {
            Observation::new(Evidence::Absent, 0.0, limit).since(before(span, windows))
        }
        _ => Observation::unknown(),
    }
}
