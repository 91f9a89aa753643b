// SPDX-License-Identifier: MPL-2.0
//! Times are those of the programme, in files of any sort that GStreamer plays.

use super::*;

const CAPS: &str = "video/x-raw,format=I420,width=320,height=180";
const SOUND: &str = "audio/x-raw,rate=48000,channels=2";

/// What is told of the times of a file: `begin` messages by kind and detail.
fn told(path: &str) -> Vec<(String, u64)> {
    let ran = monitor(&["--json", "--detectors=stall,avsync,freeze,silence", path]);
    assert_eq!(ran.status, 0, "{path}: {}", ran.err);
    let begins = ran.defects().into_iter().filter(|d| d.state == "begin");
    let told = begins.map(|d| {
        let detail = d.detail.as_deref().unwrap_or("");
        (
            format!("{}/{detail}", d.kind),
            d.stream_time.unwrap_or(u64::MAX),
        )
    });
    told.collect()
}

fn near(time: u64, ms: u64) -> bool {
    time.abs_diff(ms * 1_000_000) <= 60_000_000
}

#[test]
fn a_wrong_rate_in_the_header_is_no_gap() {
    let folder = Folder::new("rates");
    for (name, declared) in [("fast.mkv", "60/1"), ("slow.mkv", "12/1")] {
        let path = folder.file(name);
        play(
            &format!(
                "matroskamux name=m ! filesink name=file \
                 videotestsrc num-buffers=150 pattern=ball ! {CAPS},framerate=30/1 ! jpegenc ! capssetter caps=image/jpeg,framerate={declared} ! m. \
                 audiotestsrc num-buffers=235 wave=pink-noise ! {SOUND} ! m."
            ),
            &path,
        );
        assert_eq!(told(&path), [], "{name}");
    }
}

/// One picture a second, in another order than it is shown, and sound that never stops.
#[test]
fn sound_goes_on_between_rare_pictures() {
    let folder = Folder::new("rare");
    for (name, muxer) in [("rare.mp4", "mp4mux"), ("rare.mkv", "matroskamux")] {
        let path = folder.file(name);
        play(
            &format!(
                "{muxer} name=m ! filesink name=file \
                 videotestsrc num-buffers=20 pattern=snow ! {CAPS},framerate=1/1 ! x264enc bframes=3 b-adapt=false ! h264parse ! queue max-size-time=0 ! m. \
                 audiotestsrc num-buffers=940 wave=pink-noise ! {SOUND} ! avenc_aac ! aacparse ! queue max-size-time=0 max-size-buffers=0 ! m."
            ),
            &path,
        );
        assert_eq!(told(&path), [], "{name}");
    }
}

#[test]
fn what_ends_early_is_told_from_its_end() {
    let folder = Folder::new("early");
    for (name, pictures, blocks, kind) in [
        ("pictures.mkv", 75, 350, "freeze/exact"),
        ("sound.mkv", 175, 150, "silence/digital-zero"),
    ] {
        let path = folder.file(name);
        play(
            &format!(
                "matroskamux name=m ! filesink name=file \
                 videotestsrc num-buffers={pictures} pattern=snow ! {CAPS},framerate=25/1 ! jpegenc ! m. \
                 audiotestsrc num-buffers={blocks} samplesperbuffer=960 wave=pink-noise ! {SOUND} ! m."
            ),
            &path,
        );
        let told = told(&path);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        assert_eq!(told[0].0, kind);
        assert!(near(told[0].1, 3000), "{told:?}");
    }
}

#[test]
fn in_a_transport_stream_times_count_from_the_first_picture() {
    let folder = Folder::new("clock");
    let mpeg = (
        "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse",
        "avenc_mp2 ! mpegaudioparse",
    );
    let film = folder.film("film.ts", "mpegtsmux", mpeg);
    let ran = monitor(&["--json", "--detectors=black", &film]);
    let begin = &ran.defects()[0];
    assert!(near(begin.stream_time.unwrap(), 1000), "{begin:?}");
}

/// A broadcast WAV file: one with a `bext` chunk before its samples.
#[test]
fn a_broadcast_wave_is_watched() {
    let folder = Folder::new("bwf");
    let plain = folder.file("plain.wav");
    play(
        &format!(
            "audiotestsrc num-buffers=300 samplesperbuffer=480 wave=silence ! {SOUND},format=S16LE ! wavenc ! filesink name=file"
        ),
        &plain,
    );
    let plain = std::fs::read(&plain).unwrap();
    let mut data = plain[..12].to_vec();
    data.extend(b"bext");
    data.extend(602u32.to_le_bytes());
    data.extend([0; 602]);
    data.extend(&plain[12..]);
    let size = (data.len() - 8) as u32;
    data[4..8].copy_from_slice(&size.to_le_bytes());
    let path = folder.write("broadcast.wav", &data);
    let told = told(&path);
    assert_eq!(told, [("silence/digital-zero".to_owned(), 0)]);
}

/// Two Ogg files in one, with silence across the joint, by file, by standard input and by HTTP.
#[test]
fn links_of_a_chained_ogg_are_one_programme() {
    let folder = Folder::new("chained");
    let link = |name: &str, waves: [(&str, u32); 2]| {
        let path = folder.file(name);
        let parts: String = waves
            .iter()
            .map(|(wave, blocks)| {
                format!("audiotestsrc num-buffers={blocks} samplesperbuffer=480 wave={wave} volume=0.1 ! {SOUND} ! c. ")
            })
            .collect();
        play(
            &format!("concat name=c ! vorbisenc ! oggmux ! filesink name=file {parts}"),
            &path,
        );
        std::fs::read(path).unwrap()
    };
    let mut data = link("a.ogg", [("pink-noise", 300), ("silence", 150)]);
    data.extend(link("b.ogg", [("silence", 150), ("pink-noise", 300)]));
    let path = folder.write("film.ogg", &data);
    let server = sources::serve(data);
    let args = ["--json", "--detectors=silence"];
    let by_file = monitor(&[args[0], args[1], &path]);
    let by_http = monitor(&[args[0], args[1], &format!("{server}/film.ogg")]);
    let piped = command(&[args[0], args[1], "-"])
        .stdin(std::fs::File::open(&path).unwrap())
        .output()
        .unwrap();
    for (how, ran) in [
        ("file", by_file),
        ("http", by_http),
        ("pipe", super::ran(piped)),
    ] {
        assert_eq!(ran.status, 0, "{how}: {}", ran.err);
        let defects = ran.defects();
        let heard: u64 = defects
            .iter()
            .filter(|d| d.state == "end")
            .map(|d| d.duration)
            .sum();
        assert!(
            heard.abs_diff(3_000_000_000) < 300_000_000,
            "{how}: {}",
            ran.out
        );
    }
}
