// SPDX-License-Identifier: MPL-2.0
//! What happens, for the journal: a line each on standard error, with the time.

use std::io::Write;

use jiff::Timestamp;

/// A line about a stream or a part.
pub fn line(about: &str, text: impl AsRef<str>) {
    let time = Timestamp::now();
    let text = text.as_ref().replace('\n', "; ");
    let line = match about {
        "" => format!("{time:.3}  {text}\n"),
        about => format!("{time:.3}  {about}: {text}\n"),
    };
    // In one piece, so that lines of many threads don't mix; nobody to complain to if it fails.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
