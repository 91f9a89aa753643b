// SPDX-License-Identifier: MPL-2.0
//! A board of made streams, for tests and for looking at the page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gstdefect::DefectMessage;
use jiff::{SignedDuration, Timestamp};

use super::super::super::board::{Board, State, Track, Usage};
use super::super::super::outcome::{Analysed, Event, Outcome, Record, Source, Status};

/// The id of a made stream.
pub fn id(i: usize) -> String {
    let genres = [
        "news", "sport", "film", "kids", "music", "regional", "radio",
    ];
    let genre = genres[i % genres.len()];
    format!("{genre}-{}", 1 + i / genres.len())
}

/// Whether a made stream is watched, see [`board`].
pub fn is_watched(i: usize) -> bool {
    !matches!(i % 40, 3 | 23)
}

/// Whether a made stream has no picture.
pub fn is_radio(i: usize) -> bool {
    i % 7 == 6
}

const VIDEO: [&str; 7] = [
    "blackdetect",
    "freezedetect",
    "slatedetect",
    "corruptiondetect",
    "teardetect",
    "interlacedetect",
    "borderdetect",
];
const AUDIO: [&str; 9] = [
    "silencedetect",
    "loudnessdetect",
    "clipdetect",
    "clickdetect",
    "dropoutdetect",
    "humdetect",
    "hissdetect",
    "phasedetect",
    "tonedetect",
];

/// A moment before now.
pub fn before(seconds: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(seconds)
}

fn source(id: &str, track: &str) -> Source {
    Source {
        stream: id.into(),
        labels: Arc::default(),
        track: track.into(),
    }
}

/// An event of an episode that began so many seconds ago.
pub fn event(
    id: &str,
    kind: &str,
    severity: &str,
    state: &str,
    began: i64,
    lasted: Duration,
) -> Event {
    let sound = matches!(kind, "silence" | "loudness" | "hum" | "clipping" | "click");
    let track = if sound { "audio-0" } else { "video-0" };
    let element = match kind {
        "clipping" => "clipdetect".to_owned(),
        "block-corruption" => "corruptiondetect".to_owned(),
        _ => format!("{kind}detect"),
    };
    let time = before(began);
    Event {
        source: source(id, track),
        episode: format!("{id}/{track}/{kind}/{}", time.as_millisecond() / 2000).into(),
        time,
        analysed: Analysed::ALL,
        maintenance: false,
        defect: DefectMessage {
            element,
            kind: kind.to_owned(),
            state: state.to_owned(),
            id: 1,
            severity: severity.to_owned(),
            timestamp: 0,
            stream_time: None,
            running_time: None,
            duration: lasted.as_nanos() as u64,
            value: 16.0,
            threshold: 32.0,
            confidence: 0.97,
            detail: (kind == "freeze").then(|| "exact".to_owned()),
            channel: sound.then_some(-1),
            area: None,
            timecode: None,
            reference_time: None,
            reason: (state == "end").then(|| "cleared".to_owned()),
            count: None,
            extra: BTreeMap::new(),
        },
    }
}

/// The result of a second.
pub fn record(id: &str, track: &str, detector: &str, status: Status, time: Timestamp) -> Record {
    Record {
        source: source(id, track),
        time,
        stream_time: None,
        detector: detector.into(),
        status,
        kinds: BTreeMap::new(),
        analysed: Analysed::ALL,
        reason: (status == Status::NotAnalysed).then(|| "lost".to_owned()),
        measures: measures(detector, time.as_second() as f64),
    }
}

fn measures(detector: &str, seed: f64) -> BTreeMap<String, f64> {
    let swing = (seed * 0.7).sin() * 6.0;
    let all: &[(&str, f64)] = match detector {
        "loudnessdetect" => &[
            ("momentary", -23.0 + swing),
            ("short-term", -23.1),
            ("integrated", -23.0),
            ("true-peak", -3.2),
            ("range", 6.0),
        ],
        "silencedetect" => &[
            ("rms-0", -26.0 + swing),
            ("rms-1", -27.0 + swing),
            ("peak-0", -11.0 + swing),
            ("peak-1", -13.0 + swing),
        ],
        "corruptiondetect" => &[("area", 0.0)],
        "avsyncdetect" => &[("offset", 12.0), ("confidence", 0.8)],
        _ => &[],
    };
    all.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect()
}

/// So many streams with a day behind them; the first few are as different as they can be, among hundreds most are fine.
pub fn board(streams: usize) -> Arc<Board> {
    let board = Arc::new(Board::default());
    let mut random = oorandom::Rand32::new(7);
    for i in 0..streams {
        register(&board, i);
        day(&board, i, &mut random);
        now(&board, i);
    }
    board.set_configured();
    board
}

/// In the configuration, and nothing more.
pub fn register(board: &Board, i: usize) {
    let id = id(i);
    let sites = ["vienna", "graz", "linz"];
    let labels = [
        ("site", sites[i % 3]),
        ("quality", if i.is_multiple_of(2) { "hd" } else { "sd" }),
    ];
    let labels = labels.map(|(k, v)| (k.to_owned(), v.to_owned()));
    let detectors = VIDEO.iter().chain(&AUDIO).map(|d| (*d).into());
    let uri = format!("srt://encoder-{i}.example:7001");
    board.register(&id, &uri, Arc::new(labels.into()), detectors.collect());
}

