// SPDX-License-Identifier: MPL-2.0
//! One of the streams: its caps, its segment, and what it takes to read it.

use super::pads::Which;
use crate::detector::{
    Audio, Video,
    pair::{Content, Piece},
};
use crate::element::{
    audio,
    grid_meta::Measured,
    medium::{GstMedium, Source},
    message::Segment,
    video,
};
use crate::media::{
    Ns, Span,
    timestamps::{Arrival, Sequence, Stamps, StreamFormat},
};

/// See the module.
pub struct Line {
    which: Which,
    caps: Option<gst::Caps>,
    feed: Feed,
    segment: Option<Segment>,
    sequence: Sequence,
    frame_duration: Option<Ns>,
    /// Whether anything was read since it began.
    fed: bool,
}

enum Feed {
    None,
    Sound(Box<audio::Feed>),
    Picture(Box<video::Feed>),
}

impl Line {
    pub fn new(which: Which) -> Self {
        Self {
            which,
            caps: None,
            feed: Feed::None,
            segment: None,
            sequence: Sequence::default(),
            frame_duration: None,
            fed: false,
        }
    }

    /// The caps from now on; says whether they are others than before, or why they can't be read.
    pub fn set_caps(&mut self, caps: gst::Caps) -> Result<bool, String> {
        if self.caps.as_ref() == Some(&caps) {
            return Ok(false);
        }
        self.feed = Feed::None;
        self.frame_duration = None;
        let parsed = if self.which.is_sound() {
            Audio::parse(&caps).map(|(_, feed)| Feed::Sound(Box::new(feed)))
        } else {
            Video::parse(&caps).map(|(format, feed)| {
                self.frame_duration = format.frame_duration;
                Feed::Picture(Box::new(feed))
            })
        };
        self.caps = Some(caps);
        self.feed = parsed?;
        Ok(true)
    }

    /// The segment from now on.
    pub fn set_segment(&mut self, segment: Option<Segment>) {
        self.segment = segment;
    }

    /// Time begins anew; says whether anything had been read.
    pub fn begin(&mut self) -> bool {
        self.sequence = Sequence::new(StreamFormat {
            raw: true,
            reorders: false,
            frame_duration: self.frame_duration,
        });
        match &mut self.feed {
            Feed::None => {}
            Feed::Sound(feed) => Audio::reset(feed),
            Feed::Picture(feed) => Video::reset(feed),
        }
        std::mem::take(&mut self.fed)
    }

    /// Time goes on to there without data.
    pub fn skip(&mut self, to: Ns) {
        match &mut self.feed {
            Feed::None => {}
            Feed::Sound(feed) => Audio::skip(feed, to),
            Feed::Picture(feed) => Video::skip(feed, to),
        }
        if let Some(to) = self.running_time(to) {
            self.sequence.skip(to);
        }
    }

    /// Reads a buffer: hands over how its time goes with the one before, and its pieces. What comes back is to be attached to it.
    pub fn read(
        &mut self,
        element: &gst::Element,
        buffer: &gst::BufferRef,
        take: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Option<Measured>, String> {
        let stamp = self.stamp(buffer);
        self.fed = true;
        let Self {
            feed,
            segment,
            which,
            ..
        } = self;
        let side = which.side();
        if let Some((span, arrival)) = stamp {
            let content = if which.is_sound() {
                Content::SoundStamp(arrival)
            } else {
                Content::PictureStamp(arrival)
            };
            take(Piece {
                side,
                span,
                content,
            });
        }
        let source = Source {
            element,
            buffer,
            sink: which.sink(),
            timeline: None,
        };
        let place = |span: Span| running_span(segment.as_ref(), span);
        match feed {
            Feed::None => Ok(None),
            Feed::Sound(feed) => Audio::read(feed, &source, &mut |span, block| {
                if let Some(span) = place(span) {
                    take(Piece {
                        side,
                        span,
                        content: Content::Sound(block),
                    });
                }
            })
            .map(|_| None),
            Feed::Picture(feed) => Video::read(feed, &source, &mut |span, picture| {
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

    /// How the time of a buffer goes with the one before; sound lasts as long as its samples say.
    fn stamp(&mut self, buffer: &gst::BufferRef) -> Option<(Span, Arrival)> {
        let start = self.running_time(buffer.pts()?.nseconds())?;
        let duration = match &self.feed {
            Feed::None => return None,
            Feed::Sound(feed) => Some(audio::counted(feed, buffer)),
            Feed::Picture(_) => self
                .frame_duration
                .or(buffer.duration().map(gst::ClockTime::nseconds)),
        };
        Some(self.sequence.next(Stamps {
            pts: Some(start),
            dts: None,
            duration,
        }))
    }

    /// Where a span of the stream lies in running time.
    pub fn running_span(&self, span: Span) -> Option<Span> {
        running_span(self.segment.as_ref(), span)
    }

    fn running_time(&self, time: Ns) -> Option<Ns> {
        running_time(self.segment.as_ref()?, time)
    }
}

fn running_time(segment: &Segment, time: Ns) -> Option<Ns> {
    let time = gst::ClockTime::from_nseconds(time.min(crate::media::LATEST));
    Some(segment.to_running_time(time)?.nseconds())
}

/// Where a span of the stream lies in running time; nowhere, if it begins outside of the segment.
fn running_span(segment: Option<&Segment>, span: Span) -> Option<Span> {
    let segment = segment?;
    let start = running_time(segment, span.start)?;
    let rate = segment.rate().abs().max(1e-6);
    let length = (span.duration() as f64 / rate) as Ns;
    Some(Span::new(start, start.saturating_add(length)).clamped())
}
