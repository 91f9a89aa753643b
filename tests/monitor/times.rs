// SPDX-License-Identifier: MPL-2.0
//! Times are those of the programme, in files of any sort that GStreamer plays.

use super::*;

const CAPS: &str = "video/x-raw,format=I420,width=320,height=180";
const SOUND: &str = "audio/x-raw,rate=48000,channels=2";

/// What is reported of a file: kind and detail, and start in ns, of each `begin`.
fn begins(path: &str) -> Vec<(String, u64)> {
    let ran = monitor(&["--json", "--detectors=stall,avsync,freeze,silence", path]);
    assert_eq!(ran.status, 0, "{path}: {}", ran.err);
    let all = ran.defects().into_iter().filter(|d| d.state == "begin");
    let begins = all.map(|d| {
        let detail = d.detail.as_deref().unwrap_or("");
        (
            format!("{}/{detail}", d.kind),
            d.stream_time.unwrap_or(u64::MAX),
        )
    });
    begins.collect()
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
                 videotestsrc num-buffers=150 pattern=ball ! {CAPS},framerate=30/1 ! jpegenc ! capssetter \
                 caps=image/jpeg,framerate={declared} ! m. \
                 audiotestsrc num-buffers=235 wave=pink-noise ! {SOUND} ! m."
            ),
            &path,
        );
        assert_eq!(begins(&path), [], "{name}");
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
                 videotestsrc num-buffers=20 pattern=snow ! {CAPS},framerate=1/1 ! x264enc bframes=3 b-adapt=false ! h264parse ! queue \
                 max-size-time=0 ! m. \
                 audiotestsrc num-buffers=940 wave=pink-noise ! {SOUND} ! avenc_aac ! aacparse ! queue max-size-time=0 max-size-buffers=0 \
                 ! m."
            ),
            &path,
        );
        assert_eq!(begins(&path), [], "{name}");
    }
}

#[test]
fn what_ends_early_is_reported_from_its_end() {
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
        let found = begins(&path);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(found[0].0, kind);
        assert!(near(found[0].1, 3000), "{found:?}");
    }
}

/// In MP4 one sample lasts for the time; in Matroska there is nothing.
#[test]
fn a_picture_that_is_held_in_a_file_is_a_freeze() {
    let folder = Folder::new("held");
    for (name, coding) in [
        ("held.mp4", "x264enc tune=zerolatency ! h264parse ! mp4mux"),
        (
            "order.mp4",
            "x264enc bframes=3 b-adapt=false ! h264parse ! mp4mux",
        ),
        ("held.mkv", "jpegenc ! matroskamux"),
    ] {
        let path = folder.file(name);
        let pictures = "videotestsrc num-buffers=240 pattern=snow";
        let make = format!(
            "{pictures} ! {CAPS},framerate=25/1 ! identity name=hole ! {coding} ! filesink name=file"
        );
        play_without(&make, &path, 3000..6500);
        let found = begins(&path);
        let freeze = found.iter().find(|(kind, _)| kind == "freeze/exact");
        let (_, start) = freeze.unwrap_or_else(|| panic!("{name}: {found:?}"));
        assert!(near(*start, 2960), "{name}: {found:?}");
        play_without(&make, &path, 3000..3200);
        let short = begins(&path);
        assert!(
            short.iter().all(|(kind, _)| kind == "timestamp-gap/gap"),
            "{short:?}"
        );
    }
}

