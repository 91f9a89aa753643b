// SPDX-License-Identifier: MPL-2.0
//! `/api/v1/`: the history of episodes, and what operators do about alarms.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::alerts::operations::Acknowledgement;
use super::super::cluster::Question;
use super::super::config::without_values;
use super::super::state::{Episode, Filter};
use super::others::{self, by_time};
use super::reply::{Fault, json};
use super::unique_keys::UniqueKeys;
use super::{Served, blocking, mutes};

type Context = State<Arc<Served>>;
type Body = Result<Bytes, BytesRejection>;

/// Unless asked for otherwise.
const LIMIT: usize = 200;
/// Of episodes in one answer.
const MOST: usize = 10_000;
/// The longest name of a person, and the longest word of theirs, in bytes.
const LONGEST_NAME: usize = 100;
const LONGEST_WORD: usize = 1000;
/// Its paths.
pub fn routes(served: &Arc<Served>) -> Router<Arc<Served>> {
    let of_any_member = Router::new()
        .route("/episodes/{episode}/acknowledge", post(acknowledge))
        .route("/episodes/{episode}/pictures/{name}", get(picture))
        .route_layer(from_fn_with_state(Arc::clone(served), others::elsewhere));
    Router::new()
        .merge(of_any_member)
        .route("/episodes", get(episodes))
        .merge(mutes::routes())
        .route("/alerts/undelivered", get(undelivered).delete(discard))
        .route("/alerts/undelivered/resend", post(resend))
}

/// The query for episodes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpisodeQuery {
    stream: Option<String>,
    kind: Option<String>,
    /// Only open ones.
    #[serde(default)]
    open: bool,
    /// Only those that lasted on that day.
    day: Option<Date>,
    /// Time zone of the day.
    zone: Option<String>,
    limit: Option<usize>,
}

impl EpisodeQuery {
    fn filter(self) -> Result<Filter, Fault> {
        let zone = match &self.zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|_| {
                Fault::wrong(format!(
                    "zone: there is no {name:?}; names are like Europe/Vienna"
                ))
            })?,
        };
        let start = |day: Date| {
            let zoned = day.to_zoned_datetime(zone.clone());
            zoned
                .map(|start| start.timestamp().as_millisecond())
                .map_err(|e| Fault::wrong(e.to_string()))
        };
        let next = |day: Date| {
            day.tomorrow()
                .map_err(|e| Fault::wrong(e.to_string()))
                .and_then(start)
        };
        Ok(Filter {
            from: self.day.map(start).transpose()?,
            until: self.day.map(next).transpose()?,
            stream: self.stream,
            kind: self.kind,
            is_open: self.open,
            limit: self.limit.unwrap_or(LIMIT).min(MOST),
        })
    }
}

/// An episode with its acknowledgement.
#[derive(Serialize)]
struct EpisodeView {
    #[serde(flatten)]
    episode: Episode,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<Acknowledgement>,
}

async fn episodes(
    State(served): Context,
    which: Result<Query<EpisodeQuery>, QueryRejection>,
    uri: Uri,
) -> Result<Response, Fault> {
    let Query(which) = which.map_err(|e| Fault::wrong(e.body_text()))?;
    let filter = which.filter()?;
    let others = served.others.all(&Question::of(&uri)).await;
    let others = others.iter();
    let others = others.filter_map(|answer| serde_json::from_slice(&answer.body).ok());
    let others: Vec<Value> = others.collect();
    blocking(move || {
        let found = served.state.episodes(&filter).map_err(unavailable)?;
        let known = found.into_iter().map(|episode| EpisodeView {
            acknowledged: episode
                .name()
                .and_then(|name| served.operations.acknowledgement(name)),
            episode,
        });
        let known = known.collect::<Vec<_>>();
        if others.is_empty() {
            return Ok(json(&known));
        }
        let own = serde_json::to_value(&known).unwrap_or_default();
        let lists = std::iter::once(own).chain(others);
        Ok(json(&by_time(lists, filter.limit)))
    })
    .await?
}

/// The body of an acknowledgement.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcknowledgeRequest {
    who: String,
    #[serde(default)]
    word: String,
}

async fn acknowledge(
    State(served): Context,
    Path(episode): Path<String>,
    body: Body,
) -> Result<Response, Fault> {
    let AcknowledgeRequest { who, word } = read(body)?;
    check_words(&who, &word)?;
    blocking(move || {
        let (stream, kind) = place_of(&served, &episode)?;
        let time = Timestamp::now();
        let by = Acknowledgement {
            who,
            word,
            time,
            stream,
            kind,
        };
        let kept = served.operations.acknowledge(&episode, by.clone());
        kept.map_err(not_kept).map(|()| json(&by))
    })
    .await?
}

