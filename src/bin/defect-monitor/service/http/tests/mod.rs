// SPDX-License-Identifier: MPL-2.0
//! The server as its users meet it: over a socket, and in a browser.

mod access;
mod browser;
mod client;
pub mod made;
mod metrics;
mod operators;
mod page;
pub mod rig;
mod server;
