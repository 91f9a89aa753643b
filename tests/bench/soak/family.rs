// SPDX-License-Identifier: MPL-2.0
//! What the supervisor and its workers have of the machine.

use std::fmt;
use std::time::Duration;

/// What processes have together.
#[derive(Clone, Copy, Default)]
pub struct Footprint {
    /// Proportional set size: pages that processes share count once in all. In MiB.
    pub memory: f64,
    pub threads: usize,
    pub descriptors: usize,
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (memory, threads, descriptors) = (self.memory, self.threads, self.descriptors);
        write!(
            f,
            "{memory:.1} MiB, {threads} threads, {descriptors} descriptors"
        )
    }
}

/// The processes that a process has started.
pub fn workers(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |id: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.to_owned());
        let fields = fields.unwrap_or_default();
        let mut fields = fields.split_whitespace();
        let is_alive = fields.next() != Some("Z");
        is_alive && fields.next() == Some(&parent.to_string())
    };
    let mut ids: Vec<u32> = ids.filter(is_child).collect();
    ids.sort_unstable();
    ids
}

/// What they have together.
pub fn footprint(parent: u32, workers: &[u32]) -> Footprint {
    let mut all = Footprint::default();
    for id in workers.iter().chain([&parent]) {
        let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix("Pss:"));
        let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
        let count = |name: &str| {
            let entries = std::fs::read_dir(format!("/proc/{id}/{name}"));
            entries.map_or(0, Iterator::count)
        };
        all.memory += kilobytes.unwrap_or(0.0) / 1024.0;
        all.threads += count("task");
        all.descriptors += count("fd");
    }
    all
}

/// A figure of a footprint, with its name.
type Figure = (&'static str, fn(&Footprint) -> f64);

/// Prints how much they have grown from the second sixth to the last.
pub fn report(seen: &[(Duration, Footprint)], whole: Duration) {
    let median = |from: u32, value: fn(&Footprint) -> f64| {
        let (from, to) = (whole * from / 6, whole * (from + 1) / 6);
        let within = seen.iter().filter(|(at, _)| from <= *at && *at < to);
        let mut values: Vec<f64> = within.map(|(_, footprint)| value(footprint)).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let values: [Figure; 3] = [
        ("MiB of memory", |f| f.memory),
        ("threads", |f| f.threads as f64),
        ("descriptors", |f| f.descriptors as f64),
    ];
    for (name, value) in values {
        let (first, last) = (median(1, value), median(5, value));
        let growth = (last / first - 1.0) * 100.0;
        println!("{name}: {first:.0}, at the end {last:.0}: {growth:+.1} %");
    }
}
