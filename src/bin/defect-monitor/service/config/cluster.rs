// SPDX-License-Identifier: MPL-2.0
//! The section `[cluster]`.

use std::path::PathBuf;

use async_nats::ServerAddr;
use serde::Deserialize;

use super::Secret;
use super::check::errors;

/// The cluster that this process is a member of.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClusterConfig {
    /// Addresses of NATS servers with JetStream, e.g. `nats://nats.example:4222`, or `tls://...` with encryption.
    pub servers: Vec<String>,
    /// The name of the cluster: members of one name share their streams.
    pub name: String,
    /// The name of this member, which no other has; by default that of the machine.
    pub member: Option<String>,
    /// Where this member's page and API are reached, e.g. `https://monitor-1.example:9464`: `/api/v1/cluster` of all members tells it.
    pub url: Option<String>,
    /// How many NATS servers keep what the members tell each other, when the first member writes it: 1, 3 or 5.
    #[serde(default = "one")]
    pub replicas: usize,
    /// The content of a credentials file of NATS (`.creds`).
    pub credentials: Option<Secret>,
    /// A token of NATS.
    pub token: Option<Secret>,
    /// The user at NATS.
    pub username: Option<String>,
    /// The password of that user.
    pub password: Option<Secret>,
    /// Certificates (PEM) of the authority that signed the servers'; by default those that the system knows.
    pub ca_file: Option<PathBuf>,
    /// The certificate chain (PEM) that this member shows to the servers.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
}

fn one() -> usize {
    1
}

/// The longest name of a cluster or a member.
const LONGEST: usize = 100;

impl ClusterConfig {
    /// The name of this member.
    pub fn member(&self) -> String {
        let system = || {
            rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned()
        };
        self.member.clone().unwrap_or_else(system)
    }

    /// The addresses with their secrets.
    pub fn addresses(&self) -> Result<Vec<ServerAddr>, String> {
        if self.servers.is_empty() {
            return Err("servers: name at least one, e.g. \"nats://nats.example:4222\"".to_owned());
        }
        self.servers.iter().map(|text| address(text)).collect()
    }

    /// What is wrong with it, as far as that is known without a server. Each begins with the key.
    pub fn check(&self) -> Vec<String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let is_member = |c: char| is_plain(c) || c == '.';
        let signs = "\"-\", \"_\" and \".\"";
        let own = [
            check_name("name", &self.name, is_plain, "\"-\" and \"_\""),
            check_name("member", &self.member(), is_member, signs),
            self.addresses().map(drop),
            self.check_url(),
            require((1..=5).contains(&self.replicas), "replicas: 1 to 5"),
            self.check_login(),
            require(
                self.certificate.is_some() == self.key.is_some(),
                "certificate and key belong together",
            ),
        ];
        let secrets = [
            ("credentials", &self.credentials),
            ("token", &self.token),
            ("password", &self.password),
        ];
        let secrets = secrets.map(|(key, secret)| {
            let read = secret.as_ref().map_or(Ok(String::new()), Secret::read);
            read.map(drop).map_err(|why| format!("{key}: {why}"))
        });
        let files = [
            ("ca-file", &self.ca_file),
            ("certificate", &self.certificate),
            ("key", &self.key),
        ];
        let files = files.map(|(key, file)| {
            let read = file.as_ref().map_or(Ok(Vec::new()), std::fs::read);
            read.map(drop)
                .map_err(|e| format!("{key}: it can't be read: {e}"))
        });
        errors(own.into_iter().chain(secrets).chain(files))
    }

    fn check_url(&self) -> Result<(), String> {
        let Some(url) = &self.url else { return Ok(()) };
        let url = reqwest::Url::parse(url).ok();
        let is_fine = url.is_some_and(|url| {
            ["http", "https"].contains(&url.scheme()) && url.username().is_empty()
        });
        let form = "url: an address such as https://monitor-1.example:9464";
        require(is_fine, form)
    }

    fn check_login(&self) -> Result<(), String> {
        let ways = [
            ("credentials", self.credentials.is_some()),
            ("token", self.token.is_some()),
            ("username", self.username.is_some()),
        ];
        let given: Vec<_> = ways.iter().filter(|(_, is_there)| *is_there).collect();
        if let [_, (second, _), ..] = given[..] {
            return Err(format!(
                "{second}: give one of credentials, token, and username with password"
            ));
        }
        require(
            self.username.is_some() == self.password.is_some(),
            "username and password belong together",
        )
    }
}

