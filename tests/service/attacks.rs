// SPDX-License-Identifier: MPL-2.0
//! What others on the network, or on this machine, may try with a service that runs. None of it succeeds.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gst::prelude::*;

use super::client::{Answer, ask, ask_socket, get};
use super::ports::free_port;
use super::running::{Folder, Running};

/// A secret that must not come out.
const SECRET: &str = "hunter2secret";
pub const TOKEN: &str = "Authorization: Bearer operators-token";

/// Where stolen things would arrive: keeps the first line of each request.
struct Thief {
    port: u16,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Thief {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&taken);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let mut line = String::new();
                let _ = BufReader::new(connection).read_line(&mut line);
                lines.lock().unwrap().push(line);
            }
        });
        Self { port, taken }
    }
}

/// A service with one stream that can't be reached, a token, a Unix socket, and more lines in `[http]`.
pub struct Target {
    pub folder: Folder,
    pub port: u16,
    pub service: Running,
    config: String,
}

impl Target {
    pub fn start(name: &str, http: &str) -> Self {
        let (folder, port) = (Folder::new(name), free_port());
        let token = folder.path("token");
        std::fs::write(&token, "operators-token\n").unwrap();
        let socket = folder.path("api.sock");
        let config = format!(
            "[[streams]]\nid = \"one\"\nuri = \"srt://127.0.0.1:1\"\n\
             [http]\nlisten = \"127.0.0.1:{port}\"\nsocket = \"{socket}\"\n{http}"
        )
        .replace("TOKEN", &format!("api-token = {{ file = \"{token}\" }}\n"));
        let path = folder.config(&config);
        let service = Running::start_in(&[&path], &[("ATTACKED_SECRET", SECRET)]);
        service.wait(" streams, http://", 1);
        Self {
            folder,
            port,
            config,
            service,
        }
    }

    fn put(&self, headers: &[&str], uri: &str) -> Answer {
        let body = serde_json::json!({ "uri": uri }).to_string();
        ask(self.port, "PUT", "/api/v1/streams/x", headers, &body)
    }

    /// All that everybody may read, and the log.
    fn said(&self) -> String {
        let paths = [
            "/",
            "/readyz",
            "/metrics",
            "/api/v1/board",
            "/api/v1/streams",
            "/api/v1/streams/one",
            "/api/v1/events",
        ];
        let pages = paths.map(|path| get(self.port, path).text());
        pages.join("\n") + &self.service.lines().join("\n")
    }
}

#[test]
fn requests_get_neither_secrets_nor_files_nor_devices() {
    let target = Target::start("attack-uris", "TOKEN");
    let file = target.folder.path("secret");
    std::fs::write(&file, SECRET).unwrap();
    let thief = Thief::start();
    let there = format!("http://127.0.0.1:{}", thief.port);
    let mut uris = vec![
        format!("{there}/${{ATTACKED_SECRET}}"),
        format!("{there}/?a=${{file:{file}}}"),
        format!("{there}/${{file:/etc/passwd}}"),
        "${ATTACKED_SECRET}".to_owned(),
        file.clone(),
        format!("file://{file}"),
        format!("FILE://localhost{file}"),
        "../../etc/passwd".to_owned(),
        "data:text/plain,x".to_owned(),
        String::new(),
    ];
    gst::init().unwrap();
    let all = gst::Registry::get().features(gst::ElementFactory::static_type());
    let all = all
        .into_iter()
        .filter_map(|f| f.downcast::<gst::ElementFactory>().ok());
    let network = [
        "http", "https", "rist", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "udp",
    ];
    let schemes = all.flat_map(|factory| factory.uri_protocols());
    let schemes = schemes.map(|scheme| scheme.to_lowercase());
    let others = [
        "ges",
        "fd",
        "v4l2",
        "splitfile",
        "appsrc",
        "dvb",
        "cdda",
        "smb",
        "resource",
    ];
    let others = others.map(ToOwned::to_owned);
    for scheme in schemes
        .chain(others)
        .filter(|s| !network.contains(&s.as_str()))
    {
        uris.push(format!("{scheme}:///tmp/x"));
        uris.push(format!("{scheme}://3"));
    }
    let socket = target.folder.path("api.sock");
    for uri in &uris {
        let body = serde_json::json!({ "uri": uri }).to_string();
        for answer in [
            target.put(&[TOKEN], uri),
            ask_socket(&socket, "PUT", "/api/v1/streams/x", &[], &body),
        ] {
            assert_eq!(answer.status, 422, "{uri}: {}", answer.text());
            let says = ["configuration file", "there are: http, ", "is empty"];
            assert!(
                says.iter().any(|s| answer.text().contains(s)),
                "{}",
                answer.text()
            );
            assert!(!answer.text().contains(SECRET));
        }
    }
    std::thread::sleep(Duration::from_secs(1));
    assert!(thief.taken.lock().unwrap().is_empty());
    assert!(!target.said().contains(SECRET));
    assert_eq!(target.service.stop(), Some(0));
}

