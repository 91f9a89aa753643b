// SPDX-License-Identifier: MPL-2.0
//! Standard output for defects, standard error for everything else, and a progress line that doesn't mix with them.

use std::io::{IsTerminal, Write};

/// Where things are printed.
pub struct Screen {
    colour: bool,
    colour_notes: bool,
    progress: bool,
    /// Whether a progress line is on the terminal.
    drawn: bool,
    /// Whether the reader of the output has gone.
    closed: bool,
}

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Less important.
    Dim,
    /// What it is about.
    Bold,
    /// Bad.
    Red,
    /// Not so bad.
    Yellow,
    /// Good.
    Green,
    /// Neither.
    Cyan,
}

impl Screen {
    /// Colours only on a terminal whose user doesn't mind (no-color.org), progress only on a terminal.
    pub fn new(progress: bool) -> Self {
        let allowed = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            && std::env::var_os("TERM").is_none_or(|v| v != "dumb");
        Self {
            colour: allowed && std::io::stdout().is_terminal(),
            colour_notes: allowed && std::io::stderr().is_terminal(),
            progress: progress && std::io::stderr().is_terminal(),
            drawn: false,
            closed: false,
        }
    }

    /// Whether lines are in colour.
    pub fn has_colour(&self) -> bool {
        self.colour
    }

    /// Whether notes are in colour.
    pub fn notes_have_colour(&self) -> bool {
        self.colour_notes
    }

    /// Whether there is a progress line.
    pub fn has_progress(&self) -> bool {
        self.progress
    }

    /// Whether the reader of the output has gone.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// A line on standard output.
    pub fn line(&mut self, text: &str) {
        self.clear();
        let mut out = std::io::stdout().lock();
        let done = writeln!(out, "{text}").and_then(|()| out.flush());
        self.closed |= done.is_err();
    }

    /// A line on standard error.
    pub fn note(&mut self, text: &str) {
        self.clear();
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// The name of the program before a line on standard error.
    pub fn complain(&mut self, style: Style, text: &str) {
        let name = paint(self.colour_notes, style, "defect-monitor:");
        self.note(&format!("{name} {text}"));
    }

    /// Draws the progress line anew.
    pub fn show_progress(&mut self, text: &str) {
        if !self.progress {
            return;
        }
        let width = terminal_size::terminal_size().map_or(80, |(w, _)| usize::from(w.0));
        let text: String = text.chars().take(width.saturating_sub(1)).collect();
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "\r{text}\x1b[K").and_then(|()| err.flush());
        self.drawn = true;
    }

    /// Takes the progress line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[K").and_then(|()| err.flush());
        }
    }
}

/// Text in a style.
pub fn paint(colour: bool, style: Style, text: &str) -> String {
    let code = match style {
        _ if !colour => return text.to_owned(),
        Style::Dim => "2",
        Style::Bold => "1",
        Style::Red => "1;31",
        Style::Yellow => "33",
        Style::Green => "32",
        Style::Cyan => "36",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}
