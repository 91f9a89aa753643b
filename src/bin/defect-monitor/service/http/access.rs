// SPDX-License-Identifier: MPL-2.0
//! Who may read, and who may change streams.
//!
//! A request is judged by the way it came, by the name it calls this service, and by its token. Without tokens everybody who reaches the
//! address may read, and only the Unix socket takes changes: a reverse proxy makes strangers look like programs of this machine, so that
//! an address proves nothing.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Extension, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::config::Secret;
use super::super::config::http::{Config, Network};
use super::super::log;
use super::Served;
use super::reply::Fault;
use super::token::Tokens;
use crate::lock::lock;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A program on this machine, by the Unix socket.
    Local,
    /// By the network.
    Remote(IpAddr),
}

/// What somebody may do; each includes the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Viewer,
    Operator,
}

/// The rules.
#[derive(Debug, Default)]
pub struct Access {
    operators: Option<Tokens>,
    viewers: Option<Tokens>,
    hosts: Vec<String>,
    proxies: Vec<Network>,
    /// Refused changes that are logged.
    refused: Mutex<log::Limit>,
}

/// What proxies add to what they forward.
const FORWARDED: &[&str] = &[
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "via",
];

/// The tokens, each with what is wrong with it.
pub fn check(config: &Config) -> [Result<(), String>; 2] {
    [
        tokens("api-token", config.api_token.as_ref()).map(drop),
        tokens("viewer-token", config.viewer_token.as_ref()).map(drop),
    ]
}

fn tokens(key: &str, secret: Option<&Secret>) -> Result<Option<Tokens>, String> {
    let tokens = secret.map(Tokens::of).transpose();
    tokens.map_err(|why| format!("{key}: {why}"))
}

impl Access {
    /// As configured; an error names what can't be read.
    pub fn of(config: &Config) -> Result<Self, String> {
        Ok(Self {
            operators: tokens("api-token", config.api_token.as_ref())?,
            viewers: tokens("viewer-token", config.viewer_token.as_ref())?,
            hosts: config.hosts.clone(),
            proxies: config.trusted_proxies.clone(),
            refused: Mutex::default(),
        })
    }

    /// Whether it may be answered; an error says what is missing.
    fn check(&self, request: &Request, peer: Peer) -> Result<(), Fault> {
        let headers = request.headers();
        if !self.is_proxy(peer)
            && let Some(name) = forwarded(headers)
        {
            return Err(forbidden(format!(
                "this request was forwarded (header {name}) by a proxy that `trusted-proxies` in [http] doesn't name"
            )));
        }
        if let Peer::Remote(_) = peer {
            self.check_host(request)?;
        }
        let role = self.role(headers, peer)?;
        if is_read(request.method()) {
            return match role {
                Some(_) => Ok(()),
                None => Err(unauthorized(
                    "a token is needed to read: Authorization: Bearer TOKEN",
                )),
            };
        }
        self.check_origin(headers)?;
        match role {
            Some(Role::Operator) => Ok(()),
            _ if self.operators.is_none() => Err(forbidden(
                "streams can't be changed over the network without an `api-token` in [http]; programs on this machine use its `socket`",
            )),
            Some(Role::Viewer) if headers.contains_key(header::AUTHORIZATION) => {
                Err(forbidden("this token may only read"))
            }
            _ => Err(unauthorized(
                "the token that `api-token` names is needed: Authorization: Bearer TOKEN",
            )),
        }
    }

    fn is_proxy(&self, peer: Peer) -> bool {
        match peer {
            Peer::Local => false,
            Peer::Remote(address) => self.proxies.iter().any(|proxy| proxy.contains(address)),
        }
    }

