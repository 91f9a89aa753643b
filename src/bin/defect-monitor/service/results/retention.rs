// SPDX-License-Identifier: MPL-2.0
//! Deletes results of a folder by age and size, and the oldest while the disk has no room for new ones.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::PART;
use super::files::{Found, files, remove_empty_folders, room};
use super::place::hour_of;
use crate::service::config::results::ResultsConfig;
use crate::service::log;

/// The limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Age limit, in days.
    pub days: Option<u64>,
    /// Size limit; the oldest are deleted first.
    pub bytes: Option<u64>,
}

impl Retention {
    /// As configured.
    pub fn of(config: &ResultsConfig) -> Self {
        Self {
            days: config.retention_days,
            bytes: config.retention_bytes,
        }
    }

    /// Deletes what is too old or too much, and the oldest if the disk is nearly full; gives how many files. It looks at all files.
    pub fn apply(self, folder: &Path) -> usize {
        let lacking = lacking(folder);
        let gone = self.delete(folder, lacking);
        if lacking > 0 && gone > 0 {
            let text = format!("the disk is nearly full: the {gone} oldest files were deleted");
            log::warn(PART, text);
        }
        gone
    }

    /// Deletes what is too old or too much, and the oldest for so many bytes that the disk lacks, unless that were more than half of all;
    /// without limits nothing.
    pub fn delete(self, folder: &Path, lacking: u64) -> usize {
        if self.days.is_none() && self.bytes.is_none() {
            return 0;
        }
        let mut found = files(folder);
        found.sort_by(|a, b| {
            hour_of(&a.path)
                .cmp(hour_of(&b.path))
                .then_with(|| a.written.cmp(&b.written))
        });
        let days = self.days.and_then(|days| i64::try_from(days).ok());
        let oldest = days.and_then(|days| {
            Timestamp::now()
                .checked_sub(SignedDuration::from_hours(days * 24))
                .ok()
        });
        let oldest = oldest.map_or_else(String::new, |at| {
            at.strftime("date=%Y-%m-%d/hour=%H").to_string()
        });
        let mut bytes = found.iter().map(|file| file.bytes).sum::<u64>();
        let limit = self.bytes.unwrap_or(u64::MAX);
        // Where results don't take the room, deleting them wouldn't make it.
        let limit = match lacking <= bytes / 2 {
            true => limit.min(bytes - lacking),
            false => limit,
        };
        let mut gone = 0;
        for Found {
            path, bytes: size, ..
        } in found
        {
            let hour = hour_of(&path);
            // What lies there without an hour isn't one of ours.
            if hour.is_empty() {
                continue;
            }
            if hour >= oldest.as_str() && bytes <= limit {
                break;
            }
            let file = folder.join(&path);
            match fs::remove_file(&file) {
                Ok(()) => {
                    remove_empty_folders(folder, &file);
                    bytes -= size;
                    gone += 1;
                }
                // Another process was quicker.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => bytes -= size,
                Err(_) => {}
            }
        }
        gone
    }
}

/// How many bytes the disk lacks for new results; a quarter of what they leave to alarms more, so that there is room until the next look.
fn lacking(folder: &Path) -> u64 {
    match room(folder) {
        Ok((free, reserve)) if free < reserve => reserve + reserve / 4 - free,
        _ => 0,
    }
}
