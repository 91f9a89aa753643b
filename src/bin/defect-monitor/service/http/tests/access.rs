// SPDX-License-Identifier: MPL-2.0
//! Who may read and change: other sites in a browser, proxies, tokens.

use super::super::super::config::Secret;
use super::super::super::parts::PartHealth;
use super::super::Config;
use super::client::{Answer, ask, send};
use super::made::board;
use super::rig::{OPERATOR, Rig, on, serve_on};

const STREAM: &str = r#"{"uri": "srt://a"}"#;

fn put(rig: &Rig, headers: &[&str]) -> Answer {
    let to = (std::net::Ipv4Addr::LOCALHOST, rig.address().port()).into();
    ask(to, "PUT", "/api/v1/streams/x", headers, STREAM)
}

#[test]
fn other_sites_in_a_browser_here_neither_read_nor_change_anything() {
    let mut config = on("127.0.0.1:0");
    config.hosts = vec!["monitor.example".to_owned(), ".tv.example".to_owned()];
    let rig = serve_on(board(1), &config).unwrap();
    let read = |path: &str, host: &str| ask(rig.address(), "GET", path, &[host], "");
    for path in ["/", "/metrics", "/api/v1/streams", "/api/v1/board", "/x"] {
        for host in [
            "evil.example",
            "xtv.example",
            "localhost.evil.example",
            "",
            "127.0.0.1.evil.example",
            "a b",
        ] {
            let answer = read(path, &format!("Host: {host}"));
            assert_eq!(answer.status, 403, "{path} {host:?}");
            assert!(answer.error().contains("`hosts`"));
        }
        let twice = ask(
            rig.address(),
            "GET",
            path,
            &["Host: localhost", "Host: evil.example"],
            "",
        );
        assert_eq!(twice.status, 403, "{path}");
    }
    let absolute = b"GET http://evil.example/api/v1/streams HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(send(rig.address(), absolute).status, 403);
    assert_eq!(
        send(rig.address(), b"GET /api/v1/streams HTTP/1.1\r\n\r\n").status,
        403
    );
    for host in [
        "localhost:1",
        "LOCALHOST",
        "[::1]:9464",
        "10.1.2.3",
        "Monitor.Example:80",
        "a.tv.example",
    ] {
        assert_eq!(
            read("/api/v1/streams", &format!("Host: {host}")).status,
            200,
            "{host}"
        );
    }
    // It says nothing that is worth anything.
    assert_eq!(read("/healthz", "Host: evil.example").status, 200);
    for headers in [
        &["Host: evil.example", OPERATOR][..],
        &[
            "Host: localhost:9464",
            "Origin: https://evil.example",
            OPERATOR,
        ],
        &["Host: localhost:9464", "Origin: http://10.0.0.9", OPERATOR],
        &[
            "Host: localhost:9464",
            "Origin: http://localhost:80",
            OPERATOR,
        ],
        &["Host: localhost:9464", "Origin: null", OPERATOR],
    ] {
        assert_eq!(put(&rig, headers).status, 403, "{headers:?}");
    }
    for origin in ["http://localhost:9464", "https://monitor.example"] {
        let origin = format!("Origin: {origin}");
        let headers = ["Host: localhost:9464", &origin, OPERATOR];
        assert!([200, 201].contains(&put(&rig, &headers).status), "{origin}");
    }
}

