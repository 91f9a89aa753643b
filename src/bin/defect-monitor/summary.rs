// SPDX-License-Identifier: MPL-2.0
//! What is said when a play is over.

use std::sync::Arc;

use super::chain::Chain;
use super::choice::Choice;
use super::format;
use super::play::Play;
use super::screen::{Style, paint};
use super::source::is_watched;
use super::subtitles::{self, Subtitles};
use super::tally::Tally;
use super::time;

/// The lines of the summary.
pub fn lines(
    colour: bool,
    label: &str,
    play: &Play,
    choice: &Choice,
    tally: &Tally,
) -> Vec<String> {
    let took = play.elapsed().as_secs_f64();
    let mut lines = vec![format!(
        "{}: {} watched in {took:.1} s{}",
        paint(colour, Style::Bold, label),
        time::clock(play.watched()),
        speed(play)
            .map(|s| format!(", {s} real time"))
            .unwrap_or_default()
    )];
    lines.extend(streams(play, choice));
    for left_out in left_out(play) {
        lines.push(paint(
            colour,
            Style::Yellow,
            &format!("  not analysed: {left_out}"),
        ));
    }
    for (kind, k) in tally.kinds() {
        let longest = match k.count {
            1 => String::new(),
            _ => format!(", longest {}", time::clock(k.longest)),
        };
        lines.push(format!(
            "  {}  {}, {} in all{longest}",
            paint(colour, Style::Red, &format!("{kind:<22}")),
            format::counted(k.count, "episode"),
            time::clock(k.total),
        ));
    }
    if tally.is_clean() && play.watched() > 0 {
        lines.push(paint(colour, Style::Green, "  no defects"));
    }
    lines
}

/// How many times faster than it would be watched.
pub fn speed(play: &Play) -> Option<String> {
    let speed = play.watched() as f64 / 1e9 / play.elapsed().as_secs_f64().max(1e-3);
    (play.watched() > 0).then(|| match speed {
        s if s >= 10.0 => format!("{s:.0}x"),
        s => format!("{s:.1}x"),
    })
}

fn streams(play: &Play, choice: &Choice) -> Vec<String> {
    let mut lines = Vec::new();
    let mut chains = play.streams.chains();
    // Pictures first, whatever came first.
    chains.sort_by(|a, b| (!a.is_video, &a.name).cmp(&(!b.is_video, &b.name)));
    for chain in chains {
        let (Some(caps), Some((length, _))) = (chain.seen.format(), chain.seen.extent()) else {
            continue;
        };
        let names = choice.names(chain.is_video);
        let by = match names.len() {
            0 => "no detector".to_owned(),
            1..=4 => names.join(" "),
            n => format!("{n} detectors"),
        };
        let codec = chain.codec().map(|c| format!(", {c}"));
        lines.push(format!(
            "  {:<8}  {}{}, {}, by {by}",
            chain.name,
            format::raw(&caps),
            codec.unwrap_or_default(),
            time::clock(length),
        ));
    }
    for subtitles in play.streams.subtitles().iter().filter(|s| s.buffers() > 0) {
        lines.push(format!(
            "  {}  {}, {} pieces, by captiondetect",
            subtitles.name,
            subtitles.what,
            subtitles.buffers()
        ));
    }
    lines
}

fn left_out(play: &Play) -> Vec<String> {
    let (chains, subtitles) = (play.streams.chains(), play.streams.subtitles());
    let came = |id: Option<gst::glib::GString>| {
        let id = id.as_deref();
        let chain = |c: &Arc<Chain>| id == Some(c.id.as_str()) && c.seen.buffers() > 0;
        let track = |s: &Arc<Subtitles>| id == s.id.as_deref() && s.buffers() > 0;
        chains.iter().any(chain) || subtitles.iter().any(track)
    };
    let mut lines: Vec<String> = play
        .streams
        .offered()
        .iter()
        .filter(|s| !came(s.stream_id()))
        .map(|s| {
            let is_subtitles = s
                .caps()
                .is_some_and(|caps| subtitles::format_of(&caps).is_some());
            let why = if is_subtitles {
                "subtitles; no data came, or captiondetect isn't among the detectors"
            } else if !is_watched(s) {
                "neither picture, sound nor subtitles that can be watched"
            } else if play.missing.is_empty() {
                "no data came"
            } else {
                "it couldn't be decoded, or no data came"
            };
            format!("{} ({why})", format::stream(s))
        })
        .collect();
    lines.extend(
        play.missing
            .iter()
            .map(|name| format!("GStreamer has no plugin for: {name}")),
    );
    lines
}
