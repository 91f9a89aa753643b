// SPDX-License-Identifier: MPL-2.0
//! From the text of the file to a configuration, with the places of what is wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::alerts::AlertConfig;
use super::check::{self, Places, SectionCheck};
use super::uri::Uri;
use super::{Config, Plan, Problem, StreamConfig, tables, without_values};

/// A configuration that was read.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// As it was written.
    pub config: Config,
    /// Its streams, in the order of the file.
    pub plans: Vec<Plan>,
    /// Streams that can't be watched, since a secret of theirs is missing. The others can.
    pub unwatchable: Vec<Unwatchable>,
}

/// A stream that can't be watched, since a secret is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwatchable {
    /// Its name.
    pub id: Arc<str>,
    /// Its URI as it is shown.
    pub uri: String,
    /// What is missing, and where the file says so.
    pub problem: Problem,
}

/// The sections of the file.
const SECTIONS: &[&str] = &[
    "defaults", "profiles", "streams", "capacity", "workers", "results", "state", "alerts", "http",
    "cluster",
];

/// Reads a file for the service; `only`: the detectors that this process may use, all if there are none; `sections` checks what isn't about
/// streams.
pub fn read(file: &Path, only: &[String], sections: SectionCheck) -> Result<Loaded, Vec<Problem>> {
    parse_some(file, &text(file)?, only, sections)
}

/// Reads a file for who is interested in its streams alone: nothing else has to work.
pub fn read_streams(file: &Path) -> Result<Loaded, Vec<Problem>> {
    parse_some(file, &text(file)?, &[], |_| Vec::new())
}

fn text(file: &Path) -> Result<String, Vec<Problem>> {
    std::fs::read_to_string(file).map_err(|e| {
        vec![Problem {
            file: file.to_owned(),
            at: None,
            what: e.to_string(),
        }]
    })
}

/// Reads the streams of a text.
#[cfg(test)]
pub fn parse(text: &str) -> Result<Loaded, Vec<Problem>> {
    parse_some(Path::new("config.toml"), text, &[], |_| Vec::new())
}

/// Reads a text. All problems are found, unless the text isn't TOML.
fn parse_some(
    file: &Path,
    text: &str,
    only: &[String],
    sections_check: SectionCheck,
) -> Result<Loaded, Vec<Problem>> {
    let mut found = Found {
        file,
        text,
        problems: Vec::new(),
        unwatchable: Vec::new(),
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        found.error(error);
    }
    if !errors.is_empty() {
        return Err(found.sorted());
    }
    let (config, places) = sections(root.into_inner(), &mut found);
    let plans = check::check(&config, &places, only, &mut found);
    check::sections(sections_check(&config), &places, &mut found);
    if found.problems.is_empty() {
        let unwatchable = found.unwatchable;
        Ok(Loaded {
            config,
            plans,
            unwatchable,
        })
    } else {
        Err(found.sorted())
    }
}

fn sections(table: DeTable<'_>, found: &mut Found<'_>) -> (Config, Places) {
    let (mut config, mut places) = (Config::default(), Places::default());
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "defaults" => {
                places.defaults = inside(&value);
                config.defaults = found.section(value).unwrap_or_default();
            }
            "profiles" => {
                places.profiles = inside(&value);
                config.profiles = found.section(value).unwrap_or_default();
            }
            "streams" => {
                for item in found.items(value, "streams") {
                    let inside = inside(&item);
                    if let Some(stream) = found.section::<StreamConfig>(item) {
                        config.streams.push(stream);
                        places.streams.push(inside);
                    }
                }
            }
            "capacity" => config.capacity = found.section(value).unwrap_or_default(),
            "state" => config.state = found.section(value).unwrap_or_default(),
            "workers" => config.workers = found.section(value).unwrap_or_default(),
            "results" => {
                places.results = inside(&value);
                config.results = found.whole(value);
            }
            "alerts" => {
                for item in found.items(value, "alerts") {
                    let inside = inside(&item);
                    if let Some(alert) = AlertConfig::read(item, found) {
                        config.alerts.push(alert);
                        places.alerts.push(inside);
                    }
                }
            }
            "http" => {
                places.http = inside(&value);
                config.http = found.whole(value);
            }
            "cluster" => {
                places.cluster = inside(&value);
                config.cluster = found.whole(value);
            }
            other => {
                let what = format!(
                    "there is no section {other:?}; there are: {}",
                    SECTIONS.join(", ")
                );
                found.note(Some(key.span()), what);
            }
        }
    }
    (config, places)
}

