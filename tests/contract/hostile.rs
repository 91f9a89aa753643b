// SPDX-License-Identifier: MPL-2.0
//! Law 2: whatever comes, the stream goes on, is warned of once, and is watched again as soon as it can be.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::*;

/// Everything passes; afterwards a good stream is watched as ever. `warnings`: how many at most.
fn survives(warnings: usize, act: impl Fn(&Rig, &mut Stream) -> usize) {
    for entry in streams() {
        let name = entry.info.element;
        let (rig, mut stream) = opened(&entry);
        let pushed = act(&rig, &mut stream);
        let mut all = rig.take();
        assert_eq!(all.buffers().len(), pushed, "{name}");
        let said = all.warnings();
        assert!(said.len() <= warnings, "{name}: {said:#?}");

        let (_, fresh) = opened(&entry);
        rig.open(&fresh.caps());
        let mut stream = fresh;
        feed_full(&rig, &mut stream, SECOND);
        feed_empty(&rig, &mut stream, 10 * SECOND);
        let after = rig.take();
        assert_eq!(begun(&after), expected(&entry), "{name} doesn't resume");
        all.0.extend(after.0);
        all.0.extend(rig.finish_playing().0);
        Rules::check(&entry, &all);
    }
}

/// What began: kind, channel and time.
type Begun = Vec<(String, Option<i32>, u64)>;

fn begun(heard: &Heard) -> Begun {
    let begun = heard.state("begin").into_iter();
    begun.map(|d| (d.kind, d.channel, d.timestamp)).collect()
}

/// What begins in a stream that nothing hostile came before. Every test asks for it, so each detector tells it once.
fn expected(entry: &Entry) -> Begun {
    static KNOWN: Mutex<BTreeMap<&str, Begun>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let tell = || begun(&troubled(entry).0.take());
    known.entry(entry.info.element).or_insert_with(tell).clone()
}

/// Does something to so many buffers.
fn with_buffers(
    rig: &Rig,
    stream: &mut Stream,
    change: impl Fn(&mut gst::BufferRef, u64),
) -> usize {
    for i in 0..150 {
        let mut buffer = if i < 50 {
            stream.full()
        } else {
            stream.empty()
        };
        change(buffer.get_mut().unwrap(), i);
        rig.push(buffer);
    }
    150
}

#[test]
fn buffers_without_timestamps() {
    survives(1, |rig, stream| {
        with_buffers(rig, stream, |b, _| {
            b.set_pts(None);
            b.set_duration(None);
        })
    });
    survives(1, |rig, stream| {
        with_buffers(rig, stream, |b, i| {
            if i > 20 {
                b.set_pts(None);
            }
        })
    });
}

/// Times are counted on, so that the verdict is the same.
#[test]
fn without_timestamps_episodes_are_found_all_the_same() {
    for entry in all().iter().filter(|e| minds_emptiness(e)) {
        let (rig, mut stream) = opened(entry);
        with_buffers(&rig, &mut stream, |b, i| {
            if i > 0 {
                b.set_pts(None);
            }
        });
        let heard = rig.finish_playing();
        let begin = heard.state("begin").remove(0);
        assert!(begin.timestamp.abs_diff(2 * SECOND) <= 40 * MS, "{begin:?}");
        assert_eq!(heard.warnings().len(), 1);
    }
}

#[test]
fn times_that_go_backwards_or_nowhere() {
    let times: [fn(u64) -> u64; 5] = [
        |i| (150 - i) * 40 * MS,
        |_| SECOND,
        |i| i % 2 * 1000 * SECOND,
        |i| u64::MAX - 1 - (150 - i),
        |i| i * 1_000_000 * SECOND,
    ];
    for time in times {
        survives(0, |rig, stream| {
            with_buffers(rig, stream, |b, i| {
                b.set_pts(gst::ClockTime::from_nseconds(time(i)))
            })
        });
    }
}

#[test]
fn durations_of_nothing_and_of_centuries() {
    for duration in [0, 1, u64::MAX - 1] {
        survives(0, |rig, stream| {
            with_buffers(rig, stream, |b, _| {
                b.set_duration(gst::ClockTime::from_nseconds(duration));
            })
        });
    }
}

#[test]
fn buffers_of_every_wrong_size() {
    for size in [0usize, 1, 3, 1001, 100_000] {
        survives(1, |rig, stream| {
            for _ in 0..50 {
                let mut buffer = gst::Buffer::from_mut_slice(vec![0x55u8; size]);
                buffer.get_mut().unwrap().set_pts(stream.empty().pts());
                rig.push(buffer);
            }
            50
        });
    }
}

