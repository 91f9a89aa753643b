// SPDX-License-Identifier: MPL-2.0
//! Pictures of every kind.

use super::{
    steps::{Step, run},
    *,
};

pub fn video_format() -> impl Strategy<Value = VideoFormat> {
    let layouts: Vec<_> = Layout::all().collect();
    (
        (prop::sample::select(layouts), 1usize..130, 1usize..90),
        prop::sample::select(vec![Range::Limited, Range::Full]),
        prop::sample::select(vec![Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020]),
        prop::sample::select(vec![Transfer::Sdr, Transfer::Pq, Transfer::Hlg]),
        prop::option::of(prop_oneof![1..SECOND, any::<u64>()]),
    )
        .prop_map(
            |((layout, width, height), range, matrix, transfer, frame_duration)| VideoFormat {
                layout,
                width,
                height,
                range,
                matrix,
                transfer,
                frame_duration,
            },
        )
}

#[derive(Debug, Clone)]
pub struct Frame {
    bytes: Vec<u8>,
    padding: usize,
    length: u64,
    fields: (bool, bool, Option<bool>),
}

pub fn frame() -> impl Strategy<Value = Frame> + Clone {
    let flat = any::<u8>().prop_map(|b| vec![b]);
    let bytes = prop_oneof![flat, prop::collection::vec(any::<u8>(), 1..300)];
    let length = prop_oneof![8 => Just(40_000_000), 1 => Just(0), 1 => any::<u64>()];
    (
        bytes,
        0usize..70,
        length,
        any::<(bool, bool, Option<bool>)>(),
    )
        .prop_map(|(bytes, padding, length, fields)| Frame {
            bytes,
            padding,
            length,
            fields,
        })
}

pub struct Seeing {
    pub format: VideoFormat,
    pub steps: Vec<Step<Frame>>,
}

/// The bytes of each plane, and the stride: as the widest layout could need.
fn plane(format: &VideoFormat, frame: &Frame) -> (Vec<u8>, usize) {
    let stride = (format.width.div_ceil(6) * 16).max(format.width * 8 + 8) + frame.padding;
    let bytes = frame.bytes.iter().copied().cycle();
    (bytes.take(stride * format.height).collect(), stride)
}

fn planes<'a>(format: &VideoFormat, (plane, stride): &'a (Vec<u8>, usize)) -> Planes<'a> {
    Planes::new(format, &vec![(&plane[..], *stride); format.plane_count()]).unwrap()
}

fn grid(format: &VideoFormat, measurer: &mut Measurer, planes: &Planes<'_>) -> Arc<Grid> {
    let mut grid = Grid::new(format);
    measurer.measure(planes, &mut grid);
    Arc::new(grid)
}

impl Visitor for Seeing {
    fn video<D: Detector<Medium = Video>>(&mut self) {
        let mut measurer = Measurer::new(&self.format);
        run::<D, _>(self.format, &self.steps, |runner, frame, now| {
            let plane = plane(&self.format, frame);
            let planes = planes(&self.format, &plane);
            let grid = grid(&self.format, &mut measurer, &planes);
            let (interlaced, top_first, single) = frame.fields;
            let single = single.map(|top| if top { Field::Top } else { Field::Bottom });
            let fields = Fields {
                interlaced,
                top_first,
                single,
            };
            let span = Span::new(now, now.saturating_add(frame.length));
            runner.push(
                span,
                Picture {
                    grid: &grid,
                    fields,
                    health: BufferFlags::default(),
                    pixels: Some(&planes),
                },
            );
            span.end
        });
    }

    fn audio<D: Detector<Medium = Audio>>(&mut self) {}

    /// Pictures of both sides, and sound beside them, as far as the bytes go.
    fn pair<D: Detector<Medium = Pair>>(&mut self) {
        let mut measurer = Measurer::new(&self.format);
        let mut timeline = PairTimeline::default();
        run::<D, _>((), &self.steps, |runner, frame, now| {
            let plane = plane(&self.format, frame);
            let grid = grid(&self.format, &mut measurer, &planes(&self.format, &plane));
            let byte = frame.bytes.first().copied().unwrap_or(0);
            let span = Span::new(now, now.saturating_add(frame.length)).clamped();
            let samples: Vec<f32> = frame.bytes.iter().map(|b| f32::from(*b) / 256.0).collect();
            let stamp = TimestampCheck {
                late: Some(i64::from(byte)),
                duration: frame.length,
                ..TimestampCheck::default()
            };
            let contents = [
                Content::PictureStamp(stamp),
                Content::Picture(Picture::progressive(&grid)),
                Content::SoundStamp(stamp),
                Content::Sound(Block::new(&samples, samples.len(), 48_000)),
            ];
            for (i, content) in contents.into_iter().enumerate() {
                let reference = (byte >> i) & 1 == 1;
                let side = if reference {
                    Side::Reference
                } else {
                    Side::Programme
                };
                let piece = Piece {
                    side,
                    span,
                    content,
                };
                runner.push_untimed(piece);
                if reference || i % 2 == 0 {
                    continue;
                }
                timeline.take(i / 2, span);
                while let Some(span) = timeline.step() {
                    let content = Content::Nothing;
                    let side = Side::Programme;
                    runner.push(
                        span,
                        Piece {
                            side,
                            span,
                            content,
                        },
                    );
                }
            }
            span.end
        });
    }
}
