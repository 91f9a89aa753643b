// SPDX-License-Identifier: MPL-2.0
//! Takes the pictures and sound for a report from the streams, on their way to the detectors.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use gst::prelude::*;
use gstdefect::DefectMessage;
use gstdefect::media::sound::{AudioFormat, Position, SampleLayout, SampleType, Samples};

use super::data::{Excerpt, Picture};
use super::film::Film;
use super::sound::{Sound, Wanted};
use crate::buffer_time::stream_time;
use crate::chain::Chain;
use crate::lock::lock;
use crate::{line, play};

/// A defect within a file: track, element, number.
pub type Episode = (String, String, u64);

/// The pictures of one defect.
#[derive(Debug, Clone, Default)]
pub struct Shots {
    /// At its start.
    pub start: Option<Picture>,
    /// Where it was worst, if it became worse.
    pub worst: Option<Picture>,
    value: f64,
}

/// Pictures and sound of all tracks of a file.
#[derive(Debug, Default)]
pub struct Probes {
    films: Mutex<BTreeMap<String, Arc<Mutex<Film>>>>,
    sounds: Mutex<BTreeMap<String, Arc<Mutex<Sound>>>>,
    shots: Mutex<HashMap<Episode, Shots>>,
}

impl Probes {
    /// Follows the streams of that pipeline from now on.
    pub fn install(pipeline: &gst::Pipeline) -> Arc<Self> {
        let probes = Arc::new(Self::default());
        let follower = Arc::clone(&probes);
        pipeline.connect_deep_element_added(move |_, bin, element| follower.meet(bin, element));
        if let Some(bus) = pipeline.bus() {
            let reader = Arc::clone(&probes);
            // In the thread that brings the picture in which the defect was found.
            bus.enable_sync_message_emission();
            bus.connect_sync_message(Some("element"), move |_, message| reader.read(message));
        }
        probes
    }

    /// The pictures of all tracks.
    pub fn films(&self) -> BTreeMap<String, Arc<Mutex<Film>>> {
        lock(&self.films).clone()
    }

    /// The pictures of a defect.
    pub fn shots(&self, episode: &Episode) -> Shots {
        lock(&self.shots).get(episode).cloned().unwrap_or_default()
    }

    /// The sound of the defects, by track.
    pub fn excerpts(&self) -> HashMap<Episode, Excerpt> {
        let sounds = lock(&self.sounds).clone();
        let mut all = HashMap::new();
        for (track, sound) in sounds {
            let excerpts = lock(&sound).take();
            for ((element, id), excerpt) in excerpts {
                all.insert((track.clone(), element, id), excerpt);
            }
        }
        all
    }

    fn meet(&self, bin: &gst::Bin, element: &gst::Element) {
        let (track, factory) = (bin.name().to_string(), element.factory());
        let Some(factory) = factory.filter(|_| Chain::is_name(&track)) else {
            return;
        };
        match (factory.name().as_str(), track.starts_with("video")) {
            ("queue", true) => {
                let film = Arc::clone(lock(&self.films).entry(track).or_default());
                if let Some(pad) = element.static_pad("src") {
                    follow_pictures(&pad, film);
                }
            }
            // Behind the converter, where the format is one of a few.
            ("fakesink", false) => {
                let sound = Arc::clone(lock(&self.sounds).entry(track).or_default());
                if let Some(pad) = element.static_pad("sink") {
                    follow_sound(&pad, sound);
                }
            }
            _ => {}
        }
    }

    fn read(&self, message: &gst::Message) {
        let Ok(defect) = DefectMessage::try_from(message.as_ref()) else {
            return;
        };
        let track = play::stream(message);
        let film = lock(&self.films).get(&track).cloned();
        if let Some(film) = film {
            self.shoot(&mut lock(&film), track, &defect);
            return;
        }
        let sound = lock(&self.sounds).get(&track).cloned();
        if let Some(sound) = sound.filter(|_| defect.state == "begin") {
            lock(&sound).want(Wanted {
                episode: (defect.element.clone(), defect.id),
                start: line::start(&defect) as f64 / 1e9,
                is_isolated: defect.count.is_some(),
                channel: defect.channel.and_then(|c| usize::try_from(c).ok()),
            });
        }
    }

