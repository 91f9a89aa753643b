// SPDX-License-Identifier: MPL-2.0
//! `/api/v1/mutes`: what nobody is alarmed of. The members of a cluster tell each other through the engine.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::super::alerts::operations::Mute;
use super::operations::{check_words, not_kept, read};
use super::reply::{Fault, json};
use super::{Served, blocking};

type Context = State<Arc<Served>>;
type Body = Result<Bytes, BytesRejection>;

/// The longest mute, in minutes: a week. What is to be quiet for longer has a maintenance window.
const LONGEST_MUTE: u32 = 7 * 24 * 60;

/// Its paths.
pub fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/mutes", get(list).post(mute))
        .route("/mutes/{id}", delete(unmute))
}

async fn list(State(served): Context) -> Response {
    json(&served.operations.mutes())
}

/// The body of a new mute.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MuteRequest {
    stream: Option<String>,
    kind: Option<String>,
    minutes: u32,
    who: String,
    #[serde(default)]
    word: String,
}

async fn mute(State(served): Context, body: Body) -> Result<Response, Fault> {
    let MuteRequest {
        stream,
        kind,
        minutes,
        who,
        word,
    } = read(body)?;
    check_words(&who, &word)?;
    if stream.is_none() && kind.is_none() {
        return Err(Fault::wrong(
            "a mute is of a `stream`, of a `kind`, or of both",
        ));
    }
    if minutes == 0 || minutes > LONGEST_MUTE {
        return Err(Fault::wrong(format!("minutes: 1 to {LONGEST_MUTE}")));
    }
    if let Some(id) = stream
        .as_ref()
        .filter(|id| served.board.sheet(id).is_none() && !served.others.has(id))
    {
        return Err(Fault::no_stream(id));
    }
    let now = Timestamp::now();
    let mute = Mute {
        id: now.as_microsecond().to_string(),
        stream,
        kind,
        until: now + SignedDuration::from_mins(minutes.into()),
        who,
        word,
    };
    blocking(move || {
        let kept = served.operations.mute(mute.clone());
        kept.map_err(not_kept)
            .map(|()| (StatusCode::CREATED, json(&mute)).into_response())
    })
    .await?
}

async fn unmute(State(served): Context, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    blocking(
        move || match served.operations.unmute(&id).map_err(not_kept)? {
            true => Ok(StatusCode::NO_CONTENT),
            false => {
                let what = format!("there is no mute {id:?}; GET /api/v1/mutes lists them");
                Err(Fault(StatusCode::NOT_FOUND, what))
            }
        },
    )
    .await?
}
