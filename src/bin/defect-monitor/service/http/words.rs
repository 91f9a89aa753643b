// SPDX-License-Identifier: MPL-2.0
//! `/api/v1/words`: names and meanings of kinds of defects, details and measures, for people.

use std::collections::BTreeMap;

use gstdefect::detectors;
use serde::Serialize;

use crate::unit;
use crate::words::{self, Meaning};

/// All of it, by the names in messages.
#[derive(Debug, Serialize)]
pub struct KindTexts {
    kinds: BTreeMap<&'static str, KindWords>,
    detectors: BTreeMap<&'static str, DetectorWords>,
}

#[derive(Debug, Serialize)]
struct KindWords {
    #[serde(flatten)]
    meaning: Meaning,
    /// Of `value` and `threshold`.
    unit: &'static str,
    details: BTreeMap<&'static str, &'static str>,
}

#[derive(Debug, Serialize)]
struct DetectorWords {
    kinds: Vec<&'static str>,
    measures: BTreeMap<&'static str, &'static str>,
}

impl KindTexts {
    /// As this version has them.
    pub fn new() -> Self {
        let all = detectors::all();
        let details = |kind: &str| {
            let mut kinds = all.iter().flat_map(|d| d.info.kinds);
            let kind = kinds.find(|known| known.name == kind);
            kind.map_or_else(BTreeMap::new, |kind| kind.details.iter().copied().collect())
        };
        let kind = |(kind, meaning): (&'static str, Meaning)| {
            let words = KindWords {
                meaning,
                unit: unit::of(kind),
                details: details(kind),
            };
            (kind, words)
        };
        let detector = |entry: &detectors::Entry| {
            let words = DetectorWords {
                kinds: entry.info.kinds.iter().map(|k| k.name).collect(),
                measures: entry
                    .info
                    .measures
                    .iter()
                    .map(|m| (m.name, m.doc))
                    .collect(),
            };
            (entry.info.element, words)
        };
        Self {
            kinds: words::all().map(kind).collect(),
            detectors: all.iter().map(detector).collect(),
        }
    }
}
