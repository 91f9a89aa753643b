// SPDX-License-Identifier: MPL-2.0
//! Reads the bus in Rust: runs a launch line and prints each defect. The elements come with the crate, no plugin file is needed.
//!
//! ```sh
//! cargo run --example read_bus -- videotestsrc pattern=black num-buffers=100 ! video/x-raw,format=I420 ! blackdetect ! fakesink
//! ```
//!
//! In a project of your own `Cargo.toml` needs
//! `gstdefect = { package = "gst-plugin-defect", git = "..." }` and `gst = { package = "gstreamer", version = "0.25" }`.

use std::error::Error;

use gst::prelude::*;
use gstdefect::DefectMessage;

fn print(message: &gst::Message) {
    // Other messages aren't defects.
    let Ok(defect) = DefectMessage::try_from(message) else {
        return;
    };
    let seconds = |ns: u64| format!("{:.3}", ns as f64 / 1e9);
    let mut words = vec![
        seconds(defect.timestamp),
        defect.element,
        defect.kind,
        defect.state,
        seconds(defect.duration),
    ];
    words.extend(defect.detail);
    words.extend(defect.reason);
    println!("{}", words.join(" "));
}

fn main() -> Result<(), Box<dyn Error>> {
    gst::init()?;
    gstdefect::plugin_register_static()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let pipeline = gst::parse::launch(&arguments.join(" "))?;
    let bus = pipeline.bus().ok_or("a pipeline without a bus")?;
    pipeline.set_state(gst::State::Playing)?;
    let mut result = Ok(());
    for message in bus.iter_timed(gst::ClockTime::NONE) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(error) => {
                result = Err(error.error().to_string().into());
                break;
            }
            _ => print(&message),
        }
    }
    // On the way to READY detectors end the episodes that are open; NULL would discard the messages that nobody has read.
    pipeline.set_state(gst::State::Ready)?;
    while let Some(message) = bus.pop() {
        print(&message);
    }
    pipeline.set_state(gst::State::Null)?;
    result
}
