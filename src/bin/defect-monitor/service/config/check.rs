// SPDX-License-Identifier: MPL-2.0
//! What the parts of a configuration have to do with each other.

use std::collections::BTreeMap;

use super::load::{Found, Spans};
use super::plan::{self, Plan};
use super::schedule::Schedule;
use super::{Config, Defaults, Origin};

/// Where things are in the file.
#[derive(Debug, Default)]
pub struct Places {
    /// The section `[defaults]`.
    pub defaults: Spans,
    /// The section `[profiles]`.
    pub profiles: Spans,
    /// The streams, in the order of the configuration.
    pub streams: Vec<Spans>,
    /// The section `[results]`.
    pub results: Spans,
    /// Each `[[alerts]]`.
    pub alerts: Vec<Spans>,
    /// The section `[http]`.
    pub http: Spans,
    /// The section `[cluster]`.
    pub cluster: Spans,
}

/// A section that isn't about streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `[results]`
    Results,
    /// That one of the `[[alerts]]`, from 0.
    Alerts(usize),
    /// `[http]`
    Http,
    /// `[cluster]`
    Cluster,
}

/// Says what is wrong with the sections that aren't about streams, of what would keep the service from starting.
pub type SectionCheck = fn(&Config) -> Vec<(Section, String)>;

/// All that is wrong.
pub fn errors(results: impl IntoIterator<Item = Result<(), String>>) -> Vec<String> {
    results.into_iter().filter_map(Result::err).collect()
}

/// The first of what is wrong is enough for who can't go on.
pub fn first(wrong: Vec<String>) -> Result<(), String> {
    wrong.into_iter().next().map_or(Ok(()), Err)
}

/// Puts down what is wrong with sections, with its place.
pub fn sections(wrong: Vec<(Section, String)>, places: &Places, found: &mut Found<'_>) {
    for (section, why) in wrong {
        let (name, spans) = match section {
            Section::Results => ("[results]", Some(&places.results)),
            Section::Alerts(n) => ("[[alerts]]", places.alerts.get(n)),
            Section::Http => ("[http]", Some(&places.http)),
            Section::Cluster => ("[cluster]", Some(&places.cluster)),
        };
        // What is wrong begins with its key, if it is about one.
        let key = why.split([':', ' ']).next().unwrap_or_default();
        let place = spans.and_then(|spans| spans.get(key).cloned().or_else(|| of_table(spans)));
        found.note(place, format!("{name} {why}"));
    }
}

/// The plans of all streams, and what is wrong with any.
pub fn check(
    config: &Config,
    places: &Places,
    only: &[String],
    found: &mut Found<'_>,
) -> Vec<Plan> {
    for (name, text) in &config.profiles {
        if let Err(why) = plan::check_profile(name, text) {
            found.note(
                places.profiles.get(name).cloned(),
                format!("profile {name}: {why}"),
            );
        }
    }
    check_defaults(config, places, found);
    let mut plans = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (stream, spans) in config.streams.iter().zip(&places.streams) {
        let place = |key: &str| {
            let of = |spans: &Spans| spans.get(key).cloned();
            of(spans)
                .or_else(|| of(&places.defaults))
                .or_else(|| of_table(spans))
        };
        match known.get(stream.id.as_str()) {
            Some(first) => {
                let (line, _) = found.position(*first);
                let what = format!(
                    "the id {:?} is taken by the stream in line {line}",
                    stream.id
                );
                found.note(place("id"), what);
            }
            None => {
                known.insert(&stream.id, place("id").map_or(0, |span| span.start));
            }
        }
        match Plan::of(stream, Origin::Configuration, config, only) {
            Ok(plan) => plans.push(plan),
            Err(faults) if faults.iter().all(|fault| fault.is_missing) => {
                for fault in faults {
                    found.set_aside(stream, place(&fault.key), fault.what);
                }
            }
            Err(faults) => {
                for fault in faults {
                    found.note(place(&fault.key), fault.what);
                }
            }
        }
    }
    plans
}

fn of_table(spans: &Spans) -> Option<std::ops::Range<usize>> {
    spans.get("").cloned()
}

/// They are wrong even if no stream uses them.
fn check_defaults(config: &Config, places: &Places, found: &mut Found<'_>) {
    let Defaults {
        profile,
        detectors,
        maintenance,
        ..
    } = &config.defaults;
    let place = |key: &str| places.defaults.get(key).cloned();
    if let Err(fault) = plan::choose(profile.as_ref(), detectors.as_ref(), &config.profiles, &[]) {
        found.note(place(&fault.key), fault.what);
    }
    if let Err((n, key, why)) = Schedule::of(maintenance) {
        found.note(place(&format!("maintenance.{n}.{key}")), why);
    }
}
