// SPDX-License-Identifier: MPL-2.0
//! What the settings of a broker mean for the connection to it, and what can't work.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{LastWill, MqttOptions, QoS, TlsConfiguration, Transport};

use crate::service::config::Secret;
use crate::service::config::alerts::MqttConfig;
use crate::service::config::check::errors;
use crate::service::state::folder::file_name;
use crate::service::tls;

/// The largest packet: events have a few kB.
const MAX_PACKET: usize = 1 << 20;

/// Whether it can work, as far as that is known without the broker.
pub fn check(config: &MqttConfig) -> Vec<String> {
    let topic = |key: &str, topic: &str| match topic.contains(['#', '+']) {
        true => Err(format!("{key} {topic:?}: events can't be sent to patterns")),
        false => Ok(()),
    };
    let there = match config.topic.is_empty() {
        true => Err("topic: it is empty".to_owned()),
        false => Ok(()),
    };
    // Not repeated: in a URL there may be a password.
    let host = match config.host.is_empty() || config.host.contains(['/', '@', ' ']) {
        true => {
            Err("host: the name or address of the broker alone, e.g. broker.example".to_owned())
        }
        false => Ok(()),
    };
    errors([
        topic("topic", &config.topic),
        there,
        topic("status-topic", &config.status_topic),
        host,
        password(config).map(drop),
        transport(config).map(drop),
    ])
}

/// What the client is told; `status`: the topic on which the broker says that this process is gone.
pub(super) fn options(
    config: &MqttConfig,
    part: &str,
    status: Option<&str>,
) -> Result<MqttOptions, String> {
    let port = config
        .port
        .unwrap_or(if is_encrypted(config) { 8883 } else { 1883 });
    let id = config.client_id.clone().unwrap_or_else(|| own_id(part));
    let mut options = MqttOptions::new(id, &config.host, port);
    options.set_keep_alive(Duration::from_secs(15));
    options.set_max_packet_size(MAX_PACKET, MAX_PACKET);
    // A session that outlives the connection would send again by itself, but no broker has to keep one.
    options.set_clean_session(true);
    if let Some(topic) = status {
        options.set_last_will(LastWill::new(topic, "offline", QoS::AtLeastOnce, true));
    }
    if let Some(user) = &config.username {
        options.set_credentials(user, password(config)?);
    }
    options.set_transport(transport(config)?);
    Ok(options)
}

fn password(config: &MqttConfig) -> Result<String, String> {
    let read = config
        .password
        .as_ref()
        .map_or(Ok(String::new()), Secret::read);
    read.map_err(|why| format!("password: {why}"))
}

/// Whether what is sent is encrypted.
pub(super) fn is_encrypted(config: &MqttConfig) -> bool {
    config.tls || config.ca_file.is_some() || config.certificate.is_some()
}

/// Whether what is sent there stays on this machine.
pub(super) fn is_here(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// No other client has it: a broker lets two of one name evict each other.
fn own_id(part: &str) -> String {
    let number = crate::service::chance(0.0, f64::from(u32::MAX)) as u32;
    format!("defect-monitor-{}-{number:08x}", file_name(part))
}

fn transport(config: &MqttConfig) -> Result<Transport, String> {
    let identity = tls::identity(config.certificate.as_deref(), config.key.as_deref())?;
    if !is_encrypted(config) {
        return Ok(Transport::tcp());
    }
    let client = tls::client(config.ca_file.as_deref(), identity)?;
    let client = TlsConfiguration::Rustls(Arc::new(client));
    Ok(Transport::tls_with_config(client))
}
