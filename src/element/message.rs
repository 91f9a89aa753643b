// SPDX-License-Identifier: MPL-2.0
//! Findings and measurements as the structures of element messages. The reading side is [`crate::message`].

use gst::glib;

use super::stamps::Stamp;
use crate::detector::{Finding, Info, Measurement, Severity, State};
use crate::media::Ns;
use crate::message::{DEFECT, MEASUREMENT};

/// The segment in force: what turns a buffer's time into stream time and running time.
pub type Segment = gst::FormattedSegment<gst::ClockTime>;

/// What a message needs beyond the finding.
pub struct Context<'a> {
    /// The detector's texts.
    pub info: &'static Info,
    /// The severity of its defects.
    pub severity: Severity,
    /// Whether messages name a channel.
    pub has_channels: bool,
    /// The segment in force.
    pub segment: Option<&'a Segment>,
}

/// The defect message; `stamp`: timecode and reference time of the buffer at which the defect started.
pub fn defect(finding: Finding, stamp: Stamp, context: &Context<'_>) -> gst::Structure {
    let Finding {
        kind,
        channel,
        state,
        id,
        at,
        duration,
        observation,
        count,
    } = finding;
    let mut s = Fields(gst::Structure::new_empty(DEFECT));
    s.set("kind", context.info.kinds[kind].name);
    s.set(
        "state",
        match state {
            State::Begin => "begin",
            State::Ongoing => "ongoing",
            State::End(_) => "end",
        },
    );
    s.set("id", id);
    s.set("severity", context.severity.nick());
    s.times(at, duration, context.segment);
    s.number("value", observation.value);
    s.number("threshold", observation.threshold);
    s.number("confidence", observation.confidence.clamp(0.0, 1.0));
    if let Some(detail) = observation.detail {
        s.set("detail", &*detail);
    }
    if context.has_channels {
        s.set("channel", channel.map_or(-1, |c| c as i32));
    }
    if let Some(area) = observation.area {
        s.set("x", area.x);
        s.set("y", area.y);
        s.set("width", area.width);
        s.set("height", area.height);
    }
    for (name, value) in observation.extra.into_iter().flatten() {
        s.number(name, value);
    }
    if let Some(timecode) = stamp.timecode {
        s.set("timecode", timecode);
    }
    if let Some(reference) = stamp.reference {
        s.set("reference-time", reference);
    }
    if let Some(count) = count {
        s.set("count", count);
    }
    if let State::End(reason) = state {
        s.set("reason", reason.name());
    }
    s.0
}

/// The measurement message.
pub fn measurement(
    measurement: &Measurement,
    names: &[String],
    context: &Context<'_>,
) -> gst::Structure {
    let mut s = Fields(gst::Structure::new_empty(MEASUREMENT));
    s.set("kind", context.info.kinds[measurement.kind].name);
    s.set("status", measurement.status.name());
    s.times(
        measurement.span.start,
        measurement.span.duration(),
        context.segment,
    );
    for (name, value) in names.iter().zip(&measurement.values) {
        if !value.is_nan() {
            s.number(name, *value);
        }
    }
    s.0
}

struct Fields(gst::Structure);

impl Fields {
    fn set(&mut self, name: &str, value: impl Into<glib::Value> + Send) {
        self.0.set(name, value);
    }

    /// Sets a number; numbers in messages are finite, whatever a detector made of absurd input.
    fn number(&mut self, name: &str, value: f64) {
        let value = if value.is_nan() {
            0.0
        } else {
            value.clamp(f64::MIN, f64::MAX)
        };
        self.0.set(name, value);
    }

    /// Sets the times in all three time bases; those that the instant doesn't have are left out.
    fn times(&mut self, at: Ns, duration: Ns, segment: Option<&Segment>) {
        self.set("timestamp", at);
        let time = gst::ClockTime::from_nseconds(at.min(u64::MAX - 1));
        if let Some(stream_time) = segment.and_then(|s| s.to_stream_time(time)) {
            self.set("stream-time", stream_time.nseconds());
        }
        if let Some(running_time) = segment.and_then(|s| s.to_running_time(time)) {
            self.set("running-time", running_time.nseconds());
        }
        self.set("duration", duration);
    }
}
