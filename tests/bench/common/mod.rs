// SPDX-License-Identifier: MPL-2.0
//! What the benchmarks share: a clock of CPU time, and elements in a row between a pad of ours and a sink.
#![allow(dead_code, unused_imports, reason = "no benchmark uses all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

#[path = "../../common/mod.rs"]
mod fixtures;

use std::process::{Command, Stdio};
use std::time::Duration;

pub use fixtures::{Look, MS, Pictures, Sounds, Wave, audio, init, video};
use gst::prelude::*;

/// Others disturb most rounds on a busy machine; the best one was disturbed least.
const ROUNDS: usize = 9;

/// CPU time of this thread.
pub fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}

/// The least time that something takes, once it is warm.
pub fn best(mut act: impl FnMut()) -> Duration {
    act();
    (0..ROUNDS)
        .map(|_| {
            let before = cpu();
            act();
            cpu() - before
        })
        .min()
        .unwrap_or_default()
}

/// In milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A chain of elements behind a pad of ours, and before a sink.
pub struct Chain {
    elements: Vec<gst::Element>,
    pad: gst::Pad,
    time: gst::ClockTime,
}

impl Chain {
    /// The elements by their names.
    pub fn new(names: &[&str], caps: &gst::Caps) -> Self {
        init();
        let make = |name: &str| gst::ElementFactory::make(name).build().unwrap();
        let mut elements: Vec<_> = names.iter().map(|n| make(n)).collect();
        let sink = make("fakesink");
        sink.set_property("sync", false);
        sink.set_property("async", false);
        elements.push(sink);
        gst::Element::link_many(&elements).unwrap();
        let pad = gst::Pad::builder(gst::PadDirection::Src).build();
        pad.link(&elements[0].static_pad("sink").unwrap()).unwrap();
        for element in elements.iter().rev() {
            element.set_state(gst::State::Playing).unwrap();
        }
        pad.set_active(true).unwrap();
        pad.push_event(gst::event::StreamStart::new("bench"));
        pad.push_event(gst::event::Caps::new(caps));
        pad.push_event(gst::event::Segment::new(&gst::FormattedSegment::<
            gst::ClockTime,
        >::new()));
        Self {
            elements,
            pad,
            time: gst::ClockTime::ZERO,
        }
    }

    /// One of the elements, in their order.
    pub fn element(&self, index: usize) -> &gst::Element {
        &self.elements[index]
    }

    /// One round over the buffers, each a new header around memory made beforehand.
    pub fn push(&mut self, buffers: &[gst::Buffer]) {
        for buffer in buffers {
            let mut own = buffer.copy();
            let header = own.get_mut().unwrap();
            header.set_pts(self.time);
            self.time += header.duration().unwrap();
            self.pad.push(own).unwrap();
        }
    }

    /// The least CPU time of a round.
    pub fn cost(&mut self, buffers: &[gst::Buffer]) -> Duration {
        best(|| self.push(buffers))
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        let _ = self.pad.set_active(false);
        for element in &self.elements {
            let _ = element.set_state(gst::State::Null);
        }
    }
}

/// CPU time in ms of a round through these elements, over that of as many `identity`.
pub fn over_identity(names: &[&str], caps: &gst::Caps, buffers: &[gst::Buffer]) -> f64 {
    let places = vec!["identity"; names.len()];
    let own = ms(Chain::new(names, caps).cost(buffers));
    own - ms(Chain::new(&places, caps).cost(buffers))
}

/// Runs a pipeline to its end.
pub fn run(description: &str) {
    let pipeline = gst::parse::launch(description).expect(description);
    to_the_end(pipeline.downcast_ref().unwrap());
}

/// The same of a pipeline that is there.
pub fn to_the_end(pipeline: &gst::Pipeline) {
    pipeline.set_state(gst::State::Playing).unwrap();
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    let end = pipeline.bus().unwrap().timed_pop_filtered(None, &ends);
    let end = end.unwrap();
    assert_eq!(end.type_(), gst::MessageType::Eos, "{end:?}");
    pipeline.set_state(gst::State::Null).unwrap();
}

/// CPU time in ms for a second of a programme, as that `defect-monitor capacity` measures it with these arguments.
pub fn capacity(monitor: &str, arguments: &[&str]) -> f64 {
    let mut command = Command::new(monitor);
    command.args(["capacity", "--json"]).args(arguments);
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = &report["programmes"][0]["cpu-ms-per-second"]["all"]["median"];
    all.as_f64().unwrap()
}
