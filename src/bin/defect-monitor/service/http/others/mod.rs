// SPDX-License-Identifier: MPL-2.0
//! What other members of a cluster know: any member answers for all of them, and asks those who know.

use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tower::ServiceExt;

use super::super::board::{State as StreamState, StreamSheet};
use super::super::cluster::{Answer, Cluster, Question};
use super::reply::Fault;
use super::{LARGEST, Served, Sources, api, operations};

mod boards;
mod lists;

pub use boards::{Boards, Card as OtherCard};
pub use lists::{by_time, events};

/// The largest answer of another member.
const MOST: usize = 64 * 1024 * 1024;

/// The other members; none without a cluster.
#[derive(Debug, Default)]
pub struct Others {
    cluster: Option<Arc<Cluster>>,
    boards: Arc<Mutex<Boards>>,
}

impl Others {
    /// Of that cluster.
    pub fn new(cluster: Option<Arc<Cluster>>) -> Self {
        Self {
            cluster,
            boards: Arc::default(),
        }
    }

    /// What the others have on their boards. None without a cluster.
    pub async fn boards(&self, served: &Served) -> Option<OwnedMutexGuard<Boards>> {
        let cluster = self.cluster.as_ref()?;
        let mut boards = Arc::clone(&self.boards).lock_owned().await;
        boards.refresh(cluster, &served.board).await;
        Some(boards)
    }

    /// The answer of the member that watches a stream; none if that is this one, or if it doesn't answer.
    pub async fn holder(&self, stream: &str, question: &Question) -> Option<Response> {
        let cluster = self.cluster.as_ref()?;
        let holder = cluster.holder(stream)?;
        let answer = cluster.ask(&holder, question).await?;
        is_found(&answer).then(|| response(answer))
    }

    /// The first answer of another member that knows what is asked for.
    async fn first(&self, question: &Question) -> Option<Response> {
        let cluster = self.cluster.as_ref()?;
        let others = cluster.others();
        let asked = others.iter().map(|member| cluster.ask(member, question));
        let asked: FuturesUnordered<_> = asked.collect();
        let found = asked.filter_map(async |answer| answer.filter(is_found));
        pin!(found).next().await.map(response)
    }

    /// The answers of all other members that give one.
    pub async fn all(&self, question: &Question) -> Vec<Answer> {
        let Some(cluster) = &self.cluster else {
            return Vec::new();
        };
        let others = cluster.others();
        let asked = others.iter().map(|member| cluster.ask(member, question));
        let answers = join_all(asked).await.into_iter().flatten();
        answers.filter(|answer| answer.status < 300).collect()
    }

    /// A stream of which no member says anything. None if it isn't one of the cluster.
    pub fn unwatched(&self, id: &str) -> Option<StreamSheet> {
        let streams = self.cluster.as_ref()?.status().streams;
        let stream = streams.into_iter().find(|stream| *stream.id == *id)?;
        Some(StreamSheet {
            uri: stream.uri.as_str().into(),
            labels: Arc::clone(&stream.labels),
            state: StreamState::Unwatched,
            reason: Some(boards::why_unwatched(stream.member.as_deref())),
            analysed: 0.0,
            ..StreamSheet::new(stream.id)
        })
    }

    /// Whether it is a stream of the cluster.
    pub fn has(&self, id: &str) -> bool {
        self.unwatched(id).is_some()
    }
}

/// Lets the other members ask this one.
pub fn answer(cluster: &Arc<Cluster>, sources: &Sources) {
    let own = Arc::new(Served {
        sources: Sources {
            cluster: None,
            ..sources.clone()
        },
        access: super::Access::default(),
        others: Others::default(),
    });
    let router = Router::new()
        .merge(api::routes())
        .merge(operations::routes(&own))
        .with_state(own);
    cluster.answer(move |question| respond(router.clone(), question));
}

async fn respond(router: Router, question: Question) -> Answer {
    let is_allowed = question.method == "GET" || question.path.starts_with("/episodes/");
    if !is_allowed {
        return Answer::of(StatusCode::FORBIDDEN.as_u16(), "members don't ask that");
    }
    let request = axum::http::Request::builder()
        .method(question.method.as_str())
        .uri(&question.path)
        .body(Body::from(question.body.to_vec()));
    let response = match request {
        Ok(request) => router.oneshot(request).await.into_response(),
        Err(e) => Fault::wrong(e.to_string()).into_response(),
    };
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (status, kind) = (response.status().as_u16(), kind.to_owned());
    let body = to_bytes(response.into_body(), MOST).await;
    Answer {
        status,
        kind,
        body: body.unwrap_or_default().as_ref().into(),
    }
}

/// What isn't here is asked of the others.
pub async fn elsewhere(
    State(served): State<Arc<Served>>,
    request: Request,
    next: Next,
) -> Response {
    if served.cluster.is_none() {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return Fault::wrong("the body can't be read").into_response();
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let question = Question {
        method: head.method.to_string(),
        path: path.to_owned(),
        body: body.as_ref().into(),
    };
    let own = next.run(Request::from_parts(head, Body::from(body))).await;
    if knows(own.status()) {
        return own;
    }
    served.others.first(&question).await.unwrap_or(own)
}

fn is_found(answer: &Answer) -> bool {
    StatusCode::from_u16(answer.status).is_ok_and(knows)
}

/// Whether a member that answers so knows what is asked for. One that can't read its history doesn't.
fn knows(status: StatusCode) -> bool {
    status != StatusCode::NOT_FOUND && !status.is_server_error()
}

fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let kind = [(header::CONTENT_TYPE, answer.kind)];
    (status, kind, answer.body.to_vec()).into_response()
}
