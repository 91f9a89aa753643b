// SPDX-License-Identifier: MPL-2.0
//! What is found and told, in files and in the demonstration.

use super::*;

#[test]
fn a_file_with_black_in_it() {
    let folder = Folder::new("file");
    let film = folder.film("a film: #1 100% ä?.mkv", "matroskamux", JPEG);
    let ran = monitor(&["--detectors", "black", &film]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let lines: Vec<_> = ran.out.lines().collect();
    assert!(lines[0].starts_with("0:00:01.000  begin "), "{}", ran.out);
    assert!(lines[1].starts_with("0:00:05.000  end "), "{}", ran.out);
    assert!(lines[1].contains("lasted 0:00:04.000"), "{}", ran.out);
    assert!(ran.out.contains("1 episode, 0:00:04.000"), "{}", ran.out);
    assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'));
    assert_eq!(ran.err, "");
}

#[test]
fn json_lines_are_messages() {
    let folder = Folder::new("json");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let ran = monitor(&[
        "--json",
        "--fail-on-defect",
        "--detectors=blackdetect",
        &film,
    ]);
    assert_eq!(ran.status, 1, "{}", ran.err);
    let defects = ran.defects();
    let states: Vec<_> = defects.iter().map(|d| d.state.as_str()).collect();
    assert_eq!(states, ["begin", "end"]);
    assert_eq!(defects[1].duration, 4_000_000_000);
    assert!(defects[1].extra.is_empty());
    let line: serde_json::Value = serde_json::from_str(ran.out.lines().next().unwrap()).unwrap();
    assert!(line["uri"].as_str().unwrap().starts_with("file:///"));
    assert_eq!(line["stream"], "video-0");
    assert!(ran.err.contains("1 episode"), "{}", ran.err);
}

#[test]
fn measurements_cover_the_stream() {
    let folder = Folder::new("measure");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let args = ["--json", "-q", "--measure=1", "--detectors=black", &film];
    let ran = monitor(&args);
    let covered: u64 = ran
        .out
        .lines()
        .filter_map(|line| serde_json::from_str::<MeasurementMessage>(line).ok())
        .map(|m| {
            assert!(m.measures.contains_key("luma"));
            m.duration
        })
        .sum();
    assert_eq!(covered, 6_000_000_000, "{}", ran.out);
}

#[test]
fn settings_are_obeyed() {
    let folder = Folder::new("set");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let only = "--detectors=black";
    let ran = monitor(&["--json", only, "--set", "black.min-duration=5s", &film]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
    let ran = monitor(&["--json", only, "--duration=2.5", &film]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.is_empty(), "1.5 s of black in it: {}", ran.out);
    let ran = monitor(&[
        "--json",
        only,
        "--set=blackdetect.region=0,0,0.5,0.5",
        &film,
    ]);
    assert_eq!(ran.defects().len(), 2, "{}", ran.err);
}

#[test]
fn several_files_are_told_apart() {
    let folder = Folder::new("several");
    let one = folder.film("one.mkv", "matroskamux", JPEG);
    let two = folder.film("two.mkv", "matroskamux", JPEG);
    for how in [None, Some("--together")] {
        let mut args = vec!["--detectors=black", &one, &two];
        args.extend(how);
        let ran = monitor(&args);
        assert_eq!(ran.status, 0, "{}", ran.err);
        for name in ["one.mkv video-0", "two.mkv video-0"] {
            let count = ran.out.lines().filter(|l| l.contains(name)).count();
            assert_eq!(count, 2, "{}", ran.out);
        }
    }
}

#[test]
fn sound_alone_and_many_streams() {
    let folder = Folder::new("streams");
    let sound = folder.file("sound.wav");
    // 8 bits, which no detector reads as they are.
    play(
        "audiotestsrc num-buffers=100 ! audio/x-raw,format=U8 ! wavenc ! filesink name=file",
        &sound,
    );
    let ran = monitor(&[&sound]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.contains("audio-0 "), "{}", ran.out);
    let many = folder.file("many.mkv");
    play(
        "matroskamux name=m ! filesink name=file \
         audiotestsrc num-buffers=100 ! m. audiotestsrc num-buffers=100 ! m. \
         videotestsrc num-buffers=50 ! jpegenc ! m. videotestsrc num-buffers=50 ! jpegenc ! m.",
        &many,
    );
    let ran = monitor(&[&many]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    for stream in ["audio-0", "audio-1", "video-0", "video-1"] {
        assert!(ran.out.contains(stream), "{stream}: {}", ran.out);
    }
}

/// A line-up sequence; the picture's detectors hear the sound of the other chain, as far as there is any.
#[test]
fn sound_is_watched_against_the_picture() {
    let folder = Folder::new("sync");
    let film = |name: &str, offset: u64, blocks: u32| {
        let path = folder.file(name);
        play(
            &format!(
                "videotestsrc num-buffers=14 pattern=blink ! video/x-raw,format=I420,width=320,height=180,framerate=5/2 \
             ! jpegenc ! matroskamux name=m ! filesink name=file \
             audiotestsrc num-buffers={blocks} samplesperbuffer=480 timestamp-offset={offset}000000 wave=ticks \
             tick-interval=800000000 freq=1000 sine-periods-per-tick=20 ! audio/x-raw,format=S16LE,rate=48000 ! m."
            ),
            &path,
        );
        path
    };
    let watch = |path: &str| monitor(&["--json", "--detectors=avsync", path]);
    let late = watch(&film("late.mkv", 560, 520));
    assert_eq!(late.status, 0, "{}", late.err);
    let defects = late.defects();
    assert_eq!(defects.len(), 2, "{}", late.out);
    let end = &defects[1];
    assert_eq!((end.kind.as_str(), end.state.as_str()), ("av-sync", "end"));
    assert_eq!(end.element, "avsyncdetect");
    assert!((end.value + 150.0).abs() <= 1.5, "{end:?}");
    assert!(late.out.contains("\"stream\":\"video-0\""), "{}", late.out);
    for (name, offset, blocks) in [("fine.mkv", 420, 520), ("short.mkv", 420, 50)] {
        let fine = watch(&film(name, offset, blocks));
        assert_eq!((fine.status, fine.out.as_str()), (0, ""), "{}", fine.err);
    }
}

#[test]
fn the_demonstration_finds_what_it_injects() {
    let ran = monitor(&[]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let last = ran.out.lines().last().unwrap();
    let injected = ran
        .out
        .lines()
        .skip(1)
        .take_while(|l| !l.is_empty())
        .count();
    let expected = format!("{injected} of {injected} found, 0 others");
    assert!(injected >= 2 && last.trim() == expected, "{}", ran.out);
    assert_eq!(monitor(&["-q", "--fail-on-defect"]).status, 1);
}

#[test]
fn an_interruption_closes_what_is_open() {
    for (signal, status) in [("-INT", 130), ("-TERM", 0)] {
        let mut child = command(&["--json", "--realtime", "--set=black.min-duration=100ms"])
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        // Until the first begin: black is on the screen then.
        let mut text = String::new();
        let mut byte = [0];
        while !text.ends_with('\n') && out.read(&mut byte).unwrap() == 1 {
            text.push(char::from(byte[0]));
        }
        let id = child.id().to_string();
        Command::new("kill").args([signal, &id]).status().unwrap();
        out.read_to_string(&mut text).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(status), "{text}");
        let lines: Vec<DefectMessage> = text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(
            lines.last().unwrap().reason.as_deref(),
            Some("stopped"),
            "{text}"
        );
        let err = String::from_utf8(ended.stderr).unwrap();
        assert!(err.contains("1 episode"), "{err}");
    }
}
