// SPDX-License-Identifier: MPL-2.0
//! Passwords and keys: never in the configuration itself, and never in a message.

use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error};

/// Where a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In that environment variable.
    Env(String),
    /// In that file; white space at its end doesn't count.
    File(PathBuf),
}

/// How a secret is written.
const FORM: &str =
    "a secret is written as { env = \"NAME\" } or { file = \"/PATH\" }, never itself";

impl Secret {
    /// Its value; an error says what is missing, never what it is.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Self::Env(name) => std::env::var(name).map_err(|_| {
                let name = if is_usual(name) {
                    name
                } else {
                    "that is named here"
                };
                format!("the environment variable {name} isn't set, or not in UTF-8")
            }),
            Self::File(path) => std::fs::read_to_string(path)
                .map(|text| text.trim_end().to_owned())
                .map_err(|e| match path.is_absolute() {
                    true => format!("{}: {e}", path.display()),
                    false => format!("the file that is named here: {e}"),
                }),
        }
    }
}

/// Whether it is written as variables usually are. Anything else may be the secret itself, by mistake.
pub fn is_usual(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Not derived, since what serde says of a wrong form repeats what was written.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::Value::deserialize(deserializer).ok();
        let table = written.as_ref().and_then(toml::Value::as_table);
        let entry = table.filter(|table| table.len() == 1);
        match entry.and_then(|table| table.iter().next()) {
            Some((key, toml::Value::String(name))) if key == "env" => Ok(Self::Env(name.clone())),
            Some((key, toml::Value::String(path))) if key == "file" => Ok(Self::File(path.into())),
            _ => Err(D::Error::custom(FORM)),
        }
    }
}

/// What serde says is wrong, without the value that it says it of: a secret may have been written in the wrong place.
pub fn without_values(message: &str) -> String {
    let message = message.trim().replace('\n', "; ");
    let starts = ["invalid type: ", "invalid value: ", "unknown variant "];
    for start in starts {
        let rest = message.strip_prefix(start);
        if let Some((value, expected)) = rest.and_then(|rest| rest.rsplit_once(", expected ")) {
            // The kind of the value, e.g. `string`.
            let kind = value.split(['"', '`']).next().unwrap_or_default();
            return format!(
                "{}, expected {expected}",
                format!("{start}{kind}").trim_end()
            );
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_wrong_form_is_not_repeated() {
        #[derive(Debug, serde::Deserialize)]
        struct Section {
            #[expect(dead_code, reason = "only read")]
            password: Secret,
        }
        for wrong in [
            "\"hunter2\"",
            "{ value = \"hunter2\" }",
            "{ hunter2 = \"x\" }",
            "{ env = [\"hunter2\"] }",
            "{ env = \"A\", file = \"hunter2\" }",
            "[\"hunter2\"]",
            "2026-01-01",
            "7",
            "true",
        ] {
            let section = toml::from_str::<Section>(&format!("password = {wrong}"));
            let why = section.unwrap_err().message().to_owned();
            assert_eq!(why, FORM, "{wrong}");
        }
        for (secret, named) in [
            (
                Secret::Env("NO_SUCH_VARIABLE".to_owned()),
                "NO_SUCH_VARIABLE",
            ),
            (Secret::Env("hunter2".to_owned()), "isn't set"),
            (
                Secret::File("hunter2".into()),
                "the file that is named here",
            ),
            (Secret::File("/no/such/file".into()), "/no/such/file"),
        ] {
            let why = secret.read().unwrap_err();
            assert!(why.contains(named) && !why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn messages_have_no_values() {
        for (message, without) in [
            (
                "invalid type: string \"hunter2\", expected a boolean",
                "invalid type: string, expected a boolean",
            ),
            (
                "invalid type: integer `5`, expected a string",
                "invalid type: integer, expected a string",
            ),
            (
                "invalid type: map, expected a string",
                "invalid type: map, expected a string",
            ),
            (
                "invalid value: string \"a, expected hunter2\", expected x",
                "invalid value: string, expected x",
            ),
            (
                "unknown variant `hunter2`, expected one of `a`, `b`",
                "unknown variant, expected one of `a`, `b`",
            ),
            (
                "unknown field `x`, expected `y`",
                "unknown field `x`, expected `y`",
            ),
        ] {
            assert_eq!(without_values(message), without);
        }
    }
}
