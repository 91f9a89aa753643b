// SPDX-License-Identifier: MPL-2.0
//! Encodes a clip; plays a stream through the detectors and shows each picture.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use gst::prelude::*;
use gstdefect::DefectMessage;

use super::Evidence;
use super::luma::Luma;
use super::truth::Episode;
use crate::buffer_time::running_time;
use crate::choice::Choice;
use crate::evidence;
use crate::pipeline::{launch, run, set};

/// Sizes that the encoders accept: even ones. The nearest is taken; most are even already.
const SIZES: &str = "width=[2,16384,2],height=[2,16384,2]";
/// Rates that MPEG-2 has; the nearest is taken.
const RATES: &str = "{24000/1001,24/1,25/1,30000/1001,30/1,50/1,60000/1001,60/1}";

/// The result of watching a stream.
#[derive(Debug, Default)]
pub struct Watched {
    /// All episodes.
    pub episodes: Vec<Episode>,
}

/// Encodes the first pictures of a clip into a transport stream.
pub fn encode(clip: &Path, coder: &str, pictures: u32, to: &Path) -> Result<(), String> {
    let uri = gst::glib::filename_to_uri(clip.canonicalize().map_err(|e| e.to_string())?, None)
        .map_err(|e| e.to_string())?;
    let pipeline = launch(&format!(
        "uridecodebin name=from caps=video/x-raw ! videoconvert ! videoscale ! videorate ! \
        video/x-raw,format=I420,{SIZES},framerate={RATES} \
         ! identity name=some ! {coder} ! mpegtsmux ! filesink name=to"
    ))?;
    set(&pipeline, "from", "uri", uri.as_str())?;
    set(&pipeline, "to", "location", &to.to_string_lossy())?;
    let some = pipeline
        .by_name("some")
        .and_then(|some| some.static_pad("src"));
    end_after(&some.ok_or("no pictures")?, pictures);
    run(&pipeline, &mut |_| {})
}

/// Decodes the pictures of a stream and codes them again, in Matroska.
pub fn recode(stream: &Path, coder: &str, to: &Path) -> Result<(), String> {
    let pipeline = launch(&format!(
        "filesrc name=from ! decodebin ! videoconvert ! video/x-raw,format=I420 ! {coder} ! matroskamux ! filesink name=to"
    ))?;
    set(&pipeline, "from", "location", &stream.to_string_lossy())?;
    set(&pipeline, "to", "location", &to.to_string_lossy())?;
    run(&pipeline, &mut |_| {})
}

/// Ends the stream after that many buffers.
fn end_after(pad: &gst::Pad, buffers: u32) {
    let count = AtomicU32::new(0);
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, _| {
        match count.fetch_add(1, Ordering::Relaxed) {
            n if n < buffers => return gst::PadProbeReturn::Ok,
            n if n == buffers => {
                let _ = pad.push_event(gst::event::Eos::new());
            }
            _ => {}
        }
        gst::PadProbeReturn::Handled
    });
}

/// A pipeline that decodes and shows pictures, with those detectors in between.
fn pipeline(choice: &Choice) -> Result<gst::Pipeline, String> {
    let pipeline = launch(
        "filesrc name=from ! decodebin ! identity name=decoded \
         videoconvert name=convert ! video/x-raw,format=I420 ! fakesink name=appear sync=false",
    )?;
    let detectors = choice.element(true, false, false)?;
    let named = |name| pipeline.by_name(name).ok_or("an element is missing");
    let (decoded, convert) = (named("decoded")?, named("convert")?);
    pipeline
        .add(&detectors)
        .and_then(|()| gst::Element::link_many([&decoded, &detectors, &convert]))
        .map_err(|e| e.to_string())?;
    Ok(pipeline)
}

/// Plays a stream through detectors of pictures. `show` gets every picture with its time.
pub fn watch(
    stream: &Path,
    choice: &Choice,
    known: Evidence,
    show: &mut (dyn FnMut(u64, Luma) + Send),
) -> Result<Watched, String> {
    let pipeline = pipeline(choice)?;
    set(&pipeline, "from", "location", &stream.to_string_lossy())?;
    if known == Evidence::Monitor {
        // Before decodebin puts the demuxer and the decoder in.
        evidence::listen(&pipeline);
    }
    let sink = pipeline
        .by_name("appear")
        .and_then(|s| s.static_pad("sink"));
    let sink = sink.ok_or("no sink")?;
    // A few pictures may wait, so that the detectors continue while one is compared.
    let (send, come) = std::sync::mpsc::sync_channel(4);
    let probe = sink.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let (Some(buffer), Some(caps)) = (info.buffer(), pad.current_caps())
            && let Some(time) = running_time(pad, buffer)
            && let Some(picture) = luma(buffer, &caps)
        {
            let _ = send.send((time.start, picture));
        }
        gst::PadProbeReturn::Ok
    });
    let mut watched = Watched::default();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            come.into_iter()
                .for_each(|(time, picture)| show(time, picture))
        });
        let done = run(&pipeline, &mut |message| {
            if let Ok(defect) = DefectMessage::try_from(message.as_ref()) {
                watched.note(&defect);
            }
        });
        // Removing the probe drops the channel, and its reader ends.
        if let Some(probe) = probe {
            sink.remove_probe(probe);
        }
        done
    })?;
    Ok(watched)
}

impl Watched {
    /// Takes note of a message.
    pub fn note(&mut self, defect: &DefectMessage) {
        let start = defect.running_time.unwrap_or(defect.timestamp);
        let end = start.saturating_add(defect.duration);
        let known = |e: &&mut Episode| e.id == defect.id && e.element == defect.element;
        match self.episodes.iter_mut().find(known) {
            Some(episode) => episode.end = episode.end.max(end),
            None => self.episodes.push(Episode {
                element: defect.element.clone(),
                id: defect.id,
                kind: defect.kind.clone(),
                start,
                told: end,
                end,
            }),
        }
    }
}

/// The luma of a picture.
fn luma(buffer: &gst::BufferRef, caps: &gst::CapsRef) -> Option<Luma> {
    use gst_video::VideoFrameExt;
    let info = gst_video::VideoInfo::from_caps(caps).ok()?;
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).ok()?;
    let stride = usize::try_from(*frame.plane_stride().first()?).ok()?;
    let plane = frame.plane_data(0).ok()?;
    Some(Luma::of(
        plane,
        stride,
        info.width() as usize,
        info.height() as usize,
    ))
}
