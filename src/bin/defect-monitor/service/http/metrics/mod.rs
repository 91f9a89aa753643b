// SPDX-License-Identifier: MPL-2.0
//! `/metrics`, in the OpenMetrics text format.
//!
//! Time series per stream: 13 that every stream has, 2 to 5 for each of its detectors, 2 for each kind of defect that it ever had, up to
//! 6 measures. With 16 detectors that is about 53, so 500 streams are some 26,000 series (a test counts them); Prometheus keeps
//! millions. Kinds that never happened and statuses that no second had aren't there.

use std::fmt::{Error, Write};
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::super::board::{Board, State, StreamSheet};
use super::super::parts::{PartHealth, Parts};
use crate::machine;

mod detectors;
mod workers;

use detectors::{of_detectors, of_episodes, of_measures};
use workers::of_workers;

/// The content type of what [`text`] gives.
pub const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug)]
struct Source {
    board: Arc<Board>,
    parts: Parts,
}

/// All metrics.
pub fn metrics(board: Arc<Board>, parts: Parts) -> Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Source { board, parts }));
    let mut out = String::new();
    text::encode(&mut out, &registry)?;
    Ok(out)
}

impl Collector for Source {
    fn encode(&self, encoder: DescriptorEncoder) -> Result<(), Error> {
        let sheets = self.board.sheets();
        let mut out = Families(encoder);
        of_process(&mut out, &self.board)?;
        of_workers(&mut out, &self.board)?;
        of_streams(&mut out, &sheets)?;
        of_detectors(&mut out, &sheets)?;
        of_episodes(&mut out, &sheets)?;
        of_measures(&mut out, &sheets)?;
        of_parts(&mut out, &self.parts)
    }
}

/// Writes families of metrics.
struct Families<'a>(DescriptorEncoder<'a>);

/// Writes the values of one.
struct Values<'a>(MetricEncoder<'a>, MetricType);

impl Families<'_> {
    fn family(
        &mut self,
        kind: MetricType,
        name: &str,
        help: &str,
        values: impl FnOnce(&mut Values) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let encoder = self.0.encode_descriptor(name, help, None, kind)?;
        values(&mut Values(encoder, kind))
    }

    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        values: impl FnOnce(&mut Values) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.family(MetricType::Gauge, name, help, values)
    }

    /// `name` without `_total`.
    fn counter(
        &mut self,
        name: &str,
        help: &str,
        values: impl FnOnce(&mut Values) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.family(MetricType::Counter, name, help, values)
    }
}

impl Values<'_> {
    fn put(&mut self, labels: &impl EncodeLabelSet, value: f64) -> Result<(), Error> {
        let mut metric = self.0.encode_family(labels)?;
        match self.1 {
            MetricType::Counter => {
                metric.encode_counter::<[(&str, &str); 0], f64, f64>(&value, None)
            }
            _ => metric.encode_gauge(&value),
        }
    }
}

fn of_process(out: &mut Families, board: &Board) -> Result<(), Error> {
    out.family(MetricType::Info, "defect_monitor", "The program", |v| {
        v.0.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    })?;
    let started = board.started().as_millisecond() as f64 / 1e3;
    out.gauge(
        "process_start_time_seconds",
        "When the process started, in Unix time",
        |v| v.0.encode_gauge(&started),
    )?;
    let cpu = machine::process_cpu().as_secs_f64();
    out.counter(
        "process_cpu_seconds",
        "Processor time of the process, without its workers",
        |v| {
            v.0.encode_counter::<[(&str, &str); 0], f64, f64>(&cpu, None)
        },
    )?;
    out.gauge(
        "process_resident_memory_bytes",
        "Memory of the process, without its workers",
        |v| v.0.encode_gauge(&(machine::resident() as f64)),
    )
}

