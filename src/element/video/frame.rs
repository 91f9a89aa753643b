// SPDX-License-Identifier: MPL-2.0
//! The planes of a picture in a buffer, mapped only when they are read.

use super::super::unreadable::Unreadable;
use crate::media::picture::{Area, Pixels, Planes, VideoFormat};

/// A picture in a buffer.
pub struct Frame<'a> {
    /// The format by the caps.
    pub info: &'a gst_video::VideoInfo,
    /// The format of the part that will be shown.
    pub format: &'a VideoFormat,
    /// The part that will be shown.
    pub shown: Area,
    /// The buffer.
    pub buffer: &'a gst::BufferRef,
}

impl Frame<'_> {
    /// Maps the buffer and hands over its planes. Each is no longer than the memory that was mapped for it, whatever metas say.
    ///
    /// # Errors
    /// If the memory can't be mapped, or doesn't hold the planes.
    pub fn map<R>(&self, use_planes: impl FnOnce(&Planes<'_>) -> R) -> Result<R, Unreadable> {
        let unmappable = |_| Unreadable::Unmappable(self.buffer.size());
        let Some(meta) = self.buffer.meta::<gst_video::VideoMeta>() else {
            let (info, whole) = (self.info, self.buffer.map_readable().map_err(unmappable)?);
            let planes = info
                .offset()
                .iter()
                .map(|offset| whole.get(*offset..).unwrap_or_default());
            return self.with_planes(planes.zip(info.stride()), use_planes);
        };
        if meta.format() != self.info.format()
            || meta.width() < self.info.width()
            || meta.height() < self.info.height()
        {
            return Err(Unreadable::Planes(
                "its VideoMeta is of another format than the caps".to_owned(),
            ));
        }
        let mut memories = [const { None }; MOST_PLANES];
        for (memory, offset) in memories.iter_mut().zip(meta.offset()) {
            if let Some((at, skip)) = self.buffer.find_memory(*offset..) {
                let map = self.buffer.peek_memory(at.start).map_readable();
                *memory = Some((map.map_err(unmappable)?, skip));
            }
        }
        let planes = memories.iter().map(|memory| match memory {
            Some((map, skip)) => map.get(*skip..).unwrap_or_default(),
            None => &[],
        });
        self.with_planes(planes.zip(meta.stride()), use_planes)
    }

    /// Hands over the part that will be shown of planes, each with its stride.
    fn with_planes<'a, R>(
        &self,
        given: impl Iterator<Item = (&'a [u8], &'a i32)>,
        use_planes: impl FnOnce(&Planes<'_>) -> R,
    ) -> Result<R, Unreadable> {
        let (x, y) = (self.shown.x as usize, self.shown.y as usize);
        let mut planes: [(&[u8], usize); MOST_PLANES] = [(&[], 0); MOST_PLANES];
        let count = self.format.plane_count();
        for (i, (plane, (bytes, stride))) in planes.iter_mut().zip(given).enumerate().take(count) {
            let stride = upright(*stride)?;
            let first = self.format.layout.offset(i, x, y, stride);
            *plane = (bytes.get(first..).unwrap_or_default(), stride);
        }
        let planes = Planes::new(self.format, &planes[..count])
            .map_err(|e| Unreadable::Planes(e.to_string()))?;
        Ok(use_planes(&planes))
    }
}

/// The most planes that a layout has.
const MOST_PLANES: usize = 3;

impl Pixels for Frame<'_> {
    fn map_planes(&self, read: &mut dyn FnMut(&Planes<'_>)) -> bool {
        self.map(read).is_ok()
    }
}

/// The part of a buffer that will be shown: all that the caps say, or the rectangle of its crop meta as far as the
/// buffer has it.
pub fn shown(info: &gst_video::VideoInfo, buffer: &gst::BufferRef) -> Area {
    let all = Area {
        x: 0,
        y: 0,
        width: info.width(),
        height: super::caps::lines(info) as u32,
    };
    let Some(crop) = buffer.meta::<gst_video::VideoCropMeta>() else {
        return all;
    };
    let (width, height) = match buffer.meta::<gst_video::VideoMeta>() {
        Some(meta) => (meta.width(), meta.height()),
        None => (all.width, all.height),
    };
    let (x, y, wide, high) = crop.rect();
    let shown = Area {
        x,
        y,
        width: wide.min(width.saturating_sub(x)),
        height: high.min(height.saturating_sub(y)),
    };
    if shown.width > 0 && shown.height > 0 {
        shown
    } else {
        all
    }
}

fn upright(stride: i32) -> Result<usize, Unreadable> {
    usize::try_from(stride)
        .map_err(|_| Unreadable::Planes("it is upside down (negative stride)".to_owned()))
}
