// SPDX-License-Identifier: MPL-2.0
//! The tables in the pages of documentation come from the code, their pipelines can be made, and their links lead somewhere.
//!
//! `UPDATE=1 cargo test --features service --test readme` writes the tables again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

mod common;

use std::{fmt::Write, fs};

use gst::prelude::*;
use gstdefect::{
    alarms::{
        relations::IMPLIED,
        selection::{Profile, Selection},
    },
    detector::settings::{Alternative, Domain, Spec, Value},
    detectors::{Entry, Input, all},
    message::{DEFECT_FIELDS, Field, MEASUREMENT_FIELDS},
};

/// One line for each element, for the README.
fn overview() -> String {
    let mut text = String::from("| element | input | reports |\n|---|---|---|\n");
    for Entry { info, input, .. } in all() {
        let input = match input {
            Input::Pictures => "pictures",
            Input::Sound => "sound",
            Input::Captions => "captions",
            Input::Anything => "anything",
            Input::Pair => "sound and pictures",
        };
        let reports = info.description.trim_start_matches("Reports ");
        let name = info.element;
        writeln!(
            text,
            "| [`{name}`](src/detectors/README.md#{name}) | {input} | {reports} |"
        )
        .unwrap();
    }
    text
}

/// Which element reports which kinds, then a section for each element.
fn elements() -> String {
    let mut text = String::from("| element | kinds |\n|---|---|\n");
    for Entry { info, .. } in all() {
        let kinds: Vec<_> = info.kinds.iter().map(|k| format!("`{}`", k.name)).collect();
        writeln!(
            text,
            "| [`{0}`](#{0}) | {1} |",
            info.element,
            kinds.join(", ")
        )
        .unwrap();
    }
    for entry in all() {
        element(&mut text, &entry);
    }
    text
}

/// The properties that every detector has.
fn properties() -> String {
    let mut text = String::from("| property | default | meaning |\n|---|---|---|\n");
    for spec in all()[0].common.specs() {
        let default = match spec.name {
            "severity" | "min-duration" | "clear-duration" => "differs between elements".into(),
            _ => default(&spec),
        };
        writeln!(text, "| `{}` | {default} | {} |", spec.name, spec.doc).unwrap();
    }
    text
}

fn element(text: &mut String, entry: &Entry) {
    let info = entry.info;
    writeln!(text, "\n### {}\n\n{}.\n", info.element, info.description).unwrap();
    for kind in info.kinds {
        writeln!(text, "- `{}`: `value`: {}", kind.name, kind.value).unwrap();
        for (name, meaning) in kind.details {
            writeln!(text, "  - `detail` `{name}`: {meaning}").unwrap();
        }
    }
    text.push_str("\n| property | default | meaning |\n|---|---|---|\n");
    let own_defaults = ["severity", "min-duration", "clear-duration"];
    for spec in entry
        .common
        .specs()
        .iter()
        .filter(|s| own_defaults.contains(&s.name))
    {
        writeln!(text, "| `{}` | {} | |", spec.name, default(spec)).unwrap();
    }
    for spec in entry.settings {
        let mut meaning = spec.doc.to_owned();
        if let Domain::Choice(_, alternatives) = spec.domain {
            for a in alternatives {
                write!(meaning, "; `{}`: {}", a.nick, a.doc).unwrap();
            }
        }
        writeln!(text, "| `{}` | {} | {meaning} |", spec.name, default(spec)).unwrap();
    }
    if !info.measures.is_empty() {
        text.push_str("\n| measure | meaning |\n|---|---|\n");
    }
    for measure in info.measures {
        let name = measure.name;
        if measure.per_channel {
            writeln!(
                text,
                "| `{name}-0`, `{name}-1`, ... | per channel: {} |",
                measure.doc
            )
            .unwrap();
        } else {
            writeln!(text, "| `{name}` | {} |", measure.doc).unwrap();
        }
    }
}

/// Times in seconds, for people.
fn default(spec: &Spec) -> String {
    let is_time = spec.doc.ends_with("ns") || spec.doc.contains("in ns");
    match (&spec.default, &spec.domain) {
        (Value::U64(0), _) => "0".into(),
        (Value::U64(ns), _) if is_time => format!("{} s", *ns as f64 / 1e9),
        (Value::U64(v), _) => v.to_string(),
        (Value::F64(v), _) => v.to_string(),
        (Value::Bool(v), _) => v.to_string(),
        (Value::Choice(i), Domain::Choice(_, alternatives)) => {
            format!("`{}`", alternatives[*i].nick)
        }
        (Value::Region(_), _) => "all of it".into(),
        (Value::Text(v), _) if v.is_empty() => "none".into(),
        (Value::Text(v), _) => format!("`{v}`"),
        (Value::Choice(_), _) => unreachable!("a choice without alternatives"),
    }
}

