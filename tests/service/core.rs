// SPDX-License-Identifier: MPL-2.0
//! Configuration, streams, and what becomes of them.

use std::process::Command;
use std::time::Duration;

use gst::prelude::*;

use super::ports::free_port;
use super::running::{Folder, Running, check, command, without_holes};

#[test]
fn what_is_wrong_is_said_with_its_place_all_at_once() {
    let folder = Folder::new("wrong");
    let path = folder.path("wrong.toml");
    let text = r#"[defaults]
profile = "playuot"
[[streams]]
id = "a"
uri = "rtsp://me:hunter2@camera/"
[[streams]]
id = "a"
uri = "http://h/${NO_SUCH_VARIABLE_HERE}"
detectors = "blak"
[[streams]]
id = "b c"
uri = "gopher://h/"
profile = "all"
maintenance = [{ from = "01:00", to = "25:00" }]
[[streams]]
id = "d"
uri = 5
[[streams]]
id = "e"
uri = "x.ts"
detector = "black"
[strems]
[[alerts]]
type = "webhook"
url = "http://h/"
sevrity = "error"
"#;
    std::fs::write(&path, text).unwrap();
    let output = check(&path);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    for (place, what) in [
        (
            ":2:11: ",
            "there is no profile \"playuot\"; there are: playout, monitoring, all, none",
        ),
        (
            ":5:7: ",
            "a password doesn't belong here: put it into an environment variable and write ${NAME}",
        ),
        (":7:6: ", "the id \"a\" is taken by the stream in line 4"),
        (":8:7: ", "NO_SUCH_VARIABLE_HERE isn't set"),
        (":11:6: ", "\"b c\" can't be an id"),
        (
            ":12:7: ",
            "streams can't come from gopher:; there are: http, ",
        ),
        (":14:39: ", "\"25:00\" isn't a time of day"),
        (":17:7: ", "expected a string"),
        (":21:1: ", "unknown field `detector`, expected one of `id`"),
        (
            ":22:2: ",
            "there is no section \"strems\"; there are: defaults",
        ),
        (":26:1: ", "unknown field `sevrity`"),
    ] {
        let found = said
            .lines()
            .any(|line| line.contains(place) && line.contains(what));
        assert!(found, "{place}{what} in:\n{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    let fine = folder.config("[[streams]]\nid = \"a\"\nuri = \"x.ts\"\n");
    let output = check(&fine);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "1 stream, ok\n");
}

#[test]
fn files_are_watched_to_their_end_second_by_second() {
    let folder = Folder::new("files");
    let film = folder.film("film.webm");
    let config = folder.config(&format!(
        "[defaults]\nprofile = \"playout\"\n\
         [[streams]]\nid = \"all\"\nuri = \"{film}\"\n\
         [[streams]]\nid = \"key\"\nuri = \"{film}\"\nanalyse = \"keyframes\"\n\
         [[streams]]\nid = \"fifth\"\nuri = \"{film}\"\nanalyse = {{ every = 5 }}\n\
         [[streams]]\nid = \"loop\"\nuri = \"{film}\"\nloop = true\nrealtime = false\n"
    ));
    let service = Running::start(&config);
    service.wait("watched to its end", 3);
    // A busy machine needs that long for what is looped.
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(service.stop(), Some(0));
    let records = folder.stored("records");
    for (stream, share) in [("all", 1.0), ("key", 0.04), ("fifth", 0.2)] {
        let seconds = without_holes(&records, stream);
        let black = &seconds[&("video-0".to_owned(), "blackdetect".to_owned())];
        // Four, and a part of one before or after.
        assert!((4..=6).contains(&black.len()), "{stream}: {black:?}");
        let of_black = |r: &&serde_json::Value| {
            r["stream"] == stream && r["detector"] == "blackdetect" && r["status"] == "ok"
        };
        let analysed: Vec<f64> = records
            .iter()
            .filter(of_black)
            .map(|r| r["analysed"].as_f64().unwrap())
            .collect();
        let last = analysed.iter().copied().fold(f64::NAN, f64::min);
        assert!(
            analysed.len() >= 3 && (last - share).abs() < 0.02,
            "{stream}: {analysed:?}"
        );
        let stall = ("video-0".to_owned(), "stalldetect".to_owned());
        assert_eq!(seconds.contains_key(&stall), stream == "all", "{stream}");
    }
    let looped = without_holes(&records, "loop");
    let black = &looped[&("video-0".to_owned(), "blackdetect".to_owned())];
    assert!(black.len() > 12, "{black:?}");
}

