// SPDX-License-Identifier: MPL-2.0
//! Collects messages and warnings while a lock is held; they are posted after it is released.

use gst::prelude::*;

use super::{
    CAT,
    message::{self, Context, Segment},
    stamps::{BufferStamps, Stamps},
    timeline::Timeline,
};
use crate::detector::{Common, Detector, Finding, Info, Input, Medium, Report, Severity, State};
use crate::media::{LATEST, Ns, Span};

/// Turns reports into messages, with the times of the segment in force.
pub struct Outbox {
    info: &'static Info,
    /// The time base of reports.
    time_base: TimeBase,
    has_channels: bool,
    /// Field names of a measurement.
    names: Vec<String>,
    timeline: Timeline,
    stamps: Stamps,
    /// Warnings that were posted already.
    warned: Vec<(WarningTopic, String)>,
    /// Open episodes that began while nothing was to be posted.
    withheld: Vec<u64>,
    posts: Posts,
}

/// The time base of a detector's reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeBase {
    /// The timeline of the one stream.
    Timeline,
    /// Running time, since there are several streams.
    Running,
}

/// The topic of a warning, which decides how often it is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningTopic {
    /// A format that can't be analysed: once for each of them.
    Caps,
    /// Buffers that can't be analysed: once, for they may differ in every number.
    Buffer,
    /// Missing timestamps: once.
    Times,
    /// Something that a detector was asked for and can't do: once for each thing.
    Settings,
    /// The detector failed: each time.
    Failure,
}

impl WarningTopic {
    /// Its name in the details of the warning message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Caps => "caps",
            Self::Buffer => "buffer",
            Self::Times => "times",
            Self::Settings => "settings",
            Self::Failure => "failure",
        }
    }
}

/// Name of the structure in the details of a warning message; its field `topic` is the name of a [`WarningTopic`].
pub const WARNING: &str = "defect-warning";

/// Messages and warnings, in order.
#[derive(Default)]
pub struct Posts {
    log: Vec<String>,
    messages: Vec<gst::Structure>,
    warnings: Vec<(WarningTopic, String)>,
}

/// The most warnings that a stream gets; further ones are dropped.
const MAX_WARNINGS: usize = 16;

impl Outbox {
    /// For an element with that detector.
    pub fn new<D: Detector>() -> Self {
        let input = D::Medium::INPUT;
        Self {
            info: D::INFO,
            time_base: if input == Input::Pair {
                TimeBase::Running
            } else {
                TimeBase::Timeline
            },
            has_channels: input == Input::Sound,
            names: Vec::new(),
            timeline: Timeline::default(),
            stamps: Stamps::default(),
            warned: Vec::new(),
            withheld: Vec::new(),
            posts: Posts::default(),
        }
    }

    /// Sets the number of channels that have measures of their own.
    pub fn set_channels(&mut self, channels: usize) {
        self.names = self.info.measure_names(channels);
    }

    /// Sets the segment; times begin anew in it.
    pub fn set_segment(&mut self, segment: Option<Segment>) {
        self.timeline.restart(segment);
    }

    /// Sets the segment when the stream is at `position`. Returns whether the stream may go on in it.
    pub fn begin_segment(&mut self, segment: Option<Segment>, position: Option<Ns>) -> bool {
        self.timeline.begin(segment, position)
    }

    /// Converts times of buffers to those of reports.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Converts a time of a buffer to the timeline.
    pub fn time(&self, time: Option<gst::ClockTime>) -> Option<Ns> {
        Some(self.timeline.of_buffer(time?.nseconds()))
    }

    /// Notes the timecode and the reference time of a buffer, for messages about it.
    pub fn note(&mut self, buffer: BufferStamps) {
        self.stamps.note(buffer);
    }

    /// Forgets the stamps of buffers, since times begin anew.
    pub fn forget_stamps(&mut self) {
        self.stamps.reset();
    }

    /// Forgets the segment, and which warnings were posted: the next stream gets them again. Called when the element stops.
    pub fn forget_warnings(&mut self) {
        self.timeline = Timeline::default();
        self.warned.clear();
    }

