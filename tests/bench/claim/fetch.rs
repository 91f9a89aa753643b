// SPDX-License-Identifier: MPL-2.0
//! The process of one detector that gets what it watches from the store.

use std::io::{BufRead, Write, stdin, stdout};

use super::{common::Chain, store::Client};

/// Reads keys and durations from standard input, one a line; answers each once the detector has seen it.
pub fn run(detector: &str, caps: &str, port: &str) {
    let caps: gst::Caps = caps.parse().unwrap();
    let decoder = match caps.structure(0).unwrap().name().as_str() {
        "image/jpeg" => Some("jpegdec"),
        "image/png" => Some("pngdec"),
        _ => None,
    };
    let names: Vec<_> = decoder.into_iter().chain([detector]).collect();
    let (mut chain, mut store) = (Chain::new(&names, &caps), Client::new(port));
    for line in stdin().lock().lines() {
        let line = line.unwrap();
        let (key, duration) = line.split_once(' ').unwrap();
        let mut buffer = gst::Buffer::from_mut_slice(store.get(key));
        let duration = gst::ClockTime::from_nseconds(duration.parse().unwrap());
        buffer.get_mut().unwrap().set_duration(duration);
        chain.push(&[buffer]);
        println!("done");
        stdout().flush().unwrap();
    }
}
