// SPDX-License-Identifier: MPL-2.0
//! Captions in pictures and tracks of subtitles, and faults that are put into captions.

use cea608_types::{
    Cea608Writer,
    tables::{Channel, Code, Control, ControlCode, Field},
};
use gst_video::{VideoCaptionMeta, VideoCaptionType};

use super::*;

/// Coded pictures, 25 a second, each with the pair of bytes of CEA-608 that `pair` gives for its number; `sound` is a branch to the
/// muxer `m`, or nothing.
fn film_with(
    path: &str,
    seconds: u64,
    sound: &str,
    pair: impl FnMut(u64) -> [u8; 2] + Send + 'static,
) {
    gst::init().unwrap();
    let pipeline = gst::parse::launch(&format!(
        "videotestsrc name=film num-buffers={} pattern=ball ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 \
         ! x264enc bitrate=200 speed-preset=ultrafast threads=1 ! h264parse ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 \
         ! mpegtsmux name=m ! filesink location={path} {sound}",
        25 * seconds
    ));
    let pipeline = pipeline.unwrap();
    let film = pipeline.downcast_ref::<gst::Bin>().unwrap().by_name("film");
    let next = std::sync::Mutex::new((0, pair));
    let src = film.unwrap().static_pad("src").unwrap();
    src.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let (n, pair) = &mut *next.lock().unwrap();
        let [a, b] = pair(*n);
        *n += 1;
        let buffer = info.buffer_mut().unwrap().make_mut();
        VideoCaptionMeta::add(buffer, VideoCaptionType::Cea708Raw, &[0xfc, a, b]);
        gst::PadProbeReturn::Ok
    });
    finish(&pipeline);
}

fn control(control: Control) -> Code {
    Code::Control(ControlCode::new(Field::ONE, Channel::ONE, control))
}

/// A line of pop-on captions.
fn line(writer: &mut Cea608Writer, number: u64) {
    writer.push(control(Control::ResumeCaptionLoading));
    for c in format!("this is line {number}").chars() {
        writer.push(Code::from_char(c, Channel::ONE).unwrap());
    }
    writer.push(control(Control::EndOfCaption));
}

/// Coded pictures with captions in them: a new line as soon as the one before is over.
fn captioned(folder: &Folder, seconds: u64) -> String {
    let path = folder.file("captioned.ts");
    let mut writer = Cea608Writer::default();
    let mut number = 0;
    film_with(&path, seconds, "", move |_| {
        if writer.n_codes() == 0 {
            number += 1;
            line(&mut writer, number);
        }
        writer.pop()
    });
    path
}

/// Pictures and a voice, with a caption for each phrase; its last code comes with the phrase.
fn spoken(folder: &Folder, seconds: u64) -> String {
    const RATE: u64 = 16_000;
    let mut state = 1u32;
    let mut up_to = |most: u64| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from(state >> 8) % most
    };
    // From and to, in ms.
    let mut phrases = vec![(1000, 2000)];
    while let Some((_, end)) = phrases.last().filter(|(_, end)| *end < 1000 * seconds) {
        let from = end + 600 + up_to(2000);
        phrases.push((from, from + 500 + up_to(3000)));
    }
    let sample = |n: u64| {
        let ms = n * 1000 / RATE;
        let next = phrases.partition_point(|(_, to)| *to <= ms);
        let phrase = phrases.get(next).filter(|(from, _)| *from <= ms);
        let syllable = phrase.map_or(0.0, |(from, _)| (ms - from) as f64 / 250.0);
        let loud = 12_000.0 * (std::f64::consts::PI * syllable).sin().abs();
        let buzz = (n % (RATE / 125)) as f64 / (RATE / 125) as f64 - 0.5;
        (loud * buzz) as i16
    };
    let sound: Vec<u8> = (0..RATE * seconds)
        .flat_map(|n| sample(n).to_le_bytes())
        .collect();
    let sound = folder.write("voice.raw", &sound);
    let sound = format!(
        "filesrc location={sound} blocksize=3200 ! rawaudioparse format=pcm pcm-format=s16le sample-rate={RATE} num-channels=1 \
         ! audioconvert ! audioresample ! audio/x-raw,rate=48000 ! avenc_aac ! aacparse ! queue max-size-time=0 max-size-bytes=0 \
         max-size-buffers=0 ! m."
    );
    let path = folder.file("spoken.ts");
    let mut writer = Cea608Writer::default();
    let mut next = 0;
    film_with(&path, seconds, &sound, move |n| {
        // A caption takes about ten pictures.
        if phrases
            .get(next)
            .is_some_and(|(from, _)| *from <= 40 * (n + 10))
        {
            next += 1;
            line(&mut writer, next as u64);
        }
        writer.pop()
    });
    path
}

#[test]
fn late_captions_are_put_in_and_found() {
    let folder = Folder::new("late");
    let clip = spoken(&folder, 300);
    let watch = |file: &str| {
        let detectors =
            "--detectors=caption max-delay=4000000000, silence min-duration=60000000000";
        monitor(&["--json", detectors, file]).defects()
    };
    assert_eq!(watch(&clip), []);
    let late = folder.file("late.ts");
    let ran = monitor(&["inject", "--faults=captions-late", &clip, &late]);
    assert!(ran.err.contains("captions-late"), "{}", ran.err);
    let found = watch(&late);
    assert_eq!(
        found.iter().map(|d| &*d.kind).collect::<Vec<_>>(),
        ["captions-late"; 2]
    );
    assert!((found[1].value - 8.0).abs() < 0.6, "{found:?}");
}

