// SPDX-License-Identifier: MPL-2.0
//! URLs whose secrets are elsewhere: `${NAME}` stands for an environment variable, `${file:PATH}` for what is in a file.

use std::fmt;
use std::path::PathBuf;

use super::secret::{Secret, is_usual};

/// A text with the secrets in place of its placeholders.
pub fn fill(written: &str) -> Result<String, Unusable> {
    let (outline, names) = outline(written)?;
    Ok(filled(&outline, &values(&names)?))
}

/// What placeholders stand for.
pub fn values(names: &[&str]) -> Result<Vec<String>, Unusable> {
    let secrets = names.iter().map(|name| placeholder(name));
    let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
    let values = secrets.iter().map(Secret::read);
    values
        .collect::<Result<Vec<_>, _>>()
        .map_err(Unusable::Missing)
}

/// Why a text with placeholders can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// It is wrong as it is written.
    Wrong(String),
    /// A secret can't be had: that may change without the configuration.
    Missing(String),
}

impl From<String> for Unusable {
    fn from(why: String) -> Self {
        Self::Wrong(why)
    }
}

impl From<&str> for Unusable {
    fn from(why: &str) -> Self {
        Self::Wrong(why.to_owned())
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(why) | Self::Missing(why)) = self;
        f.write_str(why)
    }
}

/// Characters of private use stand for placeholders, the first for the first of them.
const FIRST_MARK: u32 = 0xE000;

fn mark(n: usize) -> Option<char> {
    u32::try_from(n)
        .ok()
        .filter(|n| *n < 0x100)
        .and_then(|n| char::from_u32(FIRST_MARK + n))
}

/// Whether it stands for a placeholder.
pub fn is_mark(c: char) -> bool {
    (FIRST_MARK..FIRST_MARK + 0x100).contains(&u32::from(c))
}

/// A text with one character for each placeholder, and what is in the placeholders.
pub fn outline(written: &str) -> Result<(String, Vec<&str>), String> {
    if written.contains(is_mark) {
        return Err("characters of private use can't be part of a URI".to_owned());
    }
    let (mut outline, mut names, mut rest) = (String::new(), Vec::new(), written);
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after
            .split_once('}')
            .ok_or("\"${\" without \"}\" after it")?;
        outline += before;
        outline.push(mark(names.len()).ok_or("too many placeholders")?);
        names.push(name);
        rest = after;
    }
    outline += rest;
    Ok((outline, names))
}

/// Placeholders as they were written, but for what may be the secret itself, by mistake.
pub fn marks(names: &[&str]) -> Vec<String> {
    let shown = |name: &&str| match is_usual(name) || name.starts_with("file:/") {
        true => format!("${{{name}}}"),
        false => "${...}".to_owned(),
    };
    names.iter().map(shown).collect()
}

/// An outline with a text for each placeholder.
pub fn filled(outline: &str, texts: &[String]) -> String {
    let text_of = |c: char| {
        let n = u32::from(c).checked_sub(FIRST_MARK)?;
        texts.get(usize::try_from(n).ok()?)
    };
    let mut text = String::new();
    for c in outline.chars() {
        match text_of(c) {
            Some(value) => text += value,
            None => text.push(c),
        }
    }
    text
}

/// What `${...}` stands for.
fn placeholder(name: &str) -> Result<Secret, String> {
    if let Some(path) = name.strip_prefix("file:") {
        return Ok(Secret::File(PathBuf::from(path)));
    }
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match is_name {
        true => Ok(Secret::Env(name.to_owned())),
        // What is in it may be the secret itself.
        false => Err("a placeholder is neither ${NAME} nor ${file:PATH}".to_owned()),
    }
}