fn messages() -> String {
    let table = |fields: &[Field]| {
        let mut text = String::from("| field | type | meaning |\n|---|---|---|\n");
        for Field {
            name,
            type_name,
            doc,
        } in fields
        {
            let plain = match *type_name {
                "gchararray" => "string",
                "gdouble" => "double",
                "gint" => "int",
                "guint" => "uint",
                other => other,
            };
            writeln!(text, "| `{name}` | {plain} | {doc} |").unwrap();
        }
        text
    };
    format!(
        "{}\nWith `measurement-interval` > 0 there is also `defect-measurement`, for every interval of the stream and every kind:\n\n{}",
        table(DEFECT_FIELDS),
        table(MEASUREMENT_FIELDS),
    )
}

/// Properties from the element itself, relations from where they are declared.
fn defectbin() -> String {
    common::init();
    let bin = gst::ElementFactory::make("defectbin").build().unwrap();
    let mut text = String::from("| property | default | meaning |\n|---|---|---|\n");
    let own = bin.list_properties();
    for spec in own.iter().filter(|s| s.owner_type() == bin.type_()) {
        let default = bin.property_value(spec.name()).serialize().unwrap();
        let default = match default.as_str() {
            "\"\"" => "none",
            other => other,
        };
        let blurb = spec.blurb().unwrap_or_default();
        writeln!(text, "| `{}` | {default} | {blurb} |", spec.name()).unwrap();
    }
    text.push_str("\n| profile | detectors |\n|---|---|\n");
    for (profile, alternative) in Profile::ALL.iter().zip(Profile::ALTERNATIVES) {
        let choice = Selection::of_stream(*profile, "").unwrap();
        let names: Vec<_> = choice.iter().map(|c| c.entry.short_name()).collect();
        let names = match profile {
            Profile::Playout | Profile::Monitoring => format!(": {}", names.join(", ")),
            _ => String::new(),
        };
        let Alternative { nick, doc } = alternative;
        writeln!(text, "| `{nick}` | {doc}{names} |").unwrap();
    }
    text.push_str("\n| while this lasts | these are hidden |\n|---|---|\n");
    for (kind, implied) in IMPLIED {
        let implied: Vec<_> = implied.iter().map(|k| format!("`{k}`")).collect();
        writeln!(text, "| `{kind}` | {} |", implied.join(", ")).unwrap();
    }
    text
}

const REFERENCE: &str = "src/detectors/README.md";

/// Every page of documentation, each with the question that it answers in its first paragraph.
const PAGES: [&str; 7] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    REFERENCE,
    "src/bin/defect-monitor/README.md",
    "tests/accuracy/README.md",
    "tests/bench/README.md",
];

fn read(page: &str) -> String {
    fs::read_to_string(common::root().join(page)).unwrap_or_else(|e| panic!("{page}: {e}"))
}

/// Replaces the text between the two marks of that name.
fn replace_table(page: &mut String, name: &str, table: &str) {
    let (begin, end) = (
        format!("<!-- begin {name} -->\n"),
        format!("<!-- end {name} -->"),
    );
    let from = page.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
    let length = page[from..]
        .find(&end)
        .unwrap_or_else(|| panic!("no {end}"));
    page.replace_range(from..from + length, &format!("\n{table}\n"));
}

#[test]
fn tables_come_from_the_code() {
    let mut readme = read("README.md");
    replace_table(&mut readme, "elements", &overview());
    common::golden("README.md", &readme);

    let mut reference = read(REFERENCE);
    replace_table(&mut reference, "elements", &elements());
    replace_table(&mut reference, "properties", &properties());
    replace_table(&mut reference, "messages", &messages());
    replace_table(&mut reference, "defectbin", &defectbin());
    common::golden(REFERENCE, &reference);
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 250, "README.md has {lines} lines, more than 250");
}

/// Every line of a page that starts GStreamer is a pipeline that can be made.
#[test]
fn pipelines_parse() {
    common::init();
    let mut count = 0;
    for page in PAGES {
        let text = read(page).replace("\\\n", " ");
        let lines = text.lines().filter_map(|line| {
            line.trim()
                .trim_start_matches("$ ")
                .strip_prefix("gst-launch-1.0 ")
        });
        for line in lines {
            let line = line.trim_start_matches("-m ");
            let line = line.split(" | ").next().unwrap_or(line);
            gst::parse::launch(line).unwrap_or_else(|e| panic!("{page}: {line}: {e}"));
            count += 1;
        }
    }
    assert!(count > 0);
}

/// The anchor that a heading gets from GitHub and rustdoc.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => c.to_lowercase().next(),
            _ => None,
        })
        .collect()
}

/// A link within the project leads to a file that exists, and to a heading in it.
#[test]
fn links_lead_somewhere() {
    for page in PAGES {
        let text = read(page);
        let folder = common::root().join(page);
        let folder = folder.parent().unwrap();
        let targets = text
            .match_indices("](")
            .map(|(at, _)| text[at + 2..].split(')').next().unwrap_or_default())
            .filter(|target| !target.contains("://"));
        for target in targets {
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = match path {
                "" => common::root().join(page),
                _ => folder.join(path),
            };
            assert!(file.exists(), "{page}: {target}: no such file");
            if heading.is_empty() {
                continue;
            }
            let found = fs::read_to_string(&file)
                .unwrap()
                .lines()
                .any(|line| line.starts_with('#') && anchor(line) == heading);
            assert!(found, "{page}: {target}: no such heading");
        }
    }
}
