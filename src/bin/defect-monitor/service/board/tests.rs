// SPDX-License-Identifier: MPL-2.0
//! The board with streams that say made things.
