// SPDX-License-Identifier: MPL-2.0
//! The metrics, and that the dashboard and the alert rules name only those that exist.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use super::super::super::board::Board;
use super::super::super::outcome::Outcome;
use super::super::super::parts::{PartHealth, Parts};
use super::super::metrics::metrics;
use super::made::{self, board, event, id, record};
use crate::service::outcome::Status;

const DASHBOARD: &str =
    include_str!("../../../../../../pipelines/monitoring/grafana-dashboard.json");
const RULES: &str = include_str!("../../../../../../pipelines/monitoring/alerts.yml");

fn parts() -> Parts {
    let parts = Parts::default();
    parts.report("results", PartHealth::Fine);
    parts.gauge(
        "defect_results_spooled_bytes",
        "Results that wait for the store.",
        "results",
        0.0,
    );
    parts.gauge(
        crate::service::gate::LOAD_RATIO,
        "Streams, as a share.",
        "capacity",
        0.5,
    );
    parts.add(
        "defect_alerts_sent_total",
        "Alarms that arrived.",
        "alerts: mqtt",
        3.0,
    );
    for (name, part) in [
        ("defect_worker_reports_lost_total", "workers"),
        ("defect_alerts_dropped_total", "alerts: mqtt"),
        ("defect_state_dropped_total", "state"),
    ] {
        parts.add(name, "Something that was lost.", part, 0.0);
    }
    parts
}

fn text(board: std::sync::Arc<Board>) -> String {
    metrics(board, parts()).unwrap()
}

#[test]
fn each_stream_detector_and_kind_is_there() {
    let board = board(5);
    let offset = record(&id(0), "", "avsyncdetect", Status::Ok, made::before(0));
    board.note(&Outcome::Second(offset));
    let mut planned = event(
        &id(0),
        "freeze",
        "error",
        "begin",
        5,
        Duration::from_secs(5),
    );
    planned.maintenance = true;
    board.note(&Outcome::Defect(planned.into()));
    let text = text(board);
    for line in [
        r#"defect_stream_info{stream="news-1",label_quality="hd",label_site="vienna"} 1"#,
        r#"defect_stream_up{stream="news-1"} 1.0"#,
        r#"defect_stream_up{stream="kids-1"} 0.0"#,
        r#"defect_stream_state{stream="kids-1",state="waiting"} 1.0"#,
        r#"defect_stream_restarts_total{stream="kids-1"} 1.0"#,
        r#"defect_detector_status{stream="sport-1",track="video-0",detector="blackdetect"} 3.0"#,
        r#"defect_episodes_open{stream="sport-1",detector="blackdetect",kind="black",severity="error",maintenance="false"} 1.0"#,
        r#"defect_episodes_open{stream="news-1",detector="freezedetect",kind="freeze",severity="error",maintenance="false"} 0.0"#,
        r#"defect_episodes_open{stream="news-1",detector="freezedetect",kind="freeze",severity="error",maintenance="true"} 1.0"#,
        r#"defect_av_offset_seconds{stream="news-1",track=""} 0.012"#,
        r#"defect_loudness_lufs{stream="news-1",track="audio-0",window="integrated"} -23.0"#,
        r#"defect_part_state{part="results",state="fine"} 1.0"#,
        r#"defect_alerts_sent_total{part="alerts: mqtt"} 3.0"#,
    ] {
        assert!(text.contains(line), "{line} isn't in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn promtool_has_nothing_to_object() {
    let Ok(mut check) = promtool(&["check", "metrics"]) else {
        return;
    };
    use std::io::Write;
    let metrics = text(board(8));
    let mut child = check.stdin(std::process::Stdio::piped()).spawn().unwrap();
    // It reads the older text format, which has no such last line and names counters and infos in full.
    let older = as_older_format(&metrics);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(older.as_bytes())
        .unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

fn as_older_format(text: &str) -> String {
    let mut out = String::new();
    let lines: Vec<&str> = text.lines().collect();
    for (i, line) in lines.iter().enumerate() {
        let mut words = line.splitn(4, ' ');
        let (Some("#"), Some(what), Some(name)) = (words.next(), words.next(), words.next()) else {
            out.push_str(&format!("{line}\n"));
            continue;
        };
        let kind = lines[i..]
            .iter()
            .find_map(|l| l.strip_prefix(&format!("# TYPE {name} ")));
        let (suffix, kind) = match kind {
            Some("counter") => ("_total", "counter"),
            Some("info") => ("_info", "gauge"),
            other => ("", other.unwrap_or_default()),
        };
        let rest = if what == "TYPE" {
            kind
        } else {
            words.next().unwrap_or_default()
        };
        out.push_str(&format!("# {what} {name}{suffix} {rest}\n"));
    }
    out.replace("# EOF", "")
}

/// An error, and a word about it, where Prometheus isn't installed.
fn promtool(arguments: &[&str]) -> Result<Command, ()> {
    if Command::new("promtool").arg("--version").output().is_err() {
        eprintln!("left out: there is no promtool (Debian's package prometheus)");
        return Err(());
    }
    let mut command = Command::new("promtool");
    command
        .args(arguments)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    Ok(command)
}

#[test]
fn the_alert_rules_are_sound() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/pipelines/monitoring/alerts.yml"
    );
    let Ok(mut check) = promtool(&["check", "rules", file]) else {
        return;
    };
    let out = check.output().unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

/// The words in a text that look like metrics of ours.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|w| w.starts_with("defect_") || w.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

#[test]
fn dashboard_and_rules_name_what_there_is() {
    let board = board(5);
    board.note(&Outcome::Second(record(
        &id(0),
        "",
        "avsyncdetect",
        Status::Ok,
        made::before(0),
    )));
    let text = text(board);
    let exist: BTreeSet<String> = text
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split(['{', ' ']).next())
        .map(str::to_owned)
        .collect();
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut expressions = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            expressions.push(target["expr"].as_str().unwrap());
        }
    }
    assert!(expressions.len() > 15);
    let used = [named(&expressions.join(" ")), named(RULES)];
    assert!(used.iter().all(|names| names.len() > 6), "{used:?}");
    for name in used.iter().flatten() {
        assert!(
            exist.contains(name),
            "{name} isn't a metric; there are {exist:?}"
        );
    }
}

#[test]
fn five_hundred_streams_are_some_26_000_series_and_quickly_told() {
    let board = board(500);
    let tell = || {
        let start = Instant::now();
        let text = text(board.clone());
        (start.elapsed(), text)
    };
    // Programs of other tests may take the processors for a while.
    let mut tries = (0..3).map(|_| tell());
    let quick = tries.find(|(took, _)| *took < Duration::from_secs(3));
    let (took, text) = quick.expect("it takes 3 s and more each time");
    let series = text.lines().filter(|l| !l.starts_with('#')).count();
    eprintln!("{series} series, {} bytes, {took:?}", text.len());
    assert!((20_000..30_000).contains(&series), "{series}");
}
