// SPDX-License-Identifier: MPL-2.0
//! The programme as a source of streams: stock test sources, whose buffers are painted over.

use std::sync::Arc;

use gst::prelude::*;

use super::super::source::{self, Streams};
use super::{How, LENGTH, Programme, picture, sound, step::Step};

const PICTURE: &str = "videotestsrc pattern=black ! capsfilter name=out \
    caps=video/x-raw,format=I420,width=1280,height=720,framerate=25/1,colorimetry=bt709";
const SOUND: &str = "audiotestsrc wave=silence samplesperbuffer=480 ! capsfilter name=out \
    caps=audio/x-raw,format=F32LE,layout=interleaved,rate=48000,channels=2";

impl Programme {
    /// Puts its sources into the pipeline.
    pub fn play(
        self: Arc<Self>,
        pipeline: &gst::Pipeline,
        streams: &Arc<Streams>,
    ) -> Result<(), String> {
        let [camera, microphone] = Step::pair();
        let (scene, programme) = (picture::Scene::new(), Arc::clone(&self));
        let film = move |n, data: &mut [u8]| {
            let now = n * picture::DURATION;
            camera.to(now);
            let mut frame = picture::Frame::new(data);
            scene.paint(&mut frame, n);
            for fault in programme.faults.iter().filter(|f| f.covers(now)) {
                if let How::Picture(change) = &fault.how {
                    change(&mut frame, &scene, fault.from / picture::DURATION);
                }
            }
        };
        let mut voices = sound::Voices::new();
        let record = move |n, data: &mut [u8]| {
            let now = n * sound::DURATION;
            microphone.to(now);
            let mut block = voices.block();
            for fault in self.faults.iter().filter(|f| f.covers(now)) {
                if let How::Sound(change) = &fault.how {
                    let place = sound::Place {
                        before: n - fault.from / sound::DURATION,
                        after: fault.to / sound::DURATION - 1 - n,
                    };
                    change(&mut block, place);
                }
            }
            sound::write(&block, data);
        };
        add(pipeline, streams, PICTURE, picture::DURATION, film)?;
        add(pipeline, streams, SOUND, sound::DURATION, record)
    }
}

/// Adds a source whose buffers last `duration` ms each and are made by `make`, which gets their number.
fn add(
    pipeline: &gst::Pipeline,
    streams: &Arc<Streams>,
    description: &str,
    duration: u64,
    make: impl FnMut(u64, &mut [u8]) + Send + 'static,
) -> Result<(), String> {
    let said = |e: gst::glib::Error| e.message().to_owned();
    let bin = gst::parse::bin_from_description(description, false).map_err(said)?;
    let missing = "the test source has no pad";
    let pad = bin
        .by_name("out")
        .and_then(|out| out.static_pad("src"))
        .ok_or(missing)?;
    let state = std::sync::Mutex::new((0, make));
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let Some(buffer) = info.buffer_mut() else {
            return gst::PadProbeReturn::Ok;
        };
        let Ok(mut state) = state.lock() else {
            return gst::PadProbeReturn::Ok;
        };
        if let Ok(mut map) = buffer.make_mut().map_writable() {
            let n = state.0;
            (state.1)(n, map.as_mut_slice());
            state.0 += 1;
        }
        gst::PadProbeReturn::Ok
    });
    for element in bin.children() {
        if element.has_property("num-buffers") {
            element.set_property("num-buffers", (LENGTH / duration) as i32);
        }
    }
    let ghost = gst::GhostPad::with_target(&pad).map_err(|e| e.to_string())?;
    bin.add_pad(&ghost).map_err(|e| e.to_string())?;
    pipeline.add(&bin).map_err(|e| e.to_string())?;
    source::follow(pipeline, bin.upcast_ref(), streams);
    Ok(())
}
