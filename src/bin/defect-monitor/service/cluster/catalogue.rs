// SPDX-License-Identifier: MPL-2.0
//! The streams of the cluster, as they lie in its bucket: each complete in itself, so that no member needs the file that it came from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::config::uri::Uri;
use super::super::config::{Config, Loaded, Origin, Plan, Problem, StreamConfig, Unwatchable};

/// The streams of the bucket.
#[derive(Debug)]
pub struct Catalogue {
    /// The name of the cluster.
    name: String,
    /// The detectors that this process may use; all if there are none.
    detectors: Vec<String>,
    /// By name; none: it was removed.
    entries: BTreeMap<Arc<str>, Option<Stream>>,
    /// Something was put or removed since it was last asked for.
    has_changed: bool,
}

/// A stream of the bucket.
#[derive(Debug)]
struct Stream {
    config: StreamConfig,
    watched: Watched,
}

/// What this process can do with a stream.
#[derive(Debug)]
enum Watched {
    Plan(Plan),
    Unwatchable(Unwatchable),
    /// None of its detectors is of this process, or this version can't read it.
    Not,
}

impl Catalogue {
    /// None yet.
    pub fn new(name: &str, detectors: &[String]) -> Self {
        Self {
            name: name.to_owned(),
            detectors: detectors.to_vec(),
            entries: BTreeMap::new(),
            has_changed: false,
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// A stream was put into the bucket. Returns whether this process can claim it.
    pub fn put(&mut self, id: &Arc<str>, config: StreamConfig) -> bool {
        let watched = self.watched(&config);
        let can_claim = !matches!(watched, Watched::Not);
        let stream = Stream { config, watched };
        self.entries.insert(Arc::clone(id), Some(stream));
        self.has_changed = true;
        can_claim
    }

    /// A stream was removed from the bucket.
    pub fn remove(&mut self, id: &Arc<str>) {
        self.entries.insert(Arc::clone(id), None);
        self.has_changed = true;
    }

    /// Whether the bucket has, or had, a stream of that name.
    pub fn knows(&self, id: &str) -> bool {
        self.entries.contains_key(id)
    }

    /// A stream, as the bucket has it.
    pub fn get(&self, id: &str) -> Option<&StreamConfig> {
        Some(&self.entries.get(id)?.as_ref()?.config)
    }

    /// All streams, as the bucket has them.
    pub fn configs(&self) -> impl Iterator<Item = &StreamConfig> {
        self.entries.values().flatten().map(|stream| &stream.config)
    }

    /// What this process can watch, if anything may have changed since the last call.
    pub fn news(&mut self) -> Option<Loaded> {
        std::mem::take(&mut self.has_changed).then(|| self.loaded())
    }

    fn loaded(&self) -> Loaded {
        let mut loaded = Loaded::default();
        for stream in self.entries.values().flatten() {
            match &stream.watched {
                Watched::Plan(plan) => loaded.plans.push(plan.clone()),
                Watched::Unwatchable(why) => loaded.unwatchable.push(why.clone()),
                Watched::Not => {}
            }
        }
        loaded
    }

    fn watched(&self, config: &StreamConfig) -> Watched {
        // What members' files say of all streams is in the entry already.
        let none = Config::default();
        match Plan::of(config, Origin::Configuration, &none, &self.detectors) {
            Ok(plan) if plan.is_watched() => Watched::Plan(plan),
            Err(faults) if faults.iter().all(|fault| fault.is_missing) => {
                let what = faults
                    .into_iter()
                    .map(|fault| fault.what)
                    .collect::<Vec<_>>()
                    .join("; ");
                Watched::Unwatchable(Unwatchable {
                    id: config.id.as_str().into(),
                    uri: Uri::shown_of(&config.uri),
                    problem: Problem {
                        file: PathBuf::from(format!("cluster {}", self.name)),
                        at: None,
                        what,
                    },
                })
            }
            _ => Watched::Not,
        }
    }
}

/// A stream with all that its file says of all streams, so that it means the same without the file. Secrets stay where they are.
pub fn complete(stream: &StreamConfig, config: &Config) -> StreamConfig {
    let (mut complete, defaults) = (stream.clone(), &config.defaults);
    let own = &mut complete.own;
    own.profile = own.profile.take().or_else(|| defaults.profile.clone());
    own.detectors = own.detectors.take().or_else(|| defaults.detectors.clone());
    if let Some(text) = own
        .profile
        .as_ref()
        .and_then(|name| config.profiles.get(name))
    {
        let changes = own.detectors.take().unwrap_or_default();
        own.detectors = Some(format!("{text}, {changes}"));
        own.profile = Some("none".to_owned());
    }
    own.analyse = own.analyse.or(defaults.analyse);
    own.realtime = own.realtime.or(defaults.realtime);
    for (name, value) in &defaults.labels {
        own.labels
            .entry(name.clone())
            .or_insert_with(|| value.clone());
    }
    if own.maintenance.is_empty() {
        own.maintenance.clone_from(&defaults.maintenance);
    }
    complete
}

/// All streams of a configuration, complete.
pub fn all_complete(config: &Config) -> Vec<StreamConfig> {
    config
        .streams
        .iter()
        .map(|stream| complete(stream, config))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::config::load;
    use super::*;

    #[test]
    fn a_complete_stream_means_the_same_without_its_file() {
        gst::init().unwrap();
        let text = r#"
[defaults]
profile = "radio"
labels = { site = "vienna", channel = "none" }
analyse = "keyframes"
maintenance = [{ from = "01:00", to = "02:00" }]
[profiles]
radio = "silencedetect min-duration=5s, clipdetect"
[[streams]]
id = "a.b"
uri = "x.ts"
detectors = "-clipdetect"
labels = { channel = "A" }
[[streams]]
id = "b"
uri = "x.ts"
profile = "playout"
realtime = true
"#;
        let loaded = load::parse(text).unwrap();
        let mut catalogue = Catalogue::new("c", &[]);
        for config in all_complete(&loaded.config) {
            let json = serde_json::to_string(&config).unwrap();
            let read = serde_json::from_str(&json).unwrap();
            assert!(catalogue.put(&config.id.as_str().into(), read));
        }
        for (here, there) in loaded.plans.iter().zip(catalogue.loaded().plans) {
            assert_eq!(here.detectors, there.detectors);
            assert_eq!(here.labels, there.labels);
            assert_eq!(
                (here.analyse, here.realtime),
                (there.analyse, there.realtime)
            );
            assert_eq!(here.config.own.maintenance, there.config.own.maintenance);
        }
        assert_eq!(catalogue.loaded().plans.len(), 2);
        catalogue.remove(&"b".into());
        assert!(catalogue.knows("b") && catalogue.get("b").is_none());
        assert_eq!(catalogue.configs().count(), 1);
    }

    #[test]
    fn what_a_process_has_no_detectors_or_no_secret_for() {
        gst::init().unwrap();
        let mut catalogue = Catalogue::new("c", &["silence".to_owned()]);
        let stream = |json: &str| serde_json::from_str::<StreamConfig>(json).unwrap();
        let black =
            stream(r#"{"id": "a", "uri": "x.ts", "profile": "none", "detectors": "black"}"#);
        assert!(!catalogue.put(&"a".into(), black));
        let lacking = stream(r#"{"id": "b", "uri": "http://h/${NO_SUCH_VARIABLE_HERE}"}"#);
        assert!(catalogue.put(&"b".into(), lacking));
        let loaded = catalogue.loaded();
        assert!(loaded.plans.is_empty() && loaded.unwatchable.len() == 1);
    }
}
