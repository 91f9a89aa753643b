// SPDX-License-Identifier: MPL-2.0
//! Captions that are missing or can't be read: CEA-608 and CEA-708, attached to pictures or as a stream, and timed text.
//!
//! Captions are missing once there is no more data, only padding, or no new text for a long time; unless captions are required, this is
//! reported only for streams that had them. Control codes alone, and the same characters again and again, are no new text. Captions are
//! corrupt if the share of pairs and packets with wrong parity or codes that don't exist exceeds a limit, or if a stream has CEA-708
//! without the CEA-608 that older receivers read.
//!
//! Captions are late if they follow the speech by more than a limit; without a limit the delay is only measured. That takes the sound of
//! the programme ([`speech`]) and a minute or two of text ([`delay`]).
//!
//! Not judged: whether the text is right.
//!
//! Sources: CTA-608-E, CTA-708-E, SMPTE ST 334; 47 CFR 79.1 asks for captions that are complete and can be read. All times are chosen.

use crate::detector::{
    Captions, Common, Detector, Episodes, Evidence, Info, Observation, Severity,
};
use crate::media::{
    Ns, SECOND, Span,
    captions::{CaptionFormat, CaptionPackets, Packing},
};

mod broken;
mod decoder;
mod delay;
mod lateness;
mod options;
pub mod speech;

use broken::Broken;
use decoder::{Decoder, Tally};
use lateness::Lateness;
pub use options::{CaptionKind, CaptionMeasures, CaptionSettings};

const INFO: Info = Info {
    element: "captiondetect",
    type_name: "GstDefectCaptionDetect",
    long_name: "Caption detector",
    description: "Reports captions and subtitles that are missing, stop, can't be read or come late",
    kinds: CaptionKind::LIST,
    measures: CaptionMeasures::LIST,
};

/// Longest pause without data that is normal: not every picture has some.
const PAUSE: Ns = SECOND;
/// A stream that has had data for at least this share of the time sends padding where it has no text, so a pause means that captions are
/// gone. Others have no data where nobody speaks.
const CONTINUOUS: f64 = 0.4;
/// Time constant of the mean of that share.
const MEMORY: Ns = 10 * SECOND;
/// How long after control codes or text the captions count as active, so that they are `stopped` and not `empty`.
const ACTIVITY: Ns = 10 * SECOND;
/// How long CEA-708 has to come without CEA-608, with text in that time.
const WITHOUT_608: Ns = 10 * SECOND;

/// The detector.
#[derive(Debug)]
pub struct Caption {
    format: CaptionFormat,
    decoder: Decoder,
    /// When the stream began, when it last had data, and when it last had new text.
    began: Option<Ns>,
    data: Option<Ns>,
    text: Option<Ns>,
    /// Share of the time with data, lately, without the present pause.
    density: f64,
    /// When there last were control codes or text.
    activity: Option<Ns>,
    /// When there last was CEA-608, and whether text of CEA-708 has come since.
    cea608: Option<Ns>,
    text_708: bool,
    broken: Broken,
    interval: Option<Tally>,
    lateness: Lateness,
    /// Nothing has come since the stream broke off; the times before that are kept.
    broke_off: bool,
}

impl Detector for Caption {
    type Medium = Captions;
    type Settings = CaptionSettings;
    type Kind = CaptionKind;
    type Measures = CaptionMeasures;
    const INFO: &'static Info = &INFO;
    const COMMON: Common = Common::new(Severity::Warning, 10 * SECOND, SECOND);

    fn new(format: &CaptionFormat) -> Self {
        Self {
            format: *format,
            decoder: Decoder::default(),
            began: None,
            data: None,
            text: None,
            density: 0.0,
            activity: None,
            cea608: None,
            text_708: false,
            broken: Broken::default(),
            interval: None,
            lateness: Lateness::default(),
            broke_off: false,
        }
    }

    /// Timed text comes at irregular times, so its times are kept over a jump from one text to the next.
    fn reset(&mut self, format: &CaptionFormat) {
        let kept = (self.data, self.text, self.began);
        let lateness = std::mem::take(&mut self.lateness);
        *self = Self::new(format);
        if format.packing == Some(Packing::Text) {
            (self.data, self.text, self.began) = kept;
            self.lateness = lateness;
            self.broke_off = true;
        }
    }

    fn push(
        &mut self,
        span: Span,
        packets: &dyn CaptionPackets,
        settings: &CaptionSettings,
        episodes: &mut Episodes<CaptionKind>,
    ) {
        if let Some(speech) = packets.speech() {
            self.lateness.note_speech(speech);
            return;
        }
        self.resume(span.start);
        let mut tally = Tally::default();
        packets.each(&mut |packing, data| tally.add(&self.decoder.decode(packing, data)));
        self.count(span, &tally);
        self.observe(span, settings, episodes);
    }

    fn gap(
        &mut self,
        span: Span,
        settings: &CaptionSettings,
        episodes: &mut Episodes<CaptionKind>,
    ) {
        self.resume(span.start);
        // A gap in a stream of captions means that there are none; in one of pictures it means nothing.
        if self.format.packing.is_some() {
            self.began.get_or_insert(span.start);
            self.note_data(span, false);
            self.observe(span, settings, episodes);
        }
    }

