// SPDX-License-Identifier: MPL-2.0
//! What everybody looks at: a scene that moves, with edges, colour and grain, as cameras deliver it.

use gst_video::{VideoFrameRef, VideoInfo};

/// Different pictures before the first one comes again.
pub const PICTURES: usize = 24;

/// Pictures of a format, 25 a second.
pub fn pictures(format: &str, width: u32, height: u32) -> (VideoInfo, Vec<gst::Buffer>) {
    let info = |format: gst_video::VideoFormat| {
        let fps = gst::Fraction::new(25, 1);
        let builder = VideoInfo::builder(format, width, height).fps(fps);
        builder.build().unwrap()
    };
    let (from, to) = (
        info(gst_video::VideoFormat::I420),
        info(format.parse().unwrap()),
    );
    let converter = gst_video::VideoConverter::new(&from, &to, None).unwrap();
    let convert = |n| {
        let scene = gst::Buffer::from_mut_slice(scene(&from, n));
        let mut buffer = gst::Buffer::with_size(to.size()).unwrap();
        let b = buffer.get_mut().unwrap();
        b.set_duration(gst::ClockTime::from_mseconds(40));
        let scene = VideoFrameRef::from_buffer_ref_readable(&scene, &from).unwrap();
        let mut frame = VideoFrameRef::from_buffer_ref_writable(b, &to).unwrap();
        converter.frame_ref(&scene, &mut frame);
        drop(frame);
        buffer
    };
    (to.clone(), (0..PICTURES).map(convert).collect())
}

/// I420: a gradient, shapes that move over it, and grain.
fn scene(info: &VideoInfo, n: usize) -> Vec<u8> {
    let mut bytes = vec![128u8; info.size()];
    let height = info.height() as usize;
    let mut grain = n as u32 * 7919 + 1;
    for (plane, (offset, stride)) in info.offset().iter().zip(info.stride()).enumerate() {
        let (stride, lines) = (
            *stride as usize,
            if plane == 0 { height } else { height / 2 },
        );
        let shift = n * if plane == 0 { 6 } else { 3 };
        for (y, line) in bytes[*offset..][..stride * lines]
            .chunks_mut(stride)
            .enumerate()
        {
            for (x, sample) in line.iter_mut().enumerate() {
                grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (grain >> 30) as i32 + ((grain >> 28) & 3) as i32 - 3;
                let shape = (((x + shift) / 96) ^ (y / 64)) % 5;
                let slope = (x * 40 / stride + y * 40 / lines) as i32;
                let level = if plane == 0 {
                    50 + slope
                } else {
                    100 + slope / 4
                };
                let step = if plane == 0 { 18 } else { 6 };
                *sample = (level + shape as i32 * step + noise) as u8;
            }
        }
    }
    bytes
}
