// SPDX-License-Identifier: MPL-2.0
//! The SQLite database: its tables, and how changes get there.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, Error, ErrorCode, params};

use super::{Change, Key, history};

/// The version of the tables, from 1.
const VERSION: i64 = 1;

const TABLES: &str = "
    BEGIN;
    CREATE TABLE entries (
        section TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (section, key)
    ) WITHOUT ROWID;
    -- Times are in milliseconds of Unix time; `ended` is null while an episode lasts; `event` is the last one, as JSON.
    CREATE TABLE episodes (
        episode TEXT PRIMARY KEY,
        stream TEXT NOT NULL,
        kind TEXT NOT NULL,
        begun INTEGER NOT NULL,
        ended INTEGER,
        event TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX episodes_by_time ON episodes (begun);
    CREATE INDEX episodes_by_stream ON episodes (stream, begun);
    CREATE TABLE pictures (
        episode TEXT NOT NULL,
        moment TEXT NOT NULL,
        path TEXT NOT NULL,
        PRIMARY KEY (episode, moment)
    ) WITHOUT ROWID;
    PRAGMA user_version = 1;
    COMMIT;
";

/// Opens the database, makes its tables if there are none, and ends the episodes that the process before left open.
/// One that is damaged is put aside, under another name.
pub fn open(file: &Path) -> rusqlite::Result<Connection> {
    match try_open(file) {
        Err(e)
            if matches!(
                code(&e),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ) =>
        {
            let aside = format!(
                "{}.damaged-{}",
                file.display(),
                Timestamp::now().as_second()
            );
            // What belongs to it is worth nothing without it.
            for end in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", file.display()));
            }
            let moved = std::fs::rename(file, &aside);
            crate::service::log::line(
                "state",
                format!("{e}: begun anew, and the old database put aside as {aside}"),
            );
            moved.map_err(|_| e).and_then(|()| try_open(file))
        }
        other => other,
    }
}

fn try_open(file: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(file)?;
    // Nobody else has it open, so that no memory has to be shared, which takes room on the disk.
    database.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    // What is written stays written also when the power fails.
    database.pragma_update(None, "synchronous", "FULL")?;
    let version: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => database.execute_batch(TABLES)?,
        VERSION => {}
        newer => {
            let why =
                format!("its state is of version {newer}, this monitor's of version {VERSION}");
            return Err(Error::ToSqlConversionFailure(why.into()));
        }
    }
    // On a full disk they stay open in the history until the next start; all else can be read all the same.
    if let Err(e) = history::end_all(&database)
        && !is_refusal(&e)
    {
        return Err(e);
    }
    Ok(database)
}

/// Whether it is the disk that can't, now, and not the database that is wrong.
pub fn is_refusal(error: &Error) -> bool {
    matches!(
        code(error),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
        )
    )
}

fn code(error: &Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// Keys and values of the entries whose keys begin so.
pub fn entries(
    database: &Connection,
    section: &str,
    prefix: &str,
) -> rusqlite::Result<Vec<(String, String)>> {
    let sql =
        "SELECT key, value FROM entries WHERE section = ?1 AND substr(key, 1, length(?2)) = ?2";
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([section, prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Makes all changes, or none. With `clean`, history that is older than that goes.
pub fn write(
    database: &mut Connection,
    changes: &BTreeMap<Key, Change>,
    clean: Option<Duration>,
) -> rusqlite::Result<()> {
    let all = database.transaction()?;
    {
        let mut set = all.prepare_cached("INSERT OR REPLACE INTO entries VALUES (?1, ?2, ?3)")?;
        let mut delete =
            all.prepare_cached("DELETE FROM entries WHERE section = ?1 AND key = ?2")?;
        let mut picture =
            all.prepare_cached("INSERT OR REPLACE INTO pictures VALUES (?1, ?2, ?3)")?;
        for (key, change) in changes {
            match (key, change) {
                (Key::Entry(section, key), Change::Set(value)) => {
                    set.execute(params![section.name(), key, value])?
                }
                (Key::Entry(section, key), _) => delete.execute(params![section.name(), key])?,
                (Key::Picture(episode, moment), Change::Picture(path)) => {
                    picture.execute(params![episode, moment, path])?
                }
                (_, Change::Episode(event)) => history::write(&all, event)?,
                _ => 0,
            };
        }
        if let Some(length) = clean {
            history::clean(&all, length)?;
        }
    }
    all.commit()
}
