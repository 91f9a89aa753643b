// SPDX-License-Identifier: MPL-2.0
//! What can't be done is refused with its reason and with what is possible.

use super::*;

#[test]
fn what_cannot_be_played_is_said() {
    let folder = Folder::new("bad");
    let film = folder.film("film.mkv", "matroskamux", JPEG);
    let data = std::fs::read(&film).unwrap();
    let noise: Vec<u8> = (0..100_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let cluster = [0x1f, 0x43, 0xb6, 0x75];
    let first = data.windows(4).position(|bytes| bytes == cluster).unwrap();
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
        (folder.write("no-data.mkv", &data[..first + 12]), "picture"),
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
        // GStreamer 1.22 may lose the error of a demuxer that fails while it starts: that is noticed after 5 s.
        assert!(start.elapsed() < Duration::from_secs(20), "{input}");
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
