// SPDX-License-Identifier: MPL-2.0
//! The server as its users meet it: over a socket.

mod made;