/// A live programme, with more elements before it is sent.
fn programme(port: u16, more: &str) -> gst::Element {
    gst::init().unwrap();
    let pipeline = gst::parse::launch(&format!(
        "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=160,height=120,framerate=25/1 \
         ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! mpegtsmux alignment=7 {more} \
         ! udpsink host=127.0.0.1 port={port}"
    ))
    .unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    pipeline
}

#[test]
fn a_source_that_dies_and_returns_is_lost_for_so_long_and_disturbs_nobody() {
    let (steady_port, shaky_port) = (free_port(), free_port());
    let folder = Folder::new("lost");
    let text = |more: &str| {
        format!(
            "[defaults]\nprofile = \"none\"\ndetectors = \"black, freeze\"\n\
             [[streams]]\nid = \"steady\"\nuri = \"udp://127.0.0.1:{steady_port}\"\n\
             [[streams]]\nid = \"shaky\"\nuri = \"udp://127.0.0.1:{shaky_port}\"\n{more}"
        )
    };
    let config = folder.config(&text(""));
    let (steady, shaky) = (programme(steady_port, ""), programme(shaky_port, ""));
    let service = Running::start(&config);
    service.wait("steady: watching", 1);
    service.wait("shaky: watching", 1);
    std::thread::sleep(Duration::from_secs(3));
    shaky.set_state(gst::State::Null).unwrap();
    service.wait("shaky: the stream is lost", 1);
    // What is broken is refused; what is new is added; nobody notices.
    folder.config(&text("[[streams]]\nid = \"steady\"\nuri = \"x.ts\"\n"));
    service.wait("the new configuration is refused, the old one goes on", 1);
    folder.config(&text(
        "maintenance = [{ from = \"00:00\", to = \"24:00\" }]\n",
    ));
    service.signal("HUP");
    service.wait("0 streams started, 1 changed, 0 stopped", 1);
    let shaky = programme(shaky_port, "");
    service.wait("shaky: watching", 2);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(service.count("steady: watching"), 1);
    assert_eq!(service.stop(), Some(0));
    for pipeline in [steady, shaky] {
        pipeline.set_state(gst::State::Null).unwrap();
    }
    let records = folder.stored("records");
    let is_of = |stream: &'static str| {
        move |r: &&serde_json::Value| r["stream"] == stream && r["track"] == "video-0"
    };
    assert!(
        records
            .iter()
            .filter(is_of("steady"))
            .skip(2)
            .filter(|r| r["status"] != "ok")
            .count()
            <= 6
    );
    without_holes(&records, "steady");
    let lost = folder.stored("events");
    let lost: Vec<_> = lost
        .iter()
        .filter(|e| e["stream"] == "shaky" && e["kind"] == "lost")
        .collect();
    assert!(
        lost.iter()
            .any(|e| e["state"] == "begin" && e["severity"] == "critical"),
        "{lost:?}"
    );
    assert!(lost.iter().any(|e| e["state"] == "end"), "{lost:?}");
}

#[test]
fn the_examples_are_in_order() {
    for (file, streams) in [("defect-monitor.toml", 3), ("systemd/config.toml", 0)] {
        let path = format!("{}/pipelines/{file}", env!("CARGO_MANIFEST_DIR"));
        let output = check(&path);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let fine = format!("{streams} streams, ok");
        assert_eq!((output.status.code(), said.trim()), (Some(0), &*fine));
    }
}