/// Problems, as they are found.
pub struct Found<'a> {
    file: &'a Path,
    text: &'a str,
    problems: Vec<Problem>,
    unwatchable: Vec<Unwatchable>,
}

impl Found<'_> {
    /// Adds a problem of the file, unless it is known.
    pub fn note(&mut self, span: Option<Range<usize>>, what: impl Into<String>) {
        let problem = self.problem(span, what.into());
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Adds a problem of one stream: that one isn't watched, the others are.
    pub fn set_aside(&mut self, stream: &StreamConfig, span: Option<Range<usize>>, what: String) {
        let problem = self.problem(span, what);
        self.unwatchable.push(Unwatchable {
            id: stream.id.as_str().into(),
            uri: Uri::shown_of(&stream.uri),
            problem,
        });
    }

    fn problem(&self, span: Option<Range<usize>>, what: String) -> Problem {
        Problem {
            file: self.file.to_owned(),
            at: span.map(|span| self.position(span.start)),
            what,
        }
    }

    /// Line and column, from 1, of a place in the text.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }

    fn error(&mut self, error: &toml::de::Error) {
        self.note(error.span(), without_values(error.message()));
    }

    /// A section, without what is wrong with it.
    pub fn section<T: DeserializeOwned>(&mut self, table: Spanned<DeValue<'_>>) -> Option<T> {
        let note = |span, what| self.note(Some(span), what);
        tables::read(table, note).map(|read| read.section)
    }

    /// A section that is checked as a whole: nothing if a value of it is wrong.
    pub fn whole<T: DeserializeOwned>(&mut self, table: Spanned<DeValue<'_>>) -> Option<T> {
        self.whole_with(table, |what| what)
    }

    /// The same, with other words for what is wrong.
    pub fn whole_with<T: DeserializeOwned>(
        &mut self,
        table: Spanned<DeValue<'_>>,
        say: impl Fn(String) -> String,
    ) -> Option<T> {
        let note = |span, what| self.note(Some(span), say(what));
        let read = tables::read(table, note)?;
        read.is_whole.then_some(read.section)
    }

    /// The tables of `[[name]]`.
    fn items<'i>(&mut self, value: Spanned<DeValue<'i>>, name: &str) -> Vec<Spanned<DeValue<'i>>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => items.into_iter().collect(),
            _ => {
                self.note(
                    Some(span),
                    format!("{name} is a list: write [[{name}]] above each"),
                );
                Vec::new()
            }
        }
    }

    fn sorted(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.at);
        self.problems
    }
}

/// Where the values of a table are, by key, e.g. `maintenance.0.from`; that of the table itself under an empty key.
pub type Spans = BTreeMap<String, Range<usize>>;

fn inside(value: &Spanned<DeValue<'_>>) -> Spans {
    let mut spans = Spans::new();
    collect("", value, &mut spans);
    spans
}

fn collect(path: &str, value: &Spanned<DeValue<'_>>, spans: &mut Spans) {
    spans.insert(path.to_owned(), value.span());
    let under = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                collect(&under(key.get_ref()), value, spans);
            }
        }
        DeValue::Array(items) => {
            for (n, value) in items.iter().enumerate() {
                collect(&under(&n.to_string()), value, spans);
            }
        }
        _ => {}
    }
}
