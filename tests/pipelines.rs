// SPDX-License-Identifier: MPL-2.0
//! Every file of `pipelines/` does what it says, run as a user would run it: by GStreamer's own tools, with the plugin's file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

mod common;

use std::process::{Command, Output};

use common::{Example, root, tool};

/// The words of a launch line, quotes left as they are.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quote, mut escaped) = (vec![String::new()], None, false);
    for c in line.chars() {
        if quote.is_none() && !escaped && c.is_whitespace() {
            words.push(String::new());
            continue;
        }
        match quote {
            Some(q) if c == q && !escaped => quote = None,
            None if !escaped && (c == '"' || c == '\'') => quote = Some(c),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        words.last_mut().unwrap().push(c);
    }
    words.retain(|w| !w.is_empty());
    words
}

/// What a program said; it has to end well.
fn said(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap_or_else(|e| {
        panic!("{command:?}: {e} (pipelines/install --tests gets what is missing)")
    });
    let (out, err) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    assert!(status.success(), "{command:?}: {status}\n{out}\n{err}");
    assert!(
        !err.contains("CRITICAL") && !err.contains("panicked"),
        "{err}"
    );
    out.into_owned()
}

/// The value of a text field in a message as `gst-launch-1.0 -m` prints it.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let from = line.split_once(&format!(" {name}=(string)"))?.1;
    Some(
        from.split([',', ';'])
            .next()
            .unwrap_or(from)
            .trim_matches('"'),
    )
}

fn check(example: &Example) {
    let name = &example.name;
    assert!(
        !example.expect.is_empty() || !example.expect_none.is_empty(),
        "{name} says nothing about what to expect"
    );
    let said = said(tool("gst-launch-1.0").arg("-m").args(words(&example.line)));
    assert!(said.contains("Got EOS"), "{name}: no end\n{said}");
    let defects: Vec<&str> = said
        .lines()
        .filter(|l| l.contains("(element): defect, "))
        .collect();
    let found = |kind: &str, detail: Option<&str>| {
        defects.iter().any(|line| {
            field(line, "kind") == Some(kind)
                && detail.is_none_or(|d| field(line, "detail") == Some(d))
        })
    };
    for (kind, detail) in &example.expect {
        let found = found(kind, detail.as_deref());
        assert!(found, "{name}: no {kind} {detail:?} in {defects:#?}");
    }
    for kind in &example.expect_none {
        assert!(!found(kind, None), "{name}: {kind} in {defects:#?}");
    }
    let count = |state| {
        defects
            .iter()
            .filter(|l| field(l, "state") == Some(state))
            .count()
    };
    assert_eq!(count("begin"), count("end"), "{name}: {defects:#?}");
}

#[test]
fn every_launch_line_finds_what_it_says() {
    for example in Example::all() {
        println!("{}", example.name);
        check(&example);
    }
}

/// An element without an example is one that nobody has seen at work.
#[test]
fn every_element_has_an_example() {
    let names: Vec<_> = Example::all().into_iter().map(|e| e.name).collect();
    for entry in gstdefect::detectors::all() {
        let element = entry.info.element;
        assert!(
            names.iter().any(|n| n == element),
            "pipelines/{element}.launch is missing"
        );
        let example = Example::all()
            .into_iter()
            .find(|e| e.name == element)
            .unwrap();
        assert!(
            example.line.contains(element),
            "{element}.launch doesn't use it"
        );
    }
}

/// Four seconds of black.
const BLACK: &str = "videotestsrc num-buffers=100 pattern=black ! video/x-raw,format=I420,framerate=25/1 ! blackdetect name=d ! fakesink";
const READ: &str = "0.000 d black begin 2.000 uniform\n0.000 d black end 4.000 uniform eos\n";

#[test]
fn the_bus_is_read_in_python() {
    // PyGObject belongs to the system's Python, which needn't be the first in the path.
    let python = ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(|p| {
            Command::new(p)
                .args(["-c", "import gi"])
                .output()
                .is_ok_and(|o| o.status.success())
        })
        .expect("PyGObject is missing (pipelines/install --tests)");
    let script = root().join("pipelines/read_bus.py");
    assert_eq!(said(tool(python).arg(script).args(words(BLACK))), READ);
}

#[test]
fn the_bus_is_read_in_c() {
    let flags = said(Command::new("pkg-config").args(["--cflags", "--libs", "gstreamer-1.0"]));
    let program = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("read_bus");
    let source = root().join("pipelines/read_bus.c");
    said(
        Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", "-o"])
            .args([&program, &source])
            .args(words(&flags)),
    );
    assert_eq!(
        said(tool(program.to_str().unwrap()).args(words(BLACK))),
        READ
    );
}

#[test]
fn the_bus_is_read_in_javascript() {
    let script = root().join("pipelines/read_bus.js");
    let node = Command::new("node").arg("--version").output();
    node.expect("Node.js is missing (pipelines/install --tests)");
    let script = script.to_str().unwrap();
    assert_eq!(said(tool("node").arg(script).args(words(BLACK))), READ);
}

/// The example in Rust, built if cargo hasn't built it along with the tests.
fn rust_example() -> std::path::PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(std::path::Path::parent).unwrap();
    let program = target.join("examples/read_bus");
    if !program.exists() {
        let features = if cfg!(feature = "service") {
            "service"
        } else {
            "plugin"
        };
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(root())
            .args(["build", "--quiet", "--locked"]);
        said(cargo.args(["--features", features, "--example", "read_bus"]));
    }
    program
}

#[test]
fn the_bus_is_read_in_rust() {
    let program = rust_example();
    assert_eq!(
        said(tool(program.to_str().unwrap()).args(words(BLACK))),
        READ
    );
}

/// A pipeline that fails has no end of stream: episodes end on the way to READY, and the examples still read that.
#[test]
fn the_last_end_is_read_after_an_error() {
    let failing = BLACK.replace("! fakesink", "! identity error-after=90 ! fakesink");
    let output = tool(rust_example().to_str().unwrap())
        .args(words(&failing))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let last = lines.lines().last().unwrap();
    assert!(
        last.starts_with("0.000 d black end 3.600 uniform"),
        "{lines}"
    );
}