fn of_streams(out: &mut Families, sheets: &[StreamSheet]) -> Result<(), Error> {
    out.family(
        MetricType::Info,
        "defect_stream",
        "The labels of a stream, with the prefix label_",
        |v| {
            sheets.iter().try_for_each(|s| {
                let own = s.labels.iter().map(|(k, v)| (label_name(k), v.clone()));
                let mut labels = vec![("stream".to_owned(), s.id.to_string())];
                labels.extend(own);
                v.0.encode_info(&labels)
            })
        },
    )?;
    out.gauge(
        "defect_stream_state",
        "1 for the state that a stream is in, 0 for the others",
        |v| {
            for sheet in sheets {
                for state in State::ALL {
                    let labels = [("stream", &*sheet.id), ("state", state.name())];
                    v.put(&labels, flag(sheet.state == state))?;
                }
            }
            Ok(())
        },
    )?;
    type Value = fn(&StreamSheet) -> Option<f64>;
    let gauges: [(&str, &str, Value); 4] = [
        (
            "defect_stream_up",
            "1 if a stream's data comes and is watched",
            |s| Some(flag(s.state == State::Watching)),
        ),
        (
            "defect_stream_last_result_timestamp_seconds",
            "When a stream gave a result last, good or bad, in Unix time",
            |s| s.heard.map(|at| at.as_millisecond() as f64 / 1e3),
        ),
        (
            "defect_stream_analysed_ratio",
            "Share of the pictures that is analysed",
            |s| Some(s.analysed),
        ),
        (
            "defect_stream_lag_seconds",
            "How far the analysis is behind real time",
            |s| Some(s.usage.lag_seconds),
        ),
    ];
    for (name, help, value) in gauges {
        out.gauge(name, help, |v| per_stream(v, sheets, value))?;
    }
    let counters: [(&str, &str, Value); 4] = [
        (
            "defect_stream_cpu_seconds",
            "Processor time of a stream's threads",
            |s| Some(s.usage.cpu_seconds),
        ),
        (
            "defect_stream_restarts",
            "How often a stream, decoder and all, was started again",
            |s| Some(s.usage.restarts as f64),
        ),
        (
            "defect_stream_buffers",
            "Pictures and blocks of sound that were analysed",
            |s| Some(s.usage.buffers as f64),
        ),
        (
            "defect_stream_picture_failures",
            "Thumbnails and pictures of defects that couldn't be made",
            |s| Some(s.usage.picture_failures as f64),
        ),
    ];
    for (name, help, value) in counters {
        out.counter(name, help, |v| per_stream(v, sheets, value))?;
    }
    Ok(())
}

fn per_stream(
    values: &mut Values,
    sheets: &[StreamSheet],
    value: fn(&StreamSheet) -> Option<f64>,
) -> Result<(), Error> {
    let known = sheets.iter().filter_map(|s| Some((s, value(s)?)));
    for (sheet, value) in known {
        values.put(&[("stream", &*sheet.id)], value)?;
    }
    Ok(())
}

fn of_parts(out: &mut Families, parts: &Parts) -> Result<(), Error> {
    out.gauge(
        "defect_part_state",
        "1 for the state that a part of the process is in, 0 for the others",
        |v| {
            for part in parts.list() {
                let now = match part.health {
                    PartHealth::Fine => "fine",
                    PartHealth::Degraded(_) => "degraded",
                    PartHealth::Broken(_) => "broken",
                };
                for state in ["fine", "degraded", "broken"] {
                    let labels = [("part", part.name.as_str()), ("state", state)];
                    v.put(&labels, flag(state == now))?;
                }
            }
            Ok(())
        },
    )?;
    for (name, number) in parts.numbers() {
        let kind = if number.counts {
            MetricType::Counter
        } else {
            MetricType::Gauge
        };
        out.family(kind, name, number.help.trim_end_matches('.'), |v| {
            let mut values = number.values.iter();
            values.try_for_each(|(part, value)| v.put(&[("part", part.as_str())], *value))
        })?;
    }
    Ok(())
}

fn flag(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// A label's name as Prometheus takes it.
fn label_name(name: &str) -> String {
    let mut out = String::from("label_");
    for c in name.chars() {
        let fits = c.is_ascii_alphanumeric() || c == '_';
        // Writing to a string can't fail.
        let _ = out.write_char(if fits { c } else { '_' });
    }
    out
}
