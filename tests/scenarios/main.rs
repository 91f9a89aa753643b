// SPDX-License-Identifier: MPL-2.0
//! Every element in real pipelines, a file each; one program, since each takes its time to link.
#![cfg(feature = "plugin")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on has failed"
)]

#[path = "../common/mod.rs"]
mod common;

mod avsyncdetect;
mod blackdetect;
mod borderdetect;
mod captiondetect;
mod clickdetect;
mod clipdetect;
mod corruptiondetect;
mod dcdetect;
mod defectbin;
mod distortiondetect;
mod dropoutdetect;
mod flashdetect;
mod freezedetect;
mod gamutdetect;
mod hissdetect;
mod humdetect;
mod interlacedetect;
mod loudnessdetect;
mod phasedetect;
mod silencedetect;
mod slatedetect;
mod stalldetect;
mod stutterdetect;
mod teardetect;
mod tonedetect;
