// SPDX-License-Identifier: MPL-2.0
//! The list of all detectors and of their settings.

use std::fmt::Write;

use gstdefect::alarms::selection::{Profile, Selection};
use gstdefect::detector::settings::{Domain, MAX_TIME, Spec, Value};
use gstdefect::detector::settings_text::possible;
use gstdefect::detectors::{Entry, Input};

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

/// All detectors, what they report and measure, and their settings.
pub fn list() -> String {
    let selection = Selection::of(Profile::All);
    let mut text = String::from("Every detector (with its name in place of NAME):\n");
    if let Some(any) = selection.iter().next() {
        for spec in any.entry.common.specs() {
            setting(&mut text, "NAME", &spec, DIFFERENT.contains(&spec.name));
        }
    }
    text.push('\n');
    for chosen in selection.iter() {
        detector(&mut text, &chosen.entry);
    }
    text
}

/// Settings of every detector whose defaults differ.
const DIFFERENT: &[&str] = &["severity", "min-duration", "clear-duration"];

// Writing to a string can't fail.
fn detector(text: &mut String, entry: &Entry) {
    let (info, name) = (entry.info, entry.short_name());
    let medium = match entry.input {
        Input::Pictures => "video",
        Input::Sound => "audio",
        Input::Captions => "captions",
        Input::Anything => "video and audio",
        Input::Pair => "video with audio",
    };
    let _ = writeln!(text, "{} ({medium}): {}", info.element, info.description);
    for kind in info.kinds {
        let _ = writeln!(text, "  reports {}: {}", kind.name, kind.value);
        for (detail, meaning) in kind.details {
            let _ = writeln!(text, "    {detail}: {meaning}");
        }
    }
    for measure in info.measures {
        let of = if measure.per_channel {
            ", per channel"
        } else {
            ""
        };
        let _ = writeln!(text, "  measures {}{of}: {}", measure.name, measure.doc);
    }
    for spec in entry.common.specs() {
        if DIFFERENT.contains(&spec.name) {
            let _ = writeln!(text, "  --set {name}.{}={}", spec.name, default(&spec));
        }
    }
    for spec in entry.settings {
        setting(text, name, spec, false);
    }
    text.push('\n');
}

/// What it does, what it takes, and its default if that is the same everywhere.
fn setting(text: &mut String, name: &str, spec: &Spec, differs: bool) {
    let default = match differs {
        true => String::new(),
        false => format!(" [{}]", default(spec)),
    };
    let (property, doc, possible) = (spec.name, spec.doc, possible(spec));
    let _ = writeln!(
        text,
        "  --set {name}.{property}=... {doc}; {possible}{default}"
    );
    if let Domain::Choice(_, alternatives) = spec.domain {
        for a in alternatives {
            let _ = writeln!(text, "    {}: {}", a.nick, a.doc);
        }
    }
}
