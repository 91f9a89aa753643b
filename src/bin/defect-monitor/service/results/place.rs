// SPDX-License-Identifier: MPL-2.0
//! Where things lie: in the store, and on this machine until they are there.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// `SECTION/stream=ID/date=YYYY-MM-DD/hour=HH`, in UTC: partitions as query engines read them.
pub fn partition(section: &str, stream: &str, time: Timestamp) -> String {
    format!(
        "{section}/stream={stream}/{}",
        time.strftime("date=%Y-%m-%d/hour=%H")
    )
}

/// A name that is safe as that of a file: what isn't a letter, digit, `-`, `_` or `.` becomes `_`.
pub fn file_name(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.chars()
        .map(|c| if is_safe(c) { c } else { '_' })
        .collect()
}

/// The folder for state: what systemd gives, or else the user's (XDG Base Directory Specification).
pub fn state() -> Result<PathBuf, String> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    if let Some(folder) = variable("STATE_DIRECTORY") {
        return Ok(folder.into());
    }
    let base = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".local").join("state")));
    base.map(|base| base.join("defect-monitor")).ok_or_else(|| {
        "there is no folder for what waits to be sent: none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set; say spool = \"/...\""
            .to_owned()
    })
}

/// The spool of a member.
pub fn spool(wanted: Option<&Path>, member: &str) -> Result<PathBuf, String> {
    let folder = match wanted {
        Some(folder) => folder.to_owned(),
        None => state()?.join("spool"),
    };
    Ok(folder.join(file_name(member)))
}
