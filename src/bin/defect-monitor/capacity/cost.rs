// SPDX-License-Identifier: MPL-2.0
//! Measures the CPU time of one element for a piece of a stream.

use gst::prelude::*;

use super::super::machine::thread_cpu;
use super::figure::Figure;
use super::material::Material;

/// Rounds that are measured; one more before them warms up.
const ROUNDS: usize = 5;

/// CPU time in ms for a second of the stream.
pub fn of(element: gst::Element, material: &Material) -> Result<Figure, String> {
    let seconds = material.length().nseconds() as f64 / 1e9;
    let mut row = Row::new(element, &material.caps)?;
    row.round(material)?;
    let mut round = || Ok(row.round(material)? * 1000.0 / seconds);
    let rounds: Result<Vec<f64>, String> = (0..ROUNDS).map(|_| round()).collect();
    Ok(Figure::of(rounds?))
}

/// The element, between a pad of ours and a sink.
struct Row {
    elements: [gst::Element; 2],
    pad: gst::Pad,
    time: gst::ClockTime,
}

impl Row {
    fn new(element: gst::Element, caps: &gst::Caps) -> Result<Self, String> {
        let said = |e: gst::glib::BoolError| e.to_string();
        let sink = gst::ElementFactory::make("fakesink")
            .property("sync", false)
            .property("async", false)
            .build()
            .map_err(said)?;
        element.link(&sink).map_err(said)?;
        let pad = gst::Pad::builder(gst::PadDirection::Src).build();
        let target = element.static_pad("sink").ok_or("no sink pad")?;
        pad.link(&target).map_err(|e| e.to_string())?;
        let row = Self {
            elements: [sink, element],
            pad,
            time: gst::ClockTime::ZERO,
        };
        for element in &row.elements {
            element
                .set_state(gst::State::Playing)
                .map_err(|e| e.to_string())?;
        }
        row.pad.set_active(true).map_err(said)?;
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        row.pad.push_event(gst::event::StreamStart::new("capacity"));
        row.pad.push_event(gst::event::Caps::new(caps));
        row.pad.push_event(gst::event::Segment::new(&segment));
        Ok(row)
    }

    /// Seconds of this thread's CPU time for all of it, each buffer in a header of its own.
    fn round(&mut self, material: &Material) -> Result<f64, String> {
        let before = thread_cpu();
        for buffer in &material.buffers {
            let mut own = buffer.copy();
            let header = own.make_mut();
            header.set_pts(self.time);
            self.time += header.duration().unwrap_or_default();
            self.pad.push(own).map_err(|e| e.to_string())?;
        }
        Ok(thread_cpu().saturating_sub(before).as_secs_f64())
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        let _ = self.pad.set_active(false);
        for element in &self.elements {
            let _ = element.set_state(gst::State::Null);
        }
    }
}