#[test]
fn nobody_changes_streams_without_a_token_but_by_the_socket() {
    let target = Target::start("attack-token", "");
    for headers in [
        &[][..],
        &["Host: localhost"],
        &["Host: 127.0.0.1", "Origin: http://127.0.0.1"],
        &["Authorization: Bearer "],
        &[TOKEN],
    ] {
        let answer = target.put(headers, "srt://127.0.0.1:2");
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.text().contains("api-token"), "{}", answer.text());
        let path = "/api/v1/streams/one";
        assert_eq!(ask(target.port, "DELETE", path, headers, "").status, 403);
    }
    let socket = target.folder.path("api.sock");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let body = r#"{"uri": "srt://127.0.0.1:2"}"#;
    let by_socket =
        |headers: &[&str]| ask_socket(&socket, "PUT", "/api/v1/streams/x", headers, body).status;
    assert_eq!(by_socket(&["X-Forwarded-For: 1.2.3.4"]), 403);
    assert_eq!(by_socket(&[]), 201);
    target
        .service
        .wait("PUT /api/v1/streams/x from the Unix socket: 201", 1);
    target
        .service
        .wait("PUT /api/v1/streams/x from 127.0.0.1: 403", 1);
    // However often it tries, one line tells of it.
    assert_eq!(target.service.count(" from 127.0.0.1: 403"), 1);
    assert_eq!(target.service.stop(), Some(0));
    assert!(!std::fs::exists(&socket).unwrap());
}

#[test]
fn a_secret_in_a_wrong_place_is_not_published() {
    let target = Target::start("attack-echo", "TOKEN");
    let refused = "error: SIGHUP: the new configuration is refused";
    let mqtt = "[[alerts]]\ntype = \"mqtt\"\nhost = \"localhost\"\n";
    let webhook = "[[alerts]]\ntype = \"webhook\"\n";
    let wrong = [
        format!("{mqtt}password = \"{SECRET}\"\n"),
        format!("{mqtt}password = {{ value = \"{SECRET}\" }}\n"),
        format!("{mqtt}password = {{ {SECRET} = \"\" }}\n"),
        format!("{mqtt}password = {SECRET}\n"),
        format!("{mqtt}password = [\"{SECRET}\"]\n"),
        format!("{mqtt}tls = \"{SECRET}\"\n"),
        format!("{mqtt}port = \"{SECRET}\"\n"),
        format!("{webhook}url = \"http://h/\"\nheaders = \"{SECRET}\"\n"),
        format!("{webhook}url = \"http://h/\"\nheaders = {{ Authorization = \"{SECRET}\" }}\n"),
        format!("{webhook}url = {{ env = \"{SECRET}\" }}\n"),
        format!("[[alerts]]\ntype = \"{SECRET}\"\n"),
        format!("[[streams]]\nid = \"a\"\nuri = \"rtsp://me:{SECRET}@h/\"\n"),
        format!("[[streams]]\nid = \"a\"\nuri = \"http://h/?stream_key={SECRET}\"\n"),
        format!("[[streams]]\nid = \"a\"\nuri = \"http://h/${{{SECRET} x}}\"\n"),
        format!("[[streams]]\nid = \"a\"\nuri = [\"{SECRET}\"]\n"),
        format!("[[streams]]\nid = \"a\"\nuri = \"x.ts\"\nloop = \"{SECRET}\"\n"),
        format!("[capacity]\nadmission = \"{SECRET}\"\n"),
    ];
    for (n, text) in wrong.iter().enumerate() {
        target.folder.config(&format!("{}{text}", target.config));
        target.service.signal("HUP");
        target.service.wait(refused, n + 1);
        let said = target.said();
        assert!(!said.contains(SECRET), "{text}: {said}");
        assert!(said.contains("the log says what is wrong"), "{said}");
    }
    // It looks like the name of a variable, so that only this stream is set aside.
    let named = format!("[[streams]]\nid = \"a\"\nuri = \"http://h/${{{SECRET}}}\"\n");
    target.folder.config(&format!("{}{named}", target.config));
    target.service.wait("set aside", 1);
    assert!(!target.said().contains(SECRET));
    // Where it is, is said.
    let lines = target.service.lines();
    let places = lines.iter().filter(|line| line.contains("config.toml:"));
    assert!(places.count() >= wrong.len(), "{lines:?}");
    assert_eq!(target.service.stop(), Some(0));
}

