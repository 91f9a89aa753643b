// SPDX-License-Identifier: MPL-2.0
//! Answers: values and faults as JSON, and the headers that all have.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What the page may load: its own files, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

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
            // Browsers ask for a password, programs send `Bearer TOKEN`.
            let basic =
                HeaderValue::from_static("Basic realm=\"defect-monitor\", charset=\"UTF-8\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}

/// A value as JSON.
pub fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => ([(header::CONTENT_TYPE, JSON)], bytes).into_response(),
        Err(e) => Fault(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
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
