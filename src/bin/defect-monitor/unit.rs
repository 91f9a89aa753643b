// SPDX-License-Identifier: MPL-2.0
//! Numbers with their units.

use gstdefect::detector::{Info, Measure};
use gstdefect::detectors;

/// The unit of a kind's value; empty if it is a plain number.
pub fn of(kind: &str) -> &'static str {
    // These are reported of a whole stream, by no detector: how long it has been without.
    if ["lost", "outage"].contains(&kind) {
        return "s";
    }
    let all = detectors::all();
    let mut kinds = all.iter().flat_map(|d| d.info.kinds);
    kinds.find(|k| k.name == kind).map_or("", |k| k.unit)
}

/// The unit of a measure of the detector that reports that kind; empty if it is a plain number.
pub fn of_measure(kind: &str, name: &str) -> &'static str {
    let all = detectors::all();
    let mut detectors = all.iter().map(|d| d.info);
    let reports = |info: &&Info| info.kinds.iter().any(|k| k.name == kind);
    let measures = detectors
        .find(reports)
        .map_or(&[][..], |info| info.measures);
    let is_it = |measure: &&Measure| match name.strip_prefix(measure.name) {
        Some("") => true,
        Some(channel) => measure.per_channel && channel.starts_with('-'),
        None => false,
    };
    measures
        .iter()
        .find(is_it)
        .map_or("", |measure| measure.unit)
}

/// A number with three digits that count, and its unit.
pub fn number(value: f64, unit: &str) -> String {
    let text = match value.abs() {
        a if a >= 1e6 || (a > 0.0 && a < 1e-4) => format!("{value:.2e}"),
        a if a >= 100.0 => format!("{value:.0}"),
        a if a >= 10.0 => format!("{value:.1}"),
        a if a >= 1.0 => format!("{value:.2}"),
        a if a >= 0.1 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    };
    let text = if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    let text = if text == "-0" { "0" } else { text };
    if unit.is_empty() {
        text.to_owned()
    } else {
        format!("{text} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_no_unit_and_levels_have_theirs() {
        for share in ["pillarbox", "letterbox", "windowbox", "clipping", "freeze"] {
            assert_eq!(of(share), "", "{share}");
        }
        assert_eq!(of("silence"), "dBFS");
        assert_eq!(of("dropout"), "ms");
        assert_eq!(of("outage"), "s");
        assert_eq!(of_measure("loudness", "momentary"), "LUFS");
        assert_eq!(of_measure("loudness", "momentary-max"), "LUFS");
        assert_eq!(of_measure("silence", "rms-1"), "dBFS");
        assert_eq!(of_measure("black", "luma"), "");
        assert_eq!(of_measure("black", "rms-1"), "");
    }

    /// A unit that the words name is declared, too, and the other way round.
    #[test]
    fn units_agree_with_the_words() {
        let all = detectors::all();
        for kind in all.iter().flat_map(|d| d.info.kinds) {
            let words = kind.value.split(|c: char| !c.is_ascii_alphanumeric());
            let units = ["dBTP", "dBFS", "LUFS", "LU", "dB", "Hz", "ms"];
            // The first that is named; what follows speaks of other fields.
            let named = words.into_iter().find(|word| units.contains(word));
            match kind.unit {
                "" => assert_eq!(named, None, "{}: {}", kind.name, kind.value),
                "/s" => assert!(kind.value.contains("per second"), "{}", kind.name),
                unit => assert_eq!(named, Some(unit), "{}", kind.name),
            }
        }
        for measure in all.iter().flat_map(|d| d.info.measures) {
            let after_in = measure.doc.split(" in ").skip(1);
            let words = after_in.filter_map(|text| text.split([';', ',', ':', ' ']).next());
            let units = ["dBTP", "dBFS", "LUFS", "LU", "dB", "Hz", "ms"];
            let named = words.into_iter().find(|word| units.contains(word));
            match measure.unit {
                "" => assert_eq!(named, None, "{}: {}", measure.name, measure.doc),
                "/s" => assert!(measure.doc.contains("per second"), "{}", measure.name),
                "%" => assert!(measure.doc.contains("percent"), "{}", measure.name),
                "s" => assert!(measure.doc.contains("seconds"), "{}", measure.name),
                unit => assert_eq!(named, Some(unit), "{}", measure.name),
            }
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(0.0, ""), "0");
        assert_eq!(number(-60.0, "dBFS"), "-60 dBFS");
        assert_eq!(number(0.004_2, ""), "0.0042");
        assert_eq!(number(12.345, "Hz"), "12.3 Hz");
        assert_eq!(number(0.000_012, ""), "1.20e-5");
        assert_eq!(number(-0.000_000_0, ""), "0");
    }
}
