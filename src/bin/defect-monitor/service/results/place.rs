// SPDX-License-Identifier: MPL-2.0
//! Paths in the store.

use jiff::Timestamp;

use crate::service::outcome::Snapshot;
use crate::service::state::folder::file_name;

/// Defects.
pub const EVENTS: &str = "events";
/// Seconds of detectors.
pub const RECORDS: &str = "records";
/// Pictures of defects.
pub const PICTURES: &str = "pictures";
/// The order in which things go when there is no room.
pub const EXPENDABLE: [&str; 3] = [RECORDS, PICTURES, EVENTS];

/// `SECTION/date=YYYY-MM-DD/hour=HH`, in UTC: partitions as query engines read them.
pub fn partition(section: &str, time: Timestamp) -> String {
    format!("{section}/{}", hour(time))
}

/// `pictures/stream=ID/date=YYYY-MM-DD/hour=HH/EPISODE-MOMENT.jpg`.
pub fn picture(picture: &Snapshot) -> String {
    format!(
        "{PICTURES}/stream={}/{}/{}-{}.jpg",
        picture.source.stream,
        hour(picture.time),
        file_name(&picture.episode),
        picture.moment.name()
    )
}

/// `date=YYYY-MM-DD/hour=HH`.
fn hour(time: Timestamp) -> String {
    time.strftime("date=%Y-%m-%d/hour=%H").to_string()
}

/// The `date=` and `hour=` of a path, as a text that sorts by time; empty if it has none.
pub fn hour_of(path: &str) -> &str {
    let Some(start) = path.find("date=") else {
        return "";
    };
    let end = start + "date=YYYY-MM-DD/hour=HH".len();
    path.get(start..end).unwrap_or_default()
}
