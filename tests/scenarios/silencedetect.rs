// SPDX-License-Identifier: MPL-2.0
//! `silencedetect` in real pipelines.

use std::sync::{Arc, Mutex};

use gst::prelude::*;

const RATE: u32 = 8000;

fn init() {
    gst::init().unwrap();
    gstdefect::plugin_register_static().ok();
}

/// Runs a pipeline to its end; the structures of its element messages.
fn run(description: &str) -> Vec<gst::Structure> {
    init();
    let pipeline = gst::parse::launch(description).unwrap();
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut said = Vec::new();
    for message in bus.iter_timed(gst::ClockTime::from_seconds(60)) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(e) => panic!("{e:?}"),
            gst::MessageView::Element(e) => said.extend(e.structure().map(|s| s.to_owned())),
            _ => {}
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    said
}

fn text(s: &gst::Structure, field: &str) -> String {
    s.get::<String>(field).unwrap_or_default()
}

#[test]
fn a_silent_stream_from_its_first_sample_on() {
    let said = run(
        "audiotestsrc wave=silence num-buffers=200 samplesperbuffer=480 ! audio/x-raw,rate=48000,channels=2 ! \
         silencedetect min-duration=1000000000 ! fakesink sync=false",
    );
    assert_eq!(said.len(), 2, "{said:?}");
    let (begin, end) = (&said[0], &said[1]);
    assert_eq!(
        (text(begin, "state"), text(end, "state")),
        ("begin".into(), "end".into())
    );
    assert_eq!(
        (begin.get("timestamp"), begin.get("channel")),
        (Ok(0u64), Ok(-1i32))
    );
    assert_eq!(begin.get("duration"), Ok(1_000_000_000u64));
    assert_eq!(text(begin, "detail"), "digital-zero");
    assert_eq!(
        (end.get("duration"), text(end, "reason")),
        (Ok(2_000_000_000u64), "eos".into())
    );
}

#[test]
fn a_dead_leg() {
    let said = run(
        "audiotestsrc num-buffers=300 samplesperbuffer=480 volume=0.3 ! audio/x-raw,rate=48000,channels=1 ! \
         audioconvert mix-matrix=\"<<(float)1.0>,<(float)0.0>>\" ! audio/x-raw,channels=2 ! silencedetect ! fakesink sync=false",
    );
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(
        (said[0].get("channel"), said[0].get("timestamp")),
        (Ok(1i32), Ok(0u64))
    );
}

#[test]
fn a_clean_programme() {
    let said = run(
        "audiotestsrc num-buffers=300 samplesperbuffer=480 ! audio/x-raw,rate=48000,channels=2 ! \
         silencedetect ! fakesink sync=false",
    );
    assert!(said.is_empty(), "{said:?}");
}

/// A detector between pads of the test's own.
struct Rig {
    element: gst::Element,
    before: gst::Pad,
    behind: gst::Pad,
    said: Arc<Mutex<Vec<gst::Structure>>>,
}

impl Rig {
    fn new() -> Self {
        init();
        let element = gst::ElementFactory::make("silencedetect").build().unwrap();
        element.set_property("measurement-interval", 700_000_000u64);
        let said = Arc::<Mutex<Vec<gst::Structure>>>::default();
        let bus = gst::Bus::new();
        let heard = said.clone();
        bus.set_sync_handler(move |_, message| {
            let structure = message.structure().map(|s| s.to_owned());
            let of_ours = structure.filter(|s| s.name().starts_with("defect"));
            heard.lock().unwrap().extend(of_ours);
            gst::BusSyncReply::Drop
        });
        element.set_bus(Some(&bus));
        let before = gst::Pad::builder(gst::PadDirection::Src).build();
        let any = gst::PadTemplate::new(
            "behind",
            gst::PadDirection::Sink,
            gst::PadPresence::Always,
            &gst::Caps::new_any(),
        );
        let behind = gst::Pad::builder_from_template(&any.unwrap())
            .chain_function(|_, _, _| Ok(gst::FlowSuccess::Ok))
            .build();
        before.link(&element.static_pad("sink").unwrap()).unwrap();
        element.static_pad("src").unwrap().link(&behind).unwrap();
        behind.set_active(true).unwrap();
        element.set_state(gst::State::Playing).unwrap();
        before.set_active(true).unwrap();
        assert!(before.push_event(gst::event::StreamStart::new("test")));
        Self {
            element,
            before,
            behind,
            said,
        }
    }

    fn start(&self, info: &gst_audio::AudioInfo) {
        let segment = gst::FormattedSegment::<gst::ClockTime>::new();
        assert!(
            self.before
                .push_event(gst::event::Caps::new(&info.to_caps().unwrap()))
        );
        assert!(self.before.push_event(gst::event::Segment::new(&segment)));
    }

    fn finish(self) -> Vec<gst::Structure> {
        self.before.push_event(gst::event::Eos::new());
        self.element.set_state(gst::State::Null).unwrap();
        self.before.set_active(false).unwrap();
        self.behind.set_active(false).unwrap();
        std::mem::take(&mut *self.said.lock().unwrap())
    }
}