#[test]
fn memory_that_cant_be_mapped_is_reported_once() {
    for entry in readers() {
        let (rig, mut stream) = opened(&entry);
        for _ in 0..30 {
            rig.push(unmappable(&stream.empty()));
        }
        let heard = rig.finish_playing();
        assert_eq!(heard.warnings().len(), 1, "{}", entry.info.element);
        assert_eq!(heard.buffers().len(), 30);
    }
}

/// Metas that lie about where the planes are would have memory read that isn't there.
#[test]
fn metas_that_lie() {
    let lies: [(&[usize], &[i32]); 5] = [
        (&[0, 1 << 40, 5], &[64, 32, 32]),
        (&[0, 3072, 3840], &[1 << 30, 32, 32]),
        (&[0, 3072, 3840], &[-64, 32, 32]),
        (&[4607, 4607, 4607], &[64, 32, 32]),
        (&[0, 0, 0], &[1, 1, 1]),
    ];
    survives(1, |rig, stream| {
        with_buffers(rig, stream, |b, i| {
            let (offsets, strides) = lies[i as usize % lies.len()];
            let flags = gst_video::VideoFrameFlags::empty();
            let format = gst_video::VideoFormat::I420;
            gst_video::VideoMeta::add_full(b, flags, format, 64, 48, offsets, strides).unwrap();
        })
    });
    let others = [("I420", 32), ("NV12", 64), ("RGBA", 64)];
    survives(1, |rig, stream| {
        with_buffers(rig, stream, |b, i| {
            let (format, width) = others[i as usize % others.len()];
            let flags = gst_video::VideoFrameFlags::empty();
            let format: gst_video::VideoFormat = format.parse().unwrap();
            let planes = gst_video::VideoInfo::builder(format, width, 48)
                .build()
                .unwrap();
            let (offsets, strides) = (planes.offset(), planes.stride());
            gst_video::VideoMeta::add_full(b, flags, format, width, 48, offsets, strides).unwrap();
        })
    });
}

/// A picture whose planes end with their last pixel, without the padding of the last line, is a picture; with a byte less it is none.
#[test]
fn the_last_line_may_be_without_padding() {
    const STRIDE: usize = 96;
    for entry in video() {
        for (missing, warnings) in [(0, 0), (1, 1)] {
            let rig = Rig::of(&entry);
            let mut pictures = Pictures::new("GRAY8", 64, 48);
            rig.open(&pictures.caps());
            for _ in 0..25 {
                let mut picture = pictures.buffer(Look::Noise);
                let pts = picture.pts();
                let mut bytes = Vec::new();
                for line in picture.map_readable().unwrap().chunks(64) {
                    bytes.extend_from_slice(line);
                    bytes.resize(bytes.len().next_multiple_of(STRIDE), 255);
                }
                bytes.truncate(47 * STRIDE + 64 - missing);
                picture = gst::Buffer::from_slice(bytes.into_boxed_slice());
                let b = picture.get_mut().unwrap();
                b.set_pts(pts);
                let flags = gst_video::VideoFrameFlags::empty();
                let format = gst_video::VideoFormat::Gray8;
                let stride = [STRIDE as i32];
                gst_video::VideoMeta::add_full(b, flags, format, 64, 48, &[0], &stride).unwrap();
                rig.push(picture);
            }
            let heard = rig.finish_playing();
            assert_eq!(heard.buffers().len(), 25);
            assert_eq!(heard.warnings().len(), warnings, "{}", entry.info.element);
        }
    }
}

#[test]
fn sound_metas_that_lie() {
    let info = Sounds::planar("S16LE", 48_000, 2);
    for entry in audio() {
        let rig = Rig::of(&entry);
        rig.open(&info.caps());
        for offsets in [[0, 1 << 40], [0, 4000], [0, 2001]] {
            let mut buffer = gst::Buffer::from_mut_slice(vec![0u8; 4000]);
            let b = buffer.get_mut().unwrap();
            // The binding checks what it can; what it refuses can't be met.
            let _ = gst_audio::AudioMeta::add(b, &info.info, 1000, &offsets);
            rig.push(buffer);
        }
        rig.finish_playing();
    }
}

