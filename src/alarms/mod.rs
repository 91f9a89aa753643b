// SPDX-License-Identifier: MPL-2.0
//! What concerns several detectors at once: which of them watch a stream, which alarms imply others, and when picture
//! and sound are both gone.

mod chosen_detector;
pub mod outage;
pub mod relations;
pub mod selection;
mod selection_error;
pub mod suppression;

pub use selection::Selection;
pub use selection_error::SelectionError;
