// SPDX-License-Identifier: MPL-2.0
//! Streams of any sort that stop, and timestamps that don't continue.
//!
//! A detector that is driven by buffers is blind when there are none. This one is also called by a timer, see
//! [`timing`](crate::detector::timing). Pauses, flushes and the time after the end of the stream don't count, nor does a gap that
//! the stream announces.
//!
//! Sources: a step between the end of a buffer and the next of more than half a frame, and at least 1 ms, is what is commonly
//! called a gap; timestamps at least every 700 ms in coded streams: ETSI TR 101 290. The rest is chosen: 2 s until a stall is
//! reported, as for black and silence.

use crate::detector::{
    BufferTiming, Common, Detector, Direction, Episodes, Info, Observation, Severity,
    TimingDetector, timing::Idle,
};
use crate::media::{
    MS, Ns, SECOND, Span,
    timestamps::{StreamFormat, TimestampCheck},
};

crate::settings! {
    /// Settings of `stalldetect`.
    pub struct StallSettings {
        /// Whether a stream that hasn't begun can stall, counted from when the element plays
        "before-first" before_first: bool = true;
        /// By how much each timestamp may miss the end of the buffer before, in ms (0: judged by the distances that are usual in the
        /// stream)
        "tolerance" tolerance: f64 = 0.0, in 0.0..=60_000.0;
    }
}

crate::kinds! {
    /// What `stalldetect` reports.
    pub enum StallKind {
        Stall {
            name: "stall",
            value: "time without data in real time (by the monotonic clock), in ms; duration counts the same way",
            unit: "ms",
            direction: Direction::HigherIsWorse,
            details: &[
                ("no-data", "nothing came any more"),
                ("not-begun", "nothing has come yet"),
                (
                    "blocked",
                    "the next element doesn't take what came last, so that nothing can come",
                ),
            ],
        },
        TimestampGap {
            name: "timestamp-gap",
            value: "distance of the timestamp from the end of the buffer before, in ms; for `missing`, how long there have been no \
            timestamps",
            unit: "ms",
            direction: Direction::HigherIsWorse,
            details: &[
                ("gap", "time is missing between two buffers"),
                (
                    "overlap",
                    "a buffer begins before the one before it ends, or two pictures have the same time",
                ),
                ("backwards", "a buffer is earlier than the one before it"),
                ("missing", "buffers without a timestamp"),
            ],
        },
    }
}

crate::measures! {
    /// What `stalldetect` measures.
    pub struct StallMeasures {
        /// buffers per second of stream time
        "rate" rate: f64 => "/s",
        /// pictures per second that the stream declares; absent if it doesn't
        "declared-rate" declared_rate: f64 => "/s",
        /// timestamps in the interval that missed the end of the buffer before, or were missing
        "gaps" gaps: f64,
        /// longest time between two buffers in real time, in ms
        "longest-wait" longest_wait: f64 => "ms",
    }
}

const INFO: Info = Info {
    element: "stalldetect",
    type_name: "GstDefectStallDetect",
    long_name: "Stall detector",
    description: "Reports streams of any sort that stop, in real time, and timestamps that don't go on",
    kinds: StallKind::LIST,
    measures: StallMeasures::LIST,
};

/// In coded streams not every buffer needs a timestamp (TR 101 290, 2.5: PTS_error).
const UNSTAMPED: Ns = 700 * MS;

/// The detector.
#[derive(Debug)]
pub struct Stall {
    format: StreamFormat,
    /// Start of the last buffer before the interval, or of the first buffer; and start of the latest buffer.
    from: Option<Ns>,
    until: Option<Ns>,
    buffers: u64,
    gaps: u64,
    longest: Ns,
}

impl Detector for Stall {
    type Medium = BufferTiming;
    type Settings = StallSettings;
    type Kind = StallKind;
    type Measures = StallMeasures;
    const INFO: &'static Info = &INFO;
    // A stall ends with the first buffer; gaps within a second of each other are one episode.
    const COMMON: Common = Common::new(Severity::Error, 2 * SECOND, SECOND);

    fn new(format: &StreamFormat) -> Self {
        Self {
            format: *format,
            from: None,
            until: None,
            buffers: 0,
            gaps: 0,
            longest: 0,
        }
    }

    fn push(
        &mut self,
        span: Span,
        check: TimestampCheck,
        settings: &StallSettings,
        episodes: &mut Episodes<StallKind>,
    ) {
        // The rate counts distances between buffers, so not the first buffer of a stream.
        if self.from.is_some() {
            self.buffers += 1;
        }
        self.from = self.from.or(Some(span.start));
        self.until = Some(span.start);
        let end = match self.judge(span, &check, settings) {
            Some(wrong) => {
                self.gaps += 1;
                let seen = Observation::present_if(true, ms(wrong.error), ms(wrong.tolerance));
                episodes.observe_isolated(
                    StallKind::TimestampGap,
                    None,
                    wrong.span,
                    seen.detail(wrong.detail),
                );
                // The timestamps after a confirmed break are right.
                check.unstamped.is_none().then_some(wrong.span.end)
            }
            None => Some(span.start),
        };
        if let Some(end) = end {
            let since = Span::new(end.min(span.end), span.end);
            episodes.clear(StallKind::TimestampGap, None, since);
        }
        episodes.clear(StallKind::Stall, None, span);
    }