/// Stream and kind of an episode.
fn place_of(served: &Served, episode: &str) -> Result<(String, String), Fault> {
    let mut found = None;
    served.board.each(|sheet| {
        let known = sheet
            .open
            .iter()
            .chain(&sheet.recent)
            .find(|event| *event.episode == *episode);
        if let Some(event) = known {
            found = Some((sheet.id.to_string(), event.defect.kind.clone()));
        }
    });
    let kept = || {
        served
            .state
            .episode(episode)
            .map_err(unavailable)
            .transpose()
    };
    let found = found.map(Ok).or_else(kept).transpose()?;
    found.ok_or_else(|| {
        let what = format!("there is no episode {episode:?}; GET /api/v1/episodes lists them");
        Fault(StatusCode::NOT_FOUND, what)
    })
}

async fn picture(
    State(served): Context,
    Path((episode, name)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let none = || {
        let what = format!(
            "there is no picture {name:?} of episode {episode:?}; there are begin.jpg and worst.jpg of some"
        );
        Fault(StatusCode::NOT_FOUND, what)
    };
    let moment = name.strip_suffix(".jpg").ok_or_else(none)?.to_owned();
    let (state, of) = (served.state.clone(), episode.clone());
    let path = blocking(move || state.picture(&of, &moment)).await?;
    let path = path.map_err(unavailable)?.ok_or_else(none)?;
    let jpeg = served.results.read(&path).await.ok_or_else(none)?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}

async fn undelivered(State(served): Context) -> Response {
    json(&served.alerts.undelivered())
}

/// Selects undelivered notices by receiver and alarm; all without them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UndeliveredSelector {
    receiver: Option<String>,
    episode: Option<String>,
}

/// Number of notices.
#[derive(Serialize)]
struct NoticeCount {
    notices: usize,
}

/// The answer to a change of notices: how many they were, unless the disk didn't keep it.
fn counted(notices: Result<usize, String>) -> Result<Response, Fault> {
    let notices = notices.map_err(not_kept)?;
    Ok(json(&NoticeCount { notices }))
}

async fn resend(State(served): Context, body: Body) -> Result<Response, Fault> {
    let is_empty = body.as_ref().is_ok_and(Bytes::is_empty);
    let of: UndeliveredSelector = if is_empty {
        UndeliveredSelector::default()
    } else {
        read(body)?
    };
    blocking(move || {
        let (receiver, episode) = (of.receiver.as_deref(), of.episode.as_deref());
        counted(served.alerts.resend(receiver, episode))
    })
    .await?
}

async fn discard(
    State(served): Context,
    of: Result<Query<UndeliveredSelector>, QueryRejection>,
) -> Result<Response, Fault> {
    let Query(of) = of.map_err(|e| Fault::wrong(e.body_text()))?;
    blocking(move || {
        let (receiver, episode) = (of.receiver.as_deref(), of.episode.as_deref());
        counted(served.alerts.discard(receiver, episode))
    })
    .await?
}

/// Reads a JSON body without duplicate keys.
pub fn read<T: DeserializeOwned>(body: Body) -> Result<T, Fault> {
    let body = body.map_err(|e| Fault(e.status(), e.body_text()))?;
    let UniqueKeys(value) = serde_json::from_slice(&body)
        .map_err(|e| Fault::wrong(format!("the body isn't JSON: {e}")))?;
    serde_json::from_value(value).map_err(|e| Fault::wrong(without_values(&e.to_string())))
}

/// Whether somebody may be called that and say that.
pub fn check_words(who: &str, word: &str) -> Result<(), Fault> {
    if who.trim().is_empty() || who.len() > LONGEST_NAME {
        return Err(Fault::wrong(format!(
            "who: a name of 1 to {LONGEST_NAME} bytes"
        )));
    }
    if word.len() > LONGEST_WORD {
        return Err(Fault::wrong(format!("word: at most {LONGEST_WORD} bytes")));
    }
    Ok(())
}

/// It counts, but not for long.
pub fn not_kept(why: String) -> Fault {
    let what = format!(
        "this counts from now on, but the disk doesn't take it, so that it ends with the monitor: {why}"
    );
    Fault(StatusCode::INSUFFICIENT_STORAGE, what)
}

fn unavailable(why: String) -> Fault {
    Fault(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("the history can't be read: {why}"),
    )
}
