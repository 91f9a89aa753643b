// SPDX-License-Identifier: MPL-2.0
//! A clip, decoded, with faults put into it, and coded again into a file.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use gst::prelude::*;
use gst_video::prelude::*;

use super::captions::{self, CaptionFault};
use super::picture::{Picture, PictureFault, Plane};
use super::sound::{CHANNELS, RATE, SoundFault};
use super::{Event, Fault, Medium, Timing};
use crate::buffer_time::running_time;
use crate::lock::lock;
use crate::pipeline::{launch, run, set};

/// What the coder takes: even sizes, the nearest of these rates.
const PICTURES: &str = "video/x-raw,format=I420,width=[2,16384,2],height=[2,16384,2],\
    framerate={24000/1001,24/1,25/1,30000/1001,30/1,50/1,60000/1001,60/1}";
/// By how much pictures are late with [`Fault::AvSync`], in ns.
const LATE: u64 = 225_000_000;

/// A sort of file: its ending, muxer, and coder of sound.
type Container = (&'static str, &'static str, &'static str);
const CONTAINERS: [Container; 3] = [
    ("mkv", "matroskamux", "flacenc"),
    ("mp4", "mp4mux", "avenc_aac bitrate=192000 ! aacparse"),
    ("ts", "mpegtsmux", "avenc_aac bitrate=192000 ! aacparse"),
];

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    /// Length of the longest stream, in ns.
    pub length: u64,
    /// What is in it.
    pub media: Vec<Medium>,
    /// When faults are there.
    timing: Timing,
}

impl Written {
    /// Where a fault was put in; nowhere, if the clip is too short or hasn't such a stream.
    pub fn events(&self, fault: Fault) -> Vec<Event> {
        match self.media.contains(&fault.medium()) {
            true => self.timing.schedule(fault).events(self.length),
            false => Vec::new(),
        }
    }
}

/// Where the last pictures, sound and captions were so far, in ns.
type Lengths = Arc<[AtomicU64; 3]>;
const MEDIA: [Medium; 3] = [Medium::Pictures, Medium::Sound, Medium::Captions];

/// Writes a clip with those faults at those times, in H.264 of that bit rate, in kbit/s. The ending of the file's name says of what sort
/// it is.
///
/// # Errors
/// If the clip can't be decoded, or the file can't be written.
pub fn write(
    from: &Path,
    to: &Path,
    (faults, timing): (&[Fault], Timing),
    kbits: u32,
) -> Result<Written, String> {
    let (_, muxer, sound) = container(to)?;
    let pipeline = launch(&format!(
        "uridecodebin name=from caps=\"video/x-raw;audio/x-raw\" {muxer} name=mux ! filesink name=to"
    ))?;
    let from = from
        .canonicalize()
        .map_err(|e| format!("{}: {e}", from.display()))?;
    let uri = gst::glib::filename_to_uri(from, None).map_err(|e| e.to_string())?;
    set(&pipeline, "from", "uri", &uri)?;
    set(&pipeline, "to", "location", &to.to_string_lossy())?;
    let lengths = Lengths::default();
    let coders = Coders {
        faults: faults.to_vec(),
        timing,
        kbits,
        sound,
        lengths: Arc::clone(&lengths),
    };
    let decoder = pipeline.by_name("from").ok_or("no decoder")?;
    let bin = pipeline.downgrade();
    decoder.connect_pad_added(move |decoder, pad| {
        if let Some(pipeline) = bin.upgrade()
            && let Err(why) = coders.add(&pipeline, pad)
        {
            gst::element_error!(decoder, gst::CoreError::Failed, ("{}", why));
        }
    });
    run(&pipeline, &mut |_| {})?;
    let ends = lengths.each_ref().map(|l| l.load(Ordering::Acquire));
    Ok(Written {
        length: ends[0].max(ends[1]),
        media: MEDIA
            .into_iter()
            .filter(|medium| ends[*medium as usize] > 0)
            .collect(),
        timing,
    })
}

fn container(to: &Path) -> Result<Container, String> {
    let ending = to.extension().map(|e| e.to_string_lossy().to_lowercase());
    let known = CONTAINERS
        .into_iter()
        .find(|(e, ..)| ending.as_deref() == Some(e));
    known.ok_or_else(|| {
        let endings = CONTAINERS.map(|(e, ..)| format!(".{e}")).join(", ");
        format!("{}: its name has to end in one of {endings}", to.display())
    })
}

/// Codes the streams of a clip as they appear.
struct Coders {
    faults: Vec<Fault>,
    timing: Timing,
    kbits: u32,
    sound: &'static str,
    lengths: Lengths,
}