#[test]
fn what_was_forwarded_is_refused_unless_the_proxy_is_known() {
    let mut config = on("127.0.0.1:0");
    let rig = serve_on(board(1), &config).unwrap();
    config.trusted_proxies = serde_json::from_str(r#"["10.0.0.1", "127.0.0.0/8"]"#).unwrap();
    let behind = serve_on(board(1), &config).unwrap();
    for header in [
        "Forwarded: for=1.2.3.4",
        "X-Forwarded-For: 1.2.3.4",
        "x-forwarded-host: monitor.example",
        "X-Forwarded-Proto: https",
        "X-Real-IP: 1.2.3.4",
        "Via: 1.1 proxy",
    ] {
        let read = |rig: &Rig| ask(rig.address(), "GET", "/api/v1/streams", &[header], "");
        let answer = read(&rig);
        assert_eq!(answer.status, 403, "{header}");
        assert!(answer.error().contains("`trusted-proxies`"));
        assert_eq!(put(&rig, &[header, OPERATOR]).status, 403, "{header}");
        assert_eq!(read(&behind).status, 200, "{header}");
        assert_eq!(put(&behind, &[header]).status, 401, "{header}");
        assert_eq!(put(&behind, &[header, OPERATOR]).status, 201, "{header}");
    }
}

#[test]
fn over_the_network_nothing_is_changed_without_a_token() {
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let mut config = Config {
            api_token: None,
            ..on(listen)
        };
        let open = serve_on(board(1), &config).unwrap();
        for headers in [&[][..], &[OPERATOR], &["Host: localhost"]] {
            let answer = put(&open, headers);
            assert_eq!(answer.status, 403);
            assert!(answer.error().contains("`api-token`"), "{}", answer.error());
        }
        assert_eq!(
            ask(open.address(), "DELETE", "/api/v1/streams/x", &[], "").status,
            403
        );

        let file = std::env::temp_dir().join(format!("defect-tokens-{}", std::process::id()));
        std::fs::write(&file, "s3cret\n\n other \n").unwrap();
        config.api_token = Some(Secret::File(file.clone()));
        let closed = serve_on(board(1), &config).unwrap();
        let answer = put(&closed, &[]);
        assert_eq!(answer.status, 401);
        assert!(
            answer.head.contains("www-authenticate: basic"),
            "{}",
            answer.head
        );
        for wrong in [
            "Bearer s3cre",
            "Bearer s3crets",
            "Bearer",
            "s3cret",
            "Basic s3cret",
            "Bearer s3cret other",
        ] {
            let header = format!("Authorization: {wrong}");
            assert_eq!(put(&closed, &[&header]).status, 401, "{wrong}");
        }
        // The second is "me:s3cret".
        for right in ["bearer  s3cret", "BASIC bWU6czNjcmV0", "Bearer other"] {
            let header = format!("Authorization: {right}");
            assert!(
                [200, 201].contains(&put(&closed, &[&header]).status),
                "{right}"
            );
        }
        // Another file in its place, as secrets are renewed; a file that is gone for a moment changes nothing.
        let new = file.with_extension("new");
        std::fs::write(&new, "renewed").unwrap();
        std::fs::rename(&new, &file).unwrap();
        assert_eq!(put(&closed, &[OPERATOR]).status, 401);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(put(&closed, &["Authorization: Bearer renewed"]).status, 201);
        let why = serve_on(board(1), &config).err().unwrap();
        assert!(
            why.starts_with("[http] api-token: ") && why.contains("tokens-"),
            "{why}"
        );
    }
}

#[test]
fn viewers_may_read_and_no_more() {
    let mut config = on("127.0.0.1:0");
    let file = std::env::temp_dir().join(format!("defect-viewer-{}", std::process::id()));
    std::fs::write(&file, "looks").unwrap();
    config.viewer_token = Some(Secret::File(file));
    let rig = serve_on(board(1), &config).unwrap();
    let viewer = "Authorization: Bearer looks";
    let read = |path: &str, headers: &[&str]| ask(rig.address(), "GET", path, headers, "").status;
    for path in [
        "/",
        "/app.js",
        "/metrics",
        "/api/v1/board",
        "/api/v1/streams/news-1/thumbnail.jpg",
    ] {
        assert_eq!(read(path, &[]), 401, "{path}");
        assert_eq!(read(path, &["Authorization: Bearer x"]), 401, "{path}");
        assert_ne!(read(path, &[viewer]), 401, "{path}");
        assert_ne!(read(path, &[OPERATOR]), 401, "{path}");
    }
    assert_eq!(read("/healthz", &[]), 200);
    rig.parts
        .report("results", PartHealth::Broken("the disk is full".to_owned()));
    let ready = |headers: &[&str]| ask(rig.address(), "GET", "/readyz", headers, "");
    assert_eq!((ready(&[]).status, ready(&[]).text()), (200, String::new()));
    assert!(ready(&[viewer]).text().contains("the disk is full"));
    assert_eq!(put(&rig, &[]).status, 401);
    let answer = put(&rig, &[viewer]);
    assert_eq!(answer.status, 403);
    assert!(answer.error().contains("only read"));
    assert_eq!(put(&rig, &[OPERATOR]).status, 201);
}