/// The keys that a section may have, as the refusal of another names them.
fn keys(folder: &Folder, section: &str) -> Vec<String> {
    let path = folder.path("keys.toml");
    std::fs::write(&path, format!("{section}no-such-key = 1\n")).unwrap();
    let said = String::from_utf8(check(&path).stderr).unwrap();
    let (_, keys) = said.split_once("`no-such-key`, expected ").expect(&said);
    let keys = keys.lines().next().unwrap().split('`').skip(1).step_by(2);
    keys.map(ToOwned::to_owned).collect()
}

#[test]
fn every_key_is_in_the_example() {
    let folder = Folder::new("keys");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/defect-monitor.toml");
    let example = std::fs::read_to_string(path).unwrap();
    let mut all = Vec::new();
    for section in [
        "[defaults]\n",
        "[[streams]]\nid = \"a\"\nuri = \"x.ts\"\n",
        "[[streams]]\nid = \"a\"\nuri = \"x.ts\"\n[[streams.maintenance]]\n",
        "[capacity]\n",
        "[workers]\n",
        "[results]\nurl = \"file:///tmp\"\n",
        "[http]\n",
        "[[alerts]]\ntype = \"webhook\"\nurl = \"http://h/\"\n",
        "[[alerts]]\ntype = \"mqtt\"\nhost = \"h\"\n",
        "[[alerts]]\ntype = \"alertmanager\"\nurl = \"http://h/\"\n",
        "[state]\n",
        "[cluster]\nservers = [\"h\"]\nname = \"a\"\n",
    ] {
        all.extend(keys(&folder, section));
    }
    assert!(all.len() > 40, "{all:?}");
    let of_all_alerts = [
        "name",
        "kinds",
        "severity",
        "hold-down-seconds",
        "flap-seconds",
        "repeat-minutes",
        "restart-grace-seconds",
        "expire-hours",
    ];
    all.extend(of_all_alerts.map(ToOwned::to_owned));
    let is_there = |key: &String| {
        let starts = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{key} = "))
        };
        example.lines().any(starts)
            || example.contains(&format!("{{ {key} = "))
            || example.contains(&format!(", {key} = "))
    };
    let missing: Vec<_> = all.iter().filter(|key| !is_there(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // What stands there as a comment can be used as it stands.
    let used = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") || rest.starts_with('[') => rest.to_owned(),
        _ => line.to_owned(),
    };
    let used: Vec<_> = example.lines().map(used).collect();
    let path = folder.path("used.toml");
    std::fs::write(&path, used.join("\n")).unwrap();
    let said = String::from_utf8(check(&path).stderr).unwrap();
    for line in said.lines() {
        // The file names alternatives as well.
        let is_expected = ["isn't set", "No such file", "give one of"]
            .iter()
            .any(|why| line.contains(why));
        assert!(is_expected, "{line}");
    }
}

