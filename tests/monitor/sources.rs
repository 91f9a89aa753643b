// SPDX-License-Identifier: MPL-2.0
//! Sources other than files.

use super::ports::{free_port, is_bound};
use super::*;

/// A server for one file, on a port of its own.
pub fn serve(data: Vec<u8>) -> String {
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
    for (scheme, payloader) in [("udp", "identity"), ("rtp", "rtpmp2tpay")] {
        watch_a_live_source(scheme, payloader);
    }
}

fn watch_a_live_source(scheme: &str, payloader: &str) {
    let folder = Folder::new(scheme);
    let mpeg = (
        "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse",
        "avenc_mp2 ! mpegaudioparse",
    );
    let film = folder.film("film.ts", "mpegtsmux alignment=7", mpeg);
    let port = free_port();
    let send = format!(
        "filesrc name=file ! tsparse set-timestamps=true alignment=7 ! {payloader} ! udpsink host=127.0.0.1 port={port}"
    );
    let sender = std::thread::spawn(move || {
        let start = Instant::now();
        while !is_bound(port) && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        // It plays soon after that.
        std::thread::sleep(Duration::from_millis(500));
        play(&send, &film);
    });
    let uri = format!("{scheme}://127.0.0.1:{port}");
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