/// At full speed, in real time, from a pipe and over HTTP, and more than once.
#[test]
fn the_same_file_gives_the_same_messages_however_it_is_played() {
    let folder = Folder::new("same");
    let path = folder.file("film.mkv");
    play_without(
        &format!(
            "matroskamux name=m streamable=true ! filesink name=file \
             concat name=c ! identity name=hole ! jpegenc ! m. \
             videotestsrc num-buffers=50 pattern=ball ! {CAPS},framerate=25/1 ! c. \
             videotestsrc num-buffers=75 pattern=black ! {CAPS},framerate=25/1 ! c. \
             videotestsrc num-buffers=50 pattern=snow ! {CAPS},framerate=25/1 ! c. \
             audiotestsrc num-buffers=290 samplesperbuffer=960 wave=silence ! {SOUND} ! m."
        ),
        &path,
        1000..1200,
    );
    let server = sources::serve(std::fs::read(&path).unwrap());
    let detectors = "--detectors=stall,avsync,black,freeze,silence,stutter";
    let once = sorted(monitor(&["--json", detectors, &path]));
    assert!(once.len() >= 6, "{once:#?}");
    for (how, ran) in [
        ("again", monitor(&["--json", detectors, &path])),
        (
            "in real time",
            // A machine that is busy with something else stalls truly.
            monitor(&[
                "--json",
                "--realtime",
                "--set=stall.min-duration=10s",
                detectors,
                &path,
            ]),
        ),
        ("from a pipe", piped(detectors, &path)),
        (
            "over HTTP",
            monitor(&["--json", detectors, &format!("{server}/film.mkv")]),
        ),
    ] {
        assert_eq!(sorted(ran), once, "{how}");
    }
}

/// Picture and sound are decoded by threads of their own, so that one may be ahead of the other by any time. They are gone together from
/// 2.5 to 5 seconds.
#[test]
fn an_outage_of_coded_streams_is_the_same_every_time() {
    let folder = Folder::new("outage");
    for (name, muxer) in [
        ("film.mkv", "matroskamux"),
        ("film.mp4", "mp4mux"),
        ("film.ts", "mpegtsmux"),
    ] {
        let path = folder.file(name);
        play(
            &format!(
                "{muxer} name=m ! filesink name=file \
                 concat name=c ! identity single-segment=true ! x264enc speed-preset=ultrafast bframes=2 key-int-max=25 ! h264parse ! \
                 queue max-size-time=0 ! m. \
                 videotestsrc num-buffers=50 pattern=ball ! {CAPS},framerate=25/1 ! c. \
                 videotestsrc num-buffers=75 pattern=black ! {CAPS},framerate=25/1 ! c. \
                 videotestsrc num-buffers=75 pattern=ball ! {CAPS},framerate=25/1 ! c. \
                 concat name=d ! identity single-segment=true ! audioconvert ! avenc_aac ! aacparse ! queue max-size-time=0 \
                 max-size-buffers=0 ! m. \
                 audiotestsrc num-buffers=125 samplesperbuffer=960 wave=pink-noise ! {SOUND} ! d. \
                 audiotestsrc num-buffers=150 samplesperbuffer=960 wave=silence ! {SOUND} ! d. \
                 audiotestsrc num-buffers=125 samplesperbuffer=960 wave=pink-noise ! {SOUND} ! d."
            ),
            &path,
        );
        let detectors = "--detectors=black,silence";
        let once = sorted(monitor(&["--json", detectors, &path]));
        let outages = once.iter().filter(|line| line.contains("outage"));
        assert_eq!(outages.count(), 2, "{name}: {once:#?}");
        for _ in 0..3 {
            assert_eq!(
                sorted(monitor(&["--json", detectors, &path])),
                once,
                "{name}"
            );
            assert_eq!(sorted(piped(detectors, &path)), once, "{name}");
        }
    }
}

/// All messages, by kind.
fn sorted(ran: Ran) -> Vec<String> {
    assert_eq!(ran.status, 0, "{}", ran.err);
    let mut defects = ran.defects();
    defects.sort_by_key(|d| (d.kind.clone(), d.id, d.state.clone()));
    let line = |d: &DefectMessage| serde_json::to_string(d).unwrap();
    defects.iter().map(line).collect()
}

