// SPDX-License-Identifier: MPL-2.0
//! Pictures of real streams: thumbnails, and those of defects.

use std::time::{Duration, Instant};

use super::client::get;
use super::ports::free_port;
use super::running::{Folder, Running, play};

/// The width and height of a JPEG.
fn size(jpeg: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(jpeg).unwrap();
    (picture.width(), picture.height())
}

/// Asks for a thumbnail until there is one.
fn thumbnail(port: u16, stream: &str) -> Vec<u8> {
    let start = Instant::now();
    loop {
        let answer = get(port, &format!("/api/v1/streams/{stream}/thumbnail.jpg"));
        if answer.status == 200 {
            return answer.body;
        }
        assert_eq!(answer.status, 204, "{stream}: {}", answer.text());
        assert!(start.elapsed() < Duration::from_secs(40), "{stream}: none");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn every_kind_of_picture_is_shown_and_kept_with_its_defects() {
    let folder = Folder::new("pictures");
    // Name, size, coder, and the size in which it is shown in small.
    let streams = [
        (
            "progressive",
            "width=640,height=360,framerate=25/1",
            "x264enc",
            (320, 180),
        ),
        (
            "interlaced",
            "width=720,height=576,framerate=25/1,interlace-mode=interleaved,pixel-aspect-ratio=16/15",
            "x264enc interlaced=true",
            (320, 240),
        ),
        (
            "ntsc-rate",
            "width=352,height=240,framerate=30000/1001",
            "avenc_mjpeg",
            (320, 218),
        ),
        (
            "ten-bits",
            "format=I420_10LE,width=320,height=180,framerate=50/1",
            "x264enc",
            (320, 180),
        ),
        (
            "odd",
            "width=161,height=121,framerate=24/1",
            "vp8enc deadline=1",
            (161, 121),
        ),
    ];
    let mut config = String::new();
    for (name, caps, coder, _) in streams {
        let path = folder.path(&format!("{name}.mkv"));
        play(&format!(
            "videotestsrc pattern=black num-buffers=100 ! video/x-raw,{caps} ! {coder} ! matroskamux ! filesink location={path}"
        ));
        config += &format!("[[streams]]\nid = \"{name}\"\nuri = \"{path}\"\nloop = true\n");
    }
    let port = free_port();
    let config = folder.config(&format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\n\
         [defaults]\nprofile = \"none\"\ndetectors = \"blackdetect min-duration=500ms\"\n{config}"
    ));
    let service = Running::start(&config);
    service.wait(" streams, http://", 1);
    for (name, _, _, shown) in streams {
        assert_eq!(size(&thumbnail(port, name)), shown, "{name}");
    }
    // Each is black, and that is reported.
    let start = Instant::now();
    let open = || {
        let events = get(port, "/api/v1/events?kind=black").text();
        let begun = |name: &str| events.contains(&format!("\"stream\":\"{name}\""));
        streams.iter().all(|(name, ..)| begun(name))
    };
    while !open() {
        assert!(start.elapsed() < Duration::from_secs(40), "no event");
        std::thread::sleep(Duration::from_millis(200));
    }
    let metrics = get(port, "/metrics").text();
    for (name, ..) in streams {
        let none = format!("defect_stream_picture_failures_total{{stream=\"{name}\"}} 0.0");
        assert!(metrics.contains(&none), "{metrics}");
    }
    assert_eq!(service.count("no picture can be made of it"), 0);
    assert_eq!(service.stop(), Some(0));
    for (name, ..) in streams {
        let kept = folder.files(&format!("pictures/stream={name}"));
        let begin = kept.iter().find(|path| path.ends_with("-begin.jpg"));
        let begin = begin.unwrap_or_else(|| panic!("{name}: {kept:?}"));
        let (width, height) = size(&std::fs::read(begin).unwrap());
        assert!(width > 100 && height > 100, "{name}: {width}x{height}");
    }
}