/// A 16-bit sample: a tone, with silence and clicks in both channels, then in the second.
fn sample(frame: u64, channel: usize) -> i16 {
    let t = frame as f64 / f64::from(RATE);
    let silent = (0.5..3.3).contains(&t) || channel == 1 && (4.1234..7.0).contains(&t);
    if silent && frame % u64::from(RATE) < 2 {
        3000
    } else if silent {
        (frame % 2) as i16
    } else {
        ((t * 441.0 * std::f64::consts::TAU).sin() * 8000.0) as i16
    }
}

fn put(bytes: &mut Vec<u8>, format: gst_audio::AudioFormat, value: i16) {
    use gst_audio::AudioFormat as F;
    match format {
        F::S16le => bytes.extend(value.to_le_bytes()),
        F::S24le => bytes.extend(&(i32::from(value) << 8).to_le_bytes()[..3]),
        F::S32le => bytes.extend((i32::from(value) << 16).to_le_bytes()),
        F::F32le => bytes.extend((f32::from(value) / 32_768.0).to_le_bytes()),
        _ => bytes.extend((f64::from(value) / 32_768.0).to_le_bytes()),
    }
}

fn buffer(info: &gst_audio::AudioInfo, from: u64, to: u64) -> gst::Buffer {
    let planar = info.layout() == gst_audio::AudioLayout::NonInterleaved;
    let mut bytes = Vec::new();
    if planar {
        for c in 0..2 {
            (from..to).for_each(|frame| put(&mut bytes, info.format(), sample(frame, c)));
        }
    } else {
        for frame in from..to {
            (0..2).for_each(|c| put(&mut bytes, info.format(), sample(frame, c)));
        }
    }
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    let edit = buffer.get_mut().unwrap();
    let time = |frame: u64| gst::ClockTime::from_nseconds(frame * 1_000_000_000 / u64::from(RATE));
    edit.set_pts(time(from));
    edit.set_duration(time(to) - time(from));
    if planar {
        gst_audio::AudioMeta::add(edit, info, (to - from) as usize, &[]).unwrap();
    }
    buffer
}

#[test]
fn the_same_sound_gives_the_same_messages() {
    init();
    use gst_audio::{AudioFormat as F, AudioLayout as L};
    let mut expected = None;
    for format in [F::S16le, F::S24le, F::S32le, F::F32le, F::F64le] {
        for layout in [L::Interleaved, L::NonInterleaved] {
            for size in [1, 64, 1024, 48_000] {
                let info = gst_audio::AudioInfo::builder(format, RATE, 2)
                    .layout(layout)
                    .build()
                    .unwrap();
                let rig = Rig::new();
                rig.start(&info);
                let frames = 9 * u64::from(RATE);
                let mut from = 0;
                while from < frames {
                    let to = (from + size).min(frames);
                    rig.before.push(buffer(&info, from, to)).unwrap();
                    from = to;
                }
                let said: Vec<_> = rig.finish().iter().map(ToString::to_string).collect();
                let expected = expected.get_or_insert_with(|| said.clone());
                assert_eq!(&said, expected, "{format:?} {layout:?} {size}");
            }
        }
    }
    let defects: Vec<_> = expected
        .unwrap()
        .into_iter()
        .filter(|s| s.starts_with("defect,"))
        .collect();
    assert_eq!(defects.len(), 4, "{defects:#?}");
}

#[test]
fn gap_events_are_silence_and_numbers_go_on() {
    let rig = Rig::new();
    for rate in [RATE, 2 * RATE] {
        let info = gst_audio::AudioInfo::builder(gst_audio::AudioFormat::S16le, rate, 2)
            .build()
            .unwrap();
        rig.start(&info);
        let sound = |from: u64| {
            let mut buffer =
                gst::Buffer::from_mut_slice(vec![0x35u8; info.bpf() as usize * rate as usize]);
            let noisy = buffer.get_mut().unwrap();
            noisy
                .map_writable()
                .unwrap()
                .iter_mut()
                .enumerate()
                .for_each(|(i, x)| *x = (i * i) as u8 / 3);
            noisy.set_pts(gst::ClockTime::from_seconds(from));
            buffer
        };
        rig.before.push(sound(0)).unwrap();
        let gap =
            gst::event::Gap::builder(gst::ClockTime::SECOND).duration(3 * gst::ClockTime::SECOND);
        assert!(rig.before.push_event(gap.build()));
        rig.before.push(sound(4)).unwrap();
    }
    let said = rig.finish();
    let defects: Vec<_> = said.iter().filter(|s| s.name() == "defect").collect();
    let heard: Vec<_> = defects
        .iter()
        .map(|s| {
            (
                text(s, "state"),
                s.get::<u64>("id").unwrap(),
                s.get::<u64>("timestamp").unwrap(),
            )
        })
        .collect();
    let at = 1_000_000_000;
    let expected = [
        ("begin", 1, at),
        ("end", 1, at),
        ("begin", 2, at),
        ("end", 2, at),
    ]
    .map(|(state, id, at)| (state.to_owned(), id, at));
    assert_eq!(heard, expected);
}
