// SPDX-License-Identifier: MPL-2.0
//! Reads one of the pair's streams: caps, segment, reader, timestamp sequence.

use super::pads::Which;
use crate::detector::{
    Audio, Video,
    pair::{Content, Piece},
};
use crate::element::{
    audio,
    grid_meta::Measured,
    message::Segment,
    reader::{BufferContext, GstMedium, is_trick_mode},
    unreadable::Unreadable,
    video,
};
use crate::media::{
    Ns, Span,
    timestamps::{self, Announced, Sequence, Stamps, StreamFormat, TimestampCheck},
};

/// The reader of one stream, see the module.
pub struct StreamReader {
    which: Which,
    caps: Option<gst::Caps>,
    reader: Reader,
    segment: Option<Segment>,
    sequence: Sequence,
    frame_duration: Option<Ns>,
    /// On the timeline of the buffers.
    announced: Announced,
    /// Whether anything was read since it began.
    fed: bool,
}

enum Reader {
    None,
    Sound(Box<audio::AudioReader>),
    Picture(Box<video::VideoReader>),
}

impl StreamReader {
    pub fn new(which: Which) -> Self {
        Self {
            which,
            caps: None,
            reader: Reader::None,
            segment: None,
            sequence: Sequence::default(),
            frame_duration: None,
            announced: Announced::default(),
            fed: false,
        }
    }

    /// Sets the caps; returns whether they differ from those before, or why they can't be read.
    pub fn set_caps(&mut self, caps: gst::Caps) -> Result<bool, Unreadable> {
        if self.caps.as_ref() == Some(&caps) {
            return Ok(false);
        }
        self.reader = Reader::None;
        self.frame_duration = None;
        let parsed = if self.which.is_sound() {
            Audio::parse(&caps).map(|(_, reader)| Reader::Sound(Box::new(reader)))
        } else {
            Video::parse(&caps).map(|(format, reader)| {
                self.frame_duration = format.frame_duration;
                Reader::Picture(Box::new(reader))
            })
        };
        self.caps = Some(caps);
        self.reader = parsed?;
        Ok(true)
    }

    /// Sets the segment.
    pub fn set_segment(&mut self, segment: Option<Segment>) {
        self.segment = segment;
    }

    /// Begins anew; returns whether anything had been read.
    pub fn begin(&mut self) -> bool {
        self.announced = Announced::default();
        self.sequence = Sequence::new(StreamFormat {
            content: match self.which.is_sound() {
                true => timestamps::Content::Sound,
                false => timestamps::Content::Pictures,
            },
            raw: true,
            reorders: false,
            parts: false,
            frame_duration: self.frame_duration,
        });
        match &mut self.reader {
            Reader::None => {}
            Reader::Sound(reader) => Audio::reset(reader),
            Reader::Picture(reader) => Video::reset(reader),
        }
        std::mem::take(&mut self.fed)
    }

    /// Takes an announced gap; returns the one announced before, in running time, if nothing filled it.
    pub fn announce(&mut self, gap: Span) -> Option<Span> {
        let before = self.announced.announce(gap)?;
        self.pass(before)
    }

    /// Takes the end of a part of the stream; returns the gap announced last, in running time, if nothing filled it.
    pub fn end(&mut self) -> Option<Span> {
        let last = self.announced.end()?;
        self.pass(last)
    }

    /// Passes a gap.
    fn pass(&mut self, gap: Span) -> Option<Span> {
        match &mut self.reader {
            Reader::None => {}
            Reader::Sound(reader) => Audio::skip(reader, gap.end),
            Reader::Picture(reader) => Video::skip(reader, gap.end),
        }
        if let Some(to) = self.running_time(gap.end) {
            self.sequence.skip(to);
        }
        self.running_span(gap)
    }

    /// Whether buffers with these caps can be read.
    pub fn is_readable(&self) -> bool {
        !matches!(self.reader, Reader::None)
    }

