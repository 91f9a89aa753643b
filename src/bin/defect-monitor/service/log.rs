// SPDX-License-Identifier: MPL-2.0
//! The log: a line for each thing that happens, on standard error, for people, programs or systemd's journal.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// What the lines of this program are filtered by.
const TARGET: &str = "defect_monitor";
/// Default filter: libraries log much that only their authors understand.
const USUAL: &str = "warn,defect_monitor=info";

/// What is logged, and how.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// What is logged: error, warn, info, debug or trace, also for parts alone, e.g. warn,defect_monitor=debug
    #[arg(long, value_name = "LEVELS", env = "RUST_LOG", value_parser = levels)]
    pub log: Option<String>,

    /// How lines are written; by default for the journal if systemd reads them, else as text
    #[arg(long, value_name = "FORMAT", env = "DEFECT_MONITOR_LOG_FORMAT")]
    pub log_format: Option<Format>,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the time, for people.
    Text,
    /// An object a line: time, level, about, text.
    Json,
    /// With the priority, as systemd's journal reads it; that has the time.
    Journal,
}

fn levels(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map_err(|e| e.to_string())?;
    Ok(text.to_owned())
}

impl Options {
    /// Logs from now on.
    pub fn start(&self) {
        let filter = EnvFilter::new(self.log.as_deref().unwrap_or(USUAL));
        let format = self.log_format.unwrap_or_else(|| match is_journal() {
            true => Format::Journal,
            false => Format::Text,
        });
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .event_format(format)
            .finish();
        // A second one is of a test.
        let _ = tracing::subscriber::set_global_default(subscriber);
    }

    /// These options as arguments of another process.
    pub fn arguments(&self) -> Vec<String> {
        let format = self
            .log_format
            .and_then(|format| format.to_possible_value());
        let format = format.map(|format| format!("--log-format={}", format.get_name()));
        let levels = self.log.as_ref().map(|levels| format!("--log={levels}"));
        format.into_iter().chain(levels).collect()
    }
}

/// Whether standard error is read by systemd's journal, see `JOURNAL_STREAM` in systemd.exec(5).
fn is_journal() -> bool {
    let named = std::env::var("JOURNAL_STREAM").ok();
    let own = rustix::fs::fstat(std::io::stderr()).ok();
    named
        .zip(own)
        .is_some_and(|(named, own)| named == format!("{}:{}", own.st_dev, own.st_ino))
}

/// What happened to a stream or a part, as it should; `about` is empty for the whole.
pub fn line(about: &str, text: impl AsRef<str>) {
    tracing::info!(target: TARGET, about, "{}", text.as_ref());
}

/// What somebody should look at.
pub fn warn(about: &str, text: impl AsRef<str>) {
    tracing::warn!(target: TARGET, about, "{}", text.as_ref());
}

/// What is lost, or doesn't work.
pub fn error(about: &str, text: impl AsRef<str>) {
    tracing::error!(target: TARGET, about, "{}", text.as_ref());
}

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        let mut said = Said::default();
        event.record(&mut said);
        writeln!(writer, "{}", self.line(level, Timestamp::now(), &said))
    }
}

impl Format {
    fn line(self, level: Level, time: Timestamp, said: &Said) -> String {
        if self == Self::Json {
            let mut line = serde_json::json!({
                "time": format!("{time:.3}"), "level": level.as_str().to_ascii_lowercase(), "text": said.text,
            });
            if !said.about.is_empty() {
                line["about"] = said.about.as_str().into();
            }
            return line.to_string();
        }
        let text = match said.about.as_str() {
            "" => plain(&said.text),
            about => format!("{}: {}", plain(about), plain(&said.text)),
        };
        match (self, level) {
            // Priorities as in sd-daemon(3).
            (Self::Journal, Level::ERROR) => format!("<3>{text}"),
            (Self::Journal, Level::WARN) => format!("<4>{text}"),
            (Self::Journal, Level::INFO) => format!("<6>{text}"),
            (Self::Journal, _) => format!("<7>{text}"),
            (_, Level::INFO) => format!("{time:.3}  {text}"),
            _ => format!("{time:.3}  {}: {text}", level.as_str().to_ascii_lowercase()),
        }
    }
}

/// What a line says.
#[derive(Debug, Default)]
struct Said {
    about: String,
    text: String,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "about" {
            value.clone_into(&mut self.about);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.text = format!("{value:?}");
        }
    }
}

/// A text in one line. Control characters, which a server may have sent, are shown and not obeyed by a terminal.
fn plain(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => line.push_str("; "),
            c if c.is_control() => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}

/// A line that repeats is logged once in this time.
const SELDOM: Duration = Duration::from_secs(600);
/// Most sorts of lines that are known; of more, none is logged.
const MANY: usize = 50;

/// Lets the first line of each kind pass, and one more every ten minutes.
#[derive(Debug, Default)]
pub struct Limit(BTreeMap<String, Instant>);

impl Limit {
    /// Whether a line of that sort is to be logged now.
    pub fn allows(&mut self, sort: &str) -> bool {
        self.0.retain(|_, at| at.elapsed() < SELDOM);
        if self.0.contains_key(sort) || self.0.len() >= MANY {
            return false;
        }
        self.0.insert(sort.to_owned(), Instant::now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        let line = plain("404 \u{1b}[2J\u{1b}[31mowned\u{1b}[0m\rfake\nline\u{9b}x");
        assert!(line.chars().all(|c| !c.is_control()), "{line}");
        assert_eq!(plain("Zürich 1\n2"), "Zürich 1; 2");
    }

    #[test]
    fn lines_are_for_people_programs_or_the_journal() {
        let said = Said {
            about: "one".to_owned(),
            text: "it\u{1b}[2J is\nlost".to_owned(),
        };
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        let line = |format: Format, level| format.line(level, time, &said);
        let (info, warn) = (Level::INFO, Level::WARN);
        let text = "one: it\\u{1b}[2J is; lost";
        let at = "2023-11-14T22:13:20.000Z";
        assert_eq!(line(Format::Text, info), format!("{at}  {text}"));
        assert_eq!(line(Format::Text, warn), format!("{at}  warn: {text}"));
        assert_eq!(line(Format::Journal, warn), format!("<4>{text}"));
        let json: serde_json::Value = serde_json::from_str(&line(Format::Json, warn)).unwrap();
        assert_eq!(json["level"], "warn");
        assert_eq!(json["about"], "one");
        assert_eq!(json["text"], "it\u{1b}[2J is\nlost");
    }

    #[test]
    fn levels_are_checked() {
        assert!(levels("warn,defect_monitor=debug").is_ok());
        assert!(levels("defect_monitor=loud").is_err());
    }

    #[test]
    fn what_comes_again_is_logged_once() {
        let mut limit = Limit::default();
        assert!(limit.allows("a") && !limit.allows("a") && limit.allows("b"));
    }
}