    fn shoot(&self, film: &mut Film, track: String, defect: &DefectMessage) {
        let episode = (track, defect.element.clone(), defect.id);
        let start = line::start(defect);
        match defect.state.as_str() {
            "begin" => {
                let start = film.shot(start, defect.count.is_some());
                let (worst, value) = (None, defect.value);
                lock(&self.shots).insert(
                    episode,
                    Shots {
                        start,
                        worst,
                        value,
                    },
                );
            }
            "ongoing" => {
                if let Some(shots) = lock(&self.shots).get_mut(&episode)
                    && is_worse(defect, shots.value)
                {
                    shots.value = defect.value;
                    shots.worst = film.shot(start + defect.duration, true);
                }
            }
            _ => {}
        }
    }
}

/// Whether the value has moved away from its limit.
fn is_worse(defect: &DefectMessage, than: f64) -> bool {
    (defect.value - defect.threshold).abs() > (than - defect.threshold).abs()
}

fn follow_pictures(pad: &gst::Pad, film: Arc<Mutex<Film>>) {
    follow(pad, move |pad, data| match data {
        Data::Caps(caps) => lock(&film).set_caps(caps),
        Data::Buffer(buffer) => {
            if let Some(at) = stream_time(pad, buffer) {
                lock(&film).push(at.start, buffer);
            }
        }
    });
}

fn follow_sound(pad: &gst::Pad, sound: Arc<Mutex<Sound>>) {
    let format = Mutex::new(None);
    follow(pad, move |pad, data| match data {
        Data::Caps(caps) => {
            let new = format_of(&caps);
            if let Some(new) = &new {
                lock(&sound).set_format(new.rate, new.channels);
            }
            *lock(&format) = new;
        }
        Data::Buffer(buffer) => {
            let at = stream_time(pad, buffer);
            if let Some((format, at)) = lock(&format).as_ref().zip(at)
                && let Ok(map) = buffer.map_readable()
            {
                let samples = interleaved(&Samples::packed(format, &map), format.channels);
                lock(&sound).push(at.start as f64 / 1e9, &samples);
            }
        }
    });
}

enum Data<'a> {
    Caps(gst::Caps),
    Buffer(&'a gst::Buffer),
}

fn follow(pad: &gst::Pad, read: impl Fn(&gst::Pad, Data) + Send + Sync + 'static) {
    let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    pad.add_probe(kinds, move |pad, info| {
        match &info.data {
            Some(gst::PadProbeData::Buffer(buffer)) => read(pad, Data::Buffer(buffer)),
            Some(gst::PadProbeData::Event(event)) => {
                if let gst::EventView::Caps(caps) = event.view() {
                    read(pad, Data::Caps(caps.caps_owned()));
                }
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

fn format_of(caps: &gst::Caps) -> Option<AudioFormat> {
    let info = gst_audio::AudioInfo::from_caps(caps).ok()?;
    let channels = info.channels() as usize;
    Some(AudioFormat {
        sample: match info.format() {
            gst_audio::AudioFormat::S16le => SampleType::S16,
            gst_audio::AudioFormat::S24le => SampleType::S24,
            gst_audio::AudioFormat::S32le => SampleType::S32,
            gst_audio::AudioFormat::F32le => SampleType::F32,
            gst_audio::AudioFormat::F64le => SampleType::F64,
            _ => return None,
        },
        layout: match info.layout() {
            gst_audio::AudioLayout::NonInterleaved => SampleLayout::Planar,
            _ => SampleLayout::Interleaved,
        },
        rate: info.rate(),
        channels,
        positions: vec![Position::Other; channels],
    })
}

fn interleaved(samples: &Samples, channels: usize) -> Vec<f32> {
    let mut all = vec![0.0; samples.frames() * channels];
    let mut one = vec![0.0; samples.frames()];
    for channel in 0..channels {
        samples.read(channel, 0, &mut one);
        for (out, sample) in all.iter_mut().skip(channel).step_by(channels).zip(&one) {
            *out = *sample;
        }
    }
    all
}
