// SPDX-License-Identifier: MPL-2.0
//! Numbers with their units, as far as the detectors' words name one.

use gstdefect::detectors;

/// Written in the documentation of a value, each as a word of its own; the first that occurs is meant.
const UNITS: &[&str] = &[
    "dBTP", "dBFS", "dBov", "LUFS", "LKFS", "LU", "dB", "kHz", "Hz", "ms", "s", "px",
];

/// The unit of a kind's value; empty if it is a plain number.
pub fn of(kind: &str) -> &'static str {
    detectors::all()
        .iter()
        .flat_map(|d| d.info.kinds)
        .find(|k| k.name == kind)
        .map_or("", |k| in_words(k.value))
}

fn in_words(words: &str) -> &'static str {
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    let mut after_number = false;
    for word in words.filter(|w| !w.is_empty()) {
        // "above 4 kHz" isn't about the value.
        let limit = std::mem::replace(&mut after_number, word.parse::<u32>().is_ok());
        let unit = match word {
            "seconds" => Some(&"s"),
            "milliseconds" => Some(&"ms"),
            "pixels" => Some(&"px"),
            _ => UNITS.iter().find(|u| **u == word),
        };
        if let Some(unit) = unit.filter(|_| !limit) {
            return unit;
        }
    }
    ""
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
    fn units_are_read_from_the_words() {
        assert_eq!(in_words("level of the loudest channel, dBFS"), "dBFS");
        assert_eq!(in_words("luma, as a fraction of the range"), "");
        assert_eq!(in_words("offset in ms"), "ms");
        assert_eq!(in_words("noise above 4 kHz over 10 s, dBFS"), "dBFS");
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
