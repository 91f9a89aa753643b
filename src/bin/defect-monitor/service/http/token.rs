// SPDX-License-Identifier: MPL-2.0
//! Tokens: what a request has, and which are right.

use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use super::super::config::Secret;
use crate::lock::lock;

/// The tokens of a secret, a line each, as they are now: a file may change.
#[derive(Debug)]
pub struct Tokens {
    secret: Secret,
    read: Mutex<Read>,
}

#[derive(Default)]
struct Read {
    tokens: Vec<String>,
    changed: Option<SystemTime>,
}

/// Never shown.
impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tokens", self.tokens.len())
    }
}

impl Tokens {
    /// Those of a secret; an error if there is none.
    pub fn of(secret: &Secret) -> Result<Self, String> {
        let read = Read::of(secret)?;
        Ok(Self {
            secret: secret.clone(),
            read: Mutex::new(read),
        })
    }

    /// Whether it is one of them. How long that takes doesn't say how much of it is right.
    pub fn has(&self, given: &str) -> bool {
        let mut read = lock(&self.read);
        if let Secret::File(path) = &self.secret
            && changed(path) != read.changed
            // While the file can't be read, what was in it counts.
            && let Ok(now) = Read::of(&self.secret)
        {
            *read = now;
        }
        let equal = |token: &String| token.as_bytes().ct_eq(given.as_bytes());
        let any = read.tokens.iter().map(equal);
        any.fold(subtle::Choice::from(0), |found, one| found | one)
            .into()
    }
}

impl Read {
    fn of(secret: &Secret) -> Result<Self, String> {
        let changed = match secret {
            Secret::File(path) => changed(path),
            Secret::Env(_) => None,
        };
        let text = secret.read()?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens: Vec<_> = lines.map(ToOwned::to_owned).collect();
        match tokens.is_empty() {
            true => Err("it is empty".to_owned()),
            false => Ok(Self { tokens, changed }),
        }
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path)
        .and_then(|about| about.modified())
        .ok()
}

/// The token of a request: `Bearer TOKEN`, or the password of `Basic`, for which browsers ask.
pub fn given(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.trim().split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    text.split_once(':')
        .map(|(_, password)| password.to_owned())
}
