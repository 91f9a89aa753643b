// SPDX-License-Identifier: MPL-2.0
//! The contract of a detector, and everything that several detectors share.
//!
//! Nothing in here names GStreamer or GLib: a detector sees borrowed, typed views of pictures or samples and the time
//! that they cover, and reports its observations to [`Episodes`]. So it can be tested, fuzzed, benchmarked and reused
//! without a pipeline.
//!
//! Rules of a detector:
//! - No input makes it panic, NaN and absurd sizes included.
//! - It allocates in [`Detector::new`] and while warming up, never per picture or block afterwards.
//! - Its verdict depends on content and time alone: not on buffer sizes, arrival times or a clock.
//! - It doesn't close episodes itself when the stream breaks; [`Runner::reset`] does that for all of them.

#[macro_use]
pub mod settings;
pub mod channels;
pub mod clock;
pub mod common;
pub mod entry;
mod episode;
pub mod episodes;
#[macro_use]
pub mod info;
pub mod levels;
pub mod observation;
pub mod pair;
mod pair_driver;
pub mod report;
pub mod runner;
mod setting_error;
pub mod settings_text;
#[cfg(test)]
pub(crate) mod testing;
pub mod timing;

pub use clock::Continuity;
pub use common::{Common, Severity};
pub use entry::Entry;
pub use episodes::Episodes;
pub use info::{Direction, Info, Kind, KindSet, Measure, MeasureSet, MeasureValue};
pub use observation::{Evidence, Finding, Observation, Reason, State};
pub use pair_driver::PairDriver;
pub use report::{Measurement, Report, Status};
pub use runner::Runner;
pub use setting_error::SettingError;
pub use settings::Settings;
pub use timing::TimingDetector;

use crate::media::{Ns, Span, captions, picture, sound, timestamps};

/// The input of a detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Raw pictures.
    Pictures,
    /// Raw sound.
    Sound,
    /// A stream of any sort, whose content isn't examined.
    Anything,
    /// Captions, attached to pictures or as a stream of their own.
    Captions,
    /// Raw pictures and raw sound.
    Pair,
}

/// A kind of input: its format, and the view of one unit of it (a picture, a block of samples).
pub trait Medium: 'static {
    /// What stays the same until the caps change.
    type Format: Clone + Send + Sync + std::fmt::Debug + PartialEq;
    /// One unit.
    type View<'a>: Copy;
    /// How units follow one another in time.
    const CONTINUITY: Continuity;
    /// The input, for descriptions.
    const INPUT: Input;
    /// Number of channels that have episodes of their own; 0 if only the whole has.
    fn channels(format: &Self::Format) -> usize;
    /// Length of a unit according to the format; `None` if it doesn't say.
    fn unit_duration(_format: &Self::Format) -> Option<Ns> {
        None
    }
}

/// Visits every detector by its type; see [`detectors::visit`](crate::detectors::visit).
pub trait Visitor {
    /// A detector of pictures.
    fn video<D: Detector<Medium = Video>>(&mut self);
    /// A detector of sound.
    fn audio<D: Detector<Medium = Audio>>(&mut self);
    /// A detector of the times of buffers.
    fn timing<D: TimingDetector>(&mut self) {}
    /// A detector of captions.
    fn captions<D: Detector<Medium = Captions>>(&mut self) {}
    /// A detector of sound and picture together.
    fn pair<D: Detector<Medium = Pair>>(&mut self) {}
}

/// Pictures, seen through their [grid](picture::Grid).
pub struct Video;
impl Medium for Video {
    type Format = picture::VideoFormat;
    type View<'a> = picture::Picture<'a>;
    const CONTINUITY: Continuity = Continuity::Spaced;
    const INPUT: Input = Input::Pictures;
    fn channels(_: &Self::Format) -> usize {
        0
    }
    fn unit_duration(format: &Self::Format) -> Option<Ns> {
        format.frame_duration
    }
}

/// Sound, in blocks of about 10 ms, see [`sound::Blocks`].
pub struct Audio;
impl Medium for Audio {
    type Format = sound::AudioFormat;
    type View<'a> = sound::Block<'a>;
    const CONTINUITY: Continuity = Continuity::Contiguous;
    const INPUT: Input = Input::Sound;
    fn channels(format: &Self::Format) -> usize {
        format.channels
    }
}

/// Buffers of any content: their timestamps.
pub struct BufferTiming;
impl Medium for BufferTiming {
    type Format = timestamps::StreamFormat;
    type View<'a> = timestamps::TimestampCheck;
    const CONTINUITY: Continuity = Continuity::Spaced;
    const INPUT: Input = Input::Anything;
    fn channels(_: &Self::Format) -> usize {
        0
    }
}

/// Captions, by the buffer.
pub struct Captions;
impl Medium for Captions {
    type Format = captions::CaptionFormat;
    type View<'a> = &'a dyn captions::CaptionPackets;
    const CONTINUITY: Continuity = Continuity::Spaced;
    const INPUT: Input = Input::Captions;
    fn channels(_: &Self::Format) -> usize {
        0
    }
    fn unit_duration(format: &Self::Format) -> Option<Ns> {
        format.frame_duration
    }
}

/// Sound and picture together, each in units of its own, on one timeline.
pub struct Pair;
impl Medium for Pair {
    type Format = ();
    type View<'a> = pair::Piece<'a>;
    const CONTINUITY: Continuity = Continuity::Merged;
    const INPUT: Input = Input::Pair;
    fn channels((): &()) -> usize {
        0
    }
}

/// A detector: it decides, and does nothing else.
pub trait Detector: Sized + Send + 'static {
    /// Its input.
    type Medium: Medium;
    /// Its settings beyond [`Common`].
    type Settings: Settings;
    /// The kinds of defect that it reports.
    type Kind: KindSet;
    /// Its measures.
    type Measures: MeasureSet;
    /// Names and descriptions.
    const INFO: &'static Info;
    /// Its defaults of the settings that every detector has.
    const COMMON: Common;

    /// A detector for the start of a stream.
    fn new(format: &<Self::Medium as Medium>::Format) -> Self;

    /// Forgets the stream, because it breaks. What is known of another stream may stay.
    fn reset(&mut self, format: &<Self::Medium as Medium>::Format) {
        *self = Self::new(format);
    }

    /// Takes one picture or block, in the order of time.
    fn push(
        &mut self,
        span: Span,
        input: <Self::Medium as Medium>::View<'_>,
        settings: &Self::Settings,
        episodes: &mut Episodes<Self::Kind>,
    );

    /// Takes a time of up to a second without data, known from a GAP event or from the times of the units; the span
    /// is empty if time went back a little. Kinds that aren't observed for it are unknown in it.
    fn gap(
        &mut self,
        _span: Span,
        _settings: &Self::Settings,
        _episodes: &mut Episodes<Self::Kind>,
    ) {
    }

    /// Returns the measures of the interval that ends, and begins the next one. A value that isn't known is NaN and
    /// is left out of the message.
    fn measure(&mut self) -> Self::Measures;
}