#[test]
fn secrets_in_addresses_of_streams_are_not_shown() {
    let (folder, port) = (Folder::new("attack-shown"), free_port());
    let nobody = free_port();
    let streams = [
        format!("rtmp://127.0.0.1:{nobody}/live/{SECRET}"),
        format!("http://127.0.0.1:{nobody}/x.ts?sig={SECRET}&expires=1"),
        format!("http://{SECRET}@127.0.0.1:{nobody}/x.ts"),
        format!("http://127.0.0.1:{nobody}/x.ts?a=${{ATTACKED_SECRET}}"),
        format!("srt://127.0.0.1:{nobody}?streamid={SECRET}"),
        format!("rtsp://127.0.0.1:{nobody}/user=me_password={SECRET}"),
    ];
    let sections = streams.iter().enumerate();
    let sections =
        sections.map(|(n, uri)| format!("[[streams]]\nid = \"s{n}\"\nuri = \"{uri}\"\n"));
    let config = folder.config(&format!(
        "{}[http]\nlisten = \"127.0.0.1:{port}\"\n",
        sections.collect::<String>()
    ));
    let service = Running::start_in(&[&config], &[("ATTACKED_SECRET", SECRET)]);
    for n in 0..streams.len() {
        service.wait(&format!("s{n}: "), 2);
    }
    let mut said = service.lines().join("\n");
    for n in 0..streams.len() {
        said += &get(port, &format!("/api/v1/streams/s{n}")).text();
    }
    for path in [
        "/api/v1/streams",
        "/api/v1/board",
        "/api/v1/events",
        "/metrics",
        "/readyz",
    ] {
        said += &get(port, path).text();
    }
    assert!(!said.contains(SECRET), "{said}");
    assert_eq!(service.stop(), Some(0));
    for section in ["events", "records"] {
        let all = folder.stored(section);
        assert!(all.iter().all(|line| !line.to_string().contains(SECRET)));
    }
}

#[test]
fn slow_connections_stop_nobody() {
    let target = Target::start("attack-slow", "");
    let request = b"GET /api/v1/board HTTP/1.1\r\nHost: localhost\r\nX: ";
    let mut slow: Vec<TcpStream> = (0..256)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", target.port)).unwrap();
            let _ = stream.write_all(request);
            stream
        })
        .collect();
    let mut took = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        for path in ["/healthz", "/metrics", "/"] {
            assert_eq!(get(target.port, path).status, 200, "{path}");
        }
        took.push(start.elapsed());
        for stream in &mut slow {
            let _ = stream.write_all(b"y");
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    // A busy machine may be slow. None waits until a slow connection is closed.
    let (least, most) = (took.iter().min().unwrap(), took.iter().max().unwrap());
    assert!(*least < Duration::from_secs(1), "{took:?}");
    assert!(*most < Duration::from_secs(10), "{took:?}");
    // None stays for long, however many bytes it sends.
    let start = Instant::now();
    for stream in &mut slow {
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(target.service.stop(), Some(0));
}
