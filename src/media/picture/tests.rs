// SPDX-License-Identifier: MPL-2.0

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod frame;
mod kernels;
mod layouts;
mod oracle;
mod pixels;
mod planes;
mod pool;
