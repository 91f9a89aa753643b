// SPDX-License-Identifier: MPL-2.0
//! Decides when comparisons of sound and mouth are trusted: a single confident one for the measures, agreement over
//! 25 s and more for an alarm.
//!
//! The limits are set by measurement: with leads of 0.1 the head that moves most gave a wrong offset in every other
//! window, and no two consecutive ones agreed.

use super::series::Comparison;
use crate::{
    detectors::avsync::{Estimate, Source},
    media::{Ns, SECOND},
};

/// Least correlation, and its least lead over the best at another offset.
const PEAK: f32 = 0.25;
const LEAD: f32 = 0.15;

/// Error of a comparison in ms: the target that it is measured against.
const ACCURACY: f64 = 45.0;

/// How far agreeing comparisons may lie apart, in ms.
const AGREEMENT: f64 = 60.0;

/// Comparisons that have to agree for an alarm, of those of the last half a minute that are confident, and the time between the first
/// and the last one: two windows that have little in common.
const AGREEING: usize = 8;
const MOST: f64 = 0.85;
const APART: Ns = 15 * SECOND;
const RECENT: Ns = 30 * SECOND;

/// Comparisons that are remembered.
const MEMORY: usize = 32;

/// The last comparisons.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// A ring.
    kept: [Option<(Ns, Comparison)>; MEMORY],
    count: usize,
    last: Option<(bool, Comparison)>,
}

impl Verdicts {
    pub fn add(&mut self, now: Ns, comparison: Option<Comparison>) {
        let confident = |c: &Comparison| c.peak >= PEAK && c.peak - c.second >= LEAD;
        self.last = comparison.map(|c| (confident(&c), c));
        self.count += 1;
        self.kept[self.count % MEMORY] = comparison.filter(confident).map(|c| (now, c));
    }

    /// The last one, confident or not.
    pub fn last(&self) -> Option<(bool, Comparison)> {
        self.last
    }

    pub fn estimate(&self) -> Option<Estimate> {
        let (now, last) = self.kept[self.count % MEMORY]?;
        let recent = || {
            self.kept
                .iter()
                .flatten()
                .filter(|(at, _)| at.abs_diff(now) <= RECENT)
        };
        let agrees = |c: &Comparison| (c.offset - last.offset).abs() <= AGREEMENT;
        let agreeing = || recent().filter(|(_, c)| agrees(c));
        let first = agreeing().map(|(at, _)| *at).min()?;
        let (all, count) = (recent().count(), agreeing().count());
        let agreed =
            count >= AGREEING && count as f64 >= MOST * all as f64 && now.abs_diff(first) >= APART;
        let offset = if agreed {
            agreeing().map(|(_, c)| c.offset).sum::<f64>() / count as f64
        } else {
            last.offset
        };
        let lead = f64::from(last.peak - last.second);
        Some(Estimate {
            offset,
            confidence: (0.5 + lead).min(if agreed { 0.9 } else { 0.7 }),
            since: agreed.then(|| first.saturating_sub(11 * SECOND)),
            source: Source::Content,
            uncertainty: if agreed { ACCURACY } else { f64::INFINITY },
        })
    }
}
