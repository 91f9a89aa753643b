// SPDX-License-Identifier: MPL-2.0
//! The history of episodes.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StateStore;
use crate::service::outcome::{Event, Moment};

/// Episodes that are kept at most; about a kilobyte each.
const MOST: i64 = 500_000;

/// Which episodes.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Filter {
    /// Only of that stream.
    pub stream: Option<String>,
    /// Only of that kind.
    pub kind: Option<String>,
    /// Only those that last.
    pub is_open: bool,
    /// Only those that lasted at that time or later, in ms of Unix time.
    pub from: Option<i64>,
    /// Only those that had begun before.
    pub until: Option<i64>,
    /// So many, the latest first.
    pub limit: usize,
}

/// An episode, over or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Episode {
    /// The last event of it.
    #[serde(flatten)]
    pub event: Value,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The moments of which there are pictures: `begin`, `worst`.
    pub pictures: Vec<String>,
}

impl Episode {
    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.event.get("episode")?.as_str()
    }
}

impl StateStore {
    /// Episodes, the latest first; an error if the database can't be read. It may have to wait for the disk.
    pub fn episodes(&self, filter: &Filter) -> Result<Vec<Episode>, String> {
        self.read(|database| select(database, filter))
    }

    /// Stream and kind of an episode; none if there is no such.
    pub fn episode(&self, episode: &str) -> Result<Option<(String, String)>, String> {
        let sql = "SELECT stream, kind FROM episodes WHERE episode = ?1";
        self.read(|database| {
            optional(database.query_row(sql, [episode], |row| Ok((row.get(0)?, row.get(1)?))))
        })
    }

    /// Where a picture of an episode lies in the results; none if there is no such.
    pub fn picture(&self, episode: &str, moment: &str) -> Result<Option<String>, String> {
        let sql = "SELECT path FROM pictures WHERE episode = ?1 AND moment = ?2";
        self.read(|database| optional(database.query_row(sql, [episode, moment], |row| row.get(0))))
    }
}

fn optional<T>(found: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        found => found.map(Some),
    }
}

impl Moment {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Worst => "worst",
        }
    }
}

fn select(database: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Episode>> {
    let sql = "
        SELECT event, ended, (SELECT group_concat(moment) FROM pictures p WHERE p.episode = e.episode) FROM episodes e
        WHERE (?1 IS NULL OR stream = ?1) AND (?2 IS NULL OR kind = ?2)
            AND (?3 IS NULL OR ended IS NULL OR ended >= ?3) AND (?4 IS NULL OR begun < ?4) AND (NOT ?6 OR ended IS NULL)
        ORDER BY begun DESC LIMIT ?5";
    let mut statement = database.prepare(sql)?;
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let wanted = params![
        filter.stream,
        filter.kind,
        filter.from,
        filter.until,
        limit,
        filter.is_open
    ];
    let rows = statement.query_map(wanted, |row| {
        let event: String = row.get(0)?;
        let ended: Option<i64> = row.get(1)?;
        let pictures: Option<String> = row.get(2)?;
        Ok(Episode {
            event: serde_json::from_str(&event).unwrap_or_default(),
            ended: ended.and_then(|ended| Timestamp::from_millisecond(ended).ok()),
            pictures: pictures
                .iter()
                .flat_map(|all| all.split(','))
                .map(ToOwned::to_owned)
                .collect(),
        })
    })?;
    rows.collect()
}

/// Writes the latest that is known of an episode.
pub fn write(database: &Connection, event: &Event) -> rusqlite::Result<usize> {
    let begun = event.time.as_millisecond();
    let length = i64::try_from(event.defect.duration / 1_000_000).unwrap_or(0);
    let ended = (event.defect.state == "end").then(|| begun.saturating_add(length));
    let text = serde_json::to_string(event).unwrap_or_default();
    let sql = "INSERT OR REPLACE INTO episodes VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (episode, stream) = (&*event.episode, &*event.source.stream);
    let mut statement = database.prepare_cached(sql)?;
    statement.execute(params![
        episode,
        stream,
        event.defect.kind,
        begun,
        ended,
        text
    ])
}

/// Ends the episodes that a process left open. When they ended nobody knows: it is put down when they were last known to last.
pub fn end_all(database: &Connection) -> rusqlite::Result<usize> {
    let sql = "
        UPDATE episodes SET
            ended = begun + json_extract(event, '$.duration') / 1000000,
            event = json_set(event, '$.state', 'end', '$.reason', 'monitor-restarted')
        WHERE ended IS NULL";
    match database.query_row(
        "SELECT EXISTS (SELECT 1 FROM episodes WHERE ended IS NULL)",
        [],
        |row| row.get(0),
    )? {
        true => database.execute(sql, []),
        false => Ok(0),
    }
}

/// Deletes what is older, and what is too much.
pub fn clean(database: &Connection, length: Duration) -> rusqlite::Result<()> {
    let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    let oldest = Timestamp::now().as_millisecond().saturating_sub(length);
    let surplus = "SELECT begun FROM episodes ORDER BY begun DESC LIMIT 1 OFFSET ?1";
    let surplus: Option<i64> = optional(database.query_row(surplus, [MOST], |row| row.get(0)))?;
    let oldest = surplus.map_or(oldest, |surplus| oldest.max(surplus.saturating_add(1)));
    database.execute(
        "DELETE FROM episodes WHERE begun < ?1 AND ended IS NOT NULL",
        [oldest],
    )?;
    let orphans = "DELETE FROM pictures WHERE NOT EXISTS (SELECT 1 FROM episodes e WHERE e.episode = pictures.episode)";
    database.execute(orphans, [])?;
    Ok(())
}
