// SPDX-License-Identifier: MPL-2.0
//! The grid as a meta of the buffer: the first detector that sees a frame measures it, later ones read the grid.
//!
//! It is a custom meta without tags, so that elements in between keep it; whether it can be trusted is decided by
//! [`upstream`](super::upstream).

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use gst::{glib, prelude::*};

use crate::media::picture::{Area, Grid};

const NAME: &str = "GstDefectGridMeta";
const TYPE_NAME: &str = "GstDefectGrid";
const FIELD: &str = "grid";

/// A grid, and the element that measured it.
#[derive(Clone, Debug, glib::SharedBoxed)]
#[shared_boxed_type(name = "GstDefectGrid")]
pub struct Measured(pub Arc<Inner>);

/// See [`Measured`].
#[derive(Debug)]
pub struct Inner {
    /// The statistics.
    pub grid: Arc<Grid>,
    /// The part of the buffer that was measured: the part that will be shown.
    pub shown: Area,
    /// The element that measured them, by its address.
    pub maker: usize,
    /// How many grids were measured before this one, in the whole process.
    pub number: u64,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

/// How many grids were measured so far, in the whole process.
pub fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// Makes a meta of a grid that `maker` has just measured, of the part `shown` of a buffer.
pub fn measured(grid: Arc<Grid>, shown: Area, maker: &gst::Element) -> Measured {
    Measured(Arc::new(Inner {
        grid,
        shown,
        maker: maker.as_ptr() as usize,
        number: COUNT.fetch_add(1, Ordering::Relaxed),
    }))
}

/// Whether another copy of this library was first in the process, for example the plugin's file beside a program that
/// has it linked in. GObject knows a type name once, so the elements of the first copy are used.
pub fn belongs_to_another_copy() -> bool {
    static FIRST: OnceLock<bool> = OnceLock::new();
    !*FIRST.get_or_init(|| glib::Type::from_name(TYPE_NAME).is_none())
}

/// Registers the meta; once per process, before any element exists.
pub fn register() {
    let _known_from_here_on = Measured::static_type();
    if !gst::meta::CustomMeta::is_registered(NAME) {
        gst::meta::CustomMeta::register(NAME, &[]);
    }
}

/// The grid of a buffer.
pub fn of(buffer: &gst::BufferRef) -> Option<Measured> {
    let meta = gst::meta::CustomMeta::from_buffer(buffer, NAME).ok()?;
    meta.structure().get::<Measured>(FIELD).ok()
}

/// Attaches a grid to a buffer, in place of an older one. A shared buffer gets a new header around the same memory;
/// if that isn't possible the grid isn't attached, since copying the pixels would cost too much.
pub fn attach(buffer: &mut gst::Buffer, measured: Measured) {
    if !buffer.is_writable() {
        let Some(own) = own_header(buffer) else {
            return;
        };
        *buffer = own;
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

/// A buffer of our own with the same memory, times, flags and metas; none if some of that can't be shared.
fn own_header(buffer: &gst::BufferRef) -> Option<gst::Buffer> {
    let refuses = |m: &gst::MemoryRef| m.flags().contains(gst::MemoryFlags::NO_SHARE);
    if buffer.iter_memories().any(refuses) {
        return None;
    }
    let mut own = buffer.copy();
    let same_memory = own.n_memory() == buffer.n_memory()
        && own
            .iter_memories()
            .zip(buffer.iter_memories())
            .all(|(a, b)| a.as_ptr() == b.as_ptr());
    // Some metas have no way to be copied.
    if !same_memory || !has_metas_of(&own, buffer) {
        return None;
    }
    let header = own.get_mut()?;
    header.unset_flags(gst::BufferFlags::TAG_MEMORY);
    header.set_flags(buffer.flags());
    Some(own)
}

/// Whether a buffer has as many metas of each API as the other one; it may have more, such as the parent that newer versions of
/// GStreamer attach to a copy.
fn has_metas_of(copy: &gst::BufferRef, original: &gst::BufferRef) -> bool {
    let count = |buffer: &gst::BufferRef, api| {
        let of_api = |meta: &gst::MetaRef<'_, gst::Meta>| meta.api() == api;
        buffer.iter_meta::<gst::Meta>().filter(of_api).count()
    };
    original.iter_meta::<gst::Meta>().all(|meta| {
        let api = meta.api();
        count(copy, api) >= count(original, api)
    })
}
