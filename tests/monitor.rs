// SPDX-License-Identifier: MPL-2.0
//! The command `defect-monitor`, run as users run it.
#![cfg(feature = "monitor")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use gst::prelude::*;
use gstdefect::{DefectMessage, MeasurementMessage};

/// A monitor that hangs fails the test instead.
const PATIENCE: Duration = Duration::from_secs(120);

struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl Ran {
    fn defects(&self) -> Vec<DefectMessage> {
        let parse = |line| serde_json::from_str(line).expect(line);
        self.out.lines().map(parse).collect()
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_defect-monitor"));
    command.args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn monitor(args: &[&str]) -> Ran {
    let child = command(args).spawn().expect("runs");
    let id = child.id();
    let (done, ended) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    let output = child.wait_with_output().expect("ends");
    drop(done);
    guard.join().expect("guard");
    ran(output)
}

fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("defect-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, data: &[u8]) -> String {
        let path = self.file(name);
        std::fs::write(&path, data).unwrap();
        path
    }

    /// Four seconds of black in six of picture, and a tone.
    fn film(&self, name: &str, muxer: &str, coding: (&str, &str)) -> String {
        let path = self.file(name);
        let (picture, sound) = coding;
        let caps = "video/x-raw,format=I420,width=320,height=240,framerate=25/1";
        play(
            &format!(
                "concat name=c ! {picture} ! {muxer} name=m ! filesink name=file \
             videotestsrc num-buffers=25 ! {caps} ! c. \
             videotestsrc pattern=black num-buffers=100 ! {caps} ! c. \
             videotestsrc num-buffers=25 ! {caps} ! c. \
             audiotestsrc num-buffers=282 ! audio/x-raw,rate=48000,channels=2 ! {sound} ! m."
            ),
            &path,
        );
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const JPEG: (&str, &str) = ("jpegenc", "queue");

/// Runs a pipeline to its end; the element `file` writes to that path.
fn play(description: &str, path: &str) {
    gst::init().unwrap();
    let pipeline = gst::parse::launch(description).expect(description);
    let bin = pipeline.downcast_ref::<gst::Bin>().unwrap();
    if let Some(file) = bin.by_name("file") {
        file.set_property("location", path);
    }
    pipeline.set_state(gst::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &ends);
    let message = message.expect("no end");
    pipeline.set_state(gst::State::Null).unwrap();
    assert_eq!(message.type_(), gst::MessageType::Eos, "{message:?}");
}

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

#[test]
fn what_cannot_be_played_is_said() {
    let folder = Folder::new("bad");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let data = std::fs::read(&film).unwrap();
    let noise: Vec<u8> = (0..100_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let cases = [
        (folder.file("missing.mp4"), "no such file"),
        (folder.write("empty.mp4", b""), "empty"),
        (folder.0.to_str().unwrap().to_owned(), "directory"),
        (
            folder.write("text.txt", b"This is a text, no film at all.\n"),
            "media",
        ),
        (folder.write("noise.mp4", &noise), "media"),
        (
            folder.write("cut.mkv", &data[..data.len() / 2]),
            "truncated",
        ),
        (folder.write("head.mkv", &data[..300]), ""),
        ("nonsense://x".to_owned(), "nonsense"),
        ("http://127.0.0.1:1/x.mp4".to_owned(), "refused"),
    ];
    for (input, words) in cases {
        let start = Instant::now();
        let ran = monitor(&[&input]);
        assert_eq!(ran.status, 2, "{input}: {} {}", ran.out, ran.err);
        assert!(
            ran.err.starts_with("defect-monitor: "),
            "{input}: {}",
            ran.err
        );
        assert!(
            ran.err.to_lowercase().contains(words),
            "{input}: {}",
            ran.err
        );
        assert!(start.elapsed() < Duration::from_secs(30), "{input}");
    }
    // One bad file doesn't keep the others from being watched.
    let ran = monitor(&["--detectors=black", &folder.file("missing.mp4"), &film]);
    assert_eq!(ran.status, 2);
    assert!(ran.out.contains("lasted 0:00:04.000"), "{}", ran.out);
}

#[test]
fn wrong_use_is_refused_with_what_is_possible() {
    let cases = [
        ("--no-such-option", "unexpected argument"),
        ("--set=black", "DETECTOR.PROPERTY=VALUE"),
        ("--set=blak.threshold=1", "blackdetect"),
        ("--set=black.treshold=1", "min-duration"),
        ("--set=black.threshold=2", "from 0 to 1"),
        ("--set=black.severity=bad", "critical"),
        ("--set=black.min-duration=long", "500ms"),
        ("--set=black.region=0,0,2,2", "fractions"),
        ("--detectors=nothing", "blackdetect"),
        ("--measure=0", "seconds"),
    ];
    for (option, words) in cases {
        let ran = monitor(&[option]);
        assert_eq!(ran.status, 2, "{option}");
        assert!(ran.err.contains(words), "{option}: {}", ran.err);
        assert_eq!(ran.out, "", "{option}");
    }
    assert!(
        monitor(&["--version"])
            .out
            .contains(env!("CARGO_PKG_VERSION"))
    );
    assert!(monitor(&["--help"]).out.contains("Exit status"));
    assert!(monitor(&["--list"]).out.contains("blackdetect (video)"));
}

/// A server for one file, on a port of its own.
fn serve(data: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let n = stream.read(&mut request).unwrap_or(0);
            let found = request[..n].starts_with(b"GET /film");
            let (status, body) = match found {
                true => ("200 OK", data.as_slice()),
                false => ("404 Not Found", b"nothing".as_slice()),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body);
        }
    });
    format!("http://{address}")
}

#[test]
fn over_http() {
    let folder = Folder::new("http");
    let film = folder.film("film.mkv", "matroskamux streamable=true", JPEG);
    let server = serve(std::fs::read(film).unwrap());
    let ran = monitor(&["--json", "--detectors=black", &format!("{server}/film.mkv")]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(ran.defects()[1].duration, 4_000_000_000, "{}", ran.err);
    let ran = monitor(&[&format!("{server}/other.mkv")]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("404"), "{}", ran.err);
}

#[test]
fn a_live_source_that_ends() {
    let folder = Folder::new("udp");
    let mpeg = (
        "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse",
        "avenc_mp2 ! mpegaudioparse",
    );
    let film = folder.film("film.ts", "mpegtsmux alignment=7", mpeg);
    let port = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let sender = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        let send = format!(
            "filesrc name=file ! tsparse set-timestamps=true alignment=7 ! udpsink host=127.0.0.1 port={port}"
        );
        play(&send, &film);
    });
    let uri = format!("udp://127.0.0.1:{port}");
    let ran = monitor(&["--json", "--timeout=4", "--detectors=black", &uri]);
    sender.join().unwrap();
    assert_eq!(ran.status, 0, "{}", ran.err);
    let defects = ran.defects();
    assert_eq!(defects.len(), 2, "{} {}", ran.out, ran.err);
    // Times of a live stream follow its arrival.
    let error = defects[1].duration.abs_diff(4_000_000_000);
    assert!(error < 500_000_000, "{}", ran.out);
    // Nothing at all: that is no end but a failure.
    let ran = monitor(&["--timeout=1", &uri]);
    assert_eq!(ran.status, 2, "{}", ran.err);
    assert!(ran.err.contains("no data"), "{}", ran.err);
}