fn require(is_fine: bool, otherwise: &str) -> Result<(), String> {
    is_fine.then_some(()).ok_or_else(|| otherwise.to_owned())
}

fn check_name(
    key: &str,
    name: &str,
    is_allowed: impl Fn(char) -> bool,
    signs: &str,
) -> Result<(), String> {
    let is_fine = (1..=LONGEST).contains(&name.len())
        && name.chars().all(is_allowed)
        && !name.starts_with('.')
        && !name.ends_with('.');
    is_fine.then_some(()).ok_or_else(|| {
        format!("{key}: 1 to {LONGEST} letters (a-z, A-Z), digits, {signs}; {name:?} isn't that")
    })
}

/// An error doesn't repeat the address: there may be a password in it.
fn address(text: &str) -> Result<ServerAddr, String> {
    if text.contains('@') {
        return Err("servers: no user and no secret belongs into an address; there are `username` and `password`, `token`, and \
        `credentials`".to_owned());
    }
    let is_known = match text.split_once("://") {
        Some((scheme, _)) => ["nats", "tls"].contains(&scheme),
        None => true,
    };
    let address = text.parse::<ServerAddr>().ok().filter(|_| is_known);
    address.ok_or_else(|| {
        "servers: an address is written as nats://HOST:PORT or, with encryption, tls://HOST:PORT"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let config: ClusterConfig = toml::from_str(text).unwrap();
        config.check().swap_remove(0)
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key_and_without_secrets() {
        let fine = "servers = [\"nats://localhost:4222\", \"tls://h\"]\nname = \"vienna\"\nmember = \"a.b\"\n";
        let config: ClusterConfig = toml::from_str(fine).unwrap();
        assert!(config.check().is_empty());
        assert_eq!(config.addresses().unwrap().len(), 2);
        for (text, why) in [
            ("servers = []\nname = \"a\"", "servers: name at least one"),
            (
                "servers = [\"http://h\"]\nname = \"a\"",
                "servers: an address is",
            ),
            (
                "servers = [\"nats://u:hunter2@h\"]\nname = \"a\"",
                "servers: no user",
            ),
            ("servers = [\"h\"]\nname = \"a b\"", "name: 1 to 100"),
            ("servers = [\"h\"]\nname = \"a\"\nurl = \"h:1\"", "url: an"),
            (
                "servers = [\"h\"]\nname = \"a\"\nreplicas = 0",
                "replicas: 1",
            ),
            (
                "servers = [\"h\"]\nname = \"a\"\nmember = \"\"",
                "member: 1",
            ),
            (
                "servers = [\"h\"]\nname = \"a\"\nusername = \"u\"",
                "username and password",
            ),
            (
                "servers = [\"h\"]\nname = \"a\"\nkey = \"k\"",
                "certificate and key",
            ),
            (
                "servers = [\"h\"]\nname = \"a\"\nca-file = \"/no/such/file\"",
                "ca-file: ",
            ),
            (
                "servers = [\"h\"]\nname = \"a\"\ntoken = { env = \"NO_SUCH_VARIABLE_HERE\" }",
                "token: ",
            ),
            (
                "servers = [\"h\"]\nname = \"a\"\ntoken = { env = \"HOME\" }\nusername = \"u\"\npassword = { env = \"HOME\" }",
                "username: give one of",
            ),
        ] {
            let said = wrong(text);
            assert!(said.starts_with(why) && !said.contains("hunter2"), "{said}");
        }
    }
}