fn told(ran: &Ran) -> Vec<String> {
    let ends = ran.defects().into_iter().filter(|d| d.state == "end");
    ends.map(|d| {
        let (start, end) = (d.timestamp, d.timestamp + d.duration);
        let [start, end] = [start, end].map(|time| (time + 500_000_000) / 1_000_000_000);
        let detail = d.detail.unwrap_or_default();
        format!("{} {detail} {start}-{end}", d.kind)
    })
    .collect()
}

#[test]
fn faults_of_captions_are_put_in_and_found() {
    let folder = Folder::new("captions");
    let clip = captioned(&folder, 50);
    let watch = |file: &str| {
        told(&monitor(&[
            "--json",
            "--quiet",
            "--detectors=caption",
            file,
        ]))
    };
    assert_eq!(watch(&clip), [""; 0]);
    for (fault, found) in [
        ("captions-missing", &["captions-missing absent 10-30"][..]),
        (
            "captions-corrupt",
            &[
                "captions-corrupt parity 10-18",
                "captions-corrupt parity 30-38",
            ],
        ),
    ] {
        let broken = folder.file("broken.ts");
        let ran = monitor(&["inject", "--faults", fault, &clip, &broken]);
        assert_eq!(ran.status, 0, "{}", ran.err);
        assert!(ran.err.contains(fault), "{}", ran.err);
        assert_eq!(watch(&broken), found);
    }
    let broken = folder.file("broken.ts");
    let ran = monitor(&["inject", "--faults=captions-stopped", &clip, &broken]);
    assert_eq!(ran.status, 2, "too short for that");
}

const FILM: &str = "videotestsrc num-buffers=750 ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 \
    ! x264enc bitrate=200 speed-preset=ultrafast threads=1 ! h264parse ! mpegtsmux name=m ! filesink name=file";

fn watch_subtitles(file: &str) -> Ran {
    let detectors = "--detectors=caption text-timeout=10000000000";
    monitor(&["--json", detectors, file])
}

#[test]
fn tracks_of_dvb_subtitles_are_watched() {
    let folder = Folder::new("subtitles");
    let file = folder.file("subtitled.ts");
    let watch = |last: u32| {
        let subtitles = format!(
            "videotestsrc num-buffers={last} pattern=ball ! video/x-raw,format=AYUV,width=160,height=96,framerate=1/1 ! dvbsubenc ! m."
        );
        play(&format!("{FILM} {subtitles}"), &file);
        watch_subtitles(&file)
    };
    let whole = watch(30);
    assert!(whole.err.contains("DVB subtitles"), "{}", whole.err);
    assert_eq!(told(&whole), [""; 0]);
    let stopped = told(&watch(12));
    let [stopped] = &stopped[..] else {
        panic!("{stopped:?}")
    };
    assert!(
        stopped.starts_with("captions-missing stopped 12-"),
        "{stopped}"
    );
}

/// CRC of MPEG-2 tables.
fn crc(data: &[u8]) -> [u8; 4] {
    let bits = data
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1)));
    let crc = bits.fold(u32::MAX, |crc, bit| match crc >> 31 ^ bit {
        1 => crc << 1 ^ 0x04c1_1db7,
        _ => crc << 1,
    });
    crc.to_be_bytes()
}

/// GStreamer's muxer describes teletext as DVB subtitles; this describes it as what it is.
fn describe_as_teletext(file: &str) {
    const SUBTITLING: [u8; 2] = [0x59, 8];
    // Teletext subtitles in English on page 888, and a stream identifier that fills the place.
    const TELETEXT: [u8; 10] = [0x56, 5, b'e', b'n', b'g', 0x10, 0x88, 0x52, 1, 1];
    let mut stream = std::fs::read(file).unwrap();
    let mut changed = 0;
    for packet in stream.chunks_exact_mut(188).filter(|p| p[1] & 0x40 != 0) {
        let payload = 4 + if packet[3] & 0x20 == 0 {
            0
        } else {
            1 + usize::from(packet[4])
        };
        let start = payload + 1 + usize::from(*packet.get(payload).unwrap_or(&255));
        // The table of the programme's streams.
        let Some([2, 0xb0, length]) = packet.get(start..start + 3) else {
            continue;
        };
        let end = start + 3 + usize::from(*length);
        let table = &mut packet[start..end];
        let place = table.windows(2).position(|tag| tag == SUBTITLING).unwrap();
        table[place..place + 10].copy_from_slice(&TELETEXT);
        let (content, sum) = table.split_at_mut(table.len() - 4);
        sum.copy_from_slice(&crc(content));
        changed += 1;
    }
    assert!(changed > 0, "no table");
    std::fs::write(file, stream).unwrap();
}

#[test]
fn tracks_of_teletext_are_watched() {
    let folder = Folder::new("text");
    let file = folder.file("track.ts");
    let watch = |packets: u32| {
        let teletext = format!(
            "fakesrc num-buffers={packets} sizetype=fixed sizemax=184 filltype=pattern format=time datarate=184 ! application/x-teletext ! \
            m."
        );
        play(&format!("{FILM} {teletext}"), &file);
        describe_as_teletext(&file);
        let ran = watch_subtitles(&file);
        assert!(ran.err.contains("teletext"), "{}", ran.err);
        told(&ran)
    };
    assert_eq!(watch(30), [""; 0]);
    let stopped = watch(12);
    assert!(
        stopped.len() == 1 && stopped[0].starts_with("captions-missing stopped 12-"),
        "{stopped:?}"
    );
}