/// Lost packets the demuxer knows of, flipped bits the decoder.
#[test]
fn what_demuxers_and_decoders_know_of_damage_is_told() {
    let folder = Folder::new("damage");
    let sound = folder.file("sound.ts");
    play(
        "videotestsrc num-buffers=125 horizontal-speed=3 \
         ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 \
         ! x264enc bitrate=800 key-int-max=25 threads=1 speed-preset=ultrafast ! h264parse ! mpegtsmux ! filesink name=file",
        &sound,
    );
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

#[test]
fn capacity_is_measured_and_told() {
    let folder = Folder::new("capacity");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let ran = monitor(&[
        "capacity",
        "--json",
        "--duration",
        "3",
        "--detectors",
        "black, silence",
        &film,
    ]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect(&ran.out);
    let programme = &report["programmes"][0];
    assert_eq!(programme["programme"], "film.mkv");
    let cpu = &programme["cpu-ms-per-second"];
    for figure in [
        &cpu["all"],
        &cpu["without-detectors"],
        &cpu["detectors-alone"]["video"]["blackdetect"],
        &cpu["detectors-alone"]["audio"]["silencedetect"],
    ] {
        let [low, median, high] =
            ["low", "median", "high"].map(|key| figure[key].as_f64().unwrap());
        assert!(0.0 < low && low <= median && median <= high, "{report}");
    }
    let audio = cpu["detectors-alone"]["audio"].as_object().unwrap();
    assert_eq!(audio.len(), 1);
    let fits = &programme["fits"]["by-cpu"];
    let cores = report["machine"]["cores"].as_f64().unwrap();
    let all = cpu["all"]["median"].as_f64().unwrap();
    assert_eq!(fits.as_u64(), Some((cores * 0.8 * 1000.0 / all) as u64));

    let ran = monitor(&["capacity", "--detectors", "blak", &film]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("blackdetect"), "{}", ran.err);
    let ran = monitor(&["capacity", "--headroom", "1.5", &film]);
    assert_eq!(ran.status, 2);
    let ran = monitor(&["capacity", &folder.file("none.ts")]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("none.ts: "), "{}", ran.err);
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
