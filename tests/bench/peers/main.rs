// SPDX-License-Identifier: MPL-2.0
//! What this plugin costs next to others that look for the same, on this machine: `cargo bench --bench peers [-- WORD]`, with a word
//! only the tables of that name: video, audio, memory, size, streams. The tables are Markdown.
//!
//! All on one core. Ours: buffers made beforehand are pushed by this thread, whose CPU time counts, less that of as many
//! `identity`. FFmpeg: user and system time of the process with the filters on raw material in a file, less that of the same
//! process with the filter `null`. Each figure is the best of several rounds. Who isn't installed is named as missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that can't go on has failed"
)]

#[path = "../common/mod.rs"]
mod common;
mod ffmpeg;
mod growth;
mod material;
mod sound;
mod vision;

/// A row of a Markdown table; what couldn't be measured is a dash.
fn row(name: &str, figures: &[Option<f64>]) {
    let cell = |figure: &Option<f64>| match figure {
        Some(f) => format!(" {:.*} |", if *f < 10.0 { 3 } else { 1 }, f),
        None => " - |".to_owned(),
    };
    println!("| {name} |{}", figures.iter().map(cell).collect::<String>());
}

/// A table's head.
fn head(what: &str, columns: &[&str]) {
    println!("\n| {what} | {} |", columns.join(" | "));
    println!("|---|{}", "--:|".repeat(columns.len()));
}

fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find(|l| l.starts_with("model name"));
    let model = model.and_then(|l| l.split_once(": ")).map(|m| m.1);
    model.unwrap_or("unknown processor").to_owned()
}

fn main() {
    common::init();
    let wanted = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_deref().is_none_or(|w| w == name);
    println!(
        "{}; one core; {}; {}",
        machine(),
        gst::version_string(),
        ffmpeg::version().unwrap_or_else(|| "FFmpeg isn't installed".to_owned())
    );
    let tables: [(&str, fn()); 5] = [
        ("video", vision::table),
        ("audio", sound::table),
        ("memory", growth::memory),
        ("size", growth::size),
        ("streams", growth::streams),
    ];
    for (name, print) in tables {
        if is_wanted(name) {
            print();
        }
    }
}
