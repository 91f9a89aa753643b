// SPDX-License-Identifier: MPL-2.0
//! The list of all detectors and of what they can be told.

use std::fmt::Write;

use gstdefect::alarms::selection::{Profile, Selection};
use gstdefect::detector::settings::{Domain, MAX_TIME, Spec, Value};
use gstdefect::detector::settings_text::possible;
use gstdefect::detectors::Input;

fn default(spec: &Spec) -> String {
    match (&spec.default, &spec.domain) {
        (Value::Bool(v), _) => v.to_string(),
        (Value::F64(v), _) => v.to_string(),
        (Value::U64(0), _) => "0".to_owned(),
        (Value::U64(v), Domain::U64(_, max)) if *max >= MAX_TIME => {
            format!("{}s", *v as f64 / 1e9)
        }
        (Value::U64(v), _) => v.to_string(),
        (Value::Text(v), _) => format!("{v:?}"),
        (Value::Choice(i), Domain::Choice(_, alternatives)) => alternatives
            .get(*i)
            .map_or_else(String::new, |a| a.nick.to_owned()),
        (Value::Choice(i), _) => i.to_string(),
        (Value::Region(r), _) => format!("{},{},{},{}", r.x, r.y, r.width, r.height),
    }
}

/// All detectors, what they report and what they can be told.
pub fn list() -> String {
    let mut text = String::new();
    for chosen in Selection::of(Profile::All).iter() {
        let entry = &chosen.entry;
        let medium = match entry.input {
            Input::Pictures => "video",
            Input::Sound => "audio",
            Input::Captions => "captions",
            Input::Anything => "video and audio",
            Input::Pair => "video with audio",
        };
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{} ({medium}): {}",
            entry.info.element, entry.info.description
        );
        for kind in entry.info.kinds {
            let _ = writeln!(text, "  reports {}: {}", kind.name, kind.value);
            for (detail, meaning) in kind.details {
                let _ = writeln!(text, "    {detail}: {meaning}");
            }
        }
        for spec in entry.specs() {
            let _ = writeln!(
                text,
                "  --set {}.{}=... {}; {} [{}]",
                entry.short_name(),
                spec.name,
                spec.doc,
                possible(&spec),
                default(&spec)
            );
        }
        text.push('\n');
    }
    text
}
