// SPDX-License-Identifier: MPL-2.0
//! The page's files, which are in the program.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use super::Served;

macro_rules! files {
    ($($path:literal $kind:literal $file:literal;)*) => {
        /// Their paths.
        pub fn routes() -> Router<Arc<Served>> {
            Router::new()$(.route($path, get(async || {
                ([(CONTENT_TYPE, $kind)], &include_bytes!(concat!("page/", $file))[..])
            })))*
        }
    };
}

files! {
    "/" "text/html; charset=utf-8" "index.html";
    "/icon.svg" "image/svg+xml" "icon.svg";
    "/base.css" "text/css; charset=utf-8" "base.css";
    "/dialogs.css" "text/css; charset=utf-8" "dialogs.css";
    "/problems.css" "text/css; charset=utf-8" "problems.css";
    "/wall.css" "text/css; charset=utf-8" "wall.css";
    "/poll.js" "text/javascript; charset=utf-8" "poll.js";
    "/app.js" "text/javascript; charset=utf-8" "app.js";
    "/alarm.js" "text/javascript; charset=utf-8" "alarm.js";
    "/card.js" "text/javascript; charset=utf-8" "card.js";
    "/detail.js" "text/javascript; charset=utf-8" "detail.js";
    "/dom.js" "text/javascript; charset=utf-8" "dom.js";
    "/history.js" "text/javascript; charset=utf-8" "history.js";
    "/levels.js" "text/javascript; charset=utf-8" "levels.js";
    "/meters.js" "text/javascript; charset=utf-8" "meters.js";
    "/operations.js" "text/javascript; charset=utf-8" "operations.js";
    "/order.js" "text/javascript; charset=utf-8" "order.js";
    "/problems.js" "text/javascript; charset=utf-8" "problems.js";
    "/timeline.js" "text/javascript; charset=utf-8" "timeline.js";
    "/times.js" "text/javascript; charset=utf-8" "times.js";
    "/wall.js" "text/javascript; charset=utf-8" "wall.js";
    "/words.js" "text/javascript; charset=utf-8" "words.js";
}