    /// A page of another site in a browser on this network must not get through under a name of its own for this address.
    fn check_host(&self, request: &Request) -> Result<(), Fault> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let host = named.next().and_then(|value| value.to_str().ok());
        let is_known = |name: &str| name.parse().is_ok_and(|name| self.is_own(&name));
        let in_line = request
            .uri()
            .authority()
            .is_none_or(|name| self.is_own(name));
        if host.is_some_and(is_known) && named.next().is_none() && in_line {
            return Ok(());
        }
        Err(forbidden(
            "this service doesn't have the name in the header Host: use its address, or add the name to `hosts` in [http]".to_owned(),
        ))
    }

    fn is_own(&self, authority: &Authority) -> bool {
        let name = authority.host().to_ascii_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let is_listed = |host: &String| {
            let host = host.to_ascii_lowercase();
            host == name || (host.starts_with('.') && name.ends_with(&host))
        };
        name == "localhost" || bare.parse::<IpAddr>().is_ok() || self.hosts.iter().any(is_listed)
    }

    /// A browser says which site's page wants to change something.
    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(());
        };
        let origin = origin
            .to_str()
            .ok()
            .and_then(|text| text.parse::<Uri>().ok());
        let site = origin.as_ref().and_then(Uri::authority);
        let host = text(headers, header::HOST);
        let is_same =
            |site: &Authority| host.is_some_and(|h| h.eq_ignore_ascii_case(site.as_str()));
        let is_listed = |site: &Authority| !self.hosts.is_empty() && self.is_named(site);
        match site.is_some_and(|site| is_same(site) || is_listed(site)) {
            true => Ok(()),
            false => Err(forbidden(
                "pages of other sites may not change streams (header Origin)".to_owned(),
            )),
        }
    }

    /// Whether `hosts` names it.
    fn is_named(&self, site: &Authority) -> bool {
        site.host().parse::<IpAddr>().is_err() && site.host() != "localhost" && self.is_own(site)
    }

    /// What the sender may do; an error if the token is wrong.
    fn role(&self, headers: &HeaderMap, peer: Peer) -> Result<Option<Role>, Fault> {
        if peer == Peer::Local {
            return Ok(Some(Role::Operator));
        }
        let anybody = self.viewers.is_none().then_some(Role::Viewer);
        if !headers.contains_key(header::AUTHORIZATION)
            || (self.operators.is_none() && self.viewers.is_none())
        {
            return Ok(anybody);
        }
        let given = super::token::given(headers);
        let has = |tokens: &Option<Tokens>| {
            let both = tokens.as_ref().zip(given.as_ref());
            both.is_some_and(|(tokens, given)| tokens.has(given))
        };
        match (has(&self.operators), has(&self.viewers)) {
            (true, _) => Ok(Some(Role::Operator)),
            (_, true) => Ok(Some(Role::Viewer)),
            _ => Err(unauthorized("this is none of the tokens that [http] names")),
        }
    }

    /// Who sent a request, for the log. A proxy that is trusted says for whom it asks.
    fn sender(&self, headers: &HeaderMap, peer: Peer) -> String {
        let address = match peer {
            Peer::Local => return "the Unix socket".to_owned(),
            Peer::Remote(address) => address,
        };
        let client = text(headers, HeaderName::from_static("x-forwarded-for"))
            .filter(|_| self.is_proxy(peer))
            .and_then(|all| all.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        match client {
            Some(client) => format!("{client} (by the proxy {address})"),
            None => address.to_string(),
        }
    }
}

/// Answers what may be answered, and logs who changes something. What one sender may not is logged now and then, however often it tries.
pub async fn guard(
    State(served): State<Arc<Served>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let read = is_read(request.method());
    let sender = (!read).then(|| served.access.sender(request.headers(), peer));
    let path = request.uri().path();
    let what = format!("{} {path}", request.method());
    let (alive, ready) = (path == "/healthz", path == "/readyz");
    let checked = served.access.check(&request, peer);
    let is_refused = checked.is_err();
    let response = match checked {
        Ok(()) => next.run(request).await,
        // Whoever starts and stops processes has no token; it needs the status alone.
        Err(_) if read && alive => next.run(request).await,
        Err(_) if read && ready => next.run(request).await.status().into_response(),
        Err(fault) => fault.into_response(),
    };
    if let Some(sender) = sender {
        let by = format!("from {sender}: {}", response.status().as_u16());
        if !is_refused || lock(&served.access.refused).allows(&by) {
            log::line("api", format!("{what} {by}"));
        }
    }
    response
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn forwarded(headers: &HeaderMap) -> Option<&'static str> {
    FORWARDED
        .iter()
        .copied()
        .find(|name| headers.contains_key(*name))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn unauthorized(what: &str) -> Fault {
    Fault(StatusCode::UNAUTHORIZED, what.to_owned())
}

fn forbidden(what: impl Into<String>) -> Fault {
    Fault(StatusCode::FORBIDDEN, what.into())
}
