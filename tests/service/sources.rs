// SPDX-License-Identifier: MPL-2.0
//! Sources whose tracks change, that break off, or that have what can't be decoded.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use super::ports::{free_port, is_bound};
use super::running::{Folder, Running, play};
use super::transport::{Piece, send, without_sound};
use super::webhook::Webhook;

const AAC: &str = "avenc_aac";
const MP2: &str = "avenc_mp2";
const SECONDS: u32 = 16;

fn pieces(folder: &Folder, id: &str, contents: &[(u32, &str)]) -> Vec<Vec<u8>> {
    let make = |(n, (width, sound)): (usize, &(u32, &str))| {
        let piece = Piece {
            at: n as u32 * SECONDS,
            seconds: SECONDS,
            width: *width,
            sound,
            version: n as u8,
        };
        piece.make(folder, &format!("{id}-{n}.ts"))
    };
    contents.iter().enumerate().map(make).collect()
}

/// Seconds between those times in which a detector of that track was satisfied.
fn fine(records: &[Value], (stream, track): (&str, &str), from: Timestamp, to: Timestamp) -> usize {
    let is = |r: &&Value| {
        let time: Timestamp = r["time"].as_str().unwrap().parse().unwrap();
        let detector = if track.starts_with("video") {
            "blackdetect"
        } else {
            "silencedetect"
        };
        r["stream"] == stream
            && r["track"] == track
            && r["detector"] == detector
            && r["status"] == "ok"
            && from <= time
            && time <= to
    };
    records.iter().filter(is).count()
}

#[test]
fn tracks_that_appear_return_or_change_are_watched_within_seconds() {
    let (folder, webhook) = (Folder::new("tracks"), Webhook::start());
    let cases: [(&str, &[(u32, &str)]); 4] = [
        ("returns", &[(160, AAC), (160, ""), (160, AAC)]),
        ("appears", &[(160, ""), (160, AAC)]),
        ("recoded", &[(160, AAC), (160, MP2)]),
        ("resized", &[(160, AAC), (320, AAC)]),
    ];
    let mut text = format!(
        "{}[defaults]\nprofile = \"none\"\ndetectors = \"black, silence, stall\"\n",
        webhook.section("")
    );
    let mut streams = Vec::new();
    for (id, contents) in cases {
        let port = free_port();
        text += &format!("[[streams]]\nid = \"{id}\"\nuri = \"udp://127.0.0.1:{port}\"\n");
        streams.push((id, port, pieces(&folder, id, contents)));
    }
    let service = Running::start(&folder.config(&text));
    service.wait("connecting", 0);
    let senders = streams.into_iter().map(|(id, port, pieces)| {
        std::thread::spawn(move || {
            let mut last = Timestamp::now();
            for piece in pieces {
                last = Timestamp::now();
                send(port, &piece, SECONDS);
            }
            (id, last, Timestamp::now())
        })
    });
    let senders: Vec<_> = senders.collect();
    let sent: Vec<_> = senders.into_iter().map(|s| s.join().unwrap()).collect();
    assert_eq!(service.count("resized: watching video-0 320x120"), 1);
    let log = service.lines().join("\n");
    assert_eq!(service.stop(), Some(0));
    let records = folder.stored("records");
    for (id, last, end) in sent {
        for track in ["video-0", "audio-0"] {
            let fine = fine(&records, (id, track), last, end);
            // It takes 3 s to be sure of a change, and a moment to start again.
            assert!(
                fine >= SECONDS as usize - 9,
                "{id} {track}: {fine} s; {log}"
            );
        }
    }
    // That the sound had gone was told, and that it was back.
    let of_sound = |state| {
        [
            ("stream", "returns"),
            ("track", "audio-0"),
            ("kind", "lost"),
            ("state", state),
        ]
    };
    assert_eq!(webhook.count(&of_sound("begin")), 1);
    assert_eq!(webhook.count(&of_sound("end")), 1);
    let of_new = [
        ("kind", "lost"),
        ("stream", "appears"),
        ("track", "audio-0"),
    ];
    assert_eq!(webhook.count(&of_new), 0);
}

/// Serves packets by HTTP in real time to whoever asks, and closes.
pub fn server(packets: Vec<u8>, seconds: u32) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let packets = Arc::new(packets);
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let packets = Arc::clone(&packets);
            std::thread::spawn(move || {
                let lines = BufReader::new(&connection).lines().map_while(Result::ok);
                let _ = lines.take_while(|line| !line.is_empty()).count();
                let head = "HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n";
                let _ = connection.write_all(head.as_bytes());
                let (start, chunks) = (Instant::now(), packets.chunks(188 * 7));
                let count = chunks.len() as u32;
                for (n, chunk) in (0..).zip(chunks) {
                    let due = start + Duration::from_secs(seconds.into()) * n / count;
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    if connection.write_all(chunk).is_err() {
                        break;
                    }
                }
            });
        }
    });
    port
}

/// The most threads and descriptors that a service has within five seconds.
fn most(service: &Running) -> (usize, usize) {
    let sizes = (0..50).map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        service.size()
    });
    sizes.fold((0, 0), |most, size| {
        (most.0.max(size.0), most.1.max(size.1))
    })
}

