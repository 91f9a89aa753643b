// SPDX-License-Identifier: MPL-2.0
//! A piece of a programme, decoded.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::prelude::*;

use super::super::format;
use super::watch::Subject;
use crate::lock::lock;

/// Most bytes that are kept of each stream: 24 pictures of 1080p in 8 bit take 75 MB.
const MOST_PICTURES: usize = 24;
const MOST_SOUND: gst::ClockTime = gst::ClockTime::from_seconds(5);

/// Decoded pictures or sound of one stream.
pub struct Material {
    /// Whether it is pictures.
    pub is_video: bool,
    /// Their format.
    pub caps: gst::Caps,
    /// The buffers from the decoder, with durations.
    pub buffers: Vec<gst::Buffer>,
}

impl Material {
    /// The format, for people.
    pub fn words(&self) -> String {
        format::raw(&self.caps)
    }

    /// How long it is.
    pub fn length(&self) -> gst::ClockTime {
        length(&self.buffers)
    }
}

fn length(buffers: &[gst::Buffer]) -> gst::ClockTime {
    buffers.iter().filter_map(|b| b.duration()).sum()
}

fn is_enough(buffers: &[gst::Buffer], is_video: bool) -> bool {
    if is_video {
        buffers.len() >= MOST_PICTURES
    } else {
        length(buffers) >= MOST_SOUND
    }
}

type Kept = Arc<Mutex<Vec<gst::Buffer>>>;

/// Takes a piece of each stream of a programme.
pub fn of(subject: &Subject) -> Result<Vec<Material>, String> {
    let mut watching = subject.start(&subject.choice)?;
    let mut kept: Vec<(String, Kept)> = Vec::new();
    let mut materials = Vec::new();
    // Pieces are taken until the programme is over: only then it is known that no other stream comes.
    while !watching.play.is_over() {
        watching.read_messages(Duration::from_millis(1))?;
        for chain in watching.play.streams.chains() {
            if kept.iter().all(|(name, _)| *name != chain.name) {
                let buffers = Kept::default();
                if let Some(pad) = chain.pad() {
                    keep(&pad, chain.is_video, Arc::clone(&buffers));
                }
                kept.push((chain.name.clone(), buffers));
            }
        }
    }
    for chain in watching.play.streams.chains() {
        let buffers = kept.iter().find(|(name, _)| *name == chain.name);
        let buffers = buffers.map(|(_, buffers)| std::mem::take(&mut *lock(buffers)));
        if let (Some(caps), Some(buffers)) =
            (chain.seen.format(), buffers.filter(|b| !b.is_empty()))
        {
            materials.push(Material {
                is_video: chain.is_video,
                caps,
                buffers,
            });
        }
    }
    watching.stop()?;
    Ok(materials)
}

/// Keeps copies of passing buffers; decoders need their own memory back.
fn keep(pad: &gst::Pad, is_video: bool, kept: Kept) {
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let mut kept = lock(&kept);
        if let Some(buffer) = info.buffer()
            && buffer.duration().is_some()
            && let Ok(copy) = buffer.copy_deep()
        {
            kept.push(copy);
        }
        if is_enough(&kept, is_video) {
            gst::PadProbeReturn::Remove
        } else {
            gst::PadProbeReturn::Ok
        }
    });
}
