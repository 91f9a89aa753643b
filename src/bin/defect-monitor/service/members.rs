// SPDX-License-Identifier: MPL-2.0
//! The number of members that share the streams: fixed, or that of a Kubernetes StatefulSet, which is polled.
//!
//! A StatefulSet numbers its pods from 0 without gaps and removes the highest first, as rendezvous hashing needs it.
//! So scaling it, by a person or an autoscaler, moves only the share of one member.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, Client, Url};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::log;
use super::parts::{PartHealth, Parts};
use super::shard::Shard;
use super::tls;
use super::{causes, chance};

/// How often the number is polled.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// Timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The folder that Kubernetes gives to a pod: `ca.crt`, and `token`, which is renewed from time to time.
const ACCOUNT_FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The name of this part in `/readyz` and metrics.
const PART: &str = "members";

/// The argument of `--shard`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardArgument {
    /// Number of this member, from 0.
    pub member: u32,
    /// How many there are.
    pub members: Members,
}

/// Where the number of members comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// A fixed number.
    Fixed(u32),
    /// The address of a StatefulSet in the API of Kubernetes.
    StatefulSet(Url),
}

/// The number of members, as it changes.
#[derive(Debug)]
pub struct MemberCount {
    now: watch::Receiver<Shard>,
    wake: Arc<Notify>,
}

impl MemberCount {
    /// Polls once, and from then on regularly; an error if the first poll fails, since a guess would leave streams
    /// unwatched.
    pub fn start(share: &ShardArgument, parts: &Parts, runtime: &Handle) -> Result<Self, String> {
        let wake = Arc::new(Notify::new());
        let member = share.member;
        let url = match &share.members {
            Members::Fixed(members) => {
                let members = *members;
                let (_, now) = watch::channel(Shard { member, members });
                return Ok(Self { now, wake });
            }
            Members::StatefulSet(url) => url.clone(),
        };
        let wrong = |why: String| format!("--shard: the number of members: {why}");
        let api = Api::new(url).map_err(wrong)?;
        let members = runtime.block_on(api.ask()).map_err(wrong)?.wanted();
        parts.report(PART, PartHealth::Fine);
        let (tell, now) = watch::channel(Shard { member, members });
        let follower = Poller {
            api,
            tell,
            parts: parts.clone(),
        };
        runtime.spawn(follower.go(Arc::clone(&wake)));
        Ok(Self { now, wake })
    }

    /// This member's share at present.
    pub fn shard(&self) -> Shard {
        *self.now.borrow()
    }

    /// Polls again soon.
    pub fn refresh(&self) {
        self.wake.notify_one();
    }
}

/// Polls the number of members.
struct Poller {
    api: Api,
    tell: watch::Sender<Shard>,
    parts: Parts,
}

impl Poller {
    async fn go(self, wake: Arc<Notify>) {
        let mut is_away = false;
        while !self.tell.is_closed() {
            let pause = POLL_INTERVAL.mul_f64(chance(0.75, 1.25));
            // Ends early if the number is wanted now.
            let _ = tokio::time::timeout(pause, wake.notified()).await;
            let looked = self.look().await;
            match &looked {
                Ok(()) => self.parts.report(PART, PartHealth::Fine),
                Err(why) => self.parts.report(PART, PartHealth::Degraded(why.clone())),
            }
            match &looked {
                Ok(()) if is_away => log::line(PART, "their number is known again"),
                Err(why) if !is_away => log::warn(PART, why),
                _ => {}
            }
            is_away = looked.is_err();
        }
    }

    /// Publishes the number; an error leaves it unchanged.
    async fn look(&self) -> Result<(), String> {
        let shard = *self.tell.borrow();
        let set = self
            .api
            .ask()
            .await
            .map_err(|why| format!("{why}; the streams stay shared among {}", shard.members))?;
        let members = set.members(shard);
        self.tell
            .send_if_modified(|known| std::mem::replace(&mut known.members, members) != members);
        Ok(())
    }
}

/// The fields of a StatefulSet that are used.
#[derive(Debug, Deserialize)]
struct StatefulSet {
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Spec {
    replicas: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    ready_replicas: u32,
}

impl StatefulSet {
    /// The number of members wanted, at least one.
    fn wanted(&self) -> u32 {
        self.spec.replicas.max(1)
    }

