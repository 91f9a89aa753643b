// SPDX-License-Identifier: MPL-2.0
//! Pipelines that are described in words and run to their end.

use gst::prelude::*;

/// Neither a message nor any progress for so long: it hangs.
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
        Ok(_) => follow(pipeline, &bus, tell),
        Err(_) => Err("GStreamer can't play it".to_owned()),
    };
    let _ = pipeline.set_state(gst::State::Null);
    while let Some(message) = bus.pop() {
        tell(&message);
    }
    done
}

/// To the end of the stream, or why it doesn't come.
fn follow(
    pipeline: &gst::Pipeline,
    bus: &gst::Bus,
    tell: &mut dyn FnMut(&gst::Message),
) -> Result<(), String> {
    use gst::MessageView;
    let mut reached = None;
    loop {
        let Some(message) = bus.timed_pop(PATIENCE) else {
            let now = pipeline.query_position::<gst::ClockTime>();
            if now <= reached {
                return Err("it hangs".to_owned());
            }
            reached = now;
            continue;
        };
        match message.view() {
            MessageView::Eos(_) => return Ok(()),
            MessageView::Error(e) => return Err(e.error().message().to_owned()),
            _ => tell(&message),
        }
    }
}
