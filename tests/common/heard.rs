// SPDX-License-Identifier: MPL-2.0
//! What a test saw, in order.

use gstdefect::{DefectMessage, MeasurementMessage};

/// Something that came out of an element or went onto the bus.
#[derive(Debug, Clone)]
pub enum Seen {
    Buffer(gst::Buffer),
    Event(gst::Event),
    Defect(DefectMessage),
    Measurement(MeasurementMessage),
    Warning(String),
    Error(String),
}

impl Seen {
    /// What a message on the bus was, if a test cares.
    pub fn message(message: &gst::MessageRef) -> Option<Self> {
        use gst::MessageView;
        if let Ok(defect) = DefectMessage::try_from(message) {
            return Some(Self::Defect(defect));
        }
        if let Ok(measurement) = MeasurementMessage::try_from(message) {
            return Some(Self::Measurement(measurement));
        }
        match message.view() {
            MessageView::Warning(w) => Some(Self::Warning(w.error().to_string())),
            MessageView::Error(e) => Some(Self::Error(format!("{} {:?}", e.error(), e.debug()))),
            _ => None,
        }
    }
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Heard(pub Vec<Seen>);

impl Heard {
    /// Every defect message.
    pub fn defects(&self) -> Vec<DefectMessage> {
        let defect = |s: &Seen| match s {
            Seen::Defect(d) => Some(d.clone()),
            _ => None,
        };
        self.0.iter().filter_map(defect).collect()
    }

    /// The defect messages of that kind and state.
    pub fn of(&self, kind: &str, state: &str) -> Vec<DefectMessage> {
        let mut defects = self.defects();
        defects.retain(|d| d.kind == kind && d.state == state);
        defects
    }

    /// The defect messages with that state.
    pub fn state(&self, state: &str) -> Vec<DefectMessage> {
        let mut defects = self.defects();
        defects.retain(|d| d.state == state);
        defects
    }

    /// Every measurement message.
    pub fn measurements(&self) -> Vec<MeasurementMessage> {
        let measurement = |s: &Seen| match s {
            Seen::Measurement(m) => Some(m.clone()),
            _ => None,
        };
        self.0.iter().filter_map(measurement).collect()
    }

    /// Every warning.
    pub fn warnings(&self) -> Vec<String> {
        let warning = |s: &Seen| match s {
            Seen::Warning(w) => Some(w.clone()),
            _ => None,
        };
        self.0.iter().filter_map(warning).collect()
    }

    /// Every error.
    pub fn errors(&self) -> Vec<String> {
        let error = |s: &Seen| match s {
            Seen::Error(e) => Some(e.clone()),
            _ => None,
        };
        self.0.iter().filter_map(error).collect()
    }

    /// Every buffer that came out.
    pub fn buffers(&self) -> Vec<gst::Buffer> {
        let buffer = |s: &Seen| match s {
            Seen::Buffer(b) => Some(b.clone()),
            _ => None,
        };
        self.0.iter().filter_map(buffer).collect()
    }

    /// Every event that came out.
    pub fn events(&self) -> Vec<gst::Event> {
        let event = |s: &Seen| match s {
            Seen::Event(e) => Some(e.clone()),
            _ => None,
        };
        self.0.iter().filter_map(event).collect()
    }

    /// The place of the first thing that is so.
    pub fn position(&self, is: impl Fn(&Seen) -> bool) -> Option<usize> {
        self.0.iter().position(is)
    }

    /// The place of the first event of that type.
    pub fn event_position(&self, wanted: gst::EventType) -> Option<usize> {
        self.position(|s| matches!(s, Seen::Event(e) if e.type_() == wanted))
    }

    /// The place of the first `end` message.
    pub fn end_position(&self) -> Option<usize> {
        self.position(|s| matches!(s, Seen::Defect(d) if d.state == "end"))
    }
}