    fn measure(&mut self) -> CaptionMeasures {
        let tally = self.interval.take();
        let of = |number: fn(&Tally) -> f64| tally.as_ref().map_or(f64::NAN, number);
        CaptionMeasures {
            pairs: of(|t| t.pairs.into()),
            packets: of(|t| t.packets.into()),
            characters: of(|t| t.text().into()),
            broken: of(|t| f64::from(t.broken()) / f64::from(t.pieces().max(1))),
            delay: self.lateness.seconds().unwrap_or(f64::NAN),
        }
    }
}

impl Caption {
    /// Forgets the times before the stream broke off, if they lie after the new ones.
    fn resume(&mut self, at: Ns) {
        let known = [self.began, self.data, self.text];
        let went_back = known.into_iter().flatten().any(|then| then > at);
        if std::mem::take(&mut self.broke_off) && went_back {
            (self.data, self.text, self.began) = (None, None, None);
        }
    }

    fn count(&mut self, span: Span, tally: &Tally) {
        let at = span.start;
        self.began = self.began.or(Some(at));
        self.interval.get_or_insert_default().add(tally);
        self.broken.note(span, tally);
        self.note_data(span, tally.any);
        self.lateness.note_text(at, tally);
        if tally.text() > 0 {
            self.text = Some(span.end);
        }
        if tally.controls > 0 || tally.text() > 0 {
            self.activity = Some(span.end);
        }
        if tally.pairs > 0 {
            (self.cea608, self.text_708) = (Some(span.end), false);
        }
        self.text_708 |= tally.characters_708 > 0;
    }

    fn note_data(&mut self, span: Span, any: bool) {
        let pause = span.end.saturating_sub(self.data.unwrap_or(span.start));
        if any || pause <= PAUSE {
            let part = (span.duration() as f64 / MEMORY as f64).min(1.0);
            self.density += (f64::from(u8::from(any)) - self.density) * part;
        }
        if any {
            self.data = Some(span.end);
        }
    }

    fn observe(
        &mut self,
        span: Span,
        settings: &CaptionSettings,
        episodes: &mut Episodes<CaptionKind>,
    ) {
        let limit = episodes.common().min_duration;
        episodes.observe(
            CaptionKind::Missing,
            None,
            span,
            self.missing(span, limit, settings),
        );
        let corrupt = self.corrupt(span, limit, settings);
        episodes.observe(CaptionKind::Corrupt, None, span, corrupt);
        self.lateness.update(span.end);
        let late = self.lateness.judge(settings.max_delay, self.text.is_some());
        episodes.observe(CaptionKind::Late, None, span, late);
    }

    fn missing(&self, span: Span, limit: Ns, settings: &CaptionSettings) -> Observation {
        let seconds = |time: Ns| time as f64 / SECOND as f64;
        let (never_had_data, never_had_text) = (self.data.is_none(), self.text.is_none());
        if never_had_data && !settings.required {
            return Observation::new(Evidence::Absent, 0.0, seconds(limit));
        }
        let began = self.began.unwrap_or(span.start);
        let data_end = self.data.unwrap_or(began);
        let without_data = span.end.saturating_sub(data_end);
        let is_timed_text = self.format.packing == Some(Packing::Text);
        let is_continuous = self.density >= CONTINUOUS || never_had_data;
        if !is_timed_text && is_continuous && without_data > PAUSE {
            return Observation::new(Evidence::Present, seconds(without_data), seconds(limit))
                .detail("absent")
                .since(data_end);
        }
        let timeout = settings.text_timeout;
        if never_had_text && !settings.required {
            return Observation::new(Evidence::Absent, 0.0, seconds(timeout));
        }
        let text_end = self.text.unwrap_or(began);
        let without_text = span.end.saturating_sub(text_end);
        let present = without_text > timeout;
        let observation = Observation::present_if(present, seconds(without_text), seconds(timeout));
        if !present {
            return observation;
        }
        let is_active = |then: Ns| span.end.saturating_sub(then) <= ACTIVITY;
        let detail = if never_had_data {
            "absent"
        } else if is_timed_text || self.activity.is_some_and(is_active) {
            "stopped"
        } else if without_data > PAUSE {
            "absent"
        } else {
            "empty"
        };
        observation
            .detail(detail)
            .since(text_end)
            .min_duration(timeout)
    }

    fn corrupt(&mut self, span: Span, limit: Ns, settings: &CaptionSettings) -> Observation {
        let observation = self.broken.judge(span.end, settings.threshold);
        let last_608 = self.cea608.or(self.began).unwrap_or(span.start);
        let without_608 = span.end.saturating_sub(last_608) > WITHOUT_608.max(limit);
        let is_708_alone = settings.require_608 && self.text_708 && without_608;
        if observation.evidence == Evidence::Present || !is_708_alone {
            return observation;
        }
        Observation::new(Evidence::Present, 1.0, settings.threshold)
            .detail("708-without-608")
            .min_duration(0)
    }
}

#[cfg(test)]
mod tests;
