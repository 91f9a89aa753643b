// SPDX-License-Identifier: MPL-2.0
//! Answers: bodies, compressed for who can read that; faults as JSON; the headers that all have.

use std::io::Write;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

/// What the page may load: its own files, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Smaller bodies gain nothing.
const WORTH_COMPRESSING: usize = 1024;

pub const JSON: &str = "application/json";
pub const TEXT: &str = "text/plain; charset=utf-8";

/// What went wrong, for the one who asked.
#[derive(Debug)]
pub struct Fault(pub StatusCode, pub String);

#[derive(Serialize)]
struct Error<'a> {
    error: &'a str,
}

impl Fault {
    /// There is no such stream.
    pub fn no_stream(id: &str) -> Self {
        Self(
            StatusCode::NOT_FOUND,
            format!("there is no stream {id:?}; GET /api/v1/streams lists them"),
        )
    }

    /// It can't be understood.
    pub fn wrong(what: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, what.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&Error { error: &self.1 }).unwrap_or_default();
        let mut response = (self.0, [(header::CONTENT_TYPE, JSON)], body).into_response();
        if self.0 == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// A body of that type.
pub fn body(asked: &HeaderMap, kind: &'static str, bytes: Vec<u8>) -> Response {
    let accepts = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok());
    let gzip = accepts.is_some_and(|v| v.split(',').any(|e| e.trim().starts_with("gzip")));
    let kind = (header::CONTENT_TYPE, kind);
    if !gzip || bytes.len() < WORTH_COMPRESSING {
        return ([kind], bytes).into_response();
    }
    match compressed(&bytes) {
        Ok(small) => ([kind, (header::CONTENT_ENCODING, "gzip")], small).into_response(),
        Err(_) => ([kind], bytes).into_response(),
    }
}

/// A value as JSON.
pub fn json(asked: &HeaderMap, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => body(asked, JSON, bytes),
        Err(e) => Fault(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}

fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Adds the headers that all answers have.
pub async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let always = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
