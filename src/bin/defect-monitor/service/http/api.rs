// SPDX-License-Identifier: MPL-2.0
//! `/api/v1/`: what is known, and adding and removing streams.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::board::StreamSheet;
use super::super::board::day::minute_of;
use super::super::config::{StreamConfig, without_values};
use super::card::{Days, PollAnswer, cards};
use super::events::{Events, Which};
use super::operations::not_kept;
use super::reply::{Fault, json};
use super::unique_keys::UniqueKeys;
use super::words::KindTexts;
use super::{Served, blocking};

type Context = State<Arc<Served>>;

/// Its paths.
pub fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/streams", get(streams))
        .route("/streams/{id}", get(stream).put(add).delete(remove))
        .route("/streams/{id}/thumbnail.jpg", get(thumbnail))
        .route("/cluster", get(cluster))
        .route("/events", get(events))
        .route("/board", get(board))
        .route("/days", get(days))
        .route("/words", get(async || json(&KindTexts::new())))
}

async fn streams(State(served): Context) -> Response {
    json(&cards(&served.board))
}

/// A stream in full.
#[derive(Serialize)]
struct Full {
    #[serde(flatten)]
    sheet: StreamSheet,
    /// What was configured, but for the URI, which may hold a password.
    config: Option<StreamConfig>,
    /// The last day in runs of minutes: state, word, how many; oldest first.
    day: Vec<[u16; 3]>,
    words: Vec<Arc<str>>,
    now: Timestamp,
    /// The process that watches it.
    worker: Option<Worker>,
}

/// A worker process.
#[derive(Serialize)]
struct Worker {
    number: usize,
    /// Its process id.
    process: u32,
}

/// The members of the cluster, and who watches each stream.
async fn cluster(State(served): Context) -> Result<Response, Fault> {
    let cluster = served.cluster.as_ref();
    let none = || Fault(StatusCode::NOT_FOUND, "this is no cluster".to_owned());
    Ok(json(&cluster.ok_or_else(none)?.status()))
}

/// Sends who asks for a stream of another member there.
fn elsewhere(served: &Served, id: &str, rest: &str) -> Result<Response, Fault> {
    let none = || Fault::no_stream(id);
    let status = served.cluster.as_ref().ok_or_else(none)?.status();
    let holder = status.holder(id).ok_or_else(none)?;
    let Some(url) = &holder.url else {
        let what = format!("the stream {id:?} is watched by the member {}", holder.name);
        return Err(Fault(StatusCode::NOT_FOUND, what));
    };
    let there = format!("{url}/api/v1/streams/{id}{rest}");
    Ok(Redirect::temporary(&there).into_response())
}

async fn stream(State(served): Context, Path(id): Path<String>) -> Result<Response, Fault> {
    let Some(sheet) = served.board.sheet(&id) else {
        return elsewhere(&served, &id, "");
    };
    let control = served.control.clone();
    let all = blocking(move || control.list()).await?;
    let config = all.into_iter().find(|config| config.id == id);
    let now = Timestamp::now();
    let full = Full {
        config: config.map(|config| StreamConfig {
            uri: sheet.uri.to_string(),
            ..config
        }),
        day: served.board.day(&id, minute_of(now)).unwrap_or_default(),
        words: served.board.words(),
        worker: worker_of(&served, &id),
        sheet,
        now,
    };
    Ok(json(&full))
}

fn worker_of(served: &Served, id: &str) -> Option<Worker> {
    let mut workers = served.board.workers().into_iter();
    let worker = workers.find(|worker| worker.streams.iter().any(|stream| **stream == *id))?;
    Some(Worker {
        number: worker.number,
        process: worker.process,
    })
}

async fn add(
    State(served): Context,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Fault> {
    let body = body.map_err(|e| Fault(e.status(), e.body_text()))?;
    let config = read(&id, &body).map_err(Fault::wrong)?;
    let known = served.board.sheet(&id).is_some();
    blocking(move || {
        let done = served.control.add(config);
        done.map_err(|why| Fault(StatusCode::UNPROCESSABLE_ENTITY, why))?;
        served.state.flush().map_err(not_kept)
    })
    .await??;
    let status = if known {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(status.into_response())
}

/// A stream's configuration. The id may be left out, being in the path.
fn read(id: &str, body: &[u8]) -> Result<StreamConfig, String> {
    let given = serde_json::from_slice(body).map_err(|e| format!("the body isn't JSON: {e}"));
    let UniqueKeys(mut given) = given?;
    let fields = given
        .as_object_mut()
        .ok_or("the body isn't a JSON object like {\"uri\": \"...\"}")?;
    match fields.get("id") {
        None => {
            fields.insert("id".to_owned(), id.into());
        }
        Some(other) if other == id => {}
        Some(_) => return Err(format!("`id` isn't {id:?}, as in the path")),
    }
    serde_json::from_value(given).map_err(|e| without_values(&e.to_string()))
}

async fn remove(State(served): Context, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    let known = served.board.sheet(&id).is_some();
    blocking(move || match served.control.remove(&id) {
        Ok(()) => served.state.flush().map_err(not_kept),
        Err(_) if !known => Err(Fault::no_stream(&id)),
        Err(why) => Err(Fault(StatusCode::CONFLICT, why)),
    })
    .await??;
    Ok(StatusCode::NO_CONTENT)
}

async fn thumbnail(State(served): Context, Path(id): Path<String>) -> Result<Response, Fault> {
    if served.board.sheet(&id).is_none() {
        return elsewhere(&served, &id, "/thumbnail.jpg");
    }
    // Asking for a picture has it made, if the stream has pictures: there is none the first time.
    let Some(jpeg) = served.board.thumbnail(&id) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg.to_vec()).into_response())
}

async fn events(
    State(served): Context,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Fault> {
    let Query(which) = which.map_err(|e| Fault::wrong(e.body_text()))?;
    Ok(json(&Events::of(&served.board, &which)))
}

/// What the page knows already.
#[derive(Debug, Deserialize)]
struct Known {
    session: Option<i64>,
    #[serde(default)]
    since: u64,
}

async fn board(
    State(served): Context,
    known: Result<Query<Known>, QueryRejection>,
) -> Result<Response, Fault> {
    let Query(known) = known.map_err(|e| Fault::wrong(e.body_text()))?;
    let news = PollAnswer::since(&served, known.session, known.since);
    Ok(json(&news))
}

async fn days(State(served): Context) -> Result<Response, Fault> {
    blocking(move || json(&Days::of(&served.board))).await
}