    /// Adds a warning, unless it repeats one of the same topic.
    pub fn warn(&mut self, topic: WarningTopic, text: String) {
        let same = |said: &(WarningTopic, String)| match topic {
            WarningTopic::Failure => false,
            WarningTopic::Caps | WarningTopic::Settings => *said == (topic, text.clone()),
            WarningTopic::Buffer | WarningTopic::Times => said.0 == topic,
        };
        if !self.warned.iter().any(same) && self.warned.len() < MAX_WARNINGS {
            self.warned.push((topic, text.clone()));
            self.posts.warnings.push((topic, text));
        }
    }

    /// Adds lines for the debugging log.
    pub fn log(&mut self, lines: Vec<String>) {
        self.posts.log.extend(lines);
    }

    /// Adds reports, to be posted with the times of the segment in which each began, if the settings want them to be.
    pub fn add(&mut self, reports: Vec<Report>, common: &Common) {
        let severity = common.severity;
        for report in reports {
            match report {
                Report::Defect(finding) if self.withholds(&finding, common.post_messages) => {}
                Report::Measurement(_) if !common.post_messages => {}
                Report::Defect(mut finding) => {
                    let stamp = self.stamps.of(&finding);
                    let start = self.timeline.episode_start(finding.at);
                    let span = Span::new(start, start.saturating_add(finding.duration));
                    let (span, segment) = self.place(span);
                    (finding.at, finding.duration) = (span.start, span.duration());
                    let context = self.context(severity, segment);
                    let message = message::defect(finding, stamp, &context);
                    self.posts.messages.push(message);
                }
                Report::Measurement(mut measurement) => {
                    let (span, segment) = self.place(measurement.span);
                    measurement.span = span;
                    let context = self.context(severity, segment);
                    let message = message::measurement(&measurement, &self.names, &context);
                    self.posts.messages.push(message);
                }
                Report::Warning(text) => self.warn(WarningTopic::Settings, text),
            }
        }
    }

    /// Whether the settings keep a finding from being posted. An episode is posted from begin to end or not at all,
    /// as `wanted` says when it begins.
    fn withholds(&mut self, finding: &Finding, wanted: bool) -> bool {
        let known = self.withheld.iter().position(|id| *id == finding.id);
        match (finding.state, known) {
            (State::Begin, _) if !wanted => self.withheld.push(finding.id),
            (State::End(_), Some(i)) => {
                self.withheld.swap_remove(i);
            }
            (_, None) => return false,
            _ => {}
        }
        true
    }

    fn context<'a>(&self, severity: Severity, segment: Option<&'a Segment>) -> Context<'a> {
        Context {
            info: self.info,
            severity,
            has_channels: self.has_channels,
            segment,
        }
    }

    /// Converts a span of a report to the time of buffers; returns it with the segment in which it begins. In a
    /// stream played at another rate a span of running time is shorter or longer than that.
    fn place(&self, span: Span) -> (Span, Option<&Segment>) {
        let from = |start: Ns, duration: Ns| Span::new(start, start.saturating_add(duration));
        if self.time_base == TimeBase::Timeline {
            let (start, segment) = self.timeline.to_buffer(span.start);
            return (from(start, span.duration()), segment);
        }
        let segment = self.timeline.segment();
        let position = |running: Ns| {
            let running = gst::ClockTime::from_nseconds(running.min(LATEST));
            Some(segment?.position_from_running_time(running)?.nseconds())
        };
        let start = position(span.start);
        let length = start.zip(position(span.end)).map(|(a, b)| a.abs_diff(b));
        let length = length.unwrap_or(span.duration());
        (from(start.unwrap_or(span.start), length), segment)
    }

    /// Takes all messages that are to be posted.
    pub fn take(&mut self) -> Posts {
        std::mem::take(&mut self.posts)
    }
}

impl Posts {
    /// Posts everything from the element. Failure to post is ignored.
    pub fn post(self, element: &gst::Element) {
        for line in self.log {
            gst::log!(CAT, obj = element, "{line}");
        }
        for (topic, warning) in self.warnings {
            gst::warning!(CAT, obj = element, "{warning}");
            gst::element_warning!(
                element,
                gst::StreamError::Failed,
                ("{warning}"),
                details: gst::Structure::builder(WARNING).field("topic", topic.name()).build()
            );
        }
        for structure in self.messages {
            gst::debug!(CAT, obj = element, "{structure}");
            let message = gst::message::Element::builder(structure).src(element);
            let _ = element.post_message(message.build());
        }
    }
}