#[test]
fn what_cant_be_decoded_is_named_and_leaks_nothing_however_often_it_comes() {
    let folder = Folder::new("undecodable");
    let piece = Piece {
        at: 0,
        seconds: 3,
        width: 160,
        sound: AAC,
        version: 0,
    };
    let packets = piece.make(&folder, "piece.ts");
    // One with sound that can't be decoded, and one whose sound never comes.
    let silent = without_sound(&packets);
    let (full, empty) = (server(packets, 3), server(silent, 3));
    let streams = (0..8).map(|n| {
        let port = if n % 2 == 0 { full } else { empty };
        format!("[[streams]]\nid = \"s{n}\"\nuri = \"http://127.0.0.1:{port}/\"\n")
    });
    let streams: String = streams.collect();
    let config = folder.config(&format!(
        "[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n{streams}"
    ));
    let decoders = [
        "avdec_aac",
        "avdec_aac_fixed",
        "avdec_aac_latm",
        "faad",
        "fdkaacdec",
    ];
    let ranks = decoders.map(|name| format!("{name}:NONE")).join(",");
    let service = Running::start_in(&[&config], &[("GST_PLUGIN_FEATURE_RANK", &ranks)]);
    service.wait("not watched: GStreamer has no decoder for it", 4);
    std::thread::sleep(Duration::from_secs(3));
    let before = most(&service);
    // Some fifty more sessions.
    std::thread::sleep(Duration::from_secs(25));
    let after = most(&service);
    assert!(
        after.0 <= before.0 + 16 && after.1 <= before.1 + 24,
        "threads and descriptors: {before:?}, then {after:?}"
    );
    assert_eq!(service.stop(), Some(0));
    let restarts = folder.stored("records").len();
    assert!(restarts > 0);
}

#[test]
fn a_source_that_breaks_off_again_and_again_is_watched_most_of_the_time() {
    let folder = Folder::new("breaks");
    let piece = Piece {
        at: 0,
        seconds: 4,
        width: 160,
        sound: "",
        version: 0,
    };
    let port = server(piece.make(&folder, "piece.ts"), 4);
    let service = Running::start(&folder.config(&format!(
        "[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n\
         [[streams]]\nid = \"s\"\nuri = \"http://127.0.0.1:{port}/\"\n"
    )));
    service.wait("s: watching", 1);
    let from = Timestamp::now();
    std::thread::sleep(Duration::from_secs(40));
    // A busy machine may take too long for one of the ten connections.
    assert!(service.count("the stream is lost") <= 1);
    assert_eq!(service.stop(), Some(0));
    let fine = fine(
        &folder.stored("records"),
        ("s", "video-0"),
        from,
        Timestamp::now(),
    );
    assert!(fine > 20, "{fine} s of 40");
}

#[test]
fn a_listener_keeps_its_socket_while_nobody_sends() {
    let (folder, port) = (Folder::new("listener"), free_port());
    let service = Running::start(&folder.config(&format!(
        "[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n\
         [[streams]]\nid = \"s\"\nuri = \"udp://127.0.0.1:{port}\"\n"
    )));
    service.wait("the stream is lost", 1);
    let (start, mut closed) = (Instant::now(), Duration::ZERO);
    while start.elapsed() < Duration::from_secs(65) {
        let looked = Instant::now();
        std::thread::sleep(Duration::from_millis(20));
        if !is_bound(port) {
            // What is more is the time for which this program had no turn.
            closed += looked.elapsed().min(Duration::from_millis(40));
        }
    }
    let lines = service.lines();
    let mut waits = lines.iter().filter(|l| l.contains("; next try in "));
    let wait = waits.next().unwrap();
    assert!(wait.ends_with("next try in 0.0 s"), "{wait}");
    assert!(closed < Duration::from_secs(5), "closed for {closed:?}");
    drop(service);
}

#[test]
fn the_programme_that_is_named_is_watched_of_a_stream_with_several() {
    let folder = Folder::new("several");
    let path = folder.path("several.ts");
    let programme = |width: u32, pad: u32| {
        format!(
            "videotestsrc pattern=ball num-buffers=75 ! video/x-raw,format=I420,width={width},height=120,framerate=25/1 \
             ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! m.sink_{pad} "
        )
    };
    let (first, second) = (programme(160, 65), programme(192, 66));
    play(&format!(
        "mpegtsmux name=m prog-map=\"program_map,sink_65=(int)1,sink_66=(int)2\" ! filesink location={path} {first} {second}"
    ));
    let stream = |id: &str, more: &str| {
        format!("[[streams]]\nid = \"{id}\"\nuri = \"{path}\"\nloop = true\n{more}\n")
    };
    let service = Running::start(&folder.config(&format!(
        "[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n{}{}{}",
        stream("any", ""),
        stream("one", "program = 1"),
        stream("two", "program = 2")
    )));
    service.wait(": watching video-0", 3);
    let watched = |id: &str, width: u32| {
        let lines = service.lines();
        let mut lines = lines
            .iter()
            .filter(|l| l.contains(&format!(" {id}: watching")));
        let line = lines.next().cloned().unwrap();
        assert!(line.contains(&format!("{width}x120")), "{line}");
        assert!(!line.contains("video-1"), "{line}");
    };
    watched("one", 160);
    watched("two", 192);
    assert_eq!(service.stop(), Some(0));
}