const ABSURD: [&str; 12] = [
    "video/x-raw,format=I420,width=1,height=1,framerate=0/1",
    "video/x-raw,format=GRAY8,width=30000,height=30000,framerate=25/1",
    "video/x-raw,format=I420,width=2,height=2,framerate=1000000/1",
    "video/x-raw,format=I420,width=64,height=48,framerate=1/1000000",
    "video/x-raw",
    "video/x-raw,format=Z99,width=1,height=1",
    "video/x-raw,format=I420_12LE,width=64,height=48,framerate=25/1",
    "video/x-raw(memory:GLMemory),format=RGBA,width=64,height=48,framerate=25/1",
    "video/x-raw(format:Interlaced),format=I420,width=64,height=48,framerate=25/1,interlace-mode=alternate",
    "video/x-raw,format=RGB16,width=64,height=48,framerate=25/1",
    "video/x-raw,format=I420,width=-5,height=48",
    "video/x-raw,format=v210,width=7,height=1,framerate=25/1",
];
const ABSURD_SOUND: [&str; 8] = [
    "audio/x-raw,format=S16LE,rate=1,channels=1,layout=interleaved",
    "audio/x-raw,format=S16LE,rate=2147483647,channels=1,layout=interleaved",
    "audio/x-raw,format=F64LE,rate=384000,channels=2,layout=interleaved",
    "audio/x-raw,format=S16LE,rate=48000,channels=1000,channel-mask=(bitmask)0,layout=interleaved",
    "audio/x-raw,format=S16BE,rate=48000,channels=2,layout=interleaved",
    "audio/x-raw,format=U8,rate=48000,channels=2,layout=non-interleaved",
    "audio/x-raw",
    "audio/x-raw,format=F32LE,rate=48000,channels=3,layout=interleaved",
];

#[test]
fn absurd_and_foreign_caps() {
    survives(15, |rig, stream| {
        let (caps, size) = match stream {
            Stream::Pictures(_) => (&ABSURD[..], 5000),
            Stream::Sounds(_) => (&ABSURD_SOUND[..], 3840),
        };
        for caps in caps {
            let caps: gst::Caps = caps.parse().unwrap();
            rig.event(gst::event::Caps::new(&caps));
            for _ in 0..5 {
                let mut buffer = gst::Buffer::from_mut_slice(vec![0x55u8; size]);
                buffer.get_mut().unwrap().set_pts(stream.empty().pts());
                rig.push(buffer);
            }
        }
        caps.len() * 5
    });
}

#[test]
fn a_foreign_format_is_warned_of_once() {
    for entry in readers() {
        let rig = Rig::of(&entry);
        let foreign: gst::Caps = if entry.is_video {
            ABSURD[6]
        } else {
            ABSURD_SOUND[4]
        }
        .parse()
        .unwrap();
        for _ in 0..3 {
            rig.open(&foreign);
            rig.open(&Stream::of(&entry).caps());
        }
        assert_eq!(rig.finish().warnings().len(), 1, "{}", entry.info.element);
    }
}

#[test]
fn negative_numbers_in_caps_are_told_as_they_are() {
    const PICTURES: [&str; 2] = [
        "video/x-raw,format=I420,width=-5,height=240,framerate=25/1",
        "video/x-raw,format=I420,width=320,height=-5,framerate=25/1",
    ];
    const SOUND: [&str; 2] = [
        "audio/x-raw,format=S16LE,rate=-5,channels=1,layout=interleaved",
        "audio/x-raw,format=S16LE,rate=48000,channels=-5,layout=interleaved",
    ];
    for entry in readers() {
        let all = if entry.is_video { PICTURES } else { SOUND };
        for caps in all {
            let rig = Rig::of(&entry);
            rig.open(&caps.parse().unwrap());
            let warnings = rig.finish().warnings();
            let [text] = &warnings[..] else {
                panic!("{}: {warnings:?}", entry.info.element)
            };
            assert!(text.contains("-5") && !text.contains("42949"), "{text}");
        }
    }
}

#[test]
fn gaps() {
    survives(0, |rig, stream| {
        let mut pushed = 0;
        for (i, length) in [SECOND / 5, SECOND, 100 * SECOND, 0, u64::MAX / 4]
            .iter()
            .enumerate()
        {
            let at = gst::ClockTime::from_nseconds(stream.time());
            let length = gst::ClockTime::from_nseconds(*length);
            rig.event(gst::event::Gap::builder(at).duration(length).build());
            if i < 4 {
                stream.seek((at + length).nseconds());
            }
            for _ in 0..10 {
                let mut buffer = stream.empty();
                buffer.get_mut().unwrap().set_flags(gst::BufferFlags::GAP);
                rig.push(buffer);
                pushed += 1;
            }
        }
        rig.event(gst::event::Gap::builder(gst::ClockTime::from_seconds(1)).build());
        pushed
    });
}

#[test]
fn buffers_before_caps() {
    for entry in streams() {
        let (rig, mut stream) = (Rig::of(&entry), Stream::of(&entry));
        rig.event(gst::event::StreamStart::new("s"));
        rig.segment(&gst::FormattedSegment::new());
        rig.push(stream.empty());
        assert_eq!(rig.finish_playing().buffers().len(), 1);
    }
}
