// SPDX-License-Identifier: MPL-2.0
//! Signal processing that several detectors share.

pub mod sine;
pub mod sliding_window;
pub mod spectrum;
