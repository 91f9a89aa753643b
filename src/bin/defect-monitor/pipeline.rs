// SPDX-License-Identifier: MPL-2.0
//! Pipelines that are described in words and run to their end.

use gst::prelude::*;

/// Nothing for so long: it hangs.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(60);

/// A pipeline from its description.
pub fn launch(description: &str) -> Result<gst::Pipeline, String> {
    gst::parse::launch(description)
        .map_err(|e| e.message().to_owned())?
        .downcast::<gst::Pipeline>()
        .map_err(|_| "not a pipeline".to_owned())
}

/// Sets a property of an element of that name.
pub fn set(
    pipeline: &gst::Pipeline,
    element: &str,
    property: &str,
    value: &str,
) -> Result<(), String> {
    let element = pipeline.by_name(element).ok_or("an element is missing")?;
    element.set_property(property, value);
    Ok(())
}

/// Plays to the end; `tell` gets what the bus has.
pub fn run(pipeline: &gst::Pipeline, tell: &mut dyn FnMut(&gst::Message)) -> Result<(), String> {
    let bus = pipeline.bus().ok_or("a pipeline without a bus")?;
    pipeline.set_auto_flush_bus(false);
    let done = match pipeline.set_state(gst::State::Playing) {
        Ok(_) => follow(&bus, tell),
        Err(_) => Err("GStreamer can't play it".to_owned()),
    };
    let _ = pipeline.set_state(gst::State::Null);
    while let Some(message) = bus.pop() {
        tell(&message);
    }
    done
}

/// To the end of the stream, or why it doesn't come.
fn follow(bus: &gst::Bus, tell: &mut dyn FnMut(&gst::Message)) -> Result<(), String> {
    use gst::MessageView;
    loop {
        let message = bus.timed_pop(PATIENCE).ok_or("it hangs")?;
        match message.view() {
            MessageView::Eos(_) => return Ok(()),
            MessageView::Error(e) => return Err(e.error().message().to_owned()),
            _ => tell(&message),
        }
    }
}