impl Coders {
    fn add(&self, pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), String> {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let is_video = caps.structure(0).is_some_and(|s| s.name() == "video/x-raw");
        let number = usize::from(!is_video);
        if self.lengths[number].swap(1, Ordering::AcqRel) > 0 {
            // One of each.
            return Ok(());
        }
        let coder = match is_video {
            true => format!(
                "videoconvert ! videoscale ! videorate ! {PICTURES} ! identity name=fault ! queue ! \
                 x264enc bitrate={} key-int-max=50 speed-preset=veryfast threads=1 ! h264parse ! queue max-size-time=0 max-size-bytes=0",
                self.kbits
            ),
            false => format!(
                "audioconvert ! audioresample ! audio/x-raw,format=F32LE,layout=interleaved,rate={RATE},channels={CHANNELS} ! \
                 identity name=fault ! audioconvert ! {} ! queue max-size-time=0 max-size-buffers=0",
                self.sound
            ),
        };
        let coder = gst::parse::bin_from_description(&coder, true).map_err(|e| e.to_string())?;
        let entry = coder.by_name("fault").and_then(|f| f.static_pad("src"));
        self.probe(&entry.ok_or("no place for faults")?, is_video);
        let failed = |e: gst::glib::BoolError| e.to_string();
        pipeline.add(&coder).map_err(failed)?;
        let mux = pipeline.by_name("mux").ok_or("no muxer")?;
        coder.link(&mux).map_err(failed)?;
        coder.sync_state_with_parent().map_err(failed)?;
        let sink = coder.static_pad("sink").ok_or("no way in")?;
        pad.link(&sink).map_err(|e| e.to_string()).map(|_| ())
    }

    /// Puts the faults into what passes that pad.
    fn probe(&self, pad: &gst::Pad, is_video: bool) {
        let of = |medium| self.faults.iter().filter(move |f| f.medium() == medium);
        let timing = self.timing;
        let has_late = self.faults.contains(&Fault::AvSync) && is_video;
        let late = has_late.then(|| timing.schedule(Fault::AvSync));
        let pictures: Vec<_> = of(Medium::Pictures)
            .map(|f| PictureFault::new(*f, timing.schedule(*f)))
            .collect();
        let sounds: Vec<_> = of(Medium::Sound)
            .map(|f| SoundFault::new(*f, timing.schedule(*f)))
            .collect();
        let captions: Vec<_> = of(Medium::Captions)
            .map(|f| CaptionFault::new(*f, timing.schedule(*f)))
            .collect();
        let state = Mutex::new((pictures, sounds, captions));
        let lengths = Arc::clone(&self.lengths);
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            let (Some(buffer), Some(caps)) = (info.buffer_mut(), pad.current_caps()) else {
                return gst::PadProbeReturn::Ok;
            };
            let Some(Range { start: time, end }) = running_time(pad, buffer) else {
                return gst::PadProbeReturn::Ok;
            };
            let reach = |medium: Medium| {
                lengths[medium as usize].fetch_max(end, Ordering::AcqRel);
            };
            let buffer = buffer.make_mut();
            let (pictures, sounds, captions) = &mut *lock(&state);
            if is_video {
                reach(Medium::Pictures);
                change_picture(buffer, &caps, time, pictures);
                if change_captions(buffer, time, captions) {
                    reach(Medium::Captions);
                }
            } else {
                reach(Medium::Sound);
                change_sound(buffer, time, sounds);
            }
            if late.is_some_and(|schedule| schedule.at(time).is_some()) {
                buffer.set_pts(
                    buffer
                        .pts()
                        .map(|pts| pts + gst::ClockTime::from_nseconds(LATE)),
                );
            }
            gst::PadProbeReturn::Ok
        });
    }
}

fn change_picture(
    buffer: &mut gst::BufferRef,
    caps: &gst::CapsRef,
    time: u64,
    faults: &mut [PictureFault],
) {
    let Ok(info) = gst_video::VideoInfo::from_caps(caps) else {
        return;
    };
    let Ok(mut frame) = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, &info) else {
        return;
    };
    let size = |component: u32| {
        let (width, height) = (frame.comp_width(component), frame.comp_height(component));
        (width as usize, height as usize)
    };
    let sizes = [size(0), size(1), size(2)];
    let strides = [0, 1, 2].map(|n| frame.plane_stride()[n] as usize);
    let mut picture: Picture = Picture::default();
    for (n, plane) in picture.iter_mut().enumerate() {
        let (width, height) = sizes[n];
        let Ok(data) = frame.plane_data(n as u32) else {
            return;
        };
        let rows = data.chunks(strides[n]).take(height);
        *plane = Plane {
            data: rows
                .flat_map(|row| &row[..width.min(row.len())])
                .copied()
                .collect(),
            width,
        };
    }
    faults
        .iter_mut()
        .for_each(|fault| fault.apply(time, &mut picture));
    for (n, plane) in picture.iter().enumerate() {
        let Ok(data) = frame.plane_data_mut(n as u32) else {
            return;
        };
        let rows = data
            .chunks_mut(strides[n])
            .zip(plane.data.chunks(plane.width.max(1)));
        rows.for_each(|(row, new)| row[..new.len()].copy_from_slice(new));
    }
}

/// Returns whether there were captions.
fn change_captions(buffer: &mut gst::BufferRef, time: u64, faults: &mut [CaptionFault]) -> bool {
    let mut packets = captions::take(buffer);
    let any = !packets.is_empty();
    faults
        .iter_mut()
        .for_each(|fault| fault.apply(time, &mut packets));
    captions::put(buffer, &packets);
    any
}

fn change_sound(buffer: &mut gst::BufferRef, time: u64, faults: &mut [SoundFault]) {
    let Ok(mut map) = buffer.map_writable() else {
        return;
    };
    let (bytes, _) = map.as_chunks_mut::<4>();
    let mut samples: Vec<f32> = bytes.iter().map(|b| f32::from_le_bytes(*b)).collect();
    faults
        .iter_mut()
        .for_each(|fault| fault.apply(time, &mut samples));
    for (bytes, sample) in bytes.iter_mut().zip(samples) {
        *bytes = sample.to_le_bytes();
    }
}
