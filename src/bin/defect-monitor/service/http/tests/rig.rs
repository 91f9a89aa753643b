// SPDX-License-Identifier: MPL-2.0
//! A server with all that it needs, in a folder of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::super::super::alerts::{Alerts, Context, Operations};
use super::super::super::board::Board;
use super::super::super::config::results::ResultsConfig;
use super::super::super::config::{Secret, StreamConfig};
use super::super::super::outcome::{Moment, Outcome, Snapshot};
use super::super::super::parts::{PartHealth, Parts};
use super::super::super::results::Writer;
use super::super::super::state::StateStore;
use super::super::{Config, Control, Server, Sources};
use super::made;

/// What the API changes: a list, as the supervisor has one.
#[derive(Default)]
pub struct Listed(pub Mutex<Vec<StreamConfig>>);

impl Control for Listed {
    fn add(&self, stream: StreamConfig) -> Result<(), String> {
        if !stream.uri.contains("://") {
            return Err(format!("{}: {:?} is no URI", stream.id, stream.uri));
        }
        let mut all = self.0.lock().unwrap();
        all.retain(|s| s.id != stream.id);
        all.push(stream);
        Ok(())
    }

    fn remove(&self, id: &str) -> Result<(), String> {
        let mut all = self.0.lock().unwrap();
        let before = all.len();
        all.retain(|s| s.id != id);
        (all.len() < before)
            .then_some(())
            .ok_or_else(|| format!("{id} is in the file"))
    }

    fn list(&self) -> Vec<StreamConfig> {
        self.0.lock().unwrap().clone()
    }
}

/// The token of operators, in a request.
pub const OPERATOR: &str = "Authorization: Bearer s3cret";

/// A server with all that it needs.
pub struct Rig {
    pub board: Arc<Board>,
    pub parts: Parts,
    pub control: Arc<Listed>,
    pub server: Server,
    pub operations: Arc<Operations>,
    pub state: StateStore,
    results: Arc<Writer>,
    _runtime: Runtime,
    folder: PathBuf,
}

impl Rig {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address().unwrap()
    }

    /// As streams say it: to the board, the history and the results.
    pub fn tell(&self, outcome: Outcome) {
        self.board.note(&outcome);
        self.keep(outcome);
    }

    fn keep(&self, outcome: Outcome) {
        if let Outcome::Defect(event) = &outcome {
            self.state.record(event);
        }
        self.results.put(outcome);
    }

    /// Puts what the board knows into the history, with pictures of what is open.
    pub fn remember(&self) {
        let (mut events, mut open) = (Vec::new(), Vec::new());
        self.board.each(|sheet| {
            events.extend(sheet.recent.iter().chain(&sheet.open).cloned());
            open.extend(sheet.open.iter().cloned());
        });
        for event in events {
            self.keep(Outcome::Defect(Box::new((*event).clone())));
        }
        for event in open.iter().filter(|e| e.source.track.starts_with("video")) {
            for moment in [Moment::Begin, Moment::Worst] {
                self.keep(Outcome::Picture(Snapshot {
                    source: event.source.clone(),
                    episode: event.episode.clone(),
                    time: event.time,
                    moment,
                    jpeg: made::evidence(&event.defect.kind),
                }));
            }
        }
        // The results are written by a thread of their own.
        let until = Instant::now() + Duration::from_secs(60);
        for event in open.iter().filter(|e| e.source.track.starts_with("video")) {
            while !matches!(self.state.picture(&event.episode, "worst"), Ok(Some(_))) {
                assert!(Instant::now() < until, "no picture of {}", event.episode);
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        self.state.flush().unwrap();
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.server.close();
        self.state.close();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A server of a board; it listens where the configuration says.
pub fn serve_on(board: Arc<Board>, config: &Config) -> Result<Rig, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (parts, control) = (Parts::default(), Arc::new(Listed::default()));
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("defect-monitor-http-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let state = StateStore::open(
        &folder.join("state"),
        Duration::from_secs(86_400 * 30),
        &parts,
    )?;
    let store = format!(
        "url = \"file://{}\"\nbatch-seconds = 1",
        folder.join("results").display()
    );
    let store: ResultsConfig = toml::from_str(&store).unwrap();
    let operations = Arc::new(Operations::load(&state, Timestamp::MIN));
    let context = Context {
        member: "a".to_owned(),
        monitor: "all".to_owned(),
        state: state.clone(),
        operations: Arc::clone(&operations),
        parts: parts.clone(),
        runtime: runtime.handle().clone(),
    };
    let alerts = Alerts::start(&[], context)?;
    let results = Writer::start(Some(&store), "a", &state, &parts, runtime.handle())?;
    let results = Arc::new(results);
    let sources = Sources {
        board: board.clone(),
        parts: parts.clone(),
        control: control.clone(),
        state: state.clone(),
        operations: operations.clone(),
        alerts: Arc::new(alerts),
        results: results.clone(),
        cluster: None,
    };
    let server = Server::start(Some(config), sources, runtime.handle())?;
    Ok(Rig {
        board,
        parts,
        control,
        server,
        operations,
        state,
        results,
        _runtime: runtime,
        folder,
    })
}

/// A token that may change streams.
pub const TOKEN: &str = "s3cret";

/// The token's file; written once, since other tests may be reading it.
static TOKEN_FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let file = std::env::temp_dir().join(format!("defect-token-{}", std::process::id()));
    std::fs::write(&file, TOKEN).unwrap();
    file
});

