// SPDX-License-Identifier: MPL-2.0
//! An element between pads of ours. Everything runs in the test's own thread, so that what comes out downstream and what
//! goes onto the bus have one order.

use std::sync::{Arc, Mutex};

use gst::prelude::*;
use gstdefect::detectors::{Entry, Input};

use super::{Heard, Seen, init, nothing_critical};

type Log = Arc<Mutex<Vec<Seen>>>;

/// An element with one stream, playing; of one with sound and picture one of the streams.
pub struct Rig {
    pub element: gst::Element,
    /// Ours, before the element.
    pub before: gst::Pad,
    /// Ours, behind it.
    pub behind: gst::Pad,
    bus: gst::Bus,
    log: Log,
}

impl Rig {
    /// Around an element of that name.
    pub fn new(factory: &str) -> Self {
        init();
        Self::around(gst::ElementFactory::make(factory).build().unwrap())
    }

    /// Around an element of that detector, at the stream that the entry is about.
    pub fn of(entry: &Entry) -> Self {
        Self::of_answering(entry, |pad, parent, query| {
            gst::Pad::query_default(pad, parent, query)
        })
    }

    /// The same, with queries answered downstream of it.
    pub fn of_answering(
        entry: &Entry,
        answer: impl Fn(&gst::Pad, Option<&gst::Object>, &mut gst::QueryRef) -> bool
        + Send
        + Sync
        + 'static,
    ) -> Self {
        init();
        let element = gst::ElementFactory::make(entry.info.element).build();
        let stream = match (entry.input, entry.is_video) {
            (Input::Pair, true) => "video_",
            (Input::Pair, false) => "audio_",
            _ => "",
        };
        Self::at_stream(element.unwrap(), stream, answer)
    }

    /// Around that element.
    pub fn around(element: gst::Element) -> Self {
        Self::answering(element, |pad, parent, query| {
            gst::Pad::query_default(pad, parent, query)
        })
    }

    /// Around that element, with queries answered downstream of it.
    pub fn answering(
        element: gst::Element,
        answer: impl Fn(&gst::Pad, Option<&gst::Object>, &mut gst::QueryRef) -> bool
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self::at_stream(element, "", answer)
    }

    /// `stream`: what the names of its pads begin with.
    fn at_stream(
        element: gst::Element,
        stream: &str,
        answer: impl Fn(&gst::Pad, Option<&gst::Object>, &mut gst::QueryRef) -> bool
        + Send
        + Sync
        + 'static,
    ) -> Self {
        init();
        let log = Log::default();
        let bus = gst::Bus::new();
        let said = log.clone();
        bus.set_sync_handler(move |_, message| {
            said.lock().unwrap().extend(Seen::message(message));
            gst::BusSyncReply::Drop
        });
        element.set_bus(Some(&bus));
        let before = gst::Pad::builder_from_template(&template(gst::PadDirection::Src))
            .name("before")
            .build();
        let (buffers, lists, events) = (log.clone(), log.clone(), log.clone());
        let behind = gst::Pad::builder_from_template(&template(gst::PadDirection::Sink))
            .name("behind")
            .chain_function(move |_, _, buffer| {
                buffers.lock().unwrap().push(Seen::Buffer(buffer));
                Ok(gst::FlowSuccess::Ok)
            })
            .chain_list_function(move |_, _, list| {
                let each = list.iter_owned().map(Seen::Buffer);
                lists.lock().unwrap().extend(each);
                Ok(gst::FlowSuccess::Ok)
            })
            .event_function(move |_, _, event| {
                events.lock().unwrap().push(Seen::Event(event));
                true
            })
            .query_function(answer)
            .build();
        let pad = |end: &str| element.static_pad(&format!("{stream}{end}")).unwrap();
        before.link(&pad("sink")).unwrap();
        pad("src").link(&behind).unwrap();
        let rig = Self {
            element,
            before,
            behind,
            bus,
            log,
        };
        rig.play();
        rig
    }

    /// To PLAYING, from wherever it is.
    pub fn play(&self) {
        self.behind.set_active(true).unwrap();
        self.element.set_state(gst::State::Playing).unwrap();
        self.before.set_active(true).unwrap();
    }