#[test]
fn what_would_not_start_is_not_called_ok() {
    let folder = Folder::new("sections");
    for (text, place, what) in [
        (
            "[[alerts]]\ntype = \"stdout\"\nkinds = [\"blak\"]\n",
            ":3:9: ",
            "there is no \"blak\"",
        ),
        (
            "[[alerts]]\ntype = \"stdout\"\nseverity = \"bad\"\n",
            ":3:12: ",
            "there are info",
        ),
        (
            "[[alerts]]\ntype = \"webhook\"\nurl = \"htp//x\"\n",
            ":3:7: ",
            "url: ",
        ),
        (
            "[[alerts]]\ntype = \"webhook\"\nurl = \"ftp://x\"\n",
            ":3:7: ",
            "there are https",
        ),
        (
            "[[alerts]]\ntype = \"stdout\"\n[[alerts]]\ntype = \"stdout\"\n",
            ":3:1: ",
            "two of that name",
        ),
        (
            "[[alerts]]\ntype = \"mqtt\"\nhost = \"mqtt://h\"\n",
            ":3:8: ",
            "alone",
        ),
        (
            "[[alerts]]\ntype = \"mqtt\"\nhost = \"h\"\ntopic = \"a/#\"\n",
            ":4:9: ",
            "patterns",
        ),
        (
            "[[alerts]]\ntype = \"mqtt\"\nhost = \"h\"\nusername = \"u\"\npassword = { env = \"NO_SUCH_X\" }\n",
            ":",
            "NO_SUCH_X isn't set",
        ),
        (
            "[results]\nurl = \"s4://x\"\n",
            ":2:7: ",
            "there are file:///FOLDER",
        ),
        (
            "[results]\nurl = \"file://relative\"\n",
            ":2:7: ",
            "absolute",
        ),
        (
            "[results]\nurl = \"s3://b\"\n",
            ":",
            "no keys for the store",
        ),
        ("[http]\n", ":", "`listen`, `socket` or both"),
        (
            "[http]\nlisten = \"127.0.0.1:1\"\napi-token = { env = \"NO_SUCH_X\" }\n",
            ":3:13: ",
            "NO_SUCH_X isn't set",
        ),
        (
            "[http]\nlisten = \"127.0.0.1:1\"\nviewer-token = { file = \"/no/such\" }\n",
            ":3:16: ",
            "/no/such",
        ),
        (
            "[http]\nlisten = \"127.0.0.1:1\"\ntrusted-proxies = [\"x\"]\n",
            ":3:",
            "10.0.0.0/24",
        ),
        (
            "[[streams]]\nid = \"a\"\nuri = \"x.ts\"\nlabels = { a = \"LONG\" }\n",
            ":4:",
            "at most 256 bytes",
        ),
    ] {
        let path = folder.path("section.toml");
        std::fs::write(&path, text.replace("LONG", &"x".repeat(58_000))).unwrap();
        let mut command = command(&["--check", &path]);
        for name in ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}: {said}");
        assert!(
            said.contains(place) && said.contains(what),
            "{text}: {said}"
        );
    }
}

#[test]
fn transport_streams_in_rtp_are_watched() {
    let (folder, port) = (Folder::new("rtp"), free_port());
    let config = folder.config(&format!(
        "[defaults]\nprofile = \"none\"\ndetectors = \"black\"\n\
         [[streams]]\nid = \"rtp\"\nuri = \"rtp://127.0.0.1:{port}?encoding-name=MP2T\"\n"
    ));
    let source = programme(port, "! rtpmp2tpay");
    let service = Running::start(&config);
    service.wait("rtp: watching", 1);
    assert_eq!(service.stop(), Some(0));
    source.set_state(gst::State::Null).unwrap();
}

#[test]
fn systemd_takes_the_unit() {
    let unit = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/pipelines/systemd/defect-monitor.service"
    );
    let text = std::fs::read_to_string(unit).unwrap();
    let program = "/usr/bin/defect-monitor";
    assert!(text.contains(&format!("ExecStart={program} serve /etc/")));
    // A user that systemd makes at each start can read no secret that others can't.
    assert!(text.contains("\nUser=defect-monitor\nGroup=defect-monitor\n"));
    assert!(!text.contains("DynamicUser"));
    let folder = Folder::new("unit");
    let path = folder.path("defect-monitor.service");
    // It isn't installed here.
    std::fs::write(
        &path,
        text.replace(program, env!("CARGO_BIN_EXE_defect-monitor")),
    )
    .unwrap();
    let arguments = ["verify", "--man=no", "--recursive-errors=no", &path];
    let Ok(output) = Command::new("systemd-analyze").args(arguments).output() else {
        eprintln!("left out: there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("Unknown"),
        "{said}"
    );
}

#[test]
fn the_user_of_the_unit_is_made() {
    let users = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/pipelines/systemd/sysusers.conf"
    );
    let folder = Folder::new("users");
    std::fs::create_dir_all(folder.0.join("etc")).unwrap();
    let root = format!("--root={}", folder.0.display());
    let Ok(output) = Command::new("systemd-sysusers")
        .args([root.as_str(), users])
        .output()
    else {
        eprintln!("left out: there is no systemd-sysusers");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for file in ["passwd", "group"] {
        let text = std::fs::read_to_string(folder.0.join("etc").join(file)).unwrap();
        assert!(text.contains("defect-monitor:x:"), "{file}: {text}");
    }
}
