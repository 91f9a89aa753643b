// SPDX-License-Identifier: MPL-2.0
//! The sections of the configuration that aren't about streams.

use super::super::alerts;
use super::super::config::Config;
use super::super::config::check::Section;
use super::super::config::cluster::ClusterConfig;
use super::super::config::results::ResultsConfig;
use super::super::{http, results};

/// Each section that takes effect at the start alone, and whether its changes wait for a restart.
pub fn that_need_a_restart(started: &Config, now: &Config) -> [(&'static str, bool); 4] {
    let stores = (started.results.as_ref(), now.results.as_ref());
    [
        ("[results]", !is_same_store(stores.0, stores.1)),
        ("[state]", now.state != started.state),
        ("[http]", now.http != started.http),
        ("[cluster]", now.cluster != started.cluster),
    ]
}

/// Whether they differ at most in how much is kept, which needs no restart.
fn is_same_store(one: Option<&ResultsConfig>, other: Option<&ResultsConfig>) -> bool {
    let without_limits = |config: &ResultsConfig| ResultsConfig {
        retention_days: None,
        retention_bytes: None,
        ..config.clone()
    };
    one.map(without_limits) == other.map(without_limits)
}

/// Says what is wrong with the sections that aren't about streams.
pub fn check_sections(config: &Config) -> Vec<(Section, String)> {
    let of = |section, wrong: Option<Vec<String>>| {
        let wrong = wrong.unwrap_or_default().into_iter();
        wrong.map(move |why| (section, why))
    };
    let alerts = alerts::check(&config.alerts).into_iter();
    let mut wrong: Vec<_> = alerts.map(|(n, why)| (Section::Alerts(n), why)).collect();
    wrong.extend(of(
        Section::Results,
        config.results.as_ref().map(results::check),
    ));
    wrong.extend(of(Section::Http, config.http.as_ref().map(http::check)));
    wrong.extend(of(
        Section::Cluster,
        config.cluster.as_ref().map(ClusterConfig::check),
    ));
    wrong
}
