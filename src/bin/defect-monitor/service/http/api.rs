// SPDX-License-Identifier: MPL-2.0
//! `/api/v1/`: what is known, and adding and removing streams.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::board::StreamSheet;
use super::super::board::day::minute_of;
use super::super::cluster::Question;
use super::super::config::{StreamConfig, without_values};
use super::card::{AnyCard, Days, PollAnswer, cards};
use super::events::{Events, Which};
use super::operations::not_kept;
use super::others;
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

/// The query for streams.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamQuery {
    /// Only those of this member.
    #[serde(default)]
    own: bool,
}

async fn streams(
    State(served): Context,
    which: Result<Query<StreamQuery>, QueryRejection>,
) -> Result<Response, Fault> {
    let Query(which) = which.map_err(|e| Fault::wrong(e.body_text()))?;
    if which.own {
        return Ok(json(&cards(&served.board)));
    }
    let boards = served.others.boards(&served).await;
    blocking(move || {
        let own = cards(&served.board).into_iter().map(AnyCard::Own);
        let mut all: Vec<AnyCard> = own.collect();
        if let Some(boards) = &boards {
            all.extend(boards.cards().map(|(_, card)| AnyCard::other(card)));
            all.sort_by(|one, other| one.id().cmp(other.id()));
        }
        json(&all)
    })
    .await
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

async fn stream(
    State(served): Context,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Fault> {
    let sheet = match served.board.sheet(&id) {
        Some(sheet) => sheet,
        None => {
            let question = Question::of(&uri);
            if let Some(answer) = served.others.holder(&id, &question).await {
                return Ok(answer);
            }
            let unwatched = served.others.unwatched(&id);
            unwatched.ok_or_else(|| Fault::no_stream(&id))?
        }
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
    let known = served.board.sheet(&id).is_some() || served.others.has(&id);
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
    let known = served.board.sheet(&id).is_some() || served.others.has(&id);
    blocking(move || match served.control.remove(&id) {
        Ok(()) => served.state.flush().map_err(not_kept),
        Err(_) if !known => Err(Fault::no_stream(&id)),
        Err(why) => Err(Fault(StatusCode::CONFLICT, why)),
    })
    .await??;
    Ok(StatusCode::NO_CONTENT)
}

async fn thumbnail(
    State(served): Context,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Fault> {
    if served.board.sheet(&id).is_none() {
        let answer = served.others.holder(&id, &Question::of(&uri)).await;
        return match answer {
            Some(answer) => Ok(answer),
            None if served.others.has(&id) => Ok(StatusCode::NO_CONTENT.into_response()),
            None => Err(Fault::no_stream(&id)),
        };
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
    uri: Uri,
) -> Result<Response, Fault> {
    let Query(which) = which.map_err(|e| Fault::wrong(e.body_text()))?;
    let own = Events::of(&served.board, &which);
    if served.cluster.is_none() {
        return Ok(json(&own));
    }
    let own = serde_json::to_value(&own).unwrap_or_default();
    let answers = served.others.all(&Question::of(&uri)).await;
    Ok(json(&others::events(own, &answers, which.limit())))
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
    let boards = served.others.boards(&served).await;
    blocking(move || {
        let mut news = PollAnswer::since(&served, known.session, known.since);
        if let Some(boards) = &boards {
            news.add(boards, known.since, &served.board);
        }
        json(&news)
    })
    .await
}

async fn days(State(served): Context) -> Result<Response, Fault> {
    let answers = served.others.all(&Question::get("/days")).await;
    blocking(move || {
        let mut days = Days::of(&served.board);
        for answer in answers {
            if let Ok(other) = serde_json::from_slice(&answer.body) {
                days.add(other, &served.board);
            }
        }
        json(&days)
    })
    .await
}
