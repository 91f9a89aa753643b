// SPDX-License-Identifier: MPL-2.0
//! A message as a line: for people, or as JSON.

use gstdefect::{DefectMessage, MeasurementMessage};
use serde::Serialize;

use super::screen::{Style, paint};
use super::{time, unit};

/// Where a message comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// What is played.
    pub uri: &'a str,
    /// The same for people; none if there is only one.
    pub label: Option<&'a str>,
    /// The stream in it.
    pub stream: &'a str,
    /// How many channels it has, if it is sound.
    pub channels: i32,
}

#[derive(Serialize)]
struct Json<'a, T> {
    uri: &'a str,
    stream: &'a str,
    #[serde(flatten)]
    message: &'a T,
}

/// As one line of JSON.
pub fn json<T: Serialize>(origin: &Origin<'_>, message: &T) -> String {
    let line = Json {
        uri: origin.uri,
        stream: origin.stream,
        message,
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// The kind with its sub-kind.
pub fn kind(defect: &DefectMessage) -> String {
    match &defect.detail {
        Some(detail) => format!("{}/{detail}", defect.kind),
        None => defect.kind.clone(),
    }
}

/// When it started, in stream time if it has one.
pub fn start(defect: &DefectMessage) -> u64 {
    defect
        .stream_time
        .or(defect.running_time)
        .unwrap_or(defect.timestamp)
}

/// A defect for people.
pub fn defect(colour: bool, origin: &Origin<'_>, d: &DefectMessage) -> String {
    let begins = d.state == "begin";
    let at = if begins {
        start(d)
    } else {
        start(d).saturating_add(d.duration)
    };
    let style = match (d.state.as_str(), d.severity.as_str()) {
        ("end", _) => Style::Green,
        (_, "error" | "critical") => Style::Red,
        (_, "warning") => Style::Yellow,
        _ => Style::Cyan,
    };
    let mut parts = vec![
        format!("{:>11}", time::clock(at)),
        paint(colour, style, &format!("{:<7}", d.state)),
        format!("{:<8}", d.severity),
        paint(colour, Style::Bold, &format!("{:<22}", kind(d))),
        place(origin),
    ];
    parts.extend(d.channel.map(|c| channel(c, origin.channels)));
    if !begins {
        parts.push(format!("lasted {}", time::clock(d.duration)));
    }
    let unit = unit::of(&d.kind);
    parts.push(format!(
        "{} (limit {})",
        unit::number(d.value, unit),
        unit::number(d.threshold, unit)
    ));
    parts.extend(d.count.filter(|n| *n > 1).map(|n| format!("{n} times")));
    parts.extend(
        d.area
            .map(|[x, y, w, h]| format!("area {w}x{h} at {x},{y}")),
    );
    if d.confidence < 0.995 {
        parts.push(format!("{:.0} % sure", d.confidence * 100.0));
    }
    parts.extend(d.timecode.as_ref().map(|t| format!("timecode {t}")));
    let reason = d.reason.as_deref().filter(|r| *r != "cleared");
    parts.extend(reason.map(|r| paint(colour, Style::Dim, &format!("ended by {r}"))));
    parts.join("  ")
}

/// A measurement for people. `None` if nothing was measured, as in the last moment of a stream.
pub fn measurement(colour: bool, origin: &Origin<'_>, m: &MeasurementMessage) -> Option<String> {
    if m.measures.is_empty() {
        return None;
    }
    let at = m.stream_time.or(m.running_time).unwrap_or(m.timestamp);
    let values: Vec<_> = m
        .measures
        .iter()
        .map(|(name, value)| {
            let unit = unit::of_measure(&m.kind, name);
            format!("{name} {}", unit::number(*value, unit))
        })
        .collect();
    let line = format!(
        "{:>11}  measure  {:<12}  {:<17}  {}  {}",
        time::clock(at),
        m.status,
        m.kind,
        place(origin),
        values.join("  ")
    );
    Some(paint(colour, Style::Dim, line.trim_end()))
}

fn place(origin: &Origin<'_>) -> String {
    match origin.label {
        Some(label) => format!("{label} {:<7}", origin.stream),
        None => format!("{:<7}", origin.stream),
    }
}

/// Channels are counted from 0, as in the message.
fn channel(channel: i32, channels: i32) -> String {
    match (channel, channels) {
        (..0, _) => "all channels".to_owned(),
        (0, 2) => "channel 0 (left)".to_owned(),
        (1, 2) => "channel 1 (right)".to_owned(),
        (n, _) => format!("channel {n}"),
    }
}
