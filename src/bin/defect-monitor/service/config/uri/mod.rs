// SPDX-License-Identifier: MPL-2.0
//! URIs with secrets in them: read, checked, and shown without.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use gst::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::placeholders::{self, Unusable, filled, marks, outline};
use crate::address::is_uri;

mod mask;

/// Who wrote a URI, which decides what may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file: placeholders stand for secrets, and files may be watched.
    Configuration,
    /// A request to the API: no placeholders, no secrets, streams from the network only.
    Api,
}

/// Where a stream comes from. Only worker processes are sent it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uri {
    /// For people: secrets are left out or stand as their placeholders.
    pub shown: String,
    /// With all values in their place: for GStreamer only.
    pub plain: String,
    /// What must not be shown, and what is shown in its place; the longest first.
    secrets: Vec<(String, String)>,
}

/// The schemes of streams that come over the network. Any other that GStreamer has could read files and devices of
/// this machine, or run code that nobody expects here.
const NETWORK: &[&str] = &[
    "http", "https", "rist", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "udp",
];

/// Shorter texts may be part of anything.
const SHORTEST_SECRET: usize = 3;

impl Uri {
    /// What was written; an error says what is wrong with it, and never what a secret is.
    pub fn of(written: &str, origin: Origin) -> Result<Self, Unusable> {
        let (outline, names) = outline(written)?;
        if origin == Origin::Api && !names.is_empty() {
            return Err(
                "${NAME} and ${file:PATH} stand for secrets in the configuration file only, not in requests; \
                 put this stream into the configuration file"
                    .into(),
            );
        }
        if let Some(what) = mask::written_secret(&outline) {
            let instead = match origin {
                Origin::Configuration => {
                    "put it into an environment variable and write ${NAME} in its place, or into a file and write ${file:PATH}"
                }
                Origin::Api => {
                    "put this stream into the configuration file, where ${NAME} and ${file:PATH} stand for secrets"
                }
            };
            return Err(format!("{what} doesn't belong here: {instead}").into());
        }
        let values = placeholders::values(&names)?;
        let marks = marks(&names);
        let plain = filled(&outline, &values);
        check(&plain, origin)?;
        let (shown, hidden) = mask::mask(&outline);
        let shown = filled(&shown, &marks);
        let mut secrets: Vec<_> = values.into_iter().zip(marks).collect();
        secrets.extend(
            hidden
                .into_iter()
                .map(|text| (text, mask::HIDDEN.to_owned())),
        );
        secrets.push((plain.clone(), shown.clone()));
        Ok(Self {
            shown,
            plain,
            secrets: in_all_spellings(secrets),
        })
    }

    /// What is shown of a URI whose secrets can't be had.
    pub fn shown_of(written: &str) -> String {
        let Ok((outline, names)) = outline(written) else {
            return mask::HIDDEN.to_owned();
        };
        filled(&mask::mask(&outline).0, &marks(&names))
    }

    /// Whether it is a file, which has an end.
    pub fn is_file(&self) -> bool {
        is_file(&self.plain)
    }

    /// A text without the secrets that may be in it.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (secret, shown) in &self.secrets {
            text = text.replace(secret.as_str(), shown);
        }
        text
    }
}

/// Whatever happens to be printed.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Secrets as they are, and as they stand in messages that encode or decode them.
fn in_all_spellings(secrets: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (secret, shown) in secrets
        .into_iter()
        .filter(|(secret, shown)| secret != shown)
    {
        let encoded = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
        let decoded = percent_decode_str(&secret).decode_utf8_lossy().into_owned();
        let spellings = BTreeSet::from([secret, encoded, decoded]);
        let long = |text: &String| text.len() >= SHORTEST_SECRET && *text != shown;
        all.extend(
            spellings
                .into_iter()
                .filter(long)
                .map(|s| (s, shown.clone())),
        );
    }
    all.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
    all
}

fn is_file(plain: &str) -> bool {
    !is_uri(plain)
        || plain
            .get(..5)
            .is_some_and(|s| s.eq_ignore_ascii_case("file:"))
}

fn check(plain: &str, origin: Origin) -> Result<(), String> {
    let network = NETWORK.join(", ");
    if plain.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if is_file(plain) {
        return match origin {
            Origin::Configuration => Ok(()),
            Origin::Api => Err(format!(
                "only the configuration file can have files watched; in requests there are: {network}"
            )),
        };
    }
    let scheme = plain.split(':').next().unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    if !NETWORK.contains(&scheme.as_str()) {
        let file = match origin {
            Origin::Configuration => ", file",
            Origin::Api => "",
        };
        return Err(format!(
            "streams can't come from {scheme}:; there are: {network}{file}"
        ));
    }
    if !INSTALLED.contains(&scheme) {
        return Err(format!(
            "the GStreamer of this machine has no plugin for {scheme}:; it has them for: {}",
            installed()
        ));
    }
    Ok(())
}

