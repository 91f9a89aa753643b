// SPDX-License-Identifier: MPL-2.0
//! Known pictures: slates and test cards that the user gives as image files.
//!
//! A slate and a picture are compared as thumbnails of 32x18 means. Coding and scaling hardly change those; a clock or a ticker changes
//! a few of them, which are left out.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, TryRecvError, channel},
};

use crate::media::picture::{Cells, Colours, Grid, Rgb};

const COLUMNS: usize = 32;
const ROWS: usize = 18;
const TILES: usize = COLUMNS * ROWS;

/// How far a part of a tile's colour may be off: coding and scaling of ranges and matrices stay under it.
const NEAR: f64 = 0.06;

/// Correlation of the luma of the matching tiles, at least (algorithms of test-card detection use 0.97 for whole pictures).
const CORRELATION: f64 = 0.95;

/// Standard deviation of luma under which correlation says nothing: plain slates are compared by colour alone.
const PLAIN: f64 = 0.02;

/// A picture reduced to its tiles.
pub type Thumbnail = Box<[Rgb; TILES]>;

/// One known picture.
#[derive(Debug)]
pub struct Slate {
    /// Name of its file, without folder and ending.
    pub name: String,
    tiles: Thumbnail,
}

/// The slates of a list of files, read in the background: the stream doesn't wait for a disk.
#[derive(Debug, Default)]
pub struct Slates {
    wanted: String,
    loading: Option<Receiver<Result<Slate, SlateError>>>,
    slates: Vec<Slate>,
}

impl Slates {
    /// Sees to it that these files are read; hands problems to `warn`.
    pub fn want(&mut self, files: &str, warn: &mut dyn FnMut(String)) {
        if self.wanted != files {
            files.clone_into(&mut self.wanted);
            self.slates.clear();
            let (send, receive) = channel();
            self.loading = Some(receive);
            let files: Vec<String> = files
                .split(':')
                .filter(|f| !f.is_empty())
                .map(str::to_owned)
                .collect();
            let load = move || {
                for file in files {
                    let _ = send.send(load(Path::new(&file)));
                }
            };
            if let Err(e) = std::thread::Builder::new()
                .name("slates".into())
                .spawn(load)
            {
                warn(format!("slates can't be read: {e}"));
            }
        }
        while let Some(loading) = &self.loading {
            match loading.try_recv() {
                Ok(Ok(slate)) => self.slates.push(slate),
                Ok(Err(why)) => warn(why.to_string()),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => self.loading = None,
            }
        }
    }

    /// Whether there is anything to compare with.
    pub fn is_empty(&self) -> bool {
        self.slates.is_empty()
    }

    /// The slate that is most like the picture, with the share of tiles that match.
    pub fn best(&self, picture: &Thumbnail) -> Option<(&Slate, f64)> {
        let scores = self
            .slates
            .iter()
            .map(|slate| (slate, likeness(&slate.tiles, picture)));
        scores.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// Why a file is no slate.
#[derive(Debug)]
enum SlateError {
    Unreadable {
        path: PathBuf,
        error: image::ImageError,
    },
    TooSmall {
        path: PathBuf,
        width: usize,
        height: usize,
    },
}

impl fmt::Display for SlateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "slate {}: {error}", path.display()),
            Self::TooSmall {
                path,
                width,
                height,
            } => write!(
                f,
                "slate {}: {width}x{height} pixels are too few, {COLUMNS}x{ROWS} needed",
                path.display()
            ),
        }
    }
}

/// Reads an image file.
fn load(file: &Path) -> Result<Slate, SlateError> {
    let path = || file.to_owned();
    let image = image::open(file).map_err(|error| SlateError::Unreadable {
        path: path(),
        error,
    })?;
    let image = image.to_rgb8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    if width < COLUMNS || height < ROWS {
        return Err(SlateError::TooSmall {
            path: path(),
            width,
            height,
        });
    }
    let tiles = thumbnail(|column, row| {
        let (x, y) = (
            column * width / COLUMNS..(column + 1) * width / COLUMNS,
            row * height / ROWS..(row + 1) * height / ROWS,
        );
        let mut sum = [0.0; 3];
        for py in y.clone() {
            for px in x.clone() {
                let pixel = image.get_pixel(px as u32, py as u32).0;
                sum.iter_mut()
                    .zip(pixel)
                    .for_each(|(s, p)| *s += f64::from(p) / 255.0);
            }
        }
        sum.map(|s| s / (x.len() * y.len()) as f64)
    });
    let name = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Slate { name, tiles })
}

fn thumbnail(mut tile: impl FnMut(usize, usize) -> Rgb) -> Thumbnail {
    let mut tiles = Box::new([[0.0; 3]; TILES]);
    fill(&mut tiles, &mut tile);
    tiles
}

fn fill(tiles: &mut Thumbnail, tile: &mut dyn FnMut(usize, usize) -> Rgb) {
    for (i, t) in tiles.iter_mut().enumerate() {
        *t = tile(i % COLUMNS, i / COLUMNS);
    }
}

/// An empty thumbnail, to be filled again and again.
pub fn blank() -> Thumbnail {
    thumbnail(|_, _| [0.0; 3])
}

/// The thumbnail of a picture.
pub fn reduce(grid: &Grid, cells: &Cells, colours: &Colours, into: &mut Thumbnail) {
    let part = |range: &std::ops::Range<usize>, i: usize, of: usize| {
        let start = range.start + i * range.len() / of;
        start
            ..(range.start + (i + 1) * range.len() / of)
                .max(start + 1)
                .min(range.end.max(start + 1))
    };
    fill(into, &mut |column, row| {
        let (mut sum, mut n) = ([0.0; 3], 0.0);
        for y in part(&cells.rows, row, ROWS) {
            for x in part(&cells.columns, column, COLUMNS) {
                let rgb = colours.of_cell(grid, (y * grid.columns() + x).min(grid.sum().len() - 1));
                sum.iter_mut().zip(rgb).for_each(|(s, c)| *s += c);
                n += 1.0;
            }
        }
        sum.map(|s| s / n)
    });
}

/// The share of tiles that match; 0 if those don't vary together.
fn likeness(a: &Thumbnail, b: &Thumbnail) -> f64 {
    let near = |a: &Rgb, b: &Rgb| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= NEAR);
    let grey = |c: &Rgb| (c[0] + c[1] + c[2]) / 3.0;
    let matching = a
        .iter()
        .zip(b.iter())
        .filter(|(a, b)| near(a, b))
        .map(|(a, b)| (grey(a), grey(b)));
    let (mut n, mut sums, mut squares, mut product) = (0.0, [0.0; 2], [0.0; 2], 0.0);
    for (x, y) in matching {
        n += 1.0;
        sums = [sums[0] + x, sums[1] + y];
        squares = [squares[0] + x * x, squares[1] + y * y];
        product += x * y;
    }
    if n < 1.0 {
        return 0.0;
    }
    let deviation = |i: usize| (squares[i] / n - (sums[i] / n).powi(2)).max(0.0).sqrt();
    let covariance = product / n - sums[0] * sums[1] / (n * n);
    let varied = deviation(0) > PLAIN && deviation(1) > PLAIN;
    let together = !varied || covariance / (deviation(0) * deviation(1)) >= CORRELATION;
    if together { n / TILES as f64 } else { 0.0 }
}