    /// To that state.
    pub fn set_state(&self, state: gst::State) {
        self.element.set_state(state).unwrap();
    }

    /// STREAM_START, CAPS and a plain SEGMENT.
    pub fn open(&self, caps: &gst::Caps) {
        self.event(gst::event::StreamStart::new("test"));
        self.event(gst::event::Caps::new(caps));
        self.segment(&gst::FormattedSegment::<gst::ClockTime>::new());
    }

    pub fn segment(&self, segment: &gst::FormattedSegment<gst::ClockTime>) {
        self.event(gst::event::Segment::new(segment));
    }

    pub fn event(&self, event: gst::Event) {
        let what = format!("{event:?}");
        assert!(self.before.push_event(event), "{what} was refused");
    }

    pub fn eos(&self) {
        // After another EOS it is refused.
        let _ = self.before.push_event(gst::event::Eos::new());
    }

    pub fn flush(&self) {
        self.event(gst::event::FlushStart::new());
        self.event(gst::event::FlushStop::new(true));
    }

    pub fn push(&self, buffer: gst::Buffer) {
        let flow = self.before.push(buffer);
        assert!(
            flow.is_ok(),
            "{flow:?} with {:?}",
            self.before.current_caps()
        );
    }

    /// Buffers that came out are let go.
    pub fn drop_buffers(&self) {
        let mut log = self.log.lock().unwrap();
        log.retain(|seen| !matches!(seen, Seen::Buffer(_)));
    }

    /// What was seen since the start, or since the last [`take`](Self::take).
    pub fn heard(&self) -> Heard {
        Heard(self.log.lock().unwrap().clone())
    }

    /// The same; begins anew.
    pub fn take(&self) -> Heard {
        Heard(std::mem::take(&mut *self.log.lock().unwrap()))
    }

    /// Listens in another way: the handler may call back into the element.
    pub fn on_message(&self, act: impl Fn(&gst::Message) + Send + Sync + 'static) {
        let said = self.log.clone();
        self.bus.unset_sync_handler();
        self.bus.set_sync_handler(move |_, message| {
            act(message);
            said.lock().unwrap().extend(Seen::message(message));
            gst::BusSyncReply::Drop
        });
    }

    /// EOS, then [`finish`](Self::finish).
    pub fn finish_playing(self) -> Heard {
        self.eos();
        self.finish()
    }

    /// Down to NULL; what was seen until then, in which no error may be.
    pub fn finish(self) -> Heard {
        self.element.set_state(gst::State::Null).unwrap();
        nothing_critical();
        let heard = self.take();
        assert_eq!(heard.errors(), Vec::<String>::new());
        heard
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = self.element.set_state(gst::State::Null);
        let _ = self.before.set_active(false);
        let _ = self.behind.set_active(false);
    }
}

/// A pad without a template accepts the caps that it has, and no others.
pub(super) fn template(direction: gst::PadDirection) -> gst::PadTemplate {
    let presence = gst::PadPresence::Always;
    gst::PadTemplate::new("ours", direction, presence, &gst::Caps::new_any()).unwrap()
}

/// Everything about a buffer that has to stay, but for metas.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    memories: Vec<usize>,
    times: [Option<gst::ClockTime>; 3],
    offsets: [u64; 2],
    flags: gst::BufferFlags,
    size: usize,
    metas: Vec<String>,
}

/// See [`Identity`]. The project's own meta doesn't count.
pub fn identity(buffer: &gst::BufferRef) -> Identity {
    let name = |meta: gst::MetaRef<'_, gst::Meta>| meta.api().name().to_owned();
    Identity {
        memories: buffer
            .iter_memories()
            .map(|memory| memory.as_ptr() as usize)
            .collect(),
        times: [buffer.pts(), buffer.dts(), buffer.duration()],
        offsets: [buffer.offset(), buffer.offset_end()],
        flags: buffer.flags(),
        size: buffer.size(),
        metas: buffer
            .iter_meta::<gst::Meta>()
            .map(name)
            .filter(|name| !name.starts_with("GstDefect"))
            .collect(),
    }
}
