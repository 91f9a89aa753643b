// SPDX-License-Identifier: MPL-2.0
//! The boards of the other members, as far as the page needs them: read while somebody looks, once a second at most.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::super::alerts::operations::Acknowledgement;
use super::super::super::board::Board;
use super::super::super::cluster::{Cluster, Question, StreamStatus};
use super::super::card::Pulse;

/// What was read so recently is told again.
const FRESH: Duration = Duration::from_secs(1);

/// What others have told.
#[derive(Debug, Default)]
pub struct Boards {
    read: Option<Instant>,
    /// By member; only those that answer.
    members: BTreeMap<Arc<str>, MemberBoard>,
    /// Of all streams that this member doesn't have.
    cards: BTreeMap<Arc<str>, Card>,
}

/// A stream of another member.
#[derive(Debug)]
pub struct Card {
    /// In short, as that member tells it.
    pub value: Arc<Value>,
    /// The revision of this member's board when it changed.
    pub changed: u64,
}

/// What one of them has told.
#[derive(Debug, Default)]
struct MemberBoard {
    session: i64,
    revision: u64,
    cards: BTreeMap<Arc<str>, Arc<Value>>,
    pulse: BTreeMap<Arc<str>, Pulse>,
    acknowledged: BTreeMap<Arc<str>, Acknowledgement>,
}

/// Its answer to "what is new?".
#[derive(Debug, Deserialize)]
struct News {
    session: i64,
    revision: u64,
    all: bool,
    streams: Vec<Value>,
    pulse: BTreeMap<Arc<str>, Pulse>,
    words: Vec<Arc<str>>,
    acknowledged: BTreeMap<Arc<str>, Acknowledgement>,
}

impl Boards {
    /// Asks all others what is new, unless that is known.
    pub async fn refresh(&mut self, cluster: &Cluster, board: &Board) {
        if self.read.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        let mut known = std::mem::take(&mut self.members);
        let asked = cluster.others().into_iter().map(|name| {
            let known = known.remove(&name).unwrap_or_default();
            async move {
                let path = format!("/board?session={}&since={}", known.session, known.revision);
                let answer = cluster.ask(&name, &Question::get(&path)).await?;
                let news = serde_json::from_slice::<News>(&answer.body).ok()?;
                Some((name, known.with(news, board)))
            }
        });
        let answers: Vec<_> = asked.collect();
        self.members = join_all(answers).await.into_iter().flatten().collect();
        self.take_cards(&cluster.status().streams, board);
        self.read = Some(Instant::now());
    }

    /// All streams that this member doesn't have.
    pub fn cards(&self) -> impl Iterator<Item = (&Arc<str>, &Card)> {
        self.cards.iter()
    }

    /// What changes all the time of a stream.
    pub fn pulse(&self, id: &str) -> Option<&Pulse> {
        self.members
            .values()
            .find_map(|member| member.pulse.get(id))
    }

    /// Who takes care of which episode.
    pub fn acknowledged(&self) -> impl Iterator<Item = (&Arc<str>, &Acknowledgement)> {
        self.members
            .values()
            .flat_map(|member| &member.acknowledged)
    }

    fn take_cards(&mut self, streams: &[StreamStatus], board: &Board) {
        let mut own = BTreeSet::new();
        board.each(|sheet| {
            own.insert(Arc::clone(&sheet.id));
        });
        let mut before = std::mem::take(&mut self.cards);
        for stream in streams.iter().filter(|stream| !own.contains(&stream.id)) {
            let known = before.remove(&stream.id);
            let value = self.card_of(stream);
            let card = match known {
                Some(known) if is_same(&known.value, &value) => known,
                _ => Card {
                    value,
                    changed: board.note_change(),
                },
            };
            self.cards.insert(Arc::clone(&stream.id), card);
        }
        if !before.is_empty() {
            board.note_removal();
        }
    }

    /// As its holder tells it, or whoever else knows it.
    fn card_of(&self, stream: &StreamStatus) -> Arc<Value> {
        let holder = stream
            .member
            .as_ref()
            .and_then(|name| self.members.get(name));
        let all = holder.into_iter().chain(self.members.values());
        let told = all.filter_map(|member| member.cards.get(&stream.id)).next();
        let (state, why) = match (&holder, &stream.member) {
            (Some(_), _) => ("pending", None),
            (None, member) => ("unwatched", Some(why_unwatched(member.as_deref()))),
        };
        told.cloned().unwrap_or_else(|| {
            Arc::new(json!({
                "id": stream.id, "uri": stream.uri, "labels": stream.labels, "state": state, "reason": why,
                "since": Timestamp::now(), "tracks": [], "analysed": 0.0, "restarts": 0, "open": [], "recent": [],
            }))
        })
    }
}

/// Why nothing is known of a stream that this member claims.
pub fn why_unwatched(member: Option<&str>) -> String {
    match member {
        Some(member) => format!("the member {member} doesn't answer"),
        None => "no member of the cluster watches it".to_owned(),
    }
}

/// Whether nothing has changed. A stream that nobody tells of has been so since it was seen first.
fn is_same(known: &Value, value: &Value) -> bool {
    let is_untold = |card: &Value| card["analysed"] == 0.0 && card["tracks"] == json!([]);
    let alike = ["state", "reason", "uri", "labels", "open"];
    known == value
        || (is_untold(known)
            && is_untold(value)
            && alike.iter().all(|key| known[key] == value[key]))
}

impl MemberBoard {
    fn with(mut self, news: News, board: &Board) -> Self {
        if news.all {
            self.cards.clear();
        }
        for card in news.streams {
            if let Some(id) = card["id"].as_str() {
                self.cards.insert(id.into(), Arc::new(card));
            }
        }
        let own = |(id, mut pulse): (Arc<str>, Pulse)| {
            let word = news.words.get(usize::from(pulse.5));
            pulse.5 = word.map_or(0, |word| board.word(word));
            (id, pulse)
        };
        self.pulse = news.pulse.into_iter().map(own).collect();
        (self.session, self.revision) = (news.session, news.revision);
        self.acknowledged = news.acknowledged;
        self
    }
}