    fn measure(&mut self) -> StallMeasures {
        let rate = match (self.from, self.until) {
            (Some(from), Some(until)) if until > from => {
                self.buffers as f64 * SECOND as f64 / (until - from) as f64
            }
            _ => f64::NAN,
        };
        let declared = self.format.frame_duration.filter(|d| *d > 0);
        let declared = declared.map_or(f64::NAN, |d| SECOND as f64 / d as f64);
        let measures = StallMeasures {
            rate,
            declared_rate: declared,
            gaps: self.gaps as f64,
            longest_wait: ms(self.longest),
        };
        *self = Self {
            from: self.until,
            ..Self::new(&self.format)
        };
        measures
    }
}

impl TimingDetector for Stall {
    /// The limit is `min-duration`; the length of the last buffer is added if it is longer than that.
    fn timeout(idle: &Idle, common: &Common, settings: &StallSettings) -> Option<Ns> {
        let limit = common.min_duration;
        let own = Some(idle.duration).filter(|duration| *duration > limit);
        (settings.before_first || !idle.first).then(|| limit.saturating_add(own.unwrap_or(0)))
    }

    fn on_timeout(
        &mut self,
        idle: Idle,
        settings: &StallSettings,
        episodes: &mut Episodes<StallKind>,
    ) {
        if let Some(limit) = Self::timeout(&idle, episodes.common(), settings) {
            observe_stall(&idle, limit, episodes);
        }
    }

    fn on_resume(&mut self, idle: Idle, episodes: &mut Episodes<StallKind>) {
        if episodes.is_open(StallKind::Stall, None) {
            // The stall has lasted until now.
            observe_stall(&idle, episodes.common().min_duration, episodes);
        }
        let end = idle.position.saturating_add(idle.lasted);
        episodes.end_at(StallKind::Stall, None, end);
    }

    fn on_buffer(&mut self, waited: Ns) {
        self.longest = self.longest.max(waited);
    }
}

fn observe_stall(idle: &Idle, limit: Ns, episodes: &mut Episodes<StallKind>) {
    let detail = if idle.first {
        "not-begun"
    } else if idle.blocked {
        "blocked"
    } else {
        "no-data"
    };
    let span = Span::new(idle.position, idle.position.saturating_add(idle.lasted));
    let seen = Observation::present_if(true, ms(idle.lasted), ms(limit)).min_duration(limit);
    episodes.observe(StallKind::Stall, None, span, seen.detail(detail));
}

/// A timestamp that is wrong.
struct Wrong {
    /// Error of the timestamp, and the error that is allowed, in ns.
    error: Ns,
    tolerance: Ns,
    detail: &'static str,
    /// The time that is missing; empty, at the start of the buffer, if none is.
    span: Span,
}

impl Stall {
    fn judge(&self, span: Span, check: &TimestampCheck, settings: &StallSettings) -> Option<Wrong> {
        if let Some(unstamped) = check.unstamped {
            let limit = if self.format.raw { 0 } else { UNSTAMPED };
            return (self.format.raw || unstamped > limit).then_some(Wrong {
                error: unstamped,
                tolerance: limit,
                detail: "missing",
                span: Span::new(span.start, span.start),
            });
        }
        if settings.tolerance > 0.0 {
            let late = check.late?;
            let tolerance = (settings.tolerance * MS as f64) as Ns;
            return (late.unsigned_abs() > tolerance).then(|| Wrong {
                error: late.unsigned_abs(),
                tolerance,
                detail: match late {
                    1.. => "gap",
                    _ if late.unsigned_abs() > check.duration.saturating_add(tolerance) => {
                        "backwards"
                    }
                    _ => "overlap",
                },
                span: Span::new(span.start.saturating_sub(late.max(0) as Ns), span.start),
            });
        }
        let broken = check.broken?;
        let detail = match broken.error() {
            _ if broken.backwards => "backwards",
            1.. => "gap",
            _ => "overlap",
        };
        Some(Wrong {
            error: broken.error().unsigned_abs(),
            tolerance: broken.tolerance,
            detail,
            span: Span::new(broken.expected.min(broken.at), broken.at),
        })
    }
}

fn ms(time: Ns) -> f64 {
    time as f64 / MS as f64
}

#[cfg(test)]
mod tests;
