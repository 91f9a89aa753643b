// SPDX-License-Identifier: MPL-2.0
//! Whether the receivers can work as configured, as far as that is known before something is sent.

use super::super::config::alerts::{AlertConfig, Receiver};
use super::super::config::check::errors;
use super::notice::{SEVERITIES, rank};
use super::webhook::Webhook;
use super::{UNWATCHED, mqtt};

/// Kinds that streams as a whole report: no data, or picture and sound gone.
const OF_STREAMS: [&str; 4] = ["lost", "outage", "quarantined", UNWATCHED];

/// What is wrong with any of the receivers: which of them, by its place, and why.
pub fn check(configs: &[AlertConfig]) -> Vec<(usize, String)> {
    let wrong = |(n, config): (usize, &AlertConfig)| {
        let mut others = configs[..n].iter();
        let is_taken = others.any(|other| other.name() == config.name());
        let taken = is_taken.then(|| {
            "there are two of that name; give them names of their own with name = \"...\""
                .to_owned()
        });
        let all = taken.into_iter().chain(check_one(config));
        all.map(move |why| (n, why)).collect::<Vec<_>>()
    };
    configs.iter().enumerate().flat_map(wrong).collect()
}

/// What is wrong with a receiver.
pub fn check_one(config: &AlertConfig) -> Vec<String> {
    let rules = &config.rules;
    let from_one = |key: &str, number: Option<u64>| match number {
        Some(0) => Err(format!("{key}: takes a number from 1")),
        _ => Ok(()),
    };
    let mut wrong = errors([
        least_severity(config).map(drop),
        check_kinds(config),
        from_one("repeat-minutes", rules.repeat_minutes),
        from_one("expire-hours", Some(rules.expire_hours)),
    ]);
    wrong.extend(match &config.to {
        Receiver::Stdout => Vec::new(),
        Receiver::Webhook(config) => Webhook::check(config),
        Receiver::Alertmanager(config) => Webhook::check_alertmanager(config),
        Receiver::Mqtt(config) => mqtt::check(config),
    });
    wrong
}

/// The rank of the least severity that a receiver wants.
///
/// # Errors
/// If there is no severity of that name.
pub fn least_severity(config: &AlertConfig) -> Result<usize, String> {
    match config.rules.severity.as_deref() {
        None => Ok(0),
        Some(wanted) if SEVERITIES.contains(&wanted) => Ok(rank(wanted)),
        Some(wanted) => Err(format!(
            "severity {wanted:?}: there are {}",
            SEVERITIES.join(", ")
        )),
    }
}

fn check_kinds(config: &AlertConfig) -> Result<(), String> {
    let all = gstdefect::detectors::all();
    let kinds = all.iter().flat_map(|e| e.info.kinds).map(|k| k.name);
    let known: Vec<_> = kinds.chain(OF_STREAMS).collect();
    let wanted = config.rules.kinds.iter().map(String::as_str);
    let unknown: Vec<_> = wanted.filter(|kind| !known.contains(kind)).collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "kinds: there is no \"{}\"; there are {}",
            unknown.join("\", no \""),
            known.join(", ")
        )),
    }
}
