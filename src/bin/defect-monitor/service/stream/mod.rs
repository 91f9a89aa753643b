// SPDX-License-Identifier: MPL-2.0
//! One stream: played, watched, and played again when it fails.