fn day(board: &Board, i: usize, random: &mut oorandom::Rand32) {
    let id = id(i);
    let mut record = record(
        &id,
        "audio-0",
        "silencedetect",
        Status::Ok,
        Timestamp::now(),
    );
    let minute = before(0);
    let mut away = 0;
    for ago in (1..1440).rev() {
        record.time = minute - SignedDuration::from_mins(ago);
        if away == 0 && random.rand_range(0..900) == 0 {
            away = random.rand_range(2..40);
        }
        away = u32::saturating_sub(away, 1);
        record.status = if away > 0 {
            Status::NotAnalysed
        } else {
            Status::Ok
        };
        record.reason = (away > 0).then(|| "lost".to_owned());
        board.note(&Outcome::Second(record.clone()));
        if away == 0 && random.rand_range(0..400) == 0 {
            let kinds = [
                ("freeze", "error"),
                ("loudness", "warning"),
                ("black", "error"),
                ("hum", "info"),
            ];
            let (kind, severity) = kinds[random.rand_range(0..4) as usize];
            let lasted = Duration::from_secs(random.rand_range(3..600).into());
            let over = event(&id, kind, severity, "end", ago * 60, lasted);
            board.note(&Outcome::Defect(over.into()));
        }
    }
}

fn now(board: &Board, i: usize) {
    let id = id(i);
    let track = |name: &str, what: &str| Track {
        name: name.into(),
        what: what.to_owned(),
    };
    let mut tracks = vec![track("audio-0", "aac 2 channels 48 kHz")];
    if !is_radio(i) {
        tracks.insert(0, track("video-0", "h264 1920x1080 25/1"));
        board.set_thumbnail(&id, picture(i % 12));
    }
    board.set_tracks(&id, tracks);
    let usage = Usage {
        cpu_seconds: 812.5 + i as f64,
        lag_seconds: if i % 31 == 8 { 3.4 } else { 0.0 },
        restarts: u64::from(i % 17 == 3),
        buffers: 2_160_000,
        position: Some(86_400_000_000_000),
        picture_failures: 0,
    };
    board.set_usage(&id, usage);
    let (state, reason) = match i % 40 {
        3 => (State::Waiting, Some("no data for 5 s; next try in 12 s")),
        23 => (State::Connecting, None),
        _ => (State::Watching, None),
    };
    board.set_state(&id, state, reason.map(str::to_owned));
    let open: &[(&str, &str, i64)] = match i % 40 {
        1 => &[("black", "error", 75), ("silence", "error", 74)],
        4 => &[("loudness", "warning", 640)],
        12 => &[("freeze", "critical", 9)],
        20 => &[("hum", "warning", 7300)],
        _ => &[],
    };
    for (kind, severity, began) in open {
        if is_radio(i) && matches!(*kind, "black" | "freeze") {
            continue;
        }
        let lasted = Duration::from_secs(*began as u64);
        board.note(&Outcome::Defect(
            event(&id, kind, severity, "begin", *began, lasted).into(),
        ));
    }
    if state == State::Watching {
        second(board, i);
    }
}

/// A second of every detector of a stream, now.
pub fn second(board: &Board, i: usize) {
    let id = id(i);
    let video = VIDEO
        .iter()
        .map(|d| ("video-0", *d))
        .filter(|_| !is_radio(i));
    for (track, detector) in video.chain(AUDIO.iter().map(|d| ("audio-0", *d))) {
        let bad = i % 40 == 1 && matches!(detector, "blackdetect" | "silencedetect");
        let status = if bad { Status::Defect } else { Status::Ok };
        let time = Timestamp::now() + SignedDuration::from_secs(i as i64 % 9);
        let mut record = record(&id, track, detector, status, time);
        record.time = Timestamp::now();
        if i % 40 == 1 {
            for value in record.measures.values_mut() {
                *value = f64::NEG_INFINITY;
            }
        }
        board.note(&Outcome::Second(record));
    }
}

/// A small picture.
pub fn picture(i: usize) -> Arc<[u8]> {
    let (hue, sun) = (i as f32 * 0.52, 40 + (i as u32 * 37) % 240);
    let pixels = image::RgbImage::from_fn(320, 180, |x, y| {
        let ground = 120 + ((x as f32 * 0.03 + hue).sin() * 18.0) as u32;
        let near = x.abs_diff(sun).pow(2) + y.abs_diff(50).pow(2) < 500;
        let tone = |phase: f32| (90.0 + 80.0 * (hue + phase).sin()) as u8;
        match (y > ground, near) {
            (true, _) => image::Rgb([tone(0.0) / 2, tone(2.0) / 2, tone(4.0) / 2]),
            (_, true) => image::Rgb([250, 226, 150]),
            _ => image::Rgb([tone(0.0), tone(2.0).saturating_add(y as u8 / 3), tone(4.0)]),
        }
    });
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 70);
    pixels.write_with_encoder(encoder).unwrap();
    jpeg.into()
}

/// What a defect of that kind looks like.
pub fn evidence(kind: &str) -> Arc<[u8]> {
    if kind != "black" {
        return picture(5);
    }
    let pixels = image::RgbImage::from_pixel(320, 180, image::Rgb([9, 9, 9]));
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 70);
    pixels.write_with_encoder(encoder).unwrap();
    jpeg.into()
}
