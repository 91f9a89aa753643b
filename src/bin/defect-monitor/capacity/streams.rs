// SPDX-License-Identifier: MPL-2.0
//! The streams of a configuration.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::address::Address;
use super::super::analysis::Analysis;
use super::super::service::config::{Plan, load};
use super::super::service::stream;
use super::watch::Subject;

/// Those that can't be measured say why.
type Subjects = Vec<Result<Subject, String>>;

/// Each with its own detectors, and the share of the machine that they may take; an error if the configuration is wrong.
pub fn of(file: &Path, length: Option<Duration>) -> Result<(Subjects, f64), String> {
    let loaded = load::read_streams(file).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        problems.join("\n")
    })?;
    let watched = loaded.plans.iter().filter(|plan| plan.is_watched());
    let subjects = watched.map(|plan| subject(plan, length)).collect();
    Ok((subjects, loaded.config.capacity.headroom))
}

/// As the service would watch it.
fn subject(plan: &Plan, length: Option<Duration>) -> Result<Subject, String> {
    let analysis = Analysis {
        analyse: plan.analyse,
        program: plan.config.program,
    };
    let uri = plan.uri.clone();
    let named = |why: String| format!("{}: {}", plan.id, plan.uri.redact(&why));
    let address = Address::of(plan.uri.plain.as_ref()).map_err(named)?;
    Ok(Subject {
        label: plan.id.to_string(),
        length: length.unwrap_or(super::length(analysis, &address)),
        address,
        choice: Arc::new(stream::choice(plan).map_err(named)?),
        analysis,
        measures_alone: false,
        redact: Box::new(move |text| uri.redact(text)),
    })
}