/// The configuration of a server there, with a token.
pub fn on(listen: &str) -> Config {
    Config {
        listen: Some(listen.parse().unwrap()),
        api_token: Some(Secret::File(TOKEN_FILE.clone())),
        ..Config::default()
    }
}

/// Has the streams of a board say something every second, as streams do, until it is dropped.
pub struct Alive {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Alive {
    /// The first so many of the made streams, but for those that aren't watched.
    pub fn new(board: &Arc<Board>, streams: usize) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (board, over) = (Arc::clone(board), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let watched = (0..streams).filter(|i| made::is_watched(*i));
                watched.for_each(|i| made::second(&board, i));
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A server on a free port of this machine.
pub fn serve(board: Arc<Board>) -> Rig {
    serve_on(board, &on("127.0.0.1:0")).unwrap()
}

/// To look at the page of made streams in a browser:
/// `LOOK=60 cargo test --features service --bin defect-monitor look_at -- --ignored --nocapture`
#[test]
#[ignore = "serves until it is stopped"]
fn look_at_the_page() {
    let streams = std::env::var("LOOK").map_or(60, |n| n.parse().unwrap());
    let rig = serve_on(made::board(streams), &on("127.0.0.1:9464")).unwrap();
    rig.parts.report("results", PartHealth::Fine);
    rig.remember();
    for hours in 1..60 {
        let (stream, lasted) = (made::id(hours % 7), Duration::from_secs(17 * hours as u64));
        let kind = ["black", "freeze", "hum", "silence"][hours % 4];
        let over = made::event(&stream, kind, "error", "end", hours as i64 * 4100, lasted);
        rig.keep(Outcome::Defect(over.into()));
    }
    let _alive = Alive::new(&rig.board, streams);
    println!("http://127.0.0.1:9464/");
    let mut random = oorandom::Rand32::new(3);
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let has_picture = |i: &usize| made::is_watched(*i) && !made::is_radio(*i);
        for i in (0..streams).filter(has_picture) {
            if rig.board.wants_thumbnail(&made::id(i)) {
                rig.board.set_thumbnail(&made::id(i), made::picture(i % 12));
            }
        }
        if random.rand_range(0..15) == 0 {
            let i = random.rand_range(0..streams as u32) as usize;
            let (lasted, kind) = (Duration::from_millis(40), "click");
            let click = |state| {
                Outcome::Defect(made::event(&made::id(i), kind, "warning", state, 0, lasted).into())
            };
            rig.tell(click("begin"));
            rig.tell(click("end"));
        }
    }
}
