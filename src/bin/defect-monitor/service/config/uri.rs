// SPDX-License-Identifier: MPL-2.0
//! URIs with secrets in them: read, checked, and shown without.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::sync::LazyLock;

use super::Secret;
use crate::address::is_uri;

/// Where a stream comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct Uri {
    /// As written, with placeholders.
    pub shown: String,
    /// With the values in their place: for GStreamer only.
    pub plain: String,
    /// The values and what stands for them.
    secrets: Vec<(String, String)>,
}

/// Parameters of a query that are secrets.
const SECRET_PARAMETERS: &[&str] = &[
    "passphrase",
    "password",
    "passwd",
    "pass",
    "token",
    "secret",
];

const WHAT_TO_DO: &str = "put it into an environment variable and write ${NAME} in its place, or into a file and write ${file:PATH}";

impl Uri {
    /// What is written in the configuration; an error says what is wrong with it.
    pub fn of(written: &str) -> Result<Self, String> {
        if let Some(what) = spoken_secret(written) {
            return Err(format!("{what} doesn't belong here: {WHAT_TO_DO}"));
        }
        let (mut plain, mut secrets, mut rest) = (String::new(), Vec::new(), written);
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after
                .split_once('}')
                .ok_or("\"${\" without \"}\" after it")?;
            let value = source(name)?.read()?;
            plain += before;
            plain += &value;
            secrets.push((value, format!("${{{name}}}")));
            rest = after;
        }
        plain += rest;
        let uri = Self {
            shown: written.to_owned(),
            plain,
            secrets,
        };
        uri.check()?;
        Ok(uri)
    }

    /// Whether it is a file, which has an end.
    pub fn is_file(&self) -> bool {
        !is_uri(&self.plain) || self.plain.to_ascii_lowercase().starts_with("file:")
    }

    /// A text without the secrets that may be in it.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, placeholder) in self.secrets.iter().filter(|(value, _)| !value.is_empty()) {
            text = text.replace(value.as_str(), placeholder);
        }
        text
    }

    fn check(&self) -> Result<(), String> {
        if self.plain.trim().is_empty() {
            return Err("is empty".to_owned());
        }
        if !is_uri(&self.plain) {
            return Ok(());
        }
        let scheme = self.plain.split(':').next().unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        if SCHEMES.contains(&scheme) {
            return Ok(());
        }
        let known: Vec<_> = SCHEMES.iter().map(String::as_str).collect();
        Err(format!(
            "GStreamer has no source for {scheme}:; it has: {}",
            known.join(", ")
        ))
    }
}

/// Whatever happens to be printed.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// What `${...}` stands for.
fn source(name: &str) -> Result<Secret, String> {
    if let Some(path) = name.strip_prefix("file:") {
        return Ok(Secret::File(PathBuf::from(OsStr::new(path))));
    }
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name {
        return Ok(Secret::Env(name.to_owned()));
    }
    Err(format!(
        "${{{name}}} is neither ${{NAME}} nor ${{file:PATH}}"
    ))
}

/// What kind of secret is written out.
fn spoken_secret(written: &str) -> Option<&'static str> {
    let is_spoken = |value: &str| !value.is_empty() && !value.starts_with("${");
    let (_, rest) = written.split_once("://")?;
    let end = rest
        .find(['/', '?', '#'])
        .filter(|_| !rest.starts_with("${file:"));
    let authority = &rest[..end.unwrap_or(rest.len())];
    let password = authority
        .rsplit_once('@')
        .and_then(|(user, _)| user.split_once(':'))
        .filter(|(user, _)| !user.starts_with("${file"));
    if password.is_some_and(|(_, password)| is_spoken(password)) {
        return Some("a password");
    }
    let (_, query) = rest.split_once('?')?;
    let is_secret = |name: &str| {
        SECRET_PARAMETERS
            .iter()
            .any(|s| s.eq_ignore_ascii_case(name))
    };
    query
        .split(['&', '#'])
        .filter_map(|parameter| parameter.split_once('='))
        .any(|(name, value)| is_secret(name) && is_spoken(value))
        .then_some("a secret in a parameter")
}

/// What GStreamer can read from.
static SCHEMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    gst::ElementFactory::factories_with_type(gst::ElementFactoryType::SRC, gst::Rank::NONE)
        .iter()
        .filter(|f| f.uri_type() == gst::URIType::Src)
        .flat_map(gst::ElementFactory::uri_protocols)
        .map(|scheme| scheme.to_ascii_lowercase())
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_from_elsewhere_and_are_not_shown() {
        gst::init().unwrap_or_default();
        let folder = std::env::temp_dir().join(format!("defect-uri-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap_or_default();
        let file = folder.join("key");
        std::fs::write(&file, "hunter2\n").unwrap_or_default();
        let written = format!("http://me:${{file:{}}}@host/x", file.display());
        let uri = Uri::of(&written);
        std::fs::remove_dir_all(&folder).unwrap_or_default();
        let uri = uri.unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(uri.plain, "http://me:hunter2@host/x");
        assert_eq!(format!("{uri:?}"), written);
        assert!(!uri.redact("no me:hunter2@host").contains("hunter2"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        gst::init().unwrap_or_default();
        for (written, named) in [
            ("http://me:hunter2@host/x", "a password doesn't belong here"),
            ("srt://h:1?passphrase=abc", "a secret in a parameter"),
            (
                "http://h/${NO_SUCH_VARIABLE_X}",
                "NO_SUCH_VARIABLE_X isn't set",
            ),
            ("http://h/${file:/no/such/file}", "/no/such/file"),
            ("http://h/${", "without \"}\""),
            ("http://h/${a b}", "neither"),
            ("gopher://h", "no source for gopher:; it has: "),
            ("", "is empty"),
        ] {
            let why = Uri::of(written).err().unwrap_or_default();
            assert!(why.contains(named), "{written}: {why}");
            assert!(!why.contains("hunter2"), "{why}");
        }
        for fine in [
            "file.ts",
            "http://user@h/",
            "srt://h:1?mode=caller",
            "udp://@239.0.0.1:1",
        ] {
            assert!(Uri::of(fine).is_ok(), "{fine}");
        }
    }
}
