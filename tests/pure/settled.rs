// SPDX-License-Identifier: MPL-2.0
//! Detectors that have settled on something - borders, a frozen picture, a running tone, silence - before their
//! settings and regions change.

use super::{
    steps::{Step, run},
    *,
};

/// What pictures show for some seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scene {
    Moving,
    Letterboxed,
    Pillarboxed,
    Frozen,
    FrozenWithTicker,
    Black,
    Bars,
    Woven,
}

impl Scene {
    const ALL: [Self; 8] = [
        Self::Moving,
        Self::Letterboxed,
        Self::Pillarboxed,
        Self::Frozen,
        Self::FrozenWithTicker,
        Self::Black,
        Self::Bars,
        Self::Woven,
    ];

    /// Luma of a pixel of the picture with that number.
    fn luma(self, n: usize, x: usize, y: usize) -> u8 {
        let texture =
            |n: usize, x: usize| (60 + (x * 7 + n * 5) % 61 + (y * 13 + x / 9 * 29) % 83) as u8;
        match self {
            Self::Moving => texture(n, x),
            Self::Letterboxed if !(16..HEIGHT - 16).contains(&y) => 16,
            Self::Pillarboxed if !(24..WIDTH - 24).contains(&x) => 16,
            Self::Letterboxed | Self::Pillarboxed => texture(n, x),
            Self::FrozenWithTicker if y >= HEIGHT - 16 => texture(n, x),
            Self::Frozen | Self::FrozenWithTicker => texture(0, x),
            Self::Black => 16,
            Self::Bars => [180, 162, 131, 112, 84, 65, 35, 16][x * 8 / WIDTH],
            Self::Woven => texture(2 * n + y % 2, x),
        }
    }
}

const WIDTH: usize = 160;
const HEIGHT: usize = 96;

/// Pictures or blocks of a scene: it lasts for so long that detectors know it.
const LENGTH: usize = 75;

/// Scenes in turn, with a change of settings in the middle of each.
fn steps<T: Clone>(parts: &[(T, Vec<u64>)], length: usize) -> Vec<Step<(T, usize)>> {
    let mut steps = Vec::new();
    for (scene, chances) in parts {
        for n in 0..length {
            if n == length * 2 / 3 {
                steps.push(Step::Configure(chances.clone(), true));
            }
            steps.push(Step::Unit((scene.clone(), n)));
        }
    }
    steps
}

fn chances() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any::<u64>(), 24)
}

pub fn scenes() -> impl Strategy<Value = Vec<(Scene, Vec<u64>)>> {
    let scene = prop::sample::select(Scene::ALL.to_vec());
    prop::collection::vec((scene, chances()), 2..4)
}

/// Shows the scenes to every detector of pictures.
pub struct Showing {
    steps: Vec<Step<(Scene, usize)>>,
    grids: BTreeMap<(u8, usize), Arc<Grid>>,
}

fn format() -> VideoFormat {
    VideoFormat {
        layout: Layout::Gray8,
        width: WIDTH,
        height: HEIGHT,
        range: Range::Limited,
        matrix: Matrix::Bt709,
        transfer: Transfer::Sdr,
        frame_duration: Some(SECOND / 25),
    }
}

impl Showing {
    pub fn new(parts: &[(Scene, Vec<u64>)]) -> Self {
        let (format, mut grids) = (format(), BTreeMap::new());
        let mut measurer = Measurer::new(&format);
        for (scene, _) in parts {
            for n in 0..LENGTH {
                grids.entry((*scene as u8, n)).or_insert_with(|| {
                    let pixels = (0..WIDTH * HEIGHT).map(|i| scene.luma(n, i % WIDTH, i / WIDTH));
                    let pixels: Vec<u8> = pixels.collect();
                    let mut grid = Grid::new(&format);
                    measurer.measure(
                        &Planes::new(&format, &[(&pixels, WIDTH)]).unwrap(),
                        &mut grid,
                    );
                    Arc::new(grid)
                });
            }
        }
        Self {
            steps: steps(parts, LENGTH),
            grids,
        }
    }
}

impl Visitor for Showing {
    fn video<D: Detector<Medium = Video>>(&mut self) {
        run::<D, _>(format(), &self.steps, |runner, (scene, n), now| {
            let span = Span::new(now, now + SECOND / 25);
            let grid = &self.grids[&(*scene as u8, *n)];
            runner.push(span, Picture::progressive(grid));
            span.end
        });
    }

    fn audio<D: Detector<Medium = Audio>>(&mut self) {}
}

/// What is heard for some seconds.
#[derive(Debug, Clone, Copy)]
pub enum Wave {
    Silence,
    Tone,
    Hum,
    Noise,
    Clipped,
    Gaps,
}

impl Wave {
    const ALL: [Self; 6] = [
        Self::Silence,
        Self::Tone,
        Self::Hum,
        Self::Noise,
        Self::Clipped,
        Self::Gaps,
    ];

    fn sample(self, n: usize) -> f32 {
        let sine = |hz: f32| (std::f32::consts::TAU * hz * n as f32 / RATE as f32).sin();
        let noise = ((n as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0;
        match self {
            Self::Silence => 0.0,
            Self::Tone => 0.1 * sine(1000.0),
            Self::Hum => 0.1 * sine(50.0) + 0.05 * sine(100.0) + 0.001 * noise,
            Self::Noise => 0.2 * noise,
            Self::Clipped => (3.0 * sine(300.0) + noise).clamp(-1.0, 1.0),
            Self::Gaps if n % 4800 < 240 => 0.0,
            Self::Gaps => 0.3 * sine(440.0) + 0.01 * noise,
        }
    }
}

const RATE: u32 = 16_000;

/// Blocks of 10 ms: nine seconds, for hum takes eight to be known.
const BLOCKS: usize = 900;

pub fn waves() -> impl Strategy<Value = Vec<(Wave, Vec<u64>)>> {
    let wave = prop::sample::select(Wave::ALL.to_vec());
    prop::collection::vec((wave, chances()), 2..3)
}

/// Plays the waves to every detector of sound.
pub struct Playing {
    steps: Vec<Step<(Wave, usize)>>,
}

impl Playing {
    pub fn new(parts: &[(Wave, Vec<u64>)]) -> Self {
        Self {
            steps: steps(parts, BLOCKS),
        }
    }
}

impl Visitor for Playing {
    fn video<D: Detector<Medium = Video>>(&mut self) {}

    fn audio<D: Detector<Medium = Audio>>(&mut self) {
        let format = AudioFormat {
            sample: SampleType::F32,
            layout: SampleLayout::Planar,
            rate: RATE,
            channels: 2,
            positions: vec![Position::FrontLeft, Position::FrontRight],
        };
        let length = RATE as usize / 100;
        run::<D, _>(format, &self.steps, |runner, (wave, n), now| {
            let channel = (0..length).map(|i| wave.sample(n * length + i));
            let channel: Vec<f32> = channel.collect();
            let span = Span::new(now, now + SECOND / 100);
            runner.push(span, Block::new(&channel.repeat(2), length, RATE));
            span.end
        });
    }
}
