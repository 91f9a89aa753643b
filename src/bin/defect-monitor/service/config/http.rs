// SPDX-License-Identifier: MPL-2.0
//! The section `[http]`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::Secret;

/// Where the page, the metrics and the API are, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Address and port, e.g. `127.0.0.1:9464`.
    #[serde(deserialize_with = "socket_address")]
    pub listen: Option<SocketAddr>,
    /// A Unix socket for programs on this machine. Only the user that the monitor runs as, and root, can open it; they may change streams.
    pub socket: Option<PathBuf>,
    /// Who has it may change streams (`Authorization: Bearer ...`, or as the password of Basic). Without it nobody can over the network.
    /// In a file there may be several, a line each; the file is read again when it changes.
    pub api_token: Option<Secret>,
    /// Who has it may read. Without it everybody who reaches the address may.
    pub viewer_token: Option<Secret>,
    /// Names of this service in URLs, e.g. `monitor.example`; `.example` stands for all names that end so. Addresses
    /// and `localhost` need none.
    pub hosts: Vec<String>,
    /// The certificate chain (PEM) of the service, with which it speaks TLS. It is read again when it changes.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
    /// Addresses of reverse proxies, e.g. `10.0.0.7` or `10.0.0.0/24`. What was forwarded by others is refused.
    pub trusted_proxies: Vec<Network>,
}

fn socket_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let address = text.parse();
    address.map(Some).map_err(|_| {
        D::Error::custom("not an ADDRESS:PORT such as 127.0.0.1:9464, [::1]:9464 or 0.0.0.0:9464")
    })
}

/// An address, or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = address.or_else(|_| text.parse::<IpNet>());
        network.map(Self).map_err(|_| {
            D::Error::custom("not an address or range such as 10.0.0.7 or 10.0.0.0/24")
        })
    }
}
