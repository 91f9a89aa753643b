// SPDX-License-Identifier: MPL-2.0
//! Clips as detectors see them: the grid of each picture, and samples.
#![allow(dead_code, reason = "no benchmark uses all of it")]

#[path = "format.rs"]
mod format;

use std::sync::Arc;

use format::format;
use gst::prelude::*;
use gst_video::prelude::*;
use gstdefect::media::{
    Ns, SECOND, Span,
    picture::{Grid, Layout, Matrix, Measurer, Planes, VideoFormat},
};

/// Samples per second.
pub const RATE: u32 = 48_000;

/// All buffers of one stream of a file.
pub fn buffers(path: &str, tail: &str) -> Buffers {
    let line = format!("filesrc name=f ! decodebin ! {tail} ! appsink name=a sync=false");
    let pipeline = gst::parse::launch(&line).unwrap();
    let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
    pipeline
        .by_name("f")
        .unwrap()
        .set_property("location", path);
    let sink = pipeline.by_name("a").unwrap();
    let sink = sink.downcast::<gst_app::AppSink>().unwrap();
    sink.set_max_buffers(8);
    pipeline.set_state(gst::State::Playing).unwrap();
    Buffers { pipeline, sink }
}

/// The buffers of one stream; none, if there is no such stream.
pub struct Buffers {
    pipeline: gst::Pipeline,
    sink: gst_app::AppSink,
}

impl Iterator for Buffers {
    type Item = gst::Sample;

    fn next(&mut self) -> Option<gst::Sample> {
        let bus = self.pipeline.bus()?;
        loop {
            let sample = self
                .sink
                .try_pull_sample(gst::ClockTime::from_mseconds(100));
            if sample.is_some() || self.sink.is_eos() {
                return sample;
            }
            // A stream that nothing is linked to never comes here.
            bus.pop_filtered(&[gst::MessageType::Error])
                .map_or(Some(()), |_| None)?;
        }
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Running time at which a sample begins.
fn start(sample: &gst::Sample) -> Ns {
    let segment = sample.segment().unwrap();
    let segment = segment.downcast_ref::<gst::ClockTime>().unwrap();
    let pts = sample.buffer().unwrap().pts().unwrap();
    segment.to_running_time(pts).unwrap().nseconds()
}

/// Samples of all channels in turn, and when they begin.
pub fn sound(path: &str, way: &str, channels: usize) -> (Ns, Vec<f32>) {
    let tail = format!(
        "audioconvert ! audioresample ! {way}audioconvert ! audioresample ! \
        audio/x-raw,format=F32LE,layout=interleaved,channels={channels},rate={RATE}"
    );
    let (mut begin, mut samples) = (None, Vec::new());
    for sample in buffers(path, &tail) {
        begin.get_or_insert_with(|| start(&sample));
        let map = sample.buffer().unwrap().map_readable().unwrap();
        let values = map.as_chunks::<4>().0.iter();
        samples.extend(values.map(|b| f32::from_le_bytes(*b)));
    }
    (begin.unwrap_or(0), samples)
}

/// The grid of each picture.
pub fn grids(path: &str, way: &str) -> Vec<(Span, Arc<Grid>)> {
    let tail = format!("videoconvert ! {way}videoconvert ! video/x-raw,format=I420");
    let mut measurer = None;
    let mut grids = Vec::new();
    for sample in buffers(path, &tail) {
        let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
        let (width, height) = (info.width() as usize, info.height() as usize);
        let format = VideoFormat {
            matrix: Matrix::Bt601,
            ..format(Layout::I420, width, height)
        };
        let buffer = sample.buffer().unwrap();
        let length = match info.fps().numer() {
            0 => buffer.duration().map_or(SECOND / 25, |d| d.nseconds()),
            numer => SECOND * info.fps().denom() as Ns / numer as Ns,
        };
        let start = start(&sample);
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).unwrap();
        let plane = |i: u32| {
            let stride = frame.plane_stride()[i as usize] as usize;
            (frame.plane_data(i).unwrap(), stride)
        };
        let planes = [plane(0), plane(1), plane(2)];
        let mut grid = Grid::new(&format);
        let measurer = measurer.get_or_insert_with(|| Measurer::new(&format));
        measurer.measure(&Planes::new(&format, &planes).unwrap(), &mut grid);
        grids.push((Span::new(start, start + length), Arc::new(grid)));
    }
    grids
}