    /// Adapts the reader to a buffer that says itself that it has another format than those before; returns whether it has.
    pub fn refit(&mut self, buffer: &gst::BufferRef) -> bool {
        match &mut self.reader {
            Reader::None => false,
            Reader::Sound(reader) => Audio::refit(reader, buffer).is_some(),
            Reader::Picture(reader) => Video::refit(reader, buffer).is_some(),
        }
    }

    /// Reads a buffer: passes on the check of its timestamp, and its pieces. Returns the grid to attach to it.
    pub fn read(
        &mut self,
        element: &gst::Element,
        buffer: &gst::BufferRef,
        take: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Option<Measured>, Unreadable> {
        let next = buffer.pts().map(gst::ClockTime::nseconds);
        if let Some(gap) = next.and_then(|next| self.announced.next(next)) {
            self.pass(gap);
        }
        let stamp = self.stamp(buffer);
        self.fed = true;
        let Self {
            reader,
            segment,
            which,
            ..
        } = self;
        let side = which.side();
        if let Some((span, check)) = stamp {
            let content = if which.is_sound() {
                Content::SoundStamp(check)
            } else {
                Content::PictureStamp(check)
            };
            take(Piece {
                side,
                span,
                content,
            });
        }
        let source = BufferContext {
            element,
            buffer,
            sink: which.sink(),
            timeline: None,
        };
        let place = |span: Span| running_span(segment.as_ref(), span);
        match reader {
            Reader::None => Ok(None),
            Reader::Sound(reader) => Audio::read(reader, &source, &mut |span, block| {
                if let Some(span) = place(span) {
                    take(Piece {
                        side,
                        span,
                        content: Content::Sound(block),
                    });
                }
            })
            .map(|_| None),
            Reader::Picture(reader) => Video::read(reader, &source, &mut |span, picture| {
                if let Some(span) = place(span) {
                    take(Piece {
                        side,
                        span,
                        content: Content::Picture(picture),
                    });
                }
            }),
        }
    }

    /// The time of a buffer and the check of its timestamp; sound lasts as long as its samples say.
    fn stamp(&mut self, buffer: &gst::BufferRef) -> Option<(Span, TimestampCheck)> {
        let segment = self.segment.as_ref()?;
        if segment.rate() <= 0.0 || is_trick_mode(segment) {
            return None;
        }
        let (start, rate) = (self.running_time(buffer.pts()?.nseconds())?, segment.rate());
        let duration = match &self.reader {
            Reader::None => return None,
            Reader::Sound(reader) => Some(audio::counted(reader, buffer)),
            Reader::Picture(_) => buffer
                .duration()
                .map(gst::ClockTime::nseconds)
                .or(self.frame_duration),
        };
        Some(
            self.sequence.next(Stamps {
                pts: Some(start),
                dts: None,
                duration: duration.map(|duration| (duration as f64 / rate) as Ns),
                // A damaged picture or sound behind a step says that what came between was lost.
                discontinuous: buffer
                    .flags()
                    .intersects(gst::BufferFlags::DISCONT | gst::BufferFlags::CORRUPTED),
            }),
        )
    }

    /// Converts a span of the stream to running time.
    pub fn running_span(&self, span: Span) -> Option<Span> {
        running_span(self.segment.as_ref(), span)
    }

    /// Converts a time of the stream to running time.
    pub fn running_time(&self, time: Ns) -> Option<Ns> {
        running_time(self.segment.as_ref()?, time)
    }
}

fn running_time(segment: &Segment, time: Ns) -> Option<Ns> {
    let time = gst::ClockTime::from_nseconds(time.min(crate::media::LATEST));
    Some(segment.to_running_time(time)?.nseconds())
}

/// Converts a span of the stream to running time; `None` if it begins outside of the segment.
fn running_span(segment: Option<&Segment>, span: Span) -> Option<Span> {
    let segment = segment?;
    let start = running_time(segment, span.start)?;
    let rate = segment.rate().abs().max(1e-6);
    let length = (span.duration() as f64 / rate) as Ns;
    Some(Span::new(start, start.saturating_add(length)).clamped())
}