    /// Number of members to shard by; `told` is the number so far. When the set grows, the old number is kept until
    /// all members are ready, so that no stream is unwatched meanwhile; when it shrinks, the new number applies at
    /// once.
    fn members(&self, shard: Shard) -> u32 {
        let wanted = self.wanted();
        let is_ready = self.status.ready_replicas >= wanted;
        match wanted < shard.members || is_ready || shard.member >= shard.members {
            true => wanted,
            false => shard.members,
        }
    }
}

/// The address at which a StatefulSet is polled.
#[derive(Debug)]
struct Api {
    client: Client,
    url: Url,
}

impl Api {
    fn new(url: Url) -> Result<Self, String> {
        tls::prepare();
        let mut client = Client::builder().timeout(TIMEOUT);
        let authority = Path::new(ACCOUNT_FOLDER).join("ca.crt");
        if authority.exists() {
            let text = tls::authority(&authority)?;
            let known = Certificate::from_pem_bundle(&text).map_err(|e| e.to_string())?;
            client = client.tls_certs_only(known);
        }
        let client = client.build().map_err(|e| e.to_string())?;
        Ok(Self { client, url })
    }

    async fn ask(&self) -> Result<StatefulSet, String> {
        let wrong = |e: reqwest::Error| causes(&e);
        let mut request = self.client.get(self.url.clone());
        // The token is never sent unencrypted.
        if self.url.scheme() == "https"
            && let Ok(token) = std::fs::read_to_string(Path::new(ACCOUNT_FOLDER).join("token"))
        {
            request = request.bearer_auth(token.trim());
        }
        let answer = request.send().await.map_err(wrong)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("{} answers {status}", self.url));
        }
        let body = answer.bytes().await.map_err(wrong)?;
        serde_json::from_slice(&body).map_err(|e| format!("{} isn't a StatefulSet: {e}", self.url))
    }
}

impl FromStr for ShardArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} isn't I/N with I from 0 to N - 1, e.g. 0/3, 1/3, 2/3 for three members; N may be the address of a \
                 StatefulSet in the API of Kubernetes"
            )
        };
        let (member, members) = text.split_once('/').ok_or_else(wrong)?;
        let member = member.parse().map_err(|_| wrong())?;
        let members = match members.parse() {
            Ok(members) => Members::Fixed(members),
            Err(_) => Members::StatefulSet(members.parse().map_err(|_| wrong())?),
        };
        let fits = match &members {
            Members::Fixed(members) => member < *members,
            Members::StatefulSet(url) => matches!(url.scheme(), "http" | "https"),
        };
        fits.then_some(Self { member, members }).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(json: &str) -> StatefulSet {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_new_member_takes_over_when_it_is_ready() {
        let growing = set(r#"{"spec":{"replicas":3},"status":{"replicas":3,"readyReplicas":2}}"#);
        let grown = set(r#"{"spec":{"replicas":3},"status":{"replicas":3,"readyReplicas":3}}"#);
        let of = |member, members| Shard { member, members };
        assert_eq!(growing.members(of(1, 2)), 2);
        assert_eq!(grown.members(of(1, 2)), 3);
        // A member beyond the old count uses the new number; a member that isn't ready changes nothing for the
        // others.
        assert_eq!(growing.members(of(2, 2)), 3);
        assert_eq!(growing.members(of(0, 3)), 3);
        assert_eq!(growing.members(of(0, 4)), 3);
    }

    #[test]
    fn a_set_that_has_just_been_made_has_no_status() {
        assert_eq!(set(r#"{"spec":{"replicas":2}}"#).wanted(), 2);
        let none = set(r#"{"spec":{"replicas":0},"status":{"replicas":1}}"#);
        assert_eq!(none.wanted(), 1);
        assert!(serde_json::from_str::<StatefulSet>(r#"{"kind":"Status"}"#).is_err());
    }

    #[test]
    fn shares_are_read_and_wrong_ones_refused() {
        let share: ShardArgument = "1/3".parse().unwrap();
        assert_eq!((share.member, share.members), (1, Members::Fixed(3)));
        let share: ShardArgument = "7/https://h/apis/apps/v1/namespaces/n/statefulsets/s"
            .parse()
            .unwrap();
        assert_eq!(share.member, 7);
        assert!(matches!(share.members, Members::StatefulSet(url) if url.path().ends_with("/s")));
        for wrong in [
            "3/3",
            "1",
            "a/b",
            "-1/3",
            "0/0",
            "",
            "0/ftp://h/",
            "/http://h/",
        ] {
            assert!(wrong.parse::<ShardArgument>().is_err(), "{wrong}");
        }
    }
}