/// Watches a file from a pipe.
fn piped(detectors: &str, path: &str) -> Ran {
    let file = std::fs::File::open(path).unwrap();
    let output = command(&["--json", detectors, "-"]).stdin(file).output();
    super::ran(output.unwrap())
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

/// Three seconds of silence, in a file that this encoder makes.
fn silence(folder: &Folder, encoder: &str) -> Vec<u8> {
    let path = folder.file("plain");
    play(
        &format!(
            "audiotestsrc num-buffers=300 samplesperbuffer=480 wave=silence ! {SOUND},format=S16LE ! {encoder} ! filesink name=file"
        ),
        &path,
    );
    std::fs::read(path).unwrap()
}

/// A broadcast WAV file: one with a `bext` chunk before its samples.
#[test]
fn a_broadcast_wave_is_watched() {
    let folder = Folder::new("bwf");
    let plain = silence(&folder, "wavenc");
    let mut data = plain[..12].to_vec();
    data.extend(b"bext");
    data.extend(602u32.to_le_bytes());
    data.extend([0; 602]);
    data.extend(&plain[12..]);
    let size = (data.len() - 8) as u32;
    data[4..8].copy_from_slice(&size.to_le_bytes());
    let path = folder.write("broadcast.wav", &data);
    let found = begins(&path);
    assert_eq!(found, [("silence/digital-zero".to_owned(), 0)]);
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

/// MP3 behind an ID3 tag, as podcasts have it: watched at every start, and told as what it is.
#[test]
fn an_mp3_with_a_tag_is_watched_at_every_start() {
    let folder = Folder::new("tagged");
    // Version 2.3, 100 bytes of padding.
    let mut data = b"ID3\x03\0\0\0\0\0\x64".to_vec();
    data.extend([0; 100]);
    data.extend(silence(&folder, "lamemp3enc"));
    let path = folder.write("tagged.mp3", &data);
    let server = sources::serve(data);
    let url = format!("{server}/film.mp3");
    // Of starts of a decoder that loses some, one in three went wrong.
    for (address, starts) in [(path.as_str(), 12), (url.as_str(), 4)] {
        for start in 0..starts {
            let ran = monitor(&["--detectors=silence", address]);
            assert_eq!(ran.status, 0, "{address}, start {start}: {}", ran.err);
            assert!(ran.out.contains("silence/digital-zero"), "{}", ran.out);
            assert!(ran.out.contains("MPEG-1 Layer 3"), "{}", ran.out);
        }
    }
}

/// Of starts in GStreamer 1.26 a few of a hundred went wrong before: the decoder was looked for by caps that lacked the alignment.
#[test]
fn a_transport_stream_is_watched_at_every_start() {
    let folder = Folder::new("starts");
    let path = folder.file("short.ts");
    play(
        &format!(
            "videotestsrc num-buffers=25 pattern=black ! {CAPS},framerate=25/1 ! \
             x264enc tune=zerolatency speed-preset=ultrafast ! h264parse ! mpegtsmux ! filesink location={path}"
        ),
        &path,
    );
    for start in 0..40 {
        let ran = monitor(&["--detectors=black", &path]);
        assert_eq!(ran.status, 0, "start {start}: {}", ran.err);
    }
}

/// HLS on the disk, of four segments of 2 s; the playlist says that the second is missing, and it is.
#[test]
fn a_segment_that_a_playlist_calls_missing_is_a_gap_and_the_rest_is_watched() {
    let folder = Folder::new("hls");
    let list = folder.file("list.m3u8");
    let segments = folder.file("s%d.ts");
    play(
        &format!(
            "hlssink2 name=h target-duration=2 max-files=0 playlist-length=0 playlist-location={list} location={segments} \
             videotestsrc num-buffers=200 pattern=ball ! {CAPS},framerate=25/1 ! \
             x264enc tune=zerolatency speed-preset=ultrafast key-int-max=50 ! h264parse ! h.video"
        ),
        "",
    );
    let text = std::fs::read_to_string(&list).unwrap();
    let entries: Vec<&str> = text.split_inclusive("#EXTINF").collect();
    assert_eq!(entries.len(), 5, "{text}");
    let second = entries[1].replace("#EXTINF", "#EXT-X-GAP\n#EXTINF");
    let text = [entries[0], &second, entries[2], entries[3], entries[4]].concat();
    std::fs::write(&list, text).unwrap();
    std::fs::remove_file(folder.file("s1.ts")).unwrap();
    let found = begins(&list);
    let gap = found.iter().find(|(kind, _)| kind == "timestamp-gap/gap");
    assert!(gap.is_some_and(|(_, at)| near(*at, 2000)), "{found:?}");
}
