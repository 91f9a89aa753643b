// SPDX-License-Identifier: MPL-2.0
//! Scenarios: a launch line, run to its end.

use std::time::{Duration, Instant};

use gst::prelude::*;

use super::{Heard, Seen, init};

/// No scenario of ours takes longer, not even on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a launch line to EOS and returns what the detectors said. An error, or no end, fails the test.
pub fn run(launch: &str) -> Heard {
    run_with(launch, |_| {})
}

/// The same, with something done to the pipeline before it starts.
pub fn run_with(launch: &str, prepare: impl FnOnce(&gst::Pipeline)) -> Heard {
    init();
    let pipeline = gst::parse::launch(launch)
        .unwrap_or_else(|e| panic!("{launch}: {e}"))
        .downcast::<gst::Pipeline>()
        .unwrap_or_else(|_| panic!("{launch}: one element is no pipeline"));
    prepare(&pipeline);
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut heard = Heard::default();
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "{launch}: no end");
        let Some(message) = bus.timed_pop(gst::ClockTime::from_seconds(1)) else {
            continue;
        };
        match Seen::message(&message) {
            Some(Seen::Error(e)) => panic!("{launch}: {e}"),
            Some(seen) => heard.0.push(seen),
            None if message.type_() == gst::MessageType::Eos => break,
            None => {}
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    heard
}
