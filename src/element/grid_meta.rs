// SPDX-License-Identifier: MPL-2.0
//! The grid travelling on the buffer: whichever detector a frame meets first measures it, the later ones read.
//!
//! It is a custom meta without tags, so that elements in between keep it; whether it can be trusted is decided by
//! [`upstream`](super::upstream).

use std::sync::Arc;

use gst::glib;

use crate::core::picture::Grid;

const NAME: &str = "GstDefectGridMeta";
const FIELD: &str = "grid";

/// A grid, and who measured it.
#[derive(Clone, Debug, glib::SharedBoxed)]
#[shared_boxed_type(name = "GstDefectGrid")]
pub struct Measured(pub Arc<Inner>);

/// See [`Measured`].
#[derive(Debug)]
pub struct Inner {
    /// The statistics.
    pub grid: Arc<Grid>,
    /// The element that measured them, by its address.
    pub maker: usize,
}

/// Registers the meta; once per process, before any element exists.
pub fn register() {
    if !gst::meta::CustomMeta::is_registered(NAME) {
        gst::meta::CustomMeta::register(NAME, &[]);
    }
}

/// What a buffer carries.
pub fn of(buffer: &gst::BufferRef) -> Option<Measured> {
    let meta = gst::meta::CustomMeta::from_buffer(buffer, NAME).ok()?;
    meta.structure().get::<Measured>(FIELD).ok()
}

/// Makes a buffer carry it, in place of an older one. A shared buffer gets a new header around the same memory; where the
/// memory refuses to be shared the grid stays behind, for a copy of the pixels is no price to pay.
pub fn attach(buffer: &mut gst::Buffer, measured: Measured) {
    if !buffer.is_writable() {
        if buffer
            .iter_memories()
            .any(|m| m.flags().contains(gst::MemoryFlags::NO_SHARE))
        {
            return;
        }
        let flags = buffer.flags();
        let own = buffer.make_mut();
        own.unset_flags(gst::BufferFlags::TAG_MEMORY);
        own.set_flags(flags);
    }
    let Some(buffer) = buffer.get_mut() else {
        return;
    };
    if let Ok(mut meta) = gst::meta::CustomMeta::from_mut_buffer(buffer, NAME) {
        meta.mut_structure().set(FIELD, measured);
    } else if let Ok(mut meta) = gst::meta::CustomMeta::add(buffer, NAME) {
        meta.mut_structure().set(FIELD, measured);
    }
}
