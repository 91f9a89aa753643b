// SPDX-License-Identifier: MPL-2.0
//! Painted pictures, sent through a chain of real elements.

use gst::prelude::*;

use super::{Heard, SECOND, run_with};

/// A stream of painted I420 pictures.
#[derive(Debug, Clone, Copy)]
pub struct Show {
    pub width: usize,
    pub height: usize,
    pub fps: u64,
    /// What the caps say besides, beginning with a comma.
    pub caps: &'static str,
}

/// Nominal black, as luma, blue and red difference.
pub const BLACK: [u8; 3] = [16, 128, 128];

impl Show {
    /// 25 a second, progressive.
    pub fn new(width: usize, height: usize) -> Self {
        let (fps, caps) = (25, "");
        Self {
            width,
            height,
            fps,
            caps,
        }
    }

    /// At another rate.
    pub fn at(self, fps: u64) -> Self {
        Self { fps, ..self }
    }

    /// Interleaved fields.
    pub fn interlaced(self, top_first: bool) -> Self {
        let caps = if top_first {
            ",interlace-mode=interleaved,field-order=top-field-first"
        } else {
            ",interlace-mode=interleaved,field-order=bottom-field-first"
        };
        Self { caps, ..self }
    }

    /// A picture from the colour of each pixel.
    pub fn paint(&self, colour: impl Fn(usize, usize) -> [u8; 3]) -> Vec<u8> {
        let (width, height) = (self.width, self.height);
        let luma = (0..width * height).map(|i| colour(i % width, i / width)[0]);
        let chroma = |part: usize| {
            let at = move |i: usize| (i % (width / 2) * 2, i / (width / 2) * 2);
            (0..width * height / 4)
                .map(at)
                .map(move |(x, y)| (x, y, part))
        };
        let both = chroma(1).chain(chroma(2));
        luma.chain(both.map(|(x, y, part)| colour(x, y)[part]))
            .collect()
    }

    /// A lively scene at a time in pictures: waves that drift, and edges.
    pub fn scene(&self, time: f64) -> Vec<u8> {
        self.paint(|x, y| [scene(x, y, time), 120, 135])
    }

    /// Sends `count` pictures through `chain`, whose last element is a detector; what it said.
    pub fn run(
        &self,
        chain: &str,
        count: u64,
        picture: impl Fn(u64) -> Vec<u8> + Send + 'static,
    ) -> Heard {
        let Self {
            width,
            height,
            fps,
            caps,
        } = *self;
        // Said outright, for GStreamer's `interlace` asks for it.
        let scan = if caps.is_empty() {
            ",interlace-mode=progressive"
        } else {
            caps
        };
        let line = format!(
            "appsrc name=show format=time caps=video/x-raw,format=I420,width={width},height={height},framerate={fps}/1{scan} \
             ! {chain} ! fakesink sync=false"
        );
        run_with(&line, |pipeline| {
            let source = pipeline.by_name("show").unwrap();
            let source = source.downcast::<gst_app::AppSrc>().unwrap();
            source.set_block(true);
            std::thread::spawn(move || {
                for n in 0..count {
                    let mut buffer = gst::Buffer::from_slice(picture(n));
                    let b = buffer.get_mut().unwrap();
                    b.set_pts(gst::ClockTime::from_nseconds(n * SECOND / fps));
                    b.set_duration(gst::ClockTime::from_nseconds(SECOND / fps));
                    // It is refused when the test has failed already.
                    if source.push_buffer(buffer).is_err() {
                        return;
                    }
                }
                let _ = source.end_of_stream();
            });
        })
    }
}

/// Luma of the lively scene.
pub fn scene(x: usize, y: usize, time: f64) -> u8 {
    let (x, y) = (x as f32, y as f32);
    let t = time as f32;
    let wave = 45.0 * ((x + 5.0 * t + y / 3.0) / 11.0).sin();
    let slow = 30.0 * ((x - 3.0 * t) / 23.0 + y / 17.0).cos();
    (120.0 + wave + slow) as u8
}

/// Encodes and decodes, at a rate in kbit/s.
pub fn h264(rate: u32) -> String {
    format!("x264enc bitrate={rate} speed-preset=superfast threads=1 ! avdec_h264")
}

/// Kind and detail of every episode, in order.
pub fn episodes(heard: &Heard) -> Vec<(String, String)> {
    let ends = heard.state("end").into_iter();
    ends.map(|d| (d.kind, d.detail.unwrap_or_default()))
        .collect()
}

/// That there is one episode, of that kind and detail, which starts at that time in ms (times are stream times: encoders shift others).
pub fn one(heard: &Heard, kind: &str, detail: &str, start: u64, slack: u64) {
    assert_eq!(episodes(heard), [(kind.to_owned(), detail.to_owned())]);
    let end = &heard.state("end")[0];
    let at = end.stream_time.unwrap_or(end.timestamp) / super::MS;
    assert!(at.abs_diff(start) <= slack, "{at} ms: {end:?}");
}