fn installed() -> String {
    let known = NETWORK.iter().copied().map(Cow::from);
    let known = known.filter(|scheme| INSTALLED.contains(scheme.as_ref()));
    known.collect::<Vec<_>>().join(", ")
}

/// The schemes that GStreamer can read from.
static INSTALLED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    // Not by type: bins such as rtpsrc aren't of the type of sources.
    let all = gst::Registry::get().features(gst::ElementFactory::static_type());
    all.into_iter()
        .filter_map(|feature| feature.downcast::<gst::ElementFactory>().ok())
        .filter(|factory| factory.uri_type() == gst::URIType::Src)
        .flat_map(|factory| factory.uri_protocols())
        .map(|scheme| scheme.to_ascii_lowercase())
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_from_elsewhere_and_are_not_shown() {
        gst::init().unwrap();
        let folder = std::env::temp_dir().join(format!("defect-uri-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("key");
        std::fs::write(&file, "hunter 2\n").unwrap();
        let written = format!("http://me:${{file:{}}}@host/x", file.display());
        let uri = Uri::of(&written, Origin::Configuration);
        std::fs::remove_dir_all(&folder).unwrap();
        let uri = uri.unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(uri.plain, "http://me:hunter 2@host/x");
        let shown = format!("http://***:${{file:{}}}@host/x", file.display());
        assert_eq!(format!("{uri:?}"), shown);
        for said in [
            "no me:hunter 2@host",
            "no hunter%202 there",
            "no http://me:hunter 2@host/x",
        ] {
            assert!(!uri.redact(said).contains("hunter"), "{said}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        gst::init().unwrap();
        for (written, named) in [
            ("http://me:hunter2@host/x", "a password doesn't belong here"),
            ("srt://h:1?passphrase=hunter2", "a secret in a parameter"),
            ("http://h/?StreamKey=hunter2", "a secret in a parameter"),
            (
                "http://h/${NO_SUCH_VARIABLE_X}",
                "NO_SUCH_VARIABLE_X isn't set",
            ),
            ("http://h/${file:/no/such/file}", "/no/such/file"),
            ("http://h/${", "without \"}\""),
            ("http://h/${hunter2 b}", "neither"),
            ("http://h/${hunter2}", "isn't set"),
            ("gopher://h", "can't come from gopher:; there are: http, "),
            ("", "is empty"),
        ] {
            let why = Uri::of(written, Origin::Configuration).unwrap_err();
            let why = why.to_string();
            assert!(why.contains(named), "{written}: {why}");
            assert!(!why.contains("hunter2"), "{why}");
        }
        for fine in [
            "file.ts",
            "file:///x.ts",
            "http://user@h/",
            "srt://h:1?mode=caller",
            "udp://@239.0.0.1:1",
            "rtp://127.0.0.1:5004",
        ] {
            let uri = Uri::of(fine, Origin::Configuration);
            assert!(uri.is_ok(), "{fine}: {uri:?}");
        }
    }

    #[test]
    fn requests_name_neither_secrets_nor_files_nor_devices() {
        gst::init().unwrap();
        for (written, named) in [
            ("http://h/${HOME}", "in the configuration file only"),
            (
                "http://h/${file:/etc/hostname}",
                "in the configuration file only",
            ),
            ("${HOME}", "in the configuration file only"),
            ("http://h/${", "without \"}\""),
            ("/etc/hostname", "files"),
            ("file:///etc/hostname", "files"),
            ("FILE:/etc/hostname", "files"),
            ("../x.ts", "files"),
            ("-", "files"),
            ("rtsp://me:hunter2@h/", "the configuration file"),
            ("srt://h:1?passphrase=hunter2", "the configuration file"),
        ] {
            let why = Uri::of(written, Origin::Api).unwrap_err().to_string();
            assert!(why.contains(named), "{written}: {why}");
            assert!(!why.contains("hunter2"), "{why}");
        }
        assert!(INSTALLED.len() > 20, "{INSTALLED:?}");
        for scheme in INSTALLED.iter() {
            let allowed = NETWORK.contains(&scheme.as_str());
            let uri = Uri::of(&format!("{scheme}://127.0.0.1:9"), Origin::Api);
            assert!(uri.is_err() || allowed, "{scheme}");
            let file = scheme == "file";
            let uri = Uri::of(&format!("{scheme}://127.0.0.1:9"), Origin::Configuration);
            assert!(uri.is_err() || allowed || file, "{scheme}");
        }
    }
}
