// SPDX-License-Identifier: MPL-2.0
//! The rooms of the crate use each other in one direction only: what is in a room names nothing of the rooms above it, also through macros.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The rooms, from the lowest: a file belongs to the last one whose path it begins with. The rooms of media know nothing of each other, so
/// each is one of its own; what a plugin is (`lib.rs`) stands above all.
const ROOMS: &[(&str, usize)] = &[
    ("src/", 9),
    ("src/media/", 1),
    ("src/media/time.rs", 0),
    ("src/message.rs", 0),
    ("src/detector/", 2),
    ("src/detectors/", 3),
    ("src/alarms/", 4),
    ("src/element/", 5),
    ("src/element/bin/", 6),
    // It registers all elements, `defectbin` included.
    ("src/element/mod.rs", 6),
    ("src/bin/", 7),
];

/// The room that a path of the crate leads into, e.g. `media::picture`; the last one whose words it begins with.
const NAMES: &[(&str, usize)] = &[
    ("media", 1),
    ("message", 0),
    ("DefectMessage", 0),
    ("MeasurementMessage", 0),
    ("detector", 2),
    ("detectors", 3),
    ("alarms", 4),
    ("element", 5),
];

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Rooms and code of every source file, without comments and tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("src"), &mut paths);
    let name = |path: &Path| {
        path.strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let is_test = |name: &String| {
        name.contains("/tests") || name.ends_with("_tests.rs") || name.ends_with("testing.rs")
    };
    let mut sources: Vec<_> = paths
        .iter()
        .map(|path| (name(path), code(&fs::read_to_string(path).unwrap())))
        .filter(|(name, _)| !is_test(name))
        .collect();
    sources.sort();
    sources
}

/// The code without comments, up to the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

fn room(file: &str) -> usize {
    let known = ROOMS
        .iter()
        .rev()
        .filter(|(start, _)| file.starts_with(start));
    known.max_by_key(|(start, _)| start.len()).unwrap().1
}

/// All paths that begin with `crate::` (or `$crate::`), with what is in braces written out.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        spread(&code[at + "crate::".len()..], "", &mut found);
    }
    found
}

/// Writes out one path, and the list in braces at its end; returns its length.
fn spread(text: &str, before: &str, found: &mut Vec<String>) -> usize {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !word(c)).unwrap_or(text.len());
    let path = format!("{before}{}", &text[..end]);
    let Some(list) = text[end..]
        .strip_prefix('{')
        .filter(|_| path.ends_with("::") || path.is_empty())
    else {
        found.push(path);
        return end;
    };
    let mut at = 0;
    loop {
        at += list[at..].len() - list[at..].trim_start_matches([',', ' ', '\n']).len();
        if list[at..].starts_with('}') || at >= list.len() {
            return end + 2 + at;
        }
        let length = spread(&list[at..], &path, found);
        if length == 0 {
            return end + 2 + at;
        }
        at += length;
    }
}

/// The part of media that a path leads into, if it is one of several that know nothing of each other.
fn part_of_media(path: &str) -> Option<&str> {
    let part = path.strip_prefix("media::")?.split("::").next()?;
    ["picture", "sound", "dsp", "network", "timestamps"]
        .into_iter()
        .find(|p| *p == part)
}

#[test]
fn rooms_use_each_other_in_one_direction() {
    let sources = sources();
    let macros: BTreeMap<String, usize> = sources
        .iter()
        .flat_map(|(file, code)| {
            let names = code.match_indices("macro_rules! ").map(|(at, word)| {
                let rest = &code[at + word.len()..];
                rest[..rest.find(' ').unwrap()].to_owned()
            });
            names.map(|name| (name, room(file))).collect::<Vec<_>>()
        })
        .collect();
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for (file, code) in &sources {
        let own = room(file);
        for path in paths(code) {
            let first = path.split("::").next().unwrap();
            let named = NAMES
                .iter()
                .find(|(name, _)| *name == first)
                .map(|(_, room)| *room);
            let Some(target) = named.or(macros.get(first).copied()) else {
                continue;
            };
            arrows += 1;
            let other_part = part_of_media(&path)
                .is_some_and(|part| own == 1 && !file.starts_with(&format!("src/media/{part}")));
            let inside = path.starts_with("element::bin") && own < 6;
            if target > own || other_part || inside {
                wrong.push(format!("{file} uses {path}"));
            }
        }
        for (name, target) in &macros {
            let called = code.match_indices(&format!("{name}!")).any(|(at, _)| {
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ' ')
                    || code[..at].ends_with("    ")
            });
            if called && *target > own {
                wrong.push(format!("{file} calls the macro {name}!"));
            }
        }
    }
    assert!(arrows > 500, "{arrows} arrows were read");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
