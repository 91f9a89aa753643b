// SPDX-License-Identifier: MPL-2.0
//! The plugin as others see it: its file, GStreamer's tools, and the examples of `pipelines/`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The top of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The library that belongs to this build: it lies beside the test, or above.
pub fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let file = format!(
        "{}gstdefect{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let found = test
        .ancestors()
        .skip(1)
        .map(|dir| dir.join(&file))
        .find(|f| f.exists());
    found.unwrap_or_else(|| panic!("{file} isn't above {}", test.display()))
}

/// A program in whose environment GStreamer finds the plugin, and keeps no trace of it elsewhere.
pub fn tool(program: &str) -> Command {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        // A folder with nothing else in it, for GStreamer looks at every library below. Other tests make it, too.
        let library = library();
        let dir = library.with_file_name("plugin");
        fs::create_dir_all(&dir).unwrap();
        let link = dir.join(library.file_name().unwrap());
        let fresh = dir.join(format!("{}.new", std::process::id()));
        std::os::unix::fs::symlink(&library, &fresh).unwrap();
        fs::rename(fresh, link).unwrap();
        dir
    });
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .env("GST_PLUGIN_PATH", dir)
        .env("GST_REGISTRY", dir.join("registry.bin"))
        .env_remove("GST_DEBUG");
    command
}

/// Compares a file of the project with what it should be; writes it if the environment has `UPDATE=1`.
pub fn golden(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some_and(|v| v == "1") {
        // At once: other tests may be reading it.
        let fresh = file.with_extension("new");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, file).unwrap();
        return;
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    let differs = |(i, (old, new)): (usize, (&str, &str))| {
        (old != new).then(|| format!("line {}:\n- {old}\n+ {new}", i + 1))
    };
    let lines = there.lines().chain(std::iter::repeat("")).zip(text.lines());
    let first = lines.enumerate().find_map(differs);
    assert!(
        there == text,
        "{path} isn't up to date (UPDATE=1 cargo test writes it): {}",
        first.unwrap_or_default()
    );
}

/// A file `pipelines/*.launch`.
#[derive(Debug)]
pub struct Example {
    pub name: String,
    /// The pipeline, on one line.
    pub line: String,
    /// Kinds that have to be found, each with its detail, if that matters.
    pub expect: Vec<(String, Option<String>)>,
    /// Kinds that must not be.
    pub expect_none: Vec<String>,
}

impl Example {
    /// All of them, in the order of their names.
    pub fn all() -> Vec<Self> {
        let mut files: Vec<_> = fs::read_dir(root().join("pipelines"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "launch"))
            .collect();
        files.sort();
        files.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut example = Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            line: String::new(),
            expect: Vec::new(),
            expect_none: Vec::new(),
        };
        for line in text.lines() {
            let Some(comment) = line.strip_prefix('#') else {
                example.line += line.trim().trim_end_matches('\\');
                example.line += " ";
                continue;
            };
            if let Some(expected) = comment.trim().strip_prefix("expect:") {
                let mut words = expected.split_whitespace().map(str::to_owned);
                let kind = words
                    .next()
                    .unwrap_or_else(|| panic!("{}: {line}", path.display()));
                example.expect.push((kind, words.next()));
            } else if let Some(unexpected) = comment.trim().strip_prefix("expect-none:") {
                example
                    .expect_none
                    .extend(unexpected.split_whitespace().map(str::to_owned));
            }
        }
        example
    }
}
