// SPDX-License-Identifier: MPL-2.0
//! Coded pictures that were damaged on purpose.

use super::*;

/// Five seconds of that size.
fn moving(folder: &Folder, name: &str, (width, height): (u32, u32), coding: &str) -> String {
    let path = folder.file(name);
    let pictures = "videotestsrc num-buffers=125 horizontal-speed=3";
    let caps = format!("video/x-raw,format=I420,width={width},height={height},framerate=25/1");
    play(
        &format!("{pictures} ! {caps} ! {coding} ! filesink name=file"),
        &path,
    );
    path
}

/// Lost packets the demuxer knows of, flipped bits the decoder.
#[test]
fn what_demuxers_and_decoders_know_of_damage_is_told() {
    let folder = Folder::new("damage");
    let coding = "x264enc bitrate=800 key-int-max=25 threads=1 speed-preset=ultrafast ! h264parse ! mpegtsmux";
    let sound = moving(&folder, "sound.ts", (320, 240), coding);
    let watch = |file: &str| monitor(&["--json", "--detectors=corruption", file]).defects();
    assert!(watch(&sound).is_empty());
    for damage in [["--loss", "0.005"], ["--bit-errors", "4e-6"]] {
        let damaged = folder.file("damaged.ts");
        let ends = ["--spare", "1", "--seed", "3", &sound, &damaged];
        let ran = monitor(&[&["inject"], &damage[..], &ends[..]].concat());
        assert_eq!(ran.status, 0, "{}", ran.err);
        let defects = watch(&damaged);
        let known =
            |d: &&DefectMessage| d.state == "begin" && d.detail.as_deref() == Some("decoder");
        assert!(defects.iter().any(|d| known(&d)), "{damage:?}: {defects:?}");
        assert!(
            defects.iter().all(|d| d.timestamp >= 1_000_000_000),
            "{defects:?}"
        );
    }
}

#[test]
fn accuracy_is_measured_and_told() {
    let folder = Folder::new("accuracy");
    // Odd, which no encoder takes.
    moving(&folder, "clip.mkv", (321, 239), "jpegenc ! matroskamux");
    let clips = folder.0.to_str().unwrap();
    let measure = |more: &[&str]| {
        let damage = [
            "accuracy",
            clips,
            "--faults=block-corruption",
            "--codecs=h264",
            "--bit-errors=2e-5",
        ];
        monitor(&[&damage[..], more].concat())
    };
    let events = |ran: &Ran| -> (u32, u32) {
        assert_eq!(ran.status, 0, "{}", ran.err);
        let line = ran.out.lines().find(|line| line.starts_with("h264"));
        let mut figures = line.expect(&ran.out).split_whitespace().skip(3);
        let mut next = || figures.next().and_then(|f| f.parse().ok()).unwrap();
        (next(), next())
    };
    let (all, found) = events(&measure(&["--detectors=corruption"]));
    assert!(all > 0 && found == all, "{found} of {all}");
    // The same damage: what the decoder doesn't tell has to be seen.
    let (same, seen) = events(&measure(&[
        "--detectors=corruption map=true",
        "--evidence=none",
    ]));
    assert!(
        same == all && seen <= found,
        "{seen} of {same}, {found} of {all}"
    );
    let ran = measure(&["--detectors=black"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.err.contains("none of the chosen detectors"),
        "{}",
        ran.err
    );
}

/// The times that are printed are those at which the faults are found.
#[test]
fn faults_are_put_into_a_clip_that_plays() {
    let folder = Folder::new("faults");
    let clip = folder.file("clip.mkv");
    play(
        "matroskamux name=m ! filesink name=file \
         videotestsrc num-buffers=300 pattern=smpte horizontal-speed=3 ! video/x-raw,format=I420,width=322,height=242,framerate=25/1 ! \
         jpegenc ! m. \
         audiotestsrc num-buffers=600 samplesperbuffer=960 wave=pink-noise volume=0.2 ! audio/x-raw,rate=48000,channels=2 ! m.",
        &clip,
    );
    for (name, faults) in [
        ("out.mkv", "black,silence"),
        ("out.mp4", "freeze,dropout"),
        ("out.ts", "color-bars,silence"),
    ] {
        let out = folder.file(name);
        let ran = monitor(&["inject", "--faults", faults, &clip, &out]);
        assert_eq!(ran.status, 0, "{name}: {}", ran.err);
        for kind in faults.split(',') {
            let detectors = "--detectors=black,silence,freeze,dropout,slate";
            let found = monitor(&["--json", detectors, &out]).defects();
            let begin = found.iter().find(|d| d.kind == kind);
            let begin = begin.unwrap_or_else(|| panic!("{name} {kind}: {found:?}"));
            let start = begin.stream_time.unwrap();
            assert!(
                start.abs_diff(3_000_000_000) < 150_000_000,
                "{name}: {begin:?}"
            );
        }
    }
    for (faults, to, why) in [
        ("hiss", "out.mkv", "too short"),
        ("black", "out.avi", ".mkv"),
        ("blak", "out.mkv", "black"),
    ] {
        let ran = monitor(&["inject", "--faults", faults, &clip, &folder.file(to)]);
        assert_eq!(ran.status, 2, "{faults} {to}");
        assert!(ran.err.contains(why), "{}", ran.err);
    }
}

/// One table for faults of every kind, with settings in the same words as elsewhere.
#[test]
fn accuracy_of_faults_is_one_table() {
    let folder = Folder::new("table");
    moving(&folder, "clip.mkv", (322, 242), "jpegenc ! matroskamux");
    let clips = folder.0.to_str().unwrap();
    let detectors = "--detectors=black min-duration=1s, slate";
    let ran = monitor(&[
        "accuracy",
        clips,
        "--faults=black,color-bars,hum",
        detectors,
    ]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let row = |kind: &str| ran.out.lines().find(|line| line.starts_with(kind));
    let events = |kind| row(kind).and_then(|row| row.split_whitespace().nth(1));
    // Five seconds are too short for both.
    assert_eq!(events("black"), Some("0"), "{}", ran.out);
    // Long enough for two of those that are shorter.
    let ran = monitor(&[
        "accuracy",
        clips,
        "--faults=black",
        "--length=1",
        "--pause=1",
        "--detectors=black min-duration=500ms",
    ]);
    let row = ran.out.lines().find(|line| line.starts_with("black"));
    let row: Vec<&str> = row.expect(&ran.out).split_whitespace().collect();
    assert_eq!(row[1..3], ["2", "2"], "{}", ran.out);
    let ran = monitor(&["accuracy", clips, "--faults=blak"]);
    assert!(
        ran.status == 2 && ran.err.contains("color-bars"),
        "{}",
        ran.err
    );
}
