// SPDX-License-Identifier: MPL-2.0
//! `analyse = "adaptive"`: what it leaves out, and that it finds the same.

use std::collections::BTreeMap;

use serde_json::Value;

use super::running::{Folder, Running, play};

/// A minute with 5 s of black from 30.4 s on, and a key frame every 2 s; `more`: settings of the encoder.
fn film(folder: &Folder, name: &str, encoder: &str) -> String {
    let path = folder.path(name);
    let moving = |pictures: u32| {
        format!("videotestsrc pattern=zone-plate kx2=20 ky2=20 kt=3 num-buffers={pictures}")
    };
    let form = "video/x-raw,format=I420,width=160,height=120,framerate=25/1";
    play(&format!(
        "concat name=c ! {encoder} ! mpegtsmux name=m ! filesink location={path} \
         {} ! {form} ! c. videotestsrc pattern=black num-buffers=125 ! {form} ! c. {} ! {form} ! c. \
         audiotestsrc wave=pink-noise num-buffers=2813 ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! m.",
        moving(760),
        moving(615),
    ));
    path
}

const H264: &str = "x264enc key-int-max=50 speed-preset=ultrafast bitrate=400";
/// With pictures that refer across key frames.
const H265: &str = "x265enc key-int-max=50 speed-preset=ultrafast bitrate=400 ! h265parse";

/// Begin and end of each episode in seconds of stream time, by stream and kind.
fn episodes(events: &[Value]) -> BTreeMap<(String, String), Vec<(f64, f64)>> {
    let mut all: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["state"] == "end") {
        let text = |field: &str| event[field].as_str().unwrap().to_owned();
        let seconds = |field: &str| event[field].as_f64().unwrap() / 1e9;
        let begin = seconds("stream-time");
        let times = (begin, begin + seconds("duration"));
        all.entry((text("stream"), text("kind")))
            .or_default()
            .push(times);
    }
    all
}

#[test]
fn key_frames_are_enough_while_all_is_well_and_defects_are_found_all_the_same() {
    let folder = Folder::new("adaptive");
    let mut streams = String::new();
    for (name, encoder) in [("avc", H264), ("hevc", H265)] {
        let film = film(&folder, &format!("{name}.ts"), encoder);
        for analyse in ["all", "adaptive"] {
            streams += &format!(
                "[[streams]]\nid = \"{name}-{analyse}\"\nuri = \"{film}\"\nanalyse = \"{analyse}\"\n"
            );
        }
    }
    let config = folder.config(&format!(
        "[defaults]\ndetectors = \"blackdetect, freezedetect, stalldetect, corruptiondetect, silencedetect\"\n{streams}"
    ));
    let service = Running::start(&config);
    service.wait("watched to its end", 4);
    assert_eq!(service.stop(), Some(0));

    let events = folder.stored("events");
    let episodes = episodes(&events);
    let records = folder.stored("records");
    for name in ["avc", "hevc"] {
        let of = |analyse: &str| -> Vec<_> {
            let stream = format!("{name}-{analyse}");
            let own = episodes.iter().filter(|((s, _), _)| *s == stream);
            own.map(|((_, kind), times)| (kind, times)).collect()
        };
        let (all, adaptive) = (of("all"), of("adaptive"));
        assert_eq!(all.len(), 1, "{name}: {all:?}");
        assert_eq!(adaptive.len(), 1, "{name}: {adaptive:?}");
        let ((_, all), (kind, adaptive)) = (&all[0], &adaptive[0]);
        assert_eq!(
            (*kind, all.len(), adaptive.len()),
            (&"black".to_owned(), 1, 1)
        );
        // At most a distance of key frames late.
        let late = adaptive[0].0 - all[0].0;
        assert!((0.0..=2.0).contains(&late), "{name}: {adaptive:?}");
        assert!(
            (adaptive[0].1 - all[0].1).abs() < 0.1,
            "{name}: {adaptive:?}"
        );
        modes(&records, &format!("{name}-adaptive"));
    }
}

/// Each second says what was analysed, and what needs all pictures says nothing where they are left out.
fn modes(records: &[Value], stream: &str) {
    let of = |detector: &'static str| {
        let own = move |r: &&Value| r["stream"] == stream && r["detector"] == detector;
        records.iter().filter(own)
    };
    let black: Vec<&Value> = of("blackdetect").collect();
    let sparse = black.iter().filter(|r| r["mode"] == "keyframes").count();
    assert!(
        (59..=62).contains(&black.len()),
        "{stream}: {}",
        black.len()
    );
    assert!((20..50).contains(&sparse), "{stream}: {sparse}");
    // A part of a second at either end has no whole measurement.
    let unseen = black.iter().filter(|r| r["status"] == "not-analysed");
    assert!(unseen.count() <= 2, "{stream}");
    let rests = of("freezedetect").filter(|r| r["status"] == "not-analysed");
    assert!(rests.count() > 15, "{stream}");
    let said = of("freezedetect").filter(|r| r["reason"] == "sparse");
    assert!(said.count() > 0, "{stream}");
    let stalled = of("stalldetect").filter(|r| r["status"] == "defect");
    assert_eq!(stalled.count(), 0, "{stream}");
}
