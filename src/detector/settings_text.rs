// SPDX-License-Identifier: MPL-2.0
//! Settings as users write them: `true`, `0.5`, `500ms`, `<0,0,1,0.5>`.

use super::SettingError;
use super::settings::{Domain, MAX_TIME, Spec};

/// The value as GStreamer reads it.
///
/// # Errors
///
/// If the setting doesn't take that value.
pub fn check(spec: &Spec, value: &str) -> Result<String, SettingError> {
    read(&spec.domain, value).ok_or_else(|| invalid(spec, value))
}

/// The error for a value that a setting doesn't take.
pub fn invalid(spec: &Spec, value: &str) -> SettingError {
    SettingError::InvalidValue {
        property: spec.name,
        value: value.to_owned(),
        possible: possible(spec),
    }
}

fn read(domain: &Domain, value: &str) -> Option<String> {
    match domain {
        Domain::Bool => match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some("true".to_owned()),
            "false" | "no" | "off" | "0" => Some("false".to_owned()),
            _ => None,
        },
        Domain::F64(min, max) => {
            let number: f64 = value.parse().ok()?;
            (min..=max).contains(&&number).then(|| float(number))
        }
        Domain::U64(min, max) => {
            let number = value.parse().ok().or_else(|| time(value))?;
            (min..=max).contains(&&number).then(|| number.to_string())
        }
        Domain::Choice(_, alternatives) => alternatives
            .iter()
            .find(|a| a.nick == value)
            .map(|a| a.nick.to_owned()),
        Domain::Text => Some(value.to_owned()),
        Domain::Region => region(value),
    }
}

/// So that it isn't taken for a whole number.
fn float(number: f64) -> String {
    format!("{number:?}")
}

/// `2s`, `500ms`, `1.5min`, `20us` in nanoseconds.
fn time(text: &str) -> Option<u64> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let factor = match unit {
        "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "min" => 60e9,
        _ => return None,
    };
    let ns = number.trim().parse::<f64>().ok()? * factor;
    (ns >= 0.0 && ns < MAX_TIME as f64).then_some(ns.round() as u64)
}

/// Four fractions, within brackets or not.
fn region(text: &str) -> Option<String> {
    let inner = text.trim_start_matches('<').trim_end_matches('>');
    let numbers: Vec<f64> = inner
        .split(',')
        .map(|n| n.trim().parse().ok())
        .collect::<Option<_>>()?;
    let [x, y, width, height] = numbers[..] else {
        return None;
    };
    let inside = numbers.iter().all(|n| (0.0..=1.0).contains(n))
        && width > 0.0
        && height > 0.0
        && x < 1.0
        && y < 1.0;
    let written: Vec<_> = numbers.iter().map(|n| float(*n)).collect();
    inside.then(|| format!("<{}>", written.join(",")))
}

/// What a setting may be, in words.
pub fn possible(spec: &Spec) -> String {
    match &spec.domain {
        Domain::Bool => "true or false".to_owned(),
        Domain::F64(f64::MIN, f64::MAX) => "a number".to_owned(),
        Domain::F64(min, max) => format!("a number from {min} to {max}"),
        Domain::U64(_, max) if *max >= MAX_TIME => {
            "nanoseconds, or a time like 500ms, 2s, 1min".to_owned()
        }
        Domain::U64(min, max) => format!("a whole number from {min} to {max}"),
        Domain::Choice(_, alternatives) => {
            let nicks: Vec<_> = alternatives.iter().map(|a| a.nick).collect();
            format!("one of {}", nicks.join(", "))
        }
        Domain::Text => "any text".to_owned(),
        Domain::Region => {
            "<x, y, width, height> as fractions of the picture, width and height over 0".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_may_have_a_unit() {
        assert_eq!(time("500ms"), Some(500_000_000));
        assert_eq!(time("1.5 s"), Some(1_500_000_000));
        assert_eq!(time("1min"), Some(60_000_000_000));
        for wrong in ["", "s", "2h", "-1s", "nans", "1e99s"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        let range = Domain::F64(0.0, 1.0);
        assert_eq!(read(&range, "1").as_deref(), Some("1.0"));
        for wrong in ["1.1", "-0.1", "nan", "x", ""] {
            assert_eq!(read(&range, wrong), None, "{wrong}");
        }
        assert_eq!(region("0,0.5,1,0.5").as_deref(), Some("<0.0,0.5,1.0,0.5>"));
        for wrong in ["", "0,0,1", "0,0,0,1", "0,0,2,1", "1,0,1,1"] {
            assert_eq!(region(wrong), None, "{wrong}");
        }
    }
}
